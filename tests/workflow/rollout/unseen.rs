//! Consumers of revisions other than services, and log configurations outside the revision: reported, never changed.

use serde_json::{Value, json};

use super::scene::{COMPLETED, Scene, notes, said};
use crate::cloudtrail::Call;

/// The event of a call by another principal.
fn call(service: &str, name: &str, request: Value, response: Value) -> Value {
    Call {
        service,
        name,
        account: "111122223333",
        region: "eu-west-1",
        time: "2026-11-21T12:30:00Z",
        id: "e-2",
        identity: json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Nightly/jo"}),
        request,
        response,
    }
    .event()
}

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}")
}

fn runs(name: &str) -> Value {
    let response = json!({"tasks": [{"taskDefinitionArn": arn(name)}], "failures": []});
    call("ecs", "RunTask", json!({"cluster": "prod", "taskDefinition": name}), response)
}

fn targets(names: &[&str]) -> Value {
    let target = |(id, name): (usize, &&str)| {
        json!({"id": format!("t{id}"), "arn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
            "ecsParameters": {"taskDefinitionArn": arn(name)}})
    };
    let targets: Vec<Value> = names.iter().enumerate().map(target).collect();
    let response = json!({"failedEntryCount": 0, "failedEntries": []});
    call("events", "PutTargets", json!({"rule": "nightly", "targets": targets}), response)
}

/// Asserts that the event is reported and changes nothing, neither in the account nor in the journal.
async fn is_named(event: &Value, says: &str, note: &str) {
    let scene = Scene::before(&["prod/web"], |_| {}).await;
    let before = scene.world.picture();
    let report = scene.tell(event).await;
    assert_eq!((said(&report).as_str(), notes(&report).as_str()), (says, note));
    assert_eq!(scene.world.picture(), before);
}

const PINNED: &str = "uses web:2, whose log configuration has a fault; change this consumer to a corrected revision";
const OUTSIDE: &str = "lies outside task definitions, so Logweir does not check it";

#[tokio::test]
async fn a_task_that_is_run_with_a_blocking_revision_is_reported() {
    let who = "RunTask by arn:aws:sts::111122223333:assumed-role/Nightly/jo";
    let says = format!("skipped other-consumer (0); {who} reported other-consumer");
    is_named(&runs("web:2"), &says, &format!("{who} {PINNED}")).await;
}

#[tokio::test]
async fn a_task_that_is_run_by_family_gets_the_correction_and_is_not_reported() {
    is_named(&runs("web"), "skipped other-event (0)", "").await;
}

#[tokio::test]
async fn a_task_that_is_run_with_a_compliant_or_corrected_revision_is_not_reported() {
    for name in ["web:1", "web:3"] {
        is_named(&runs(name), "compliant (0)", "").await;
    }
}

#[tokio::test]
async fn a_rule_target_that_names_a_blocking_revision_is_reported() {
    let says = "skipped other-consumer (0); EventBridge rule nightly, target t1 reported other-consumer";
    let note = format!("EventBridge rule nightly, target t1 {PINNED}");
    is_named(&targets(&["web:1", "web:2", "web"]), says, &note).await;
}

#[tokio::test]
async fn a_managed_daemon_is_always_reported() {
    let daemon = "arn:aws:ecs:eu-west-1:111122223333:daemon/prod/monitoring";
    let request = json!({"daemonName": "monitoring", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"});
    let event = call("ecs", "CreateDaemon", request, json!({"daemonArn": daemon}));
    let says = "skipped other-consumer (0); managed daemon prod/monitoring reported other-consumer";
    let note = format!("the log configuration of managed daemon prod/monitoring {OUTSIDE}");
    is_named(&event, says, &note).await;
    let definition = "arn:aws:ecs:eu-west-1:111122223333:daemon-task-definition/monitoring:2";
    let response = json!({"daemonTaskDefinitionArn": definition});
    let event = call("ecs", "RegisterDaemonTaskDefinition", json!({"family": "monitoring"}), response);
    let says = "skipped other-consumer (0); managed daemon definition monitoring:2 reported other-consumer";
    let note = format!("the log configuration of managed daemon definition monitoring:2 {OUTSIDE}");
    is_named(&event, says, &note).await;
}

#[tokio::test]
async fn service_connects_own_log_configuration_is_reported_as_not_changed() {
    let scene = Scene::deployed(|service| service.service_connect_logs = true).await;
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web updated");
    assert_eq!(report.notes, ["Logweir does not change the log configuration of Service Connect in prod/web"]);
    let scene = Scene::deployed(|_| {}).await;
    assert_eq!(scene.told(COMPLETED).await.notes.len(), 0);
}
