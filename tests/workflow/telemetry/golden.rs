//! The exact log lines. The dashboard, the alarms and the saved queries are tested against the golden file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use logweir::ports::{ErrorKind, PortError};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::sessions::scene::{Scene, bypass, executed};
use crate::world::TASKS_FAILED;
use crate::world::story::{BLOCKING, corrected_text, deregistration};

/// `LOGWEIR_BLESS=1 cargo test --locked --test workflow telemetry` rewrites it.
const GOLDEN: &str = "tests/workflow/telemetry/lines.jsonl";

fn resume() -> Value {
    json!({"logweir": "resume"})
}

fn request(record: &str) -> Value {
    json!({"logweir": "backout", "record": record, "reason": "incident 7", "requested_by": "me"})
}

/// Compliant, observed, corrected, superseded and backed-out revisions; a hold; an ignored event, and an unreadable
/// message.
async fn one_revision() -> String {
    let stage = Stage::default();
    stage.account(|account| account.has_group("/ecs/web", Some(30), 0));
    let sound = stage.registers(&corrected_text());
    stage.remediates("register", &sound).await.unwrap();
    let event = stage.registers(BLOCKING);
    stage.world.advance(SignedDuration::from_millis(41_230));
    stage.remediates("observe", &event).await.unwrap();
    stage.remediates("register", &event).await.unwrap();
    stage.remediates("register", &sound).await.unwrap();
    stage
        .remediates("register", &json!({"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {}}))
        .await
        .unwrap();
    stage.queued("register", "poison").await;
    let [late, _] =
        [BLOCKING, &corrected_text()].map(|document| stage.registers(&document.replace("\"web\"", "\"api\"")));
    stage.remediates("register", &late).await.unwrap();
    stage.account(|account| drop(account.running.insert("service prod/web".into(), account.arn("web", 3))));
    stage.backs_out(&request("web:2")).await;
    stage.account(|account| account.running.clear());
    stage.backs_out(&request("web:2")).await;
    let until = "2026-11-22";
    stage.backs_out(&json!({"logweir": "hold", "family": "web", "until": until, "reason": "incident 7"})).await;
    stage.backs_out(&json!({"logweir": "release", "family": "web", "requested_by": "me"})).await;
    stage.log.text()
}

/// Two services are updated. The tasks of the second one do not start.
async fn services() -> String {
    let stage = Stage::default();
    let pinned = |text: &str| text.replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)));
    stage.account(|account| {
        account.has_group("/ecs/web", Some(30), 0);
        let sound = account.registers(&pinned(&corrected_text()));
        for name in ["prod/web", "prod/worker"] {
            account.creates_service_as(name, &sound, |service| service.rolls_back = true);
            account.completes(name);
        }
    });
    let event = stage.registers(&pinned(BLOCKING));
    stage.remediates("rollout", &event).await.unwrap();
    for name in ["prod/web", "prod/worker"] {
        stage.account(|account| {
            account.updates_service(name, &account.arn("web", 2));
            account.completes(name);
        });
        let deployed = stage.event("SERVICE_DEPLOYMENT_COMPLETED");
        stage.remediates("rollout", &deployed).await.unwrap();
        stage.world.advance(SignedDuration::from_secs(60));
        let ended = stage.account(|account| match name {
            "prod/web" => {
                account.completes(name);
                "SERVICE_DEPLOYMENT_COMPLETED"
            }
            _ => {
                account.fails(name, TASKS_FAILED);
                "SERVICE_DEPLOYMENT_FAILED"
            }
        });
        let ended = stage.event(ended);
        stage.remediates("rollout", &ended).await.unwrap();
    }
    stage.remediates("rollout", &resume()).await.unwrap();
    stage.log.text()
}

/// A deployer re-registers the fault until the fuse opens.
async fn duel() -> String {
    let stage = Stage::default();
    for _ in 0..4 {
        let event = stage.registers(BLOCKING);
        stage.remediates("register", &event).await.unwrap();
        stage.world.advance(SignedDuration::from_mins(1));
    }
    stage.remediates("register", &resume()).await.unwrap();
    stage.log.text()
}

/// A worker dies, the source is deregistered meanwhile, and notifications fail.
async fn trouble() -> String {
    let stage = Stage::left_at("PutRetentionPolicy").await;
    stage.remediates("observe", &resume()).await.unwrap();
    stage.account(|account| {
        account.shows_inactive = false;
        account.deregisters(&account.arn("web", 1));
    });
    let error =
        |call, message: &str| PortError { kind: ErrorKind::Refused, call, message: message.into(), reason: None };
    *stage.audience.fails.lock().unwrap() =
        vec![error("Publish", "NotFound: no such topic"), error("PutEvents", "ResourceNotFoundException: no such bus")];
    stage.remediates("register", &resume()).await.unwrap();
    stage.world.always("list", error("Query", "AccessDeniedException: no"));
    stage.remediates("register", &resume()).await.unwrap();
    stage.log.text()
}

