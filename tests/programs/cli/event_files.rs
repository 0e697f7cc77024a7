//! `replay` of the files that people have: log files, outputs of the AWS CLI, compressed files and standard input.

use std::io::Write;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::rollout::pinned;
use crate::loopback::operator::{Operator, Ran};

/// An account in which web:1 and api:1 are registered, and both block.
fn account() -> Operator {
    Operator::of(&[pinned("web"), pinned("api")])
}

fn record(id: &str, family: &str) -> Value {
    json!({
        "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition", "eventID": id,
        "eventTime": "2026-11-21T12:00:00Z", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Deployer/ci"},
        "requestParameters": {"family": family},
        "responseElements": {"taskDefinition": {
            "taskDefinitionArn": format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{family}:1")
        }}
    })
}

fn other(id: &str) -> Value {
    json!({"eventSource": "ecs.amazonaws.com", "eventName": "ListTasks", "eventID": id, "requestParameters": {}})
}

fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn write(operator: &Operator, name: &str, bytes: &[u8]) -> String {
    let path = operator.folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn observed(ran: &Ran, revision: &str) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with(&format!("{revision}: observed")), "{ran:?}");
}

#[test]
fn a_log_file_with_one_event_for_logweir_needs_no_id() {
    let operator = account();
    let log = json!({"Records": [other("o-1"), record("e-1", "web"), other("o-2")]}).to_string();
    for (name, bytes) in
        [("trail.json", log.clone().into_bytes()), ("trail.json.gz", zipped(&log)), ("x", zipped(&log))]
    {
        observed(&operator.run(&["replay", &write(&operator, name, &bytes)]), "web:1");
    }
}

#[test]
fn of_several_events_the_caller_picks_one_by_its_id() {
    let operator = account();
    let log = json!({"Records": [record("e-1", "web"), other("o-1"), record("e-2", "api")]}).to_string();
    let path = write(&operator, "trail.json.gz", &zipped(&log));
    let ran = operator.run(&["replay", &path]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    for named in ["2 events that Logweir handles", "--event-id", "e-1 (RegisterTaskDefinition, web", "e-2 ("] {
        assert!(ran.err.contains(named), "{named}: {}", ran.err);
    }
    assert!(!ran.err.contains("o-1"), "{}", ran.err);
    observed(&operator.run(&["replay", &path, "--event-id", "e-2"]), "api:1");
    let ran = operator.run(&["replay", &path, "--event-id", "e-9"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no event with the id \"e-9\"") && ran.err.contains("o-1"), "{}", ran.err);
}

#[test]
fn the_list_of_events_in_an_error_is_bounded() {
    let operator = account();
    let records: Vec<Value> = (0..500).map(|n| record(&format!("e-{n}"), "web")).collect();
    let ran =
        operator.run(&["replay", &write(&operator, "many.json", json!({"Records": records}).to_string().as_bytes())]);
    assert!(ran.err.contains("and 490 more") && ran.err.len() < 4000, "{}", ran.err);
}

#[test]
fn outputs_of_the_aws_cli_are_read() {
    let operator = account();
    let record = record("e-1", "web");
    let envelope = json!({
        "source": "aws.ecs", "detail-type": "AWS API Call via CloudTrail", "account": "111122223333",
        "region": "eu-west-1", "detail": record
    });
    let sns = json!({"Type": "Notification", "Message": envelope.to_string()});
    for (number, output) in [
        json!({"Events": [{"EventId": "e-1", "CloudTrailEvent": record.to_string()}]}),
        json!({"Messages": [{"MessageId": "m", "ReceiptHandle": "CANARY", "Body": envelope.to_string()}]}),
        json!({"Messages": [{"MessageId": "m", "Body": sns.to_string()}]}),
        json!({"events": [{"message": "START"}, {"message": record.to_string()}], "searchedLogStreams": []}),
        json!([envelope]),
    ]
    .iter()
    .enumerate()
    {
        observed(
            &operator.run(&["replay", &write(&operator, &format!("{number}.json"), output.to_string().as_bytes())]),
            "web:1",
        );
    }
    let lines = format!("{}\n{record}\n{}\n", other("o-1"), other("o-2"));
    observed(&operator.run(&["replay", &write(&operator, "events.jsonl", lines.as_bytes())]), "web:1");
}

#[test]
fn copies_of_one_event_are_one_event_and_an_ignored_event_alone_is_reported() {
    let operator = account();
    let copies = json!([record("e-1", "web"), record("e-1", "web")]).to_string();
    observed(&operator.run(&["replay", &write(&operator, "copies.json", copies.as_bytes())]), "web:1");
    let ran = operator.run(&["replay", &write(&operator, "other.json", other("o-1").to_string().as_bytes())]);
    assert!(ran.out.contains("skipped (other-event)"), "{ran:?}");
    let others = json!([other("o-1"), other("o-2")]).to_string();
    let ran = operator.run(&["replay", &write(&operator, "others.json", others.as_bytes())]);
    assert!(ran.code == 2 && ran.err.contains("handles none of the 2 events"), "{ran:?}");
}

#[test]
fn standard_input_is_read() {
    let operator = account();
    for bytes in [record("e-1", "web").to_string().into_bytes(), zipped(&record("e-1", "web").to_string())] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
        command.args(["replay", "-", "--region", "eu-west-1", "--endpoint-url", &operator.aws.url]);
        command.arg("--journal").arg(format!("file:{}", operator.journal().display()));
        command.env_clear().env("HOME", operator.folder.path());
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.starts_with("web:1: observed"), "{out}");
    }
}

