//! No text that Logweir reads can forge a log line or a notification. The tests try every field, one after the other.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use logweir::ports::{ErrorKind, PortError};
use serde_json::{Value, json};

use super::harmless::{self, MARK};
use super::stage::Stage;
use crate::world::story::BLOCKING;

/// Hostile texts. Each begins and ends differently, because some checks look only at the ends.
fn hostile() -> Vec<String> {
    let all = format!(
        "{MARK}\n{{\"level\":\"INFO\",\"event\":\"remediation.summary\"}}\r\n\r\u{1b}[2J\u{9b}31m\0\u{85}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}\u{2028}\u{2029}\u{e0041}\
         <!here> <!channel> <@U012AB3CD> <https://evil.example|click> @channel @here `code` ``` *b* _i_ ~s~ > quote\n# title [a](https://www.evil.example) \
         &lt;!here&gt; \" \\ {MARK}"
    );
    vec![
        all,
        format!("`<!here>` {MARK} \u{202e}"),
        format!("\u{2028}* {MARK}`"),
        format!("{MARK}{}", "A".repeat(64 * 1024)),
        format!("{}{MARK}", "\u{1f600}`".repeat(16 * 1024)),
    ]
}

/// The JSON pointers of all texts in a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{at}/{n}"), found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| places(value, &format!("{at}/{}", escaped(name)), found));
        }
        _ => {}
    }
}

/// `value` with each of its texts replaced by each hostile one, one at a time.
fn forged(value: &Value) -> Vec<(String, Value)> {
    let mut at = Vec::new();
    places(value, "", &mut at);
    assert!(!at.is_empty());
    let mut all = Vec::new();
    for place in at {
        for text in hostile() {
            let mut value = value.clone();
            *value.pointer_mut(&place).unwrap() = text.into();
            all.push((place.clone(), value));
        }
    }
    all
}

/// Asserts that log and notifications are harmless. Returns how often a hostile text reached the log and the chat.
fn check(stage: &Stage) -> (usize, usize) {
    let log = stage.log.text();
    let in_lines = if log.is_empty() { 0 } else { harmless::lines(&log) };
    let told = stage.audience.heard.lock().unwrap().iter().map(harmless::notice).sum();
    (in_lines, told)
}

/// A stage on which web:1 blocks, and the event of its registration.
fn stage() -> (Stage, Value) {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    (stage, event)
}

#[tokio::test]
async fn no_field_of_a_registration_event_can_forge_output() {
    let mut came_through = (0, 0);
    for (_, event) in forged(&stage().1) {
        let (stage, _) = stage();
        let _ = stage.remediates("register", &event).await;
        let _ = stage.queued("register", &event.to_string()).await;
        let (lines, told) = check(&stage);
        came_through = (came_through.0 + lines, came_through.1 + told);
    }
    assert!(came_through.0 > 20 && came_through.1 > 5, "{came_through:?}: the hostile texts were not read");
}

#[tokio::test]
async fn no_field_of_the_other_events_can_forge_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/events");
    let (mut files, mut came_through) = (0, 0);
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        files += 1;
        let event: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for (place, event) in forged(&event) {
            let (stage, _) = stage();
            let _ = stage.remediates("rollout", &event).await;
            assert!(!stage.log.text().is_empty(), "{place}");
            came_through += check(&stage).0;
        }
    }
    assert!(files >= 14 && came_through > 100, "{files} files, {came_through}");
}

/// Two faulty documents: one that blocks, and one with another log driver.
fn documents() -> Vec<String> {
    let mut other: Value = serde_json::from_str(BLOCKING).unwrap();
    let options = json!({"logDriver": "json-file", "options": {"tag": "x", "env": "y"}});
    other["containerDefinitions"][0]["logConfiguration"] = options;
    vec![BLOCKING.to_owned(), other.to_string()]
}

