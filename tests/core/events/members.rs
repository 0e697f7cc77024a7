//! Any member of an event may be missing or have an unexpected value.

use logweir::domain::event::{RevisionRef, Trigger, read};
use logweir::domain::pins::TargetChange;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::hostile::{harmless, hostile};
use super::sample::{all, answer, home, sample, with};

/// JSON pointers to every value within a value.
fn within(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = |(name, value): &(String, &Value)| {
        let inner = within(value).into_iter().map(|inner| format!("/{name}{inner}")).collect::<Vec<_>>();
        [vec![format!("/{name}")], inner].concat()
    };
    parts.iter().flat_map(below).collect()
}

fn without(event: &Value, pointer: &str) -> Value {
    let mut event = event.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match event.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.shift_remove(member)),
        Some(Value::Array(items)) => drop(items.remove(member.parse().unwrap())),
        _ => panic!("nothing at {pointer}"),
    }
    event
}

/// Members without which the kind of the event is unknown, with what is read then.
const KIND: [(&str, &str); 5] = [
    ("/detail-type", "ignored: OtherEvent"),
    ("/source", "unreadable: NotAnEvent(\"source\")"),
    ("/detail", "unreadable: NotAnEvent(\"detail\")"),
    ("/detail/eventSource", "ignored: OtherEvent"),
    ("/detail/eventName", "ignored: OtherEvent"),
];

const FAILED: &[(&str, &str)] = &[
    ("/resources", "unreadable: NoService"),
    ("/resources/0", "unreadable: NoService"),
    ("/detail/deploymentId", "look at prod/web"),
    ("/detail/reason", "prod/web: ecs-svc/8262522039826280002 Failed: no reason"),
];

const ANSWERED: &[(&str, &str)] = &[
    ("/detail/responseElements", "prod/web runs something"),
    ("/detail/responseElements/service", "prod/web runs something"),
    ("/detail/responseElements/service/taskDefinition", "prod/web runs something"),
];

const ONE_TARGET: &str = "used: EventBridge rule nightly-report, target report: web:41";
const OTHER_TARGET: &str = "used: EventBridge rule nightly-report, target cleanup: shop-cleanup:7";

/// Members that matter: each with what is read from the event without that member.
const MATTERS: [(&str, &[(&str, &str)]); 14] = [
    (
        "register-task-definition",
        &[
            ("/detail/responseElements", "registered: newest of web"),
            ("/detail/responseElements/taskDefinition", "registered: newest of web"),
            ("/detail/responseElements/taskDefinition/taskDefinitionArn", "registered: newest of web"),
        ],
    ),
    ("create-service", ANSWERED),
    // Request and response say the same, so either may be missing.
    ("update-service", &[]),
    ("update-service-scaled", ANSWERED),
    (
        "update-service-omitted",
        &[
            ("/detail/requestParameters", "unreadable: NoService"),
            ("/detail/requestParameters/cluster", "default/web runs something"),
            ("/detail/requestParameters/service", "unreadable: NoService"),
        ],
    ),
    ("deployment-failed", FAILED),
    (
        "run-task",
        &[
            ("/detail/userIdentity", "used: RunTask: web:41"),
            ("/detail/userIdentity/arn", "used: RunTask by events.amazonaws.com: web:41"),
            ("/detail/requestParameters", "ignored: OtherEvent"),
            ("/detail/requestParameters/taskDefinition", "ignored: OtherEvent"),
        ],
    ),
    (
        "start-task",
        &[
            ("/detail/userIdentity", "used: StartTask: web:41"),
            ("/detail/userIdentity/arn", "used: StartTask: web:41"),
            ("/detail/requestParameters", "ignored: OtherEvent"),
            ("/detail/requestParameters/taskDefinition", "ignored: OtherEvent"),
        ],
    ),
    (
        "put-targets",
        &[
            ("/detail/requestParameters", "ignored: OtherEvent"),
            (
                "/detail/requestParameters/rule",
                "used: EventBridge rule without a name, target report: web:41; EventBridge rule without a name, target cleanup: shop-cleanup:7",
            ),
            ("/detail/requestParameters/targets", "ignored: OtherEvent"),
            ("/detail/requestParameters/targets/1", OTHER_TARGET),
            (
                "/detail/requestParameters/targets/1/id",
                "used: EventBridge rule nightly-report, target without a name: web:41; EventBridge rule nightly-report, target cleanup: shop-cleanup:7",
            ),
            ("/detail/requestParameters/targets/1/ecsParameters", OTHER_TARGET),
            ("/detail/requestParameters/targets/1/ecsParameters/taskDefinitionArn", OTHER_TARGET),
            ("/detail/requestParameters/targets/3", ONE_TARGET),
            (
                "/detail/requestParameters/targets/3/id",
                "used: EventBridge rule nightly-report, target report: web:41; EventBridge rule nightly-report, target without a name: shop-cleanup:7",
            ),
            ("/detail/requestParameters/targets/3/ecsParameters", ONE_TARGET),
            ("/detail/requestParameters/targets/3/ecsParameters/taskDefinitionArn", ONE_TARGET),
        ],
    ),
    (
        "register-daemon-task-definition",
        &[
            ("/detail/requestParameters/family", "used: managed daemon definition monitoring:2: none"),
            ("/detail/responseElements", "used: managed daemon definition monitoring: none"),
            ("/detail/responseElements/daemonTaskDefinitionArn", "used: managed daemon definition monitoring: none"),
        ],
    ),
    (
        "create-daemon",
        &[
            ("/detail/responseElements", "used: managed daemon monitoring: none"),
            ("/detail/responseElements/daemonArn", "used: managed daemon monitoring: none"),
        ],
    ),
    ("update-daemon", &[]),
    // Request and response name the same cluster, so either may be missing.
    ("create-cluster", &[]),
    ("update-cluster", &[]),
];

