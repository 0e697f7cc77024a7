//! A rollout that is over or under way: how `records` shows it, and how `replay --backout` backs it out.

use serde_json::{Value, json};

use super::rollout::running;
use crate::loopback::account::WEB_1;
use crate::loopback::operator::{Operator, Ran, undo};

fn event(name: &str) -> String {
    format!("{}/tests/core/events/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// A service that was updated to the correction of web:1, and whose deployment is under way.
fn under_way() -> Operator {
    let operator = running(&["prod/web"]);
    operator.account.services(|services| services.of("prod/web").looks = None);
    let ran = operator.run(&["apply", "ecs:web:1", "--mode", "rollout", "--yes", "--wait", "0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    operator
}

/// The same after the deployment has completed.
fn rolled_out() -> Operator {
    let operator = under_way();
    operator.account.services(|services| services.ends("prod/web"));
    let ran = operator.run(&["apply", "ecs:web:1", "--mode", "rollout", "--yes", "--wait", "0"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    operator
}

fn backs_out(operator: &Operator, more: &[&str]) -> Ran {
    operator.run(&[&["backout", "web:1"], more].concat())
}

fn outcomes(operator: &Operator, filter: &[&str]) -> Vec<String> {
    let table = operator.run(&[&["records"], filter].concat()).out;
    table
        .lines()
        .skip(1)
        .map(|line| line.split("  ").map(str::trim).filter(|word| !word.is_empty()).nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn a_rollout_that_is_under_way_is_open_and_one_that_is_over_is_not() {
    let operator = under_way();
    assert_eq!(
        (outcomes(&operator, &[]), outcomes(&operator, &["--open"])),
        (vec!["rolling out".to_owned()], vec!["rolling out".to_owned()])
    );
    assert_eq!(outcomes(&operator, &["--outcome", "rolled-out"]), Vec::<String>::new());
    let operator = rolled_out();
    assert_eq!(
        (outcomes(&operator, &[]), outcomes(&operator, &["--open"])),
        (vec!["rolled-out".to_owned()], Vec::new())
    );
    assert_eq!(outcomes(&operator, &["--outcome", "rolled-out"]), ["rolled-out"]);
    assert_eq!(outcomes(&operator, &["--outcome", "remediated"]), Vec::<String>::new());
}

#[test]
fn a_rollout_is_shown_entry_by_entry() {
    let operator = rolled_out();
    let text = operator.run(&["records", "web:1"]).out;
    let entries: Vec<&str> = text.lines().filter_map(|line| line.split_once("Z  ")).map(|(_, said)| said).collect();
    let told = [
        "closed: remediated",
        "updating prod/web from web:1 to web:2",
        "updated prod/web: deployment ecs-svc/2",
        "prod/web: rolled out",
    ];
    assert_eq!(entries[entries.len() - told.len()..], told, "{text}");
    assert!(text.starts_with(&format!("{WEB_1}  rolled-out\n")), "{text}");
}

#[test]
fn json_names_the_services_under_way_and_the_outcome() {
    let service = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";
    let heads = |operator: &Operator| {
        let list = operator.run(&["records", "--format", "json"]).json()["records"][0].clone();
        let one = operator.run(&["records", "web:1", "--format", "json"]).json()["record"].clone();
        [list, one]
    };
    for head in heads(&under_way()) {
        assert_eq!((&head["following"], &head["rolled"]), (&json!([service]), &Value::Null));
    }
    let operator = rolled_out();
    for head in heads(&operator) {
        assert_eq!((&head["following"], &head["rolled"]), (&Value::Null, &json!({"outcome": "rolled-out"})));
    }
    let entries = operator.run(&["records", "web:1", "--format", "json"]).json()["entries"].clone();
    let last = entries.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["entry"], &last["service"], &last["ending"]),
        (&json!("rollout-ended"), &json!(service), &json!("completed"))
    );
}

#[test]
fn the_backout_of_a_rollout_starts_with_the_service() {
    let operator = rolled_out();
    operator.account.services(|services| services.of("prod/web").looks = Some(0));
    let before = operator.writing_calls().len();
    let ran = backs_out(&operator, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(operator.writing_calls()[before..], ["UpdateService", "DeregisterTaskDefinition"]);
    assert!(ran.out.starts_with("web:1: backed-out\n"), "{}", ran.out);
    assert!(ran.out.contains("service      prod/web backed-out"), "{}", ran.out);
    assert_eq!(
        (operator.account.runs("prod/web"), operator.account.active("web")),
        (vec!["web:1".to_owned()], vec![1])
    );
    let told = operator.run(&["records", "web:1"]).out;
    assert!(told.contains("undone: roll prod/web back to web:1") && told.contains("closed: backed-out"), "{told}");
}

#[test]
fn a_backout_waits_for_the_last_tasks_of_the_correction_and_the_same_command_ends_it() {
    let operator = rolled_out();
    let ran = backs_out(&operator, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.starts_with("web:1: partial (deployment-under-way)\n"), "{}", ran.out);
    assert!(ran.out.contains("the last tasks of web:2 are stopping in service prod/web"), "{}", ran.out);
    assert!(ran.out.contains("run the same command again when the deployment has ended"), "{}", ran.out);
    assert_eq!((operator.account.runs("prod/web")[0].as_str(), operator.account.active("web")), ("web:1", vec![1, 2]));
    assert_eq!(outcomes(&operator, &["--open"]), ["backing out"]);
    let again = backs_out(&operator, &["--format", "json"]);
    assert_eq!((again.code, &again.json()["reason"]), (2, &json!("deployment-under-way")));
    operator.account.services(|services| services.ends("prod/web"));
    let over = backs_out(&operator, &[]);
    assert_eq!((over.code, operator.account.active("web")), (0, vec![1]), "{over:?}");
    assert_eq!(outcomes(&operator, &[]), ["backed-out"]);
}

#[test]
fn a_deployment_by_logweir_that_is_under_way_is_rolled_back_by_ecs() {
    let operator = under_way();
    operator.account.services(|services| services.of("prod/web").looks = Some(0));
    let before = operator.writing_calls().len();
    let ran = backs_out(&operator, &[]);
    assert_eq!((ran.code, operator.account.active("web")), (0, vec![1]), "{ran:?}");
    assert_eq!(operator.writing_calls()[before..], ["StopServiceDeployment", "DeregisterTaskDefinition"]);
}

#[test]
fn a_dry_run_names_the_services_that_would_be_rolled_back_and_writes_nothing() {
    for operator in [under_way(), rolled_out()] {
        let (before, calls) = (operator.written(), operator.writing_calls());
        let ran = backs_out(&operator, &["--dry-run"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("service prod/web would be rolled back to web:1"), "{}", ran.out);
        assert!(ran.out.contains("web:2 would be deregistered"), "{}", ran.out);
        assert_eq!((operator.written(), operator.writing_calls()), (before, calls));
    }
}

#[test]
fn a_service_that_was_deployed_since_is_not_changed() {
    let operator = rolled_out();
    operator.account.services(|services| {
        services.deploys("prod/web", &WEB_1.replace("web:1", "api:7"));
        services.ends("prod/web");
    });
    let ran = backs_out(&operator, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("prod/web not-changed") && ran.out.contains("runs api:7 by now"), "{}", ran.out);
    assert_eq!(
        (operator.account.runs("prod/web"), operator.account.active("web")),
        (vec!["api:7".to_owned()], vec![1])
    );
}

#[test]
fn the_undo_command_of_a_record_rolls_the_service_back() {
    let operator = rolled_out();
    operator.account.services(|services| services.of("prod/web").looks = Some(0));
    let text = operator.run(&["records", "web:1"]).out;
    let back = operator.types(undo(&text));
    assert_eq!((back.code, operator.account.runs("prod/web")), (0, vec!["web:1".to_owned()]), "{back:?}");
    assert!(!operator.run(&["records", "web:1"]).out.contains("undo "), "nothing is left to back out");
}

/// Writes an event of the service to a file, with the source of this account.
fn about_web_1(operator: &Operator, name: &str) -> String {
    let text = std::fs::read_to_string(event(name)).unwrap().replace("web:41", "web:1");
    operator.file(&format!("{name}.json"), &text)
}

#[test]
fn an_event_of_a_service_names_the_record_of_its_revision() {
    for name in ["create-service", "update-service"] {
        let operator = rolled_out();
        operator.account.services(|services| services.of("prod/web").looks = Some(0));
        let ran = operator.run(&["backout", &about_web_1(&operator, name)]);
        assert_eq!((ran.code, operator.account.active("web")), (0, vec![1]), "{name}: {ran:?}");
        assert!(ran.out.starts_with("web:1: backed-out\n"), "{name}: {}", ran.out);
    }
}

#[test]
fn an_event_without_a_revision_is_wrong_usage_and_the_error_asks_for_the_record() {
    let operator = rolled_out();
    let calls = operator.writing_calls();
    for (name, more) in [
        ("update-service-omitted", &[][..]),
        ("deployment-completed", &["--dry-run"]),
        ("deployment-failed", &[]),
        ("deployment-in-progress", &["--function", "logweir-backout"]),
    ] {
        let ran = operator.run(&[&["backout", &about_web_1(&operator, name)], more].concat());
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{name}: {ran:?}");
        assert!(ran.err.contains("is about service prod/web and names no revision"), "{}", ran.err);
        assert!(ran.err.contains("name the record; `logweir records` lists all records"), "{}", ran.err);
    }
    assert_eq!(operator.writing_calls(), calls);
}

#[test]
fn an_event_that_logweir_never_acts_on_cannot_be_backed_out() {
    let operator = rolled_out();
    for name in ["run-task", "put-targets", "create-daemon"] {
        let ran = operator.run(&["backout", &event(name)]);
        assert_eq!(ran.code, 2, "{name}: {ran:?}");
        assert!(ran.err.contains("Logweir does not act on this event"), "{}", ran.err);
    }
    let unknown = operator.run(&["backout", &event("update-service")]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.out.contains("failed (no-record)"), "Logweir did not act on web:41: {}", unknown.out);
}
