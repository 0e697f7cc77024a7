//! `activity --lookup`: CloudTrail's event history behind the loopback.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::trail::record;
use super::{counts, report};
use crate::loopback::Loopback;
use crate::loopback::exec::Exec;
use crate::loopback::operator::Operator;

/// An event history with calls to ECS in the last hours, and one call to another service.
fn history() -> (Exec, Operator) {
    let exec = Exec::default();
    exec.with(|state| {
        state.records.extend((0..121).map(|number| {
            let mut one = record(number);
            let time = Timestamp::now() - SignedDuration::from_mins(2 + number as i64);
            one["eventTime"] = format!("{time:.0}").into();
            if number == 120 {
                one["eventSource"] = "s3.amazonaws.com".into();
            }
            one
        }));
    });
    let operator = Operator::at(Loopback::serve(exec.service()));
    (exec, operator)
}

fn lookups(operator: &Operator) -> usize {
    operator.aws.calls().iter().filter(|(name, _)| name == "LookupEvents").count()
}

#[test]
fn the_event_history_is_searched_for_each_service() {
    let (_, operator) = history();
    let run = |arguments: &[&str]| {
        let common = ["activity", "--lookup", "--since", "6h", "--format", "json"];
        let ran = operator.run(&[&common, arguments].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        report(&ran)
    };
    let data = run(&[]);
    assert_eq!(counts(&data), [120, 120, 0, 0, 0]);
    assert_eq!((lookups(&operator), &data["new"]), (3, &Value::Null));
    assert!(data["notes"][0].as_str().unwrap().contains("has 120 events"), "{}", data["notes"]);
    assert_eq!(counts(&run(&["--source", "ecs", "--source", "s3", "--event", "UpdateService"])), [121, 40, 81, 0, 0]);
}

#[test]
fn a_search_that_ends_early_reports_what_it_read_and_can_continue() {
    let (exec, operator) = history();
    exec.with(|state| state.lookups = Some(2));
    let file = operator.folder.path().join("search.jsonl").display().to_string();
    let run = || operator.run(&["activity", "--lookup", "--since", "6h", "--resume", &file, "--format", "json"]);
    let first = run();
    assert_eq!((first.code, counts(&report(&first))), (2, [100, 100, 0, 0, 0]));
    assert!(first.err.contains("run the command again to continue the search"), "{}", first.err);
    assert!(report(&first)["notes"].to_string().contains("the period is incomplete"));
    exec.with(|state| state.lookups = None);
    let second = run();
    assert_eq!((second.code, counts(&report(&second))), (0, [120, 120, 0, 0, 0]));
}

#[test]
fn a_search_that_cloudtrail_cannot_make_is_refused() {
    let (exec, operator) = history();
    for (arguments, message) in [
        (&["--source", "all"][..], "--lookup needs the names of the services"),
        (&["--until", "2020-01-01"], "CloudTrail's event history has no events in the period"),
        (&["trail/"], "cannot be used with"),
        (&["--resume", "x", "--verify"], "--verify checks files"),
    ] {
        let ran = operator.run(&[&["activity", "--lookup"], arguments].concat());
        assert_eq!((ran.code, lookups(&operator)), (64, 0), "{arguments:?}");
        assert!(ran.err.contains(message), "{}", ran.err);
    }
    exec.with(|state| state.denied = vec!["LookupEvents"]);
    let ran = operator.run(&["activity", "--lookup", "--since", "6h"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("LookupEvents"), "{}", ran.err);
}
