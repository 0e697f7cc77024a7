//! The accounts and Regions of one run: the list of accounts, the Regions, and the role that Logweir assumes in each
//! account.

use super::ecs::arn::{is_account, is_partition_or_region};
use super::text::plain::plain;

/// The largest number of accounts of one run. AWS Organizations allows an organization up to 10,000 accounts (source:
/// AWS Organizations user guide, quotas).
pub const MOST_ACCOUNTS: usize = 10_000;

/// The largest number of Regions of one run, which is more than AWS has.
pub const MOST_REGIONS: usize = 100;

/// The longest part of a file that an error message shows, in characters.
const LONGEST: usize = 40;

/// Why a list of accounts cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountListError {
    #[error("line {line}: `{found}` is not the number of an account, which has twelve digits")]
    NoAccount { line: usize, found: String },
    #[error("the list contains more than {MOST_ACCOUNTS} accounts")]
    TooMany,
    #[error("the list contains no account")]
    Empty,
}

/// Reads a list with one account a line, in the order of the lines. `#` starts a comment. An account that is listed
/// again counts once.
pub fn account_list(text: &str) -> Result<Vec<String>, AccountListError> {
    let mut accounts: Vec<String> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let account = line.split('#').next().unwrap_or_default().trim();
        if account.is_empty() {
            continue;
        }
        if !is_account(account) {
            return Err(AccountListError::NoAccount { line: index + 1, found: plain(account, LONGEST) });
        }
        if known.insert(account.to_owned()) {
            accounts.push(account.to_owned());
        }
        if accounts.len() > MOST_ACCOUNTS {
            return Err(AccountListError::TooMany);
        }
    }
    if accounts.is_empty() { Err(AccountListError::Empty) } else { Ok(accounts) }
}

/// The Regions of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// Every Region that an account has enabled.
    All,
    /// These Regions, in the order of the caller.
    Named(Vec<String>),
}

impl std::str::FromStr for Regions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        let mut named: Vec<String> = Vec::new();
        for region in text.split(',').map(str::trim) {
            if !is_partition_or_region(region) || region.len() > LONGEST {
                let shown = plain(region, LONGEST);
                return Err(format!(
                    "`{shown}` is not the name of a Region; use `all`, or names such as eu-west-1,us-east-1"
                ));
            }
            if !named.iter().any(|known| known == region) {
                named.push(region.to_owned());
            }
        }
        if named.len() > MOST_REGIONS { Err("too many Regions".into()) } else { Ok(Self::Named(named)) }
    }
}

/// A role that Logweir assumes in each account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRole {
    /// The name of the role, with its path if it has one.
    pub name: String,
    /// The text that the trust policy of the role requires, so that no other caller can use the role through Logweir.
    pub external_id: Option<String>,
}

impl AuditRole {
    /// Returns the ARN of the role in an account.
    pub fn arn(&self, partition: &str, account: &str) -> String {
        format!("arn:{partition}:iam::{account}:role/{}", self.name)
    }
}

/// Reads the name of a role: 1 to 64 characters, after a path if there is one (source: IAM API reference, CreateRole).
pub fn role_name(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches('/');
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c));
    let is_name = name.len() <= 512 && name.split('/').all(is_part);
    let last = name.rsplit('/').next().unwrap_or_default();
    if is_name && last.len() <= 64 {
        return Ok(name.to_owned());
    }
    Err("not the name of a role; use the name without `arn:` and account, such as LogweirAudit".into())
}

/// Reads an external ID: 2 to 1224 characters (source: STS API reference, AssumeRole).
pub fn external_id(text: &str) -> Result<String, String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if (2..=1224).contains(&text.len()) && text.chars().all(is_fit) {
        return Ok(text.to_owned());
    }
    Err("not an external ID, which has 2 to 1224 letters, digits and characters of `_+=,.@:/-`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_accounts_has_comments_and_names_the_place_of_an_error() {
        let text = "\u{feff}# shop\n111122223333 # prod\r\n\n  444455556666\n111122223333\n";
        assert_eq!(account_list(text).unwrap(), ["111122223333", "444455556666"]);
        assert_eq!(account_list("# none\n"), Err(AccountListError::Empty));
        let error = account_list("111122223333\n\u{1b}[2Jprod\n").unwrap_err().to_string();
        assert_eq!(error, "line 2: `[2Jprod` is not the number of an account, which has twelve digits");
        let many: String = (0..=MOST_ACCOUNTS).map(|number| format!("{number:012}\n")).collect();
        assert_eq!(account_list(&many), Err(AccountListError::TooMany));
        assert!(account_list(&format!("{}\n", "x".repeat(100_000))).unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn regions_are_all_or_named_once() {
        assert_eq!("all".parse(), Ok(Regions::All));
        let named: Regions = "eu-west-1, us-east-1,eu-west-1".parse().unwrap();
        assert_eq!(named, Regions::Named(vec!["eu-west-1".into(), "us-east-1".into()]));
        for wrong in ["", "EU", "eu-west-1,", "https://example.com", "eu-west-1/../x"] {
            assert!(wrong.parse::<Regions>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_role_and_an_external_id_have_the_forms_that_aws_accepts() {
        assert_eq!(role_name("/audit/LogweirAudit").unwrap(), "audit/LogweirAudit");
        let role = AuditRole { name: "audit/LogweirAudit".into(), external_id: None };
        assert_eq!(role.arn("aws-cn", "111122223333"), "arn:aws-cn:iam::111122223333:role/audit/LogweirAudit");
        for wrong in ["", "a b", "arn:aws:iam::1:role/x", "a//b", "a/", "x\u{1b}", &"x".repeat(65)] {
            assert!(role_name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(external_id("7c2e/audit:1").unwrap(), "7c2e/audit:1");
        for wrong in ["", "a", "a b", "ä1"] {
            assert!(external_id(wrong).is_err(), "{wrong}");
        }
    }
}
