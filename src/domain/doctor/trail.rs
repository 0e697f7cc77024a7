//! The check of CloudTrail's trails. EventBridge receives events about API calls only if a CloudTrail trail is on and
//! records management events (source: EventBridge user guide, events from services by way of CloudTrail).

use serde_json::Value;

use super::{Check, ReadFailure, ReadResult};
use crate::domain::trail::selectors::{ManagementCall, records};

const CHECK: &str = "trail";

/// The call that Logweir needs most.
const REGISTRATION: ManagementCall = ManagementCall::of_ecs("RegisterTaskDefinition", false);

/// A trail that covers this Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailName {
    pub name: String,
    pub arn: String,
    pub is_organizations: bool,
}

/// The facts that `doctor` has read about a trail.
#[derive(Clone, Debug)]
pub struct Trail {
    pub trail: TrailName,
    pub is_logging: ReadResult<bool>,
    /// The response of GetEventSelectors.
    pub selectors: ReadResult<Value>,
}

/// Whether a trail records the calls that Logweir needs.
enum TrailVerdict<'t> {
    Good,
    Bad(&'static str),
    ReadFailure(&'t ReadFailure),
    Depends,
}

pub fn check(trails: &ReadResult<Vec<Trail>>, region: &str) -> Check {
    let trails = match trails {
        Ok(trails) => trails,
        Err(unseen) => return Check::unknown(CHECK, "doctor cannot tell whether a trail records calls", unseen),
    };
    let verdicts: Vec<(&Trail, TrailVerdict<'_>)> = trails.iter().map(|trail| (trail, trail.verdict())).collect();
    if let Some((good, _)) = verdicts.iter().find(|(_, verdict)| matches!(verdict, TrailVerdict::Good)) {
        let whose = if good.trail.is_organizations { " of the organisation" } else { "" };
        return Check::ok(CHECK, format!("trail {}{whose} records write management events", good.trail.name));
    }
    for (trail, verdict) in &verdicts {
        let what = format!("doctor cannot tell whether trail {} records calls", trail.trail.name);
        match verdict {
            TrailVerdict::ReadFailure(unseen) => return Check::unknown(CHECK, what, unseen),
            TrailVerdict::Depends => {
                let says = format!("{what}, because the trail's selectors depend on the caller or the kind of call");
                return Check::inconclusive(CHECK, says, "let a trail record all write management events");
            }
            _ => {}
        }
    }
    let bad: Vec<String> = verdicts
        .iter()
        .filter_map(|(trail, verdict)| match verdict {
            TrailVerdict::Bad(why) => Some(format!("trail {} {why}", trail.trail.name)),
            _ => None,
        })
        .collect();
    if bad.is_empty() {
        return Check::problem(
            CHECK,
            format!("there is no trail in {region}, so EventBridge receives no events about API calls"),
            "create a trail for all Regions that records management events: aws cloudtrail create-trail \
             --is-multi-region-trail",
        );
    }
    Check::problem(
        CHECK,
        format!("{}, so EventBridge receives no events about API calls", bad.join("; ")),
        "switch a trail on and let it record write management events: aws cloudtrail start-logging, \
         put-event-selectors",
    )
}

impl Trail {
    fn verdict(&self) -> TrailVerdict<'_> {
        match (&self.is_logging, &self.selectors) {
            (Ok(false), _) => TrailVerdict::Bad("is switched off"),
            (_, Ok(selectors)) if records(selectors, REGISTRATION) == Some(false) => {
                TrailVerdict::Bad("does not record write management events")
            }
            (Err(unseen), _) | (_, Err(unseen)) => TrailVerdict::ReadFailure(unseen),
            (Ok(true), Ok(selectors)) if records(selectors, REGISTRATION) == Some(true) => TrailVerdict::Good,
            _ => TrailVerdict::Depends,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::State;
    use super::*;

    fn trail(is_logging: ReadResult<bool>, selectors: ReadResult<Value>) -> Trail {
        let trail = TrailName { name: "main".into(), arn: "arn".into(), is_organizations: false };
        Trail { trail, is_logging, selectors }
    }

    fn basic(kind: &str, management: bool) -> Value {
        json!({"EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": management}]})
    }

    fn advanced(fields: Value) -> Value {
        let mut all = vec![json!({"Field": "eventCategory", "Equals": ["Management"]})];
        all.extend(fields.as_array().unwrap().clone());
        json!({"AdvancedEventSelectors": [{"FieldSelectors": all}]})
    }

    fn denied() -> ReadFailure {
        ReadFailure { why: "AccessDenied".into(), help: "ask for it".into(), is_missing: false }
    }

    #[test]
    fn a_trail_is_good_if_it_records_management_events_that_write() {
        for (selectors, wanted) in [
            (basic("All", true), State::Ok),
            (basic("WriteOnly", true), State::Ok),
            (basic("ReadOnly", true), State::Problem),
            (basic("All", false), State::Problem),
            (json!({}), State::Problem),
            (advanced(json!([])), State::Ok),
            (advanced(json!([{"Field": "readOnly", "Equals": ["false"]}])), State::Ok),
            (advanced(json!([{"Field": "readOnly", "Equals": ["true"]}])), State::Problem),
            (advanced(json!([{"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}])), State::Ok),
            (advanced(json!([{"Field": "eventSource", "NotEquals": ["ecs.amazonaws.com"]}])), State::Problem),
            (advanced(json!([{"Field": "eventName", "NotStartsWith": ["Register"]}])), State::Problem),
            (advanced(json!([{"Field": "userIdentity.arn", "NotStartsWith": ["arn:x"]}])), State::Unknown),
            (
                json!({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}),
                State::Problem,
            ),
        ] {
            let check = check(&Ok(vec![trail(Ok(true), Ok(selectors.clone()))]), "eu-west-1");
            assert_eq!(check.state, wanted, "{selectors}");
        }
    }

    #[test]
    fn one_good_trail_is_enough_and_what_was_not_read_is_not_good() {
        let (good, off) = (trail(Ok(true), Ok(basic("All", true))), trail(Ok(false), Ok(basic("All", true))));
        let unread = trail(Ok(true), Err(denied()));
        let state = |trails: Vec<Trail>| check(&Ok(trails), "eu-west-1").state;
        assert_eq!(state(vec![off.clone(), unread.clone(), good]), State::Ok);
        assert_eq!(state(vec![off.clone(), unread]), State::Unknown);
        assert_eq!(state(vec![off]), State::Problem);
        assert_eq!(state(Vec::new()), State::Problem);
        let unlisted = check(&Err(denied()), "eu-west-1");
        assert_eq!(unlisted.help.as_deref(), Some("ask for it"));
    }
}
