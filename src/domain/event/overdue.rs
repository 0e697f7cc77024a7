//! The message about an overdue revision, which the daily reconciliation sends to the event queue. Like an event, the
//! message is only a hint: Logweir describes the revision before it decides.

use serde_json::{Value, json};

use super::home::Whereabouts;
use super::{Home, Nothing, Trigger, Unreadable};
use crate::domain::ecs::revision::RevisionArn;

pub(super) const SOURCE: &str = "logweir";
pub(super) const DETAIL_TYPE: &str = "Overdue Registration";

/// Returns the body of the message about an overdue revision.
pub fn event(revision: &RevisionArn) -> Value {
    json!({
        "source": SOURCE, "detail-type": DETAIL_TYPE, "account": revision.account, "region": revision.region,
        "detail": {"taskDefinitionArn": revision.to_string()},
    })
}

pub(super) fn read(event: &Value, home: &Home) -> Result<Trigger, Nothing> {
    let named = event["detail"]["taskDefinitionArn"].as_str().unwrap_or_default();
    let revision: RevisionArn = named.parse().map_err(|_| Unreadable::NoTaskDefinition)?;
    let envelope = Whereabouts { account: event["account"].as_str(), region: event["region"].as_str() };
    match home.elsewhere(&[envelope, Whereabouts::of_arn(named)]) {
        Some(elsewhere) => Err(elsewhere.into()),
        None => Ok(Trigger::Overdue { revision }),
    }
}
