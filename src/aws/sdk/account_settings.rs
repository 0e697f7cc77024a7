//! The account setting `defaultLogDriverMode` of Amazon ECS, for the command line.

use aws_sdk_ecs::types::{Setting, SettingName};

use super::ecs::Ecs;
use crate::aws::errors::{port_error, unreadable};
use crate::domain::baseline::Delivery;
use crate::domain::ecs::default_log_mode::DefaultLogMode;
use crate::domain::text::plain::plain;
use crate::ports::{AccountSettings, Answer, ErrorKind, PortError};

const LIST: &str = "ListAccountSettings";
const PUT: &str = "PutAccountSettingDefault";

/// The longest ARN of a principal, in characters. IAM allows 2048 characters, of which no reader needs all.
const LONGEST: usize = 512;

impl Ecs {
    /// Returns the setting that ECS lists. With `effective`, ECS returns the value in effect for the caller; without,
    /// only a value that is set for the caller itself (source: ECS API reference, ListAccountSettings).
    async fn listed(&self, effective: bool) -> Answer<Option<(Delivery, Option<String>)>> {
        let call = self.client.list_account_settings().name(SettingName::DefaultLogDriverMode);
        let call = call.effective_settings(effective).send();
        let listed = Box::pin(call).await.map_err(|error| port_error(LIST, &error))?;
        let is_it = |setting: &&Setting| setting.name() == Some(&SettingName::DefaultLogDriverMode);
        let Some(setting) = listed.settings().iter().find(is_it) else { return Ok(None) };
        let Some(value) = setting.value() else { return Ok(None) };
        let principal = setting.principal_arn().map(|arn| plain(arn, LONGEST));
        Ok(Some((read(LIST, value)?, principal)))
    }

    /// Returns the value that is set only for the caller. It hides the account's default from the caller.
    pub async fn own_log_mode(&self) -> Answer<Option<Delivery>> {
        let own = self.listed(false).await?;
        Ok(own.filter(|(_, principal)| !principal.as_deref().is_some_and(is_root)).map(|(value, _)| value))
    }
}

fn read(call: &'static str, value: &str) -> Answer<Delivery> {
    match value {
        "non-blocking" => Ok(Delivery::NonBlocking),
        "blocking" => Ok(Delivery::Blocking),
        _ => Err(PortError {
            kind: ErrorKind::Refused,
            ..unreadable(call, "defaultLogDriverMode is neither blocking nor non-blocking")
        }),
    }
}

/// Whether the ARN belongs to the root user, whose value is the default of the account (source: ECS API reference,
/// PutAccountSetting).
fn is_root(arn: &str) -> bool {
    arn.ends_with(":root")
}

impl AccountSettings for Ecs {
    async fn default_log_mode(&self) -> Answer<DefaultLogMode> {
        let own = self.own_log_mode().await?;
        let (value, principal) = self.listed(true).await?.map_or((None, None), |(value, arn)| (Some(value), arn));
        Ok(DefaultLogMode { value, principal, own })
    }

    async fn set_default_log_mode(&self, mode: Delivery) -> Answer<Delivery> {
        let call = self.client.put_account_setting_default().name(SettingName::DefaultLogDriverMode);
        let answer = Box::pin(call.value(mode.mode()).send()).await.map_err(|error| port_error(PUT, &error))?;
        match answer.setting().and_then(Setting::value) {
            Some(value) => read(PUT, value),
            None => Err(unreadable(PUT, "the response does not contain the value")),
        }
    }
}
