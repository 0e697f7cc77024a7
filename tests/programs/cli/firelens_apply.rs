//! `logweir firelens apply`: registers the planned task definition, and updates no service.

use serde_json::{Value, json};

use super::BLOCKING;
use crate::loopback::account::{Simulator, WEB_1, WEB_2, event};
use crate::loopback::operator::{Operator, undo};

/// A document that can be migrated: its containers log through awslogs, and it has both roles.
fn document() -> Value {
    let mut document: Value = serde_json::from_str(BLOCKING).unwrap();
    document["containerDefinitions"][0]["memory"] = 512.into();
    document["taskRoleArn"] = "arn:aws:iam::111122223333:role/ecs/web".into();
    document["executionRoleArn"] = "arn:aws:iam::111122223333:role/ecsTaskExecutionRole".into();
    document
}

fn apply<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["firelens", "apply", "ecs:web"], more].concat()
}

#[test]
fn it_registers_the_planned_document_and_the_printed_command_undoes_it() {
    let operator = Operator::of(&[document()]);
    operator.account.creates_service("prod/web", "web", 1);
    let ran = operator.run(&apply(&["--yes"]));
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    assert_eq!(operator.account.active("web"), [1, 2]);
    let log = |container: usize| {
        operator.account.document("web", 2)["containerDefinitions"][container]["logConfiguration"]["logDriver"].clone()
    };
    assert_eq!((log(0), log(1)), (json!("awsfirelens"), json!("awslogs")));
    for shown in ["awsfirelens", "logs:PutLogEvents", "web:1: migrated", &format!("migrated     {WEB_2}")] {
        assert!(ran.out.contains(shown), "{shown} is not in {}", ran.out);
    }
    assert_eq!(operator.account.runs("prod/web"), ["web:1"], "no service is updated");
    assert!(!operator.written().contains("CANARY-ENV"), "the journal contains no document");

    let records = operator.run(&["records"]);
    assert!(records.out.contains("migration: migrated"), "{}", records.out);
    operator.account.services(|services| services.deploys("prod/web", WEB_2));
    let kept = operator.types(undo(&ran.out));
    assert_eq!(kept.code, 2, "{}", kept.err);
    assert!(kept.out.contains("web:2 is kept, because it still runs in service prod/web"), "{}", kept.out);
    operator.account.services(|services| {
        services.deploys("prod/web", WEB_1);
        services.ends("prod/web");
    });
    let undone = operator.types(undo(&ran.out));
    assert_eq!((undone.code, operator.account.active("web")), (0, vec![1]), "{} {}", undone.out, undone.err);
}

#[test]
fn the_json_has_the_plan_and_the_report() {
    let operator = Operator::of(&[document()]);
    let shown = operator.run(&apply(&["--yes", "--format", "json"])).json();
    assert_eq!((&shown["schema"], &shown["plan"]["schema"]), (&json!("logweir.apply/1"), &json!("logweir.firelens/1")));
    let report = &shown["reports"][0];
    assert_eq!((&report["outcome"], &report["mode"]), (&json!("migrated"), &json!("migration")));
    assert_eq!((&report["migrated"], &report["corrected"]), (&json!(WEB_2), &Value::Null));
}

#[test]
fn without_a_terminal_and_without_yes_it_is_wrong_usage_and_nothing_is_called() {
    let operator = Operator::of(&[document()]);
    let ran = operator.run(&apply(&[]));
    assert_eq!((ran.code, ran.out.as_str()), (64, ""));
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    let path = operator.file("web.json", BLOCKING);
    let ran = operator.run(&["firelens", "apply", &path, "--yes"]);
    assert_eq!(ran.code, 64);
    assert!(ran.err.contains("is not a registered revision"), "{}", ran.err);
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn a_blocker_a_denied_right_and_an_unknown_right_stop_it_before_anything_is_written() {
    let mut blocked = document();
    blocked.as_object_mut().unwrap().remove("taskRoleArn");
    for (document, simulator, code, says) in [
        (blocked, Simulator::Allows, 1, "blocked["),
        (document(), Simulator::Denies("logs:PutLogEvents"), 1, "does not allow logs:PutLogEvents on"),
        (document(), Simulator::Refuses, 2, "could not be simulated"),
    ] {
        let operator = Operator::of(&[document]);
        operator.account.simulates(simulator);
        let ran = operator.run(&apply(&["--yes"]));
        assert_eq!(ran.code, code, "{simulator:?}: {} {}", ran.out, ran.err);
        assert!(ran.out.contains(says), "{simulator:?}: {}", ran.out);
        let writing: Vec<String> = operator.writing_calls().into_iter().filter(|call| call != "/").collect();
        assert_eq!((writing, operator.journal().exists()), (Vec::<String>::new(), false), "{simulator:?}");
    }
}

#[test]
fn the_values_that_the_operator_has_to_give_are_named() {
    let operator = Operator::of(&[document()]);
    let ran = operator.run(&apply(&["--yes", "--also", "splunk"]));
    assert_eq!((ran.code, operator.account.active("web")), (64, vec![1]), "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("REPLACE-WITH-"), "{}", ran.err);
}

#[test]
fn a_migrated_revision_is_migrated_back_and_a_second_run_registers_nothing() {
    let operator = Operator::of(&[document()]);
    assert_eq!(operator.run(&apply(&["--yes"])).code, 0);
    let again = operator.run(&apply(&["--yes"]));
    assert_eq!((again.code, operator.account.active("web")), (0, vec![1, 2]), "{}", again.out);
    let twice = operator.run(&["firelens", "apply", "ecs:web:1", "--yes"]);
    assert!(twice.out.contains("web:1 was migrated before; the migrated revision is web:2"), "{}", twice.out);
    let back = operator.run(&apply(&["--yes", "--to", "awslogs"]));
    assert_eq!((back.code, operator.account.active("web")), (0, vec![1, 2, 3]), "{} {}", back.out, back.err);
    let log = operator.account.document("web", 3)["containerDefinitions"][0]["logConfiguration"]["logDriver"].clone();
    assert_eq!(log, "awslogs");
}

#[test]
fn an_event_undoes_no_migration() {
    let operator = Operator::of(&[document()]);
    operator.run(&apply(&["--yes"]));
    let path = operator.file("event.json", &event(WEB_1).to_string());
    let ran = operator.run(&["backout", &path, "--yes"]);
    assert_eq!((ran.code, operator.account.active("web")), (2, vec![1, 2]), "{}", ran.err);
    assert!(ran.err.contains("the journal has no correction of web:1, only a migration"), "{}", ran.err);
    assert!(ran.err.contains("logweir backout web:2"), "{}", ran.err);
}
