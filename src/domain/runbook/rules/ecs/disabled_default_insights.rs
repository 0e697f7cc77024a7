//! An account whose new clusters get no Container Insights.

use super::{Checked, Judged, not_checked, result};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "disabled-default-insights";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (setting, origin) = match account.ecs.default_insights.get() {
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
        Ok(found) => found,
    };
    let (verdict, message) = match setting.as_deref() {
        Some("enabled" | "enhanced") => (Verdict::Pass, "new clusters get Container Insights"),
        _ => (
            Verdict::Advice,
            "new clusters get no Container Insights; change the account setting containerInsights with \
             PutAccountSettingDefault",
        ),
    };
    let judged = Judged::new(verdict, message, "/settings/containerInsights").with(setting.as_deref());
    vec![result(NAME, account.resource(), origin, judged)]
}
