//! Without a trail that is on and records management events, EventBridge hears of no call at all
//! (source: EventBridge user guide, events from services by way of CloudTrail).

use serde_json::{Value, json};

use super::{Check, Looked, Unseen};

const CHECK: &str = "trail";

/// A trail that sees this Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailName {
    pub name: String,
    pub arn: String,
    pub is_organizations: bool,
}

/// What is known of a trail.
#[derive(Clone, Debug)]
pub struct Trail {
    pub trail: TrailName,
    pub is_logging: Looked<bool>,
    /// What GetEventSelectors answered.
    pub selectors: Looked<Value>,
}

/// Whether a trail records what Logweir lives on.
enum TrailVerdict<'t> {
    Good,
    Bad(&'static str),
    Unseen(&'t Unseen),
    Depends,
}

pub fn check(trails: &Looked<Vec<Trail>>, region: &str) -> Check {
    let trails = match trails {
        Ok(trails) => trails,
        Err(unseen) => return Check::unknown(CHECK, "whether a trail records calls", unseen),
    };
    let verdicts: Vec<(&Trail, TrailVerdict<'_>)> = trails.iter().map(|trail| (trail, trail.verdict())).collect();
    if let Some((good, _)) = verdicts.iter().find(|(_, verdict)| matches!(verdict, TrailVerdict::Good)) {
        let whose = if good.trail.is_organizations { ", the organisation's" } else { "" };
        return Check::ok(CHECK, format!("trail {}{whose} records the calls that change something", good.trail.name));
    }
    for (trail, verdict) in &verdicts {
        let what = format!("whether trail {} records calls", trail.trail.name);
        match verdict {
            TrailVerdict::Unseen(unseen) => return Check::unknown(CHECK, what, unseen),
            TrailVerdict::Depends => {
                let says = format!("{what}: it selects them by who calls or how");
                return Check::untold(CHECK, says, "have a trail record all management events that write");
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
            format!("there is no trail in {region}, so EventBridge hears of no call"),
            "make one for all Regions that records management events: aws cloudtrail create-trail --is-multi-region-trail",
        );
    }
    Check::problem(
        CHECK,
        format!("{}, so EventBridge hears of no call", bad.join("; ")),
        "have it record management events, those that write: aws cloudtrail start-logging, put-event-selectors",
    )
}

impl Trail {
    fn verdict(&self) -> TrailVerdict<'_> {
        match (&self.is_logging, &self.selectors) {
            (Ok(false), _) => TrailVerdict::Bad("is switched off"),
            (_, Ok(selectors)) if records(selectors) == Some(false) => {
                TrailVerdict::Bad("does not record management events that write")
            }
            (Err(unseen), _) | (_, Err(unseen)) => TrailVerdict::Unseen(unseen),
            (Ok(true), Ok(selectors)) if records(selectors) == Some(true) => TrailVerdict::Good,
            _ => TrailVerdict::Depends,
        }
    }
}

/// Whether a registration of a task definition is recorded; none: that depends on more than is known here.
fn records(selectors: &Value) -> Option<bool> {
    let all = |member: &str| selectors[member].as_array().cloned().unwrap_or_default();
    let basic = all("EventSelectors").into_iter().map(|selector| {
        let writes = matches!(selector["ReadWriteType"].as_str(), None | Some("All" | "WriteOnly"));
        Some(writes && selector["IncludeManagementEvents"] != false)
    });
    let advanced = all("AdvancedEventSelectors").into_iter().map(|selector| admits(&selector));
    any(basic.chain(advanced))
}

/// The members of the event that fields of an advanced selector ask for.
fn registration() -> Value {
    json!({
        "eventCategory": "Management", "readOnly": "false", "eventSource": "ecs.amazonaws.com",
        "eventName": "RegisterTaskDefinition", "eventType": "AwsApiCall"
    })
}

fn admits(selector: &Value) -> Option<bool> {
    let event = registration();
    let fields = selector["FieldSelectors"].as_array().cloned().unwrap_or_default();
    all(fields.iter().map(|field| {
        let value = event[field["Field"].as_str().unwrap_or_default()].as_str()?;
        let texts = |operator: &str| -> Option<Vec<String>> {
            let texts = field[operator].as_array()?.iter().filter_map(Value::as_str).map(String::from);
            Some(texts.collect())
        };
        let fits = |operator: &str, is: fn(&str, &str) -> bool, wanted: bool| {
            texts(operator).is_none_or(|texts| texts.iter().any(|text| is(value, text)) == wanted)
        };
        Some(
            fits("Equals", |value, text| value == text, true)
                && fits("StartsWith", |value, text| value.starts_with(text), true)
                && fits("EndsWith", |value, text| value.ends_with(text), true)
                && fits("NotEquals", |value, text| value == text, false)
                && fits("NotStartsWith", |value, text| value.starts_with(text), false)
                && fits("NotEndsWith", |value, text| value.ends_with(text), false),
        )
    }))
}

/// Whether one of them is so; none: that hangs on one that nobody knows.
fn any(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let verdicts: Vec<Option<bool>> = verdicts.collect();
    if verdicts.contains(&Some(true)) {
        return Some(true);
    }
    (!verdicts.contains(&None)).then_some(false)
}

fn all(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(verdicts.map(|verdict| verdict.map(|verdict| !verdict))).map(|verdict| !verdict)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn trail(is_logging: Looked<bool>, selectors: Looked<Value>) -> Trail {
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

    fn denied() -> Unseen {
        Unseen { why: "AccessDenied".into(), help: "ask for it".into(), is_missing: false }
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