/// A source is deregistered. Its corrected revision is retired, but not in mode observe and not while Logweir is
/// paused.
async fn retirement() -> String {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.remediates("register", &event).await.unwrap();
    stage.world.advance(SignedDuration::from_hours(1));
    let source = stage.account(|account| {
        let source = account.arn("web", 1);
        account.deregisters(&source);
        source
    });
    stage.remediates("register", &deregistration(&stage.world, &source)).await.unwrap();
    for (mode, paused) in [("observe", "false"), ("register", "true"), ("register", "false"), ("register", "false")] {
        stage.world.advance(SignedDuration::from_mins(20));
        stage.retires(mode, paused).await;
    }
    stage.log.text()
}

/// A session is opened and ends without a transcript. Another session bypasses ECS Exec.
async fn sessions() -> String {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.ends(SignedDuration::from_mins(10));
    scene.drains().await;
    scene.opens(&bypass()).await;
    scene.log.text()
}

/// The stories are boxed, because together their futures would fill most of a test's stack.
async fn all() -> String {
    let [one, two, three] = [Box::pin(one_revision()).await, Box::pin(services()).await, Box::pin(duel()).await];
    let [four, five] = [Box::pin(trouble()).await, Box::pin(retirement()).await];
    [one, two, three, four, five, Box::pin(sessions()).await].concat()
}

fn words(lines: &[Value], member: &str) -> BTreeSet<String> {
    lines.iter().filter_map(|line| line[member].as_str()).map(String::from).collect()
}

#[tokio::test]
async fn the_log_lines_equal_the_golden_file() {
    let (path, text) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN), all().await);
    if std::env::var_os("LOGWEIR_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    for (number, (line, golden)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(line, golden, "{GOLDEN}:{}", number + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

#[tokio::test]
async fn the_golden_lines_cover_every_outcome_and_every_metric() {
    let lines: Vec<Value> = all().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: BTreeSet<String> = [
        "compliant",
        "observed",
        "remediated",
        "rolled-out",
        "partial",
        "skipped",
        "superseded",
        "refused",
        "failed",
        "needs-operator",
        "backed-out",
        "retired",
        "held",
        "released",
        "reported",
    ]
    .map(String::from)
    .into();
    assert_eq!((words(&lines, "outcome"), words(&lines, "Outcome")), (outcomes.clone(), outcomes));
    let names = lines.iter().filter_map(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array()).flatten();
    let names: BTreeSet<&str> = names.map(|metric| metric["Name"].as_str().unwrap()).collect();
    let expected = [
        "AwsCalls",
        "Decisions",
        "Duration",
        "EventAge",
        "Found",
        "FusesOpen",
        "NotNotified",
        "Sessions",
        "Unfinished",
        "UnfinishedAge",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(words(&lines, "level").len(), 3, "INFO, WARN and ERROR");
    let events = ["gauges.failed", "metrics", "notification.failed", "remediation.summary"];
    assert_eq!(words(&lines, "event").into_iter().collect::<Vec<_>>(), events);
}

/// Source: CloudWatch user guide, Specification: Embedded metric format.
#[tokio::test]
async fn each_metric_conforms_to_the_embedded_metric_format() {
    let mut seen = 0;
    for line in all().await.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok() && line["level"].is_string());
        let Some(aws) = line.get("_aws") else { continue };
        seen += 1;
        let at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
        assert_eq!(aws["Timestamp"], at.as_millisecond());
        let directives = aws["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(
            (aws.as_object().unwrap().len(), directives.len(), &directives[0]["Namespace"]),
            (2, 1, &json!("Logweir"))
        );
        let sets = directives[0]["Dimensions"].as_array().unwrap();
        let dimensions: BTreeSet<&str> =
            sets.iter().flat_map(|set| set.as_array().unwrap()).map(|it| it.as_str().unwrap()).collect();
        assert!(dimensions.contains("FunctionName"));
        for name in dimensions {
            let value = line[name].as_str().unwrap_or_else(|| panic!("{name} has no value: {line}"));
            assert!((1..=64).contains(&value.len()) && value.is_ascii(), "{line}");
        }
        for metric in directives[0]["Metrics"].as_array().unwrap() {
            let (name, unit) = (metric["Name"].as_str().unwrap(), metric["Unit"].as_str().unwrap());
            assert!(line[name].as_i64().is_some_and(|value| value >= 0), "{name}: {line}");
            assert!(["Count", "Milliseconds", "Seconds"].contains(&unit));
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn every_decision_and_each_of_its_rules_is_counted_once() {
    let lines: Vec<Value> = all().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut decisions = 0;
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line["event"] == "remediation.summary") {
        let counted = &lines[number + 1];
        assert_eq!((&counted["Outcome"], &counted["Decisions"]), (&line["outcome"], &json!(1)));
        assert_eq!((&counted["Duration"], &counted["AwsCalls"]), (&line["duration_ms"], &line["aws_calls"]));
        assert_eq!(counted.get("EventAge").unwrap_or(&Value::Null), &line["event_age_ms"]);
        let rules = line["rules"].as_array().unwrap();
        let found: Vec<&Value> = lines[number + 2..].iter().map_while(|line| line.get("Rule")).collect();
        assert_eq!(found, rules.iter().collect::<Vec<_>>());
        decisions += 1;
    }
    assert_eq!(lines.iter().filter(|line| line.get("Decisions").is_some()).count(), decisions);
}
