//! What uses revisions without being a service, and what of a service lies outside its revision: named, never touched.

use serde_json::{Value, json};

use super::scene::{COMPLETED, Scene, notes, said};
use crate::cloudtrail::Call;

/// An event of another's call.
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

/// Nothing is changed by it, in the account or in the journal.
async fn is_named(event: &Value, says: &str, note: &str) {
    let scene = Scene::before(&["prod/web"], |_| {}).await;
    let before = scene.world.picture();
    let report = scene.tell(event).await;
    assert_eq!((said(&report).as_str(), notes(&report).as_str()), (says, note));
    assert_eq!(scene.world.picture(), before);
}

const PINNED: &str = "it names web:2 itself: point it at a corrected revision where it is kept";
const OUTSIDE: &str = "its log configuration lies outside task definitions";

#[tokio::test]
async fn a_task_that_is_run_by_hand_with_a_revision_that_blocks_is_named() {
    let who = "RunTask by arn:aws:sts::111122223333:assumed-role/Nightly/jo";
    let says = format!("skipped not-touched (0); {who} not-touched not-touched");
    is_named(&runs("web:2"), &says, PINNED).await;
}

#[tokio::test]
async fn whoever_runs_the_family_gets_our_revision_as_its_newest_and_is_not_named() {
    is_named(&runs("web"), "skipped other-event (0)", "").await;
}

#[tokio::test]
async fn nor_is_what_runs_a_revision_that_nothing_is_wrong_with_or_ours() {
    for name in ["web:1", "web:3"] {
        is_named(&runs(name), "compliant (0)", "").await;
    }
}

#[tokio::test]
async fn a_rules_targets_are_named_where_they_name_a_revision_that_blocks() {
    let says = "skipped not-touched (0); EventBridge rule nightly, target t1 not-touched not-touched";
    is_named(&targets(&["web:1", "web:2", "web"]), says, PINNED).await;
}

#[tokio::test]
async fn a_managed_daemon_is_named_whatever_it_runs() {
    let daemon = "arn:aws:ecs:eu-west-1:111122223333:daemon/prod/monitoring";
    let request = json!({"daemonName": "monitoring", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"});
    let event = call("ecs", "CreateDaemon", request, json!({"daemonArn": daemon}));
    let says = "skipped not-touched (0); managed daemon prod/monitoring not-touched not-touched";
    is_named(&event, says, OUTSIDE).await;
    let definition = "arn:aws:ecs:eu-west-1:111122223333:daemon-task-definition/monitoring:2";
    let response = json!({"daemonTaskDefinitionArn": definition});
    let event = call("ecs", "RegisterDaemonTaskDefinition", json!({"family": "monitoring"}), response);
    let says = "skipped not-touched (0); managed daemon definition monitoring:2 not-touched not-touched";
    is_named(&event, says, OUTSIDE).await;
}

#[tokio::test]
async fn service_connects_own_log_configuration_is_said_to_stay() {
    let scene = Scene::deployed(|service| service.service_connect_logs = true).await;
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web updated");
    assert_eq!(report.notes, ["Service Connect's own log configuration of prod/web is not touched"]);
    let scene = Scene::deployed(|_| {}).await;
    assert_eq!(scene.told(COMPLETED).await.notes.len(), 0);
}
