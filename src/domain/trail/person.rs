//! The name of the person behind an identity.

use serde::Serialize;

use super::identity::Identity;
use crate::domain::text::plain::plain;

/// The longest name, in characters. The longest session name has 64 characters, and the longest e-mail address 254.
const LONGEST: usize = 256;

/// A person or a machine that made a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Person {
    /// The name, without control characters and characters that change the writing direction.
    pub name: String,
    pub how: How,
    pub strength: Strength,
}

/// The member of the record that names the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// `sessionContext.sourceIdentity`.
    SourceIdentity,
    /// `onBehalfOf.userId`, with the session's name beside it.
    OnBehalfOf,
    /// The session's name of a role of a permission set.
    PermissionSet,
    /// The user name of an IAM user.
    IamUser,
    /// The name of a federated user.
    FederatedUser,
    /// The root user of an account.
    Root,
    /// The session's name of another role, which the caller chooses.
    SessionName,
    /// The role of a session whose name a program made up.
    Role,
    /// An AWS service.
    Service,
    /// Another account, of which the record has only the ID.
    Account,
    /// The record names no principal.
    None,
}

impl How {
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceIdentity => "source-identity",
            Self::OnBehalfOf => "on-behalf-of",
            Self::PermissionSet => "permission-set",
            Self::IamUser => "iam-user",
            Self::FederatedUser => "federated-user",
            Self::Root => "root",
            Self::SessionName => "session-name",
            Self::Role => "role",
            Self::Service => "service",
            Self::Account => "account",
            Self::None => "none",
        }
    }
}

/// How certain the name of a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// AWS authenticated the principal of this name.
    Proven,
    /// The caller chose the name.
    Claimed,
    /// The record names no person.
    Unknown,
}

impl Strength {
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Claimed => "claimed",
            Self::Unknown => "unknown",
        }
    }
}

/// Names the person behind an identity. The strongest evidence names the person: the source identity, the user of IAM
/// Identity Center, the permission set, the IAM user, the name of a session, and last the service or the account. So a
/// user who acts through a service, such as CloudFormation, stays this user.
pub fn person(identity: &Identity<'_>) -> Person {
    use Strength::{Claimed, Proven, Unknown};
    let (name, how, strength) = if let Some(name) = identity.session.source_identity.some() {
        (name.to_owned(), How::SourceIdentity, Proven)
    } else if let Some(user) = identity.on_behalf_of.user.some() {
        (on_behalf_of(user, identity.session_name()), How::OnBehalfOf, Proven)
    } else if let Some(name) = of_permission_set(identity) {
        (name.to_owned(), How::PermissionSet, Proven)
    } else {
        match identity.kind.as_str() {
            "IAMUser" if !identity.user_name.is_empty() => (identity.user_name.to_string(), How::IamUser, Proven),
            "IAMUser" => (last_part(identity).to_owned(), How::IamUser, Proven),
            "FederatedUser" => (federated(identity), How::FederatedUser, Claimed),
            "Root" => (format!("root of {}", identity.account.some().unwrap_or("account")), How::Root, Proven),
            "AssumedRole" | "Role" => of_role(identity),
            "IdentityCenterUser" | "SAMLUser" | "WebIdentityUser" | "Directory" if !identity.user_name.is_empty() => {
                (identity.user_name.to_string(), How::FederatedUser, Proven)
            }
            _ => of_service(identity).unwrap_or_else(|| match identity.account.some() {
                Some(account) => (format!("account {account}"), How::Account, Unknown),
                None => ("unknown".to_owned(), How::None, Unknown),
            }),
        }
    };
    Person { name: plain(&name, LONGEST), how, strength }
}

fn on_behalf_of(user: &str, session: Option<&str>) -> String {
    match session {
        Some(session) => format!("{session} ({user})"),
        None => user.to_owned(),
    }
}

/// Returns the user name of IAM Identity Center, which names the sessions of the roles of permission sets
/// (`AWSReservedSSO_SET_HASH`).
fn of_permission_set<'a>(identity: &'a Identity<'_>) -> Option<&'a str> {
    identity.role_name()?.strip_prefix("AWSReservedSSO_")?;
    identity.session_name()
}

fn last_part<'a>(identity: &'a Identity<'_>) -> &'a str {
    identity.session_name().or(identity.principal.some()).unwrap_or("unknown")
}

fn federated(identity: &Identity<'_>) -> String {
    match identity.session.issuer.user_name.some() {
        Some(issuer) => format!("{} of {issuer}", last_part(identity)),
        None => last_part(identity).to_owned(),
    }
}

/// Names the session of a role. Only a service can assume its service-linked role, so such a session is the service.
fn of_role(identity: &Identity<'_>) -> (String, How, Strength) {
    let role = identity.role_name().unwrap_or("unknown role");
    if role.starts_with("AWSServiceRoleFor") {
        let service = identity.invoked_by.some().unwrap_or(role);
        return (service.to_owned(), How::Service, Strength::Proven);
    }
    match identity.session_name().filter(|name| !is_machine(name)) {
        Some(session) => (format!("{role}/{session}"), How::SessionName, Strength::Claimed),
        None => (role.to_owned(), How::Role, Strength::Unknown),
    }
}

fn of_service(identity: &Identity<'_>) -> Option<(String, How, Strength)> {
    let service = identity.invoked_by.some()?;
    Some((service.to_owned(), How::Service, Strength::Proven))
}

/// Whether a program made up the session's name. The SDKs name sessions after themselves and the time, EC2 names them
/// after the instance, and ECS and Lambda use IDs.
fn is_machine(session: &str) -> bool {
    const STARTS: [&str; 5] = ["botocore-session-", "aws-sdk-", "aws-go-sdk-", "GitHubActions", "i-0"];
    let is_id = session.len() >= 8 && session.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_id || STARTS.iter().any(|start| session.starts_with(start))
}
