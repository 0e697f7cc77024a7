//! What an incoming event asks for. An event is a hint: all that is taken from it is which revision to look at, and
//! who caused it. CloudTrail hides environment values and leaves out bodies above 100 KB, and every member of it may
//! be missing or forged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::revision::{RevisionArn, is_family};

/// Where Logweir runs, and which roles are its own.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    pub account: String,
    pub region: String,
    /// Role ARNs.
    pub own_roles: Vec<String>,
}

impl Home {
    /// Where a function runs: its own ARN says in whose account, `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`.
    pub fn of_function(arn: &str, region: &str, own_roles: &[String]) -> Self {
        let part = |index| arn.split(':').nth(index).unwrap_or_default().to_owned();
        Self { partition: part(1), account: part(4), region: region.into(), own_roles: own_roles.to_vec() }
    }

    /// The revision that `FAMILY:REVISION` or an ARN names, seen from here.
    pub fn revision(&self, name: &str) -> Option<RevisionArn> {
        let Self { partition, region, account, .. } = self;
        match name.starts_with("arn:") {
            true => name.parse().ok(),
            false => format!("arn:{partition}:ecs:{region}:{account}:task-definition/{name}").parse().ok(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A revision was registered: look at it.
    Remediate { which: Which, cause: Cause },
    /// Nothing to do, and why.
    Ignore { why: Ignored, cause: Cause },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    Revision(RevisionArn),
    /// The body was left out: the family's newest revision, if it was registered within moments of the event.
    NewestOf {
        family: String,
        at: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Not a CloudTrail record of RegisterTaskDefinition.
    OtherEvent,
    /// The call failed; nothing was registered.
    FailedCall,
    ForeignAccount,
    ForeignRegion,
    /// Logweir registered it itself.
    OwnPrincipal,
    /// A service registers its own revisions and would not follow ours.
    ServiceOwned,
}

/// Who or what caused an event, as far as the event says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub event_id: Option<String>,
    pub time: Option<Timestamp>,
    pub actor: Option<String>,
    pub actor_type: Option<String>,
    pub user_agent: Option<String>,
    pub source_ip: Option<String>,
}

/// Why no event could be read. Says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("not an EventBridge event: {0} is missing or no object")]
    NotAnEvent(&'static str),
    #[error(
        "the event names no task definition: neither responseElements.taskDefinition.taskDefinitionArn nor requestParameters.family can be read"
    )]
    NoTaskDefinition,
    #[error("the event has no time, so the family's newest revision cannot be told to be the one that it means")]
    NoTime,
}

/// The longest text that is taken from an event; CloudTrail allows 1 KB for a user agent.
const LONGEST: usize = 256;

/// Takes an EventBridge envelope around a CloudTrail record, or the bare record.
pub fn read(event: &Value, home: &Home) -> Result<Trigger, Unreadable> {
    let envelope = event.as_object().ok_or(Unreadable::NotAnEvent("the event"))?;
    let is_bare = envelope.contains_key("eventName") && envelope.contains_key("eventSource");
    let record = if is_bare { event } else { &event["detail"] };
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let cause = cause(record);
    let ignore = |why| Ok(Trigger::Ignore { why, cause: cause.clone() });

    if !is_bare && (event["source"] != "aws.ecs" || event["detail-type"] != "AWS API Call via CloudTrail") {
        return match event["source"].is_string() {
            true => ignore(Ignored::OtherEvent),
            false => Err(Unreadable::NotAnEvent("source")),
        };
    }
    if !record.is_object() {
        return Err(Unreadable::NotAnEvent("detail"));
    }
    if text("/eventSource") != Some("ecs.amazonaws.com") || text("/eventName") != Some("RegisterTaskDefinition") {
        return ignore(Ignored::OtherEvent);
    }
    if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        return ignore(Ignored::FailedCall);
    }
    let arn =
        text("/responseElements/taskDefinition/taskDefinitionArn").and_then(|arn| arn.parse::<RevisionArn>().ok());
    let accounts =
        [event["account"].as_str(), text("/recipientAccountId"), arn.as_ref().map(|arn| arn.account.as_str())];
    if accounts.into_iter().flatten().any(|account| account != home.account) {
        return ignore(Ignored::ForeignAccount);
    }
    let regions = [event["region"].as_str(), text("/awsRegion"), arn.as_ref().map(|arn| arn.region.as_str())];
    if regions.into_iter().flatten().any(|region| region != home.region) {
        return ignore(Ignored::ForeignRegion);
    }
    let principal = text("/userIdentity/sessionContext/sessionIssuer/arn").or(text("/userIdentity/arn"));
    if principal.is_some_and(|principal| is_own(principal, &home.own_roles)) {
        return ignore(Ignored::OwnPrincipal);
    }
    if text("/userIdentity/invokedBy") == Some("batch.amazonaws.com") || principal.is_some_and(is_service_linked) {
        return ignore(Ignored::ServiceOwned);
    }
    let which = match arn {
        Some(arn) => Which::Revision(arn),
        None => Which::NewestOf {
            family: text("/requestParameters/family")
                .filter(|family| is_family(family))
                .ok_or(Unreadable::NoTaskDefinition)?
                .into(),
            at: cause.time.ok_or(Unreadable::NoTime)?,
        },
    };
    Ok(Trigger::Remediate { which, cause })
}