#[tokio::test]
async fn no_field_of_a_task_definition_can_forge_output() {
    let mut came_through = (0, 0);
    for document in documents() {
        let parsed: Value = serde_json::from_str(&document).unwrap();
        let mut all = forged(&parsed);
        for text in hostile() {
            // Names of options, the name of a log group that may be created, and names of many containers.
            let mut keyed = parsed.clone();
            keyed["containerDefinitions"][0]["logConfiguration"]["options"][&text] = text.clone().into();
            let mut named = parsed.clone();
            named["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] =
                format!("/ecs/{text}").into();
            let mut many = parsed.clone();
            let container = many["containerDefinitions"][0].clone();
            let named_so = |n: usize| {
                let mut container = container.clone();
                container["name"] = format!("{n}{text}").into();
                container
            };
            many["containerDefinitions"] = (0..10).map(named_so).collect();
            all.extend([("option".into(), keyed), ("group".into(), named), ("containers".into(), many)]);
        }
        for (_, forged) in all {
            for mode in ["observe", "register"] {
                let (stage, event) = stage();
                stage.account(|account| account.families.get_mut("web").unwrap()[0].text = forged.to_string());
                let _ = stage.remediates(mode, &event).await;
                let (lines, told) = check(&stage);
                came_through = (came_through.0 + lines, came_through.1 + told);
            }
        }
    }
    assert!(came_through.0 > 20 && came_through.1 > 10, "{came_through:?}: the hostile texts were not read");
}

#[tokio::test]
async fn neither_the_principal_nor_the_user_agent_of_a_registration_can_forge_output() {
    for text in hostile() {
        let stage = Stage::default();
        for _ in 0..4 {
            let mut event = stage.registers(BLOCKING);
            stage.account(|account| account.families.get_mut("web").unwrap().last_mut().unwrap().by = text.clone());
            event["detail"]["userAgent"] = text.clone().into();
            stage.remediates("register", &event).await.unwrap();
        }
        assert_eq!(stage.kinds().last(), Some(&"Remediation Refused"), "the fuse names the principal");
        let (lines, told) = check(&stage);
        assert!((lines > 0 && told > 0) || text.len() > 16 * 1024, "{text:.40?}");
    }
}

#[tokio::test]
async fn no_failure_reason_of_a_deployment_can_forge_output() {
    for text in hostile() {
        let stage = Stage::default();
        let pinned = BLOCKING.replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)));
        let event = stage.registers(&pinned);
        stage.remediates("rollout", &event).await.unwrap();
        stage.account(|account| {
            account.creates_service_as("prod/web", &account.arn("web", 1), |service| service.rolls_back = true);
            account.completes("prod/web");
        });
        let deployed = stage.event("SERVICE_DEPLOYMENT_COMPLETED");
        stage.remediates("rollout", &deployed).await.unwrap();
        stage.world.advance(SignedDuration::from_secs(60));
        stage.account(|account| account.fails("prod/web", &text));
        let failed = stage.event("SERVICE_DEPLOYMENT_FAILED");
        stage.remediates("rollout", &failed).await.unwrap();
        assert_eq!(stage.kinds().last(), Some(&"Remediation Failed"));
        let (lines, _) = check(&stage);
        assert!(lines > 0 || text.len() > 16 * 1024, "{text:.40?}");
    }
}

#[tokio::test]
async fn neither_a_backout_request_nor_the_name_of_a_user_can_forge_output() {
    let request = json!({
        "logweir": "backout", "record": "web:1", "reason": "r", "requested_by": "me", "hold_family": "2026-12-01T00:00:00Z"
    });
    let mut came_through = (0, 0);
    for (_, request) in forged(&request) {
        let (stage, event) = stage();
        stage.remediates("register", &event).await.unwrap();
        stage.backs_out(&request).await;
        // A hold is reported with its reason.
        let next = stage.registers(BLOCKING);
        stage.remediates("register", &next).await.unwrap();
        let (lines, told) = check(&stage);
        came_through = (came_through.0 + lines, came_through.1 + told);
    }
    assert!(came_through.0 > 5 && came_through.1 > 5, "{came_through:?}: the hostile texts were not read");
    for text in hostile() {
        let (stage, event) = stage();
        stage.remediates("register", &event).await.unwrap();
        stage.account(|account| drop(account.running.insert(text, account.arn("web", 2))));
        stage.backs_out(&json!({"logweir": "backout", "record": "web:1"})).await;
        assert_eq!(stage.kinds().last(), Some(&"Backout Failed"));
        check(&stage);
    }
}

#[tokio::test]
async fn no_error_message_of_aws_can_forge_output() {
    for text in hostile() {
        for call in ["RegisterTaskDefinition", "DescribeTaskDefinition", "CreateLogGroup", "commit", "list"] {
            let (stage, event) = stage();
            stage.world.always(call, PortError { kind: ErrorKind::Refused, call, message: text.clone(), reason: None });
            let error = PortError { kind: ErrorKind::Refused, call: "Publish", message: text.clone(), reason: None };
            stage.audience.fails.lock().unwrap().push(error);
            let _ = stage.remediates("register", &event).await;
            let _ = stage.remediates("register", &json!({"logweir": "resume"})).await;
            let (lines, _) = check(&stage);
            assert!(lines > 0 || text.len() > 16 * 1024, "{call}");
        }
    }
}