#[test]
fn an_event_with_a_repeated_key_is_not_replayed() {
    let operator = account();
    let once = record("e-1", "web").to_string();
    let twice = once.replacen("\"eventID\"", "\"awsRegion\":\"us-east-1\",\"eventID\"", 1);
    for text in
        [twice.clone(), format!("{{\"Records\":[{twice}]}}"), format!("{{\"detail-type\":\"x\",\"detail\":{twice}}}")]
    {
        let ran = operator.run(&["replay", &write(&operator, "event.json", text.as_bytes())]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("an object in the event has the same key twice"), "{ran:?}");
    }
}

#[test]
fn a_file_without_an_event_a_broken_archive_and_a_bomb_are_errors() {
    let operator = account();
    let bomb = zipped(&" ".repeat(17 << 20));
    for (name, bytes, why) in [
        ("empty.json", Vec::new(), "contains no event"),
        ("list.json", b"[]".to_vec(), "contains no event"),
        ("text.json", b"hello".to_vec(), ":1:1: the file is not JSON"),
        ("cut.json.gz", zipped("{}")[..12].to_vec(), "not a complete gzip file"),
        ("bomb.json.gz", bomb, "larger than 16 MiB"),
        ("latin.json", vec![b'{', 0xe9, b'}'], "not text in UTF-8"),
    ] {
        let ran = operator.run(&["replay", &write(&operator, name, &bytes)]);
        assert!(ran.code == 2 && ran.err.contains(why), "{name}: {ran:?}");
    }
    let ran = operator.run(&["replay", "/dev/zero"]);
    assert!(ran.code == 2 && ran.err.contains("larger than 16 MiB"), "{ran:?}");
}

#[test]
fn a_backout_may_name_its_event_in_a_log_file() {
    let operator = account();
    let log = json!({"Records": [record("e-1", "web"), record("e-2", "api")]}).to_string();
    let path = write(&operator, "trail.json", log.as_bytes());
    let ran = operator.run(&["replay", &path, "--event-id", "e-1", "--mode", "register"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(operator.account.active("web"), [1, 2]);
    let ran = operator.run(&["backout", &path, "--event-id", "e-1"]);
    assert_eq!((ran.code, operator.account.active("web")), (0, vec![1]), "{ran:?}");
}
