//! Registered revisions: the reads, and the errors of AWS.

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};
use crate::loopback::account::{WEB_1, event};
use crate::loopback::{Loopback, Reply};

fn described() -> Reply {
    let mut definition: Value = serde_json::from_str(BLOCKING).unwrap();
    definition["taskDefinitionArn"] = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1".into();
    definition["revision"] = 1.into();
    definition["status"] = "ACTIVE".into();
    Reply::ok(&json!({"taskDefinition": definition, "tags": []}))
}

/// Answers the other reads of a check.
fn around(operation: &str) -> Reply {
    match operation {
        "GetParameter" => Reply::error("ParameterNotFound", ""),
        "ListAccountSettings" => Reply::ok(&json!({"settings": []})),
        "DescribeLogGroups" => {
            Reply::ok(&json!({"logGroups": [{"logGroupName": "/ecs/web", "retentionInDays": 30, "storedBytes": 1}]}))
        }
        other => panic!("{other} is not expected"),
    }
}

fn live<'c>(command: &'c mut Command, aws: &Loopback, folder: &Path) -> &'c mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")
        .args(["--endpoint-url", &aws.url, "--region", "eu-west-1"])
        .args(["--journal", &format!("file:{}", folder.display())])
}

#[test]
fn a_registered_revision_is_checked_with_its_log_groups() {
    let aws = Loopback::serve(
        |operation, _| {
            if operation == "DescribeTaskDefinition" { described() } else { around(operation) }
        },
    );
    let folder = TempDir::new().unwrap();
    let ran = run(live(&mut logweir(&["check", "ecs:web", "--format", "json"]), &aws, folder.path()));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &json["targets"][0]["revision"], &json["targets"][0]["not_checked"]),
        (1, &json!(1), &json!([]))
    );
    assert_eq!(json["targets"][0]["findings"][0]["effective"], "blocking");
}

#[test]
fn replay_writes_nothing_by_default() {
    let aws = Loopback::serve(
        |operation, _| {
            if operation == "DescribeTaskDefinition" { described() } else { around(operation) }
        },
    );
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "event.json", &event(WEB_1).to_string());
    let ran = run(live(&mut logweir(&["replay", &path, "--format", "json"]), &aws, &folder.path().join("journal")));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["outcome"], &report["record"]), (1, &json!("observed"), &json!("web:1")));
    assert!(!folder.path().join("journal").exists());
    let reads = |operation: &str| ["Describe", "List", "Get"].iter().any(|word| operation.starts_with(word));
    assert!(aws.calls().iter().all(|(operation, _)| reads(operation)));
}

#[test]
fn replay_accepts_one_event_at_a_time() {
    let folder = TempDir::new().unwrap();
    let mut other = event(WEB_1)["detail"].clone();
    other["requestParameters"]["family"] = "api".into();
    let path = file(&folder, "two.json", &json!({"Records": [event(WEB_1)["detail"], other]}).to_string());
    let ran = run(&mut logweir(&["replay", &path, "--region", "eu-west-1"]));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("contains 2 events that Logweir handles"), "{}", ran.err);
    assert!(ran.err.contains(", web") && ran.err.contains(", api") && ran.err.contains("--event-id"), "{}", ran.err);
}

#[test]
fn a_refused_read_is_reported_and_nothing_is_done() {
    const DENIED: &str = "User: me is not authorized to perform: ecs:DescribeTaskDefinition";
    let denied: fn() -> Reply = || Reply::error("AccessDeniedException", DENIED);
    let unknown: fn() -> Reply = || Reply::error("ClientException", "Unable to describe task definition.");
    let cut: fn() -> Reply = || Reply::Cut;
    // The event is days old, so a revision that ECS does not describe was deregistered and deleted meanwhile.
    let cases =
        [(denied, 2, "failed", "access-denied"), (unknown, 1, "superseded", "not-latest"), (cut, 2, "failed", "")];
    for (reply, code, outcome, reason) in cases {
        let aws = Loopback::serve(
            move |operation, _| {
                if operation == "DescribeTaskDefinition" { reply() } else { around(operation) }
            },
        );
        let folder = TempDir::new().unwrap();
        let path = file(&folder, "event.json", &event(WEB_1).to_string());
        let ran = run(live(
            &mut logweir(&["replay", &path, "--mode", "register", "--format", "json"]),
            &aws,
            &folder.path().join("journal"),
        ));
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &report["outcome"]), (code, &json!(outcome)), "{report}");
        assert!(reason.is_empty() || report["reason"] == reason, "{report}");
        assert!(!report["error"].as_str().unwrap().is_empty());
        let checked = run(live(&mut logweir(&["check", "ecs:web:1"]), &aws, folder.path()));
        assert_eq!(checked.code, 2);
        assert!(checked.err.contains("ecs:web:1"), "{}", checked.err);
    }
}

#[test]
fn a_throttled_read_is_retried() {
    let mut asked = 0;
    let aws = Loopback::serve(move |operation, _| match operation {
        "DescribeTaskDefinition" => {
            asked += 1;
            if asked < 3 { Reply::error("ThrottlingException", "Rate exceeded") } else { described() }
        }
        other => around(other),
    });
    let folder = TempDir::new().unwrap();
    let ran = run(live(&mut logweir(&["check", "ecs:web:1"]), &aws, folder.path()));
    assert_eq!(ran.code, 1, "{}", ran.err);
}
