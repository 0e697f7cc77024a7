//! The account setting `defaultLogDriverMode` as ECS keeps it.

use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::default_log_mode::DefaultLogMode;
use logweir::domain::record::{SettingEntryKind, SettingRecord};
use logweir::ports::{AccountSettings, Answer};

use super::{Account, World};

impl AccountSettings for World {
    async fn default_log_mode(&self) -> Answer<DefaultLogMode> {
        let read = |account: &mut Account| {
            let principal = Some("arn:aws:iam::111122223333:root".into());
            let value = account.own_default.or(account.shown_default());
            Ok(DefaultLogMode { value, principal, own: account.own_default })
        };
        self.call("ListAccountSettings", "", read).await
    }

    async fn set_default_log_mode(&self, mode: Delivery) -> Answer<Delivery> {
        let put = |account: &mut Account| {
            if !account.setting_records.values().any(announces) {
                account.wrongs.push("PutAccountSettingDefault is not in the journal".into());
            }
            account.sets_default(Some(mode));
            Ok(mode)
        };
        self.call("PutAccountSettingDefault", mode.mode(), put).await
    }
}

/// Whether the last entry of the record says that a worker is about to set a value.
fn announces(record: &SettingRecord) -> bool {
    let last = record.entries.last().map(|entry| &entry.what);
    matches!(last, Some(SettingEntryKind::Started | SettingEntryKind::Undoing))
}

impl Account {
    /// Sets the account's default as another principal.
    pub(crate) fn sets_default(&mut self, mode: Option<Delivery>) {
        self.former_default = Some((self.now, self.default_mode));
        self.default_mode = mode;
    }

    fn shown_default(&self) -> Option<Delivery> {
        match self.former_default {
            Some((at, former)) if self.now.duration_since(at) < self.setting_lags => former,
            _ => self.default_mode,
        }
    }
}