fn cause(record: &Value) -> Cause {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).map(|text| plain(text, LONGEST));
    Cause {
        event_id: text("/eventID"),
        time: record["eventTime"].as_str().and_then(|time| time.parse().ok()),
        actor: text("/userIdentity/arn").or_else(|| text("/userIdentity/invokedBy")),
        actor_type: text("/userIdentity/type"),
        user_agent: text("/userAgent"),
        source_ip: text("/sourceIPAddress"),
    }
}

/// `text` without control characters and characters that turn the direction of writing, cut to `most` characters:
/// anybody may have written it, and it goes into logs, terminals and messages.
pub fn plain(text: &str, most: usize) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|c| !hostile(*c)).take(most).collect()
}

/// Whether a principal is one of the roles, be it named as the role or as a session of it. A session's ARN leaves out
/// the role's path; names of roles are unique in an account whatever their paths.
pub fn is_own(principal: &str, own_roles: &[String]) -> bool {
    let Some(role) = role_of(principal) else {
        return false;
    };
    own_roles.iter().any(|own| role_of(own) == Some(role))
}

/// Account and name of the role that an ARN names.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", _, service, _, account, resource] = parts.as_slice() else {
        return None;
    };
    let name = match (service, resource.split_once('/')?) {
        ("iam", ("role", path)) => path.rsplit('/').next()?,
        ("sts", ("assumed-role", session)) => session.split('/').next()?,
        _ => return None,
    };
    Some((account, name))
}

/// Whether a principal is a role that an AWS service keeps for itself.
pub fn is_service_linked(principal: &str) -> bool {
    principal.contains(":role/aws-service-role/")
        || role_of(principal).is_some_and(|(_, name)| name.starts_with("AWSServiceRoleFor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_to_be_its_role_whatever_the_path() {
        let own = ["arn:aws:iam::111122223333:role/ops/logweir/Remediator".to_owned()];
        assert!(is_own("arn:aws:sts::111122223333:assumed-role/Remediator/session", &own));
        assert!(is_own("arn:aws:iam::111122223333:role/ops/logweir/Remediator", &own));
        assert!(!is_own("arn:aws:sts::444455556666:assumed-role/Remediator/session", &own));
        assert!(!is_own("arn:aws:sts::111122223333:assumed-role/Other/Remediator", &own));
        assert!(!is_own("arn:aws:iam::111122223333:user/Remediator", &own));
    }

    #[test]
    fn what_turns_or_ends_a_line_is_taken_out_of_foreign_text() {
        assert_eq!(plain("a\n{\"level\":\"INFO\"}\u{202e}\u{1b}[31mb", 100), "a{\"level\":\"INFO\"}[31mb");
        assert_eq!(plain("äöü", 2), "äö");
    }
}