#[test]
fn each_member_may_be_missing_and_only_those_that_are_read_matter() {
    for (name, matters) in MATTERS {
        let event = sample(name);
        let whole = answer(&event);
        for pointer in within(&event) {
            let known = KIND.iter().chain(matters).find(|(place, _)| *place == pointer);
            let expected = known.map_or(whole.as_str(), |(_, expected)| *expected);
            assert_eq!(answer(&without(&event, &pointer)), expected, "{name} without {pointer}");
            if known.is_none() {
                assert_eq!(answer(&with(&event, &pointer, Value::Null)), expected, "{name}, null at {pointer}");
            }
        }
        let stale = matters.iter().find(|(place, _)| event.pointer(place).is_none());
        assert_eq!(stale, None, "{name} has no such member");
    }
}

/// A change of one member of an event.
#[derive(Clone, Debug)]
enum Harm {
    Gone,
    Else(Value),
    Hostile,
    /// Replaced by the value of another member.
    Swapped(Index),
}

fn harms() -> impl Strategy<Value = Harm> {
    let values = [
        Value::Null,
        json!(true),
        json!(-1.5e300),
        json!(""),
        json!("arn:aws:ecs:eu-west-1:111122223333:service/"),
        json!("arn:::::"),
        json!("\u{202e}/:/:\n"),
        json!([]),
        json!([[null]]),
        json!({}),
        json!({"omitted": "true"}),
    ];
    prop_oneof![
        Just(Harm::Gone),
        Just(Harm::Hostile),
        select(values.to_vec()).prop_map(Harm::Else),
        any::<Index>().prop_map(Harm::Swapped),
    ]
}

fn harmed(event: &Value, harms: &[(Index, Harm)]) -> Value {
    harms.iter().fold(event.clone(), |event, (place, harm)| {
        let places = within(&event);
        let Some(pointer) = (!places.is_empty()).then(|| place.get(&places)) else { return event };
        match harm {
            Harm::Gone => without(&event, pointer),
            Harm::Hostile => with(&event, pointer, hostile().into()),
            Harm::Else(value) => with(&event, pointer, value.clone()),
            Harm::Swapped(other) => with(&event, pointer, event.pointer(other.get::<String>(&places)).unwrap().clone()),
        }
    })
}

/// Checks what must hold of every answer, even for a forged event.
fn sound(trigger: &Trigger) -> Result<(), String> {
    let home = home();
    let at_home = |account: &str, region: &str| account == home.account && region == home.region;
    let sound = match trigger {
        Trigger::Remediate { which: RevisionRef::Revision(arn), .. } | Trigger::Overdue { revision: arn } => {
            at_home(&arn.account, &arn.region)
        }
        Trigger::Service { service, .. } => at_home(&service.account, &service.region),
        Trigger::Cluster { cluster, .. } => at_home(&cluster.account, &cluster.region),
        Trigger::Used { by, .. } => {
            let revisions = by.iter().filter_map(|by| by.revision.as_ref());
            (1..=5).contains(&by.len()) && revisions.into_iter().all(|arn| at_home(&arn.account, &arn.region))
        }
        Trigger::Withdrawn { revisions, .. } => {
            (1..=10).contains(&revisions.len()) && revisions.iter().all(|arn| at_home(&arn.account, &arn.region))
        }
        Trigger::Pinned { change, by, .. } => {
            let set = match &change.what {
                TargetChange::Set(targets) => targets.values().flatten().collect(),
                TargetChange::Removed(_) | TargetChange::Deleted => Vec::new(),
            };
            let revisions = by.iter().filter_map(|by| by.revision.as_ref()).chain(set);
            by.len() <= 5 && revisions.into_iter().all(|arn| at_home(&arn.account, &arn.region))
        }
        Trigger::Remediate { .. } | Trigger::Session { .. } | Trigger::Ignore { .. } => true,
    };
    if !sound {
        return Err(format!("{trigger:?}"));
    }
    harmless(trigger)
}

proptest! {
    // A counterexample becomes a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn for_any_members_the_answer_is_sound_and_the_error_is_short(
        name in select(all().into_iter().map(|(name, _)| name).collect::<Vec<_>>()),
        harms in prop::collection::vec((any::<Index>(), harms()), 1..6),
        is_bare in any::<bool>(),
    ) {
        let event = harmed(&sample(&name), &harms);
        match read(if is_bare { &event["detail"] } else { &event }, &home()) {
            Ok(trigger) => prop_assert_eq!(sound(&trigger), Ok(())),
            Err(why) => prop_assert!(why.to_string().len() < 250),
        }
    }
}
