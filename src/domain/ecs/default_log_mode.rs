//! The account setting `defaultLogDriverMode` of ECS: the delivery mode of a container without the option `mode`.
//!
//! ECS keeps one value for an account and Region, and may keep another value for one user or role (source: ECS API
//! reference, PutAccountSettingDefault and PutAccountSetting). Which principal's value counts for the tasks of a
//! service is not documented.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arn::{is_account, is_partition_or_region};
use crate::domain::baseline::Delivery;

/// The name of the setting in the API of ECS.
pub const SETTING: &str = "defaultLogDriverMode";

/// The mode that ECS uses since 2025-06-25 in an account without `defaultLogDriverMode` (source: ECS API reference,
/// PutAccountSettingDefault).
pub const SERVICE_DEFAULT: Delivery = Delivery::NonBlocking;

/// The word before the account and the Region in the name of the setting's record.
const WORD: &str = "account-default";

/// The account setting as ECS shows it to the principal that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultLogMode {
    /// The value in effect for the principal that asks. `None` if ECS lists no value.
    pub value: Option<Delivery>,
    /// The ARN of the principal to which the value belongs, as ECS says: the root user for the account's default.
    /// `None` if ECS names none.
    pub principal: Option<String>,
    /// The value that is set only for the principal that asks. It hides the account's default from this principal.
    pub own: Option<Delivery>,
}

impl DefaultLogMode {
    /// Returns the mode of a container without the option `mode`, as the principal that asks sees it.
    pub fn effective(&self) -> Delivery {
        self.value.unwrap_or(SERVICE_DEFAULT)
    }

    /// Whether the principal that asks cannot see the account's default, because a value of its own hides the default.
    pub fn hides_the_default(&self) -> bool {
        self.own.is_some()
    }
}

/// Returns a value of the setting in words.
pub fn words(value: Option<Delivery>) -> &'static str {
    match value {
        Some(mode) => mode.mode(),
        None => "not set",
    }
}

/// The account and Region of the setting. The record of the setting has this name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SettingName {
    pub account: String,
    pub region: String,
}

impl SettingName {
    /// Returns the name that `account-default/ACCOUNT/REGION` gives, or that `account-default` gives in `account` and
    /// `region`. Returns `None` for any other text.
    pub fn read(text: &str, account: &str, region: &str) -> Option<Self> {
        if text == WORD {
            return Some(Self { account: account.to_owned(), region: region.to_owned() });
        }
        let (account, region) = text.strip_prefix(WORD)?.strip_prefix('/')?.split_once('/')?;
        let is_name = is_account(account) && is_partition_or_region(region);
        is_name.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }

    /// Whether the text has the form of the name of such a record.
    pub fn is_one(text: &str) -> bool {
        text.split('/').next() == Some(WORD)
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORD}/{}/{}", self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_record_is_short_here_and_whole_elsewhere() {
        let read = |text| SettingName::read(text, "111122223333", "eu-west-1").map(|name| name.to_string());
        assert_eq!(read("account-default").as_deref(), Some("account-default/111122223333/eu-west-1"));
        let whole = "account-default/444455556666/us-gov-east-1";
        assert_eq!(read(whole).as_deref(), Some(whole));
        for other in ["account-default/", "account-default/1/eu-west-1", "account-default/444455556666/EU", "web:1"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
