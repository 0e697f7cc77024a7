//! Who is told what, and when nobody is.

use jiff::SignedDuration;
use logweir::ports::{Kind, PortError};
use logweir::settings::LEASE;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::world::story::{BLOCKING, corrected_text};
use crate::world::{Moment, Then};

const UNDO: &str = "logweir replay --backout arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1 --function logweir-backout --region eu-west-1";

/// web:1 was corrected as web:2.
async fn corrected() -> Stage {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.remediates("register", &event).await.unwrap();
    stage
}

#[tokio::test]
async fn a_correction_is_told_with_what_changed_and_how_to_take_it_back() {
    let stage = corrected().await;
    assert_eq!(stage.kinds(), ["Remediation Completed"]);
    let notice = stage.last();
    assert_eq!(notice.detail, stage.decisions()[0], "the event is the report");
    assert_eq!(notice.subject, "Logweir: Remediation completed: web:1");
    let message: Value = serde_json::from_str(&notice.message()).unwrap();
    let chat: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
    assert_eq!((&chat["version"], &chat["source"]), (&json!("1.0"), &json!("custom")));
    assert_eq!(chat["content"]["textType"], "client-markdown");
    assert_eq!(chat["content"]["title"], "Remediation completed: `web:1`");
    assert_eq!(chat["metadata"]["threadId"], "web");
    assert_eq!(chat["content"]["nextSteps"], json!([format!("Take it back: `{UNDO}`")]));
    let description = chat["content"]["description"].as_str().unwrap();
    for line in [
        "Container `app`: `mode` `blocking` → `non-blocking`",
        "Container `app`: `max-buffer-size` (absent) → `25m`",
        "Log group `/ecs/web`: created, kept for 30 days",
    ] {
        assert!(description.lines().any(|it| it == line), "{line}: {description}");
    }
    let mail = message["email"].as_str().unwrap();
    assert!(mail.lines().any(|line| line == UNDO), "{mail}");
    assert!(mail.contains("\nContainer \"app\": \"mode\" \"blocking\" → \"non-blocking\"\n"), "{mail}");
}

#[tokio::test]
async fn nothing_is_told_of_what_needs_nobody_or_comes_again() {
    let stage = Stage::default();
    stage.account(|account| account.has_group("/ecs/web", Some(30), 0));
    let sound = stage.registers(&corrected_text());
    stage.remediates("register", &sound).await.unwrap();
    let event = stage.registers(BLOCKING);
    stage.remediates("observe", &event).await.unwrap();
    stage.remediates("register", &json!({"source": "aws.ecs", "detail-type": "x", "detail": {}})).await.unwrap();
    stage.world.at_next("DescribeTaskDefinition", Moment::Before, Then::Cut);
    assert!(stage.remediates("register", &event).await.is_err(), "Lambda is to bring it again");
    assert_eq!(stage.queued("register", "poison").await["batchItemFailures"][0]["itemIdentifier"], "m");
    assert_eq!((stage.kinds(), stage.decisions().len()), (vec![], 5));
}

#[tokio::test]
async fn the_same_event_again_is_not_told_again() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    for _ in 0..3 {
        stage.remediates("register", &event).await.unwrap();
    }
    let request = json!({"logweir": "backout", "record": "web:1"});
    stage.takes_back(&request).await;
    stage.takes_back(&request).await;
    assert_eq!(stage.kinds(), ["Remediation Completed", "Backout Completed"]);
}

#[tokio::test]
async fn a_fuse_is_told_of_when_it_opens_and_not_with_each_revision_after_that() {
    let stage = Stage::default();
    for _ in 0..6 {
        let event = stage.registers(BLOCKING);
        for _ in 0..2 {
            stage.remediates("register", &event).await.unwrap();
            stage.world.advance(SignedDuration::from_secs(10));
        }
    }
    let expected = ["Remediation Completed"; 3].into_iter().chain(["Remediation Refused"]).collect::<Vec<_>>();
    assert_eq!(stage.kinds(), expected);
}

#[tokio::test]
async fn what_could_not_be_done_or_taken_back_is_told_as_that() {
    let stage = corrected().await;
    stage.takes_back(&json!({"logweir": "backout", "record": "other:1"})).await;
    stage.account(|account| drop(account.running.insert("service prod/web".into(), account.arn("web", 2))));
    stage.takes_back(&json!({"logweir": "backout", "record": "web:1"})).await;
    let message = "AccessDeniedException: no".to_owned();
    let error = PortError { kind: Kind::Refused, call: "RegisterTaskDefinition", message, reason: None };
    stage.world.always("RegisterTaskDefinition", error);
    let event = stage.registers(&BLOCKING.replace("\"web\"", "\"api\""));
    stage.remediates("register", &event).await.unwrap();
    assert_eq!(stage.kinds()[1..], ["Backout Failed", "Backout Failed", "Remediation Failed"]);
}

#[tokio::test]
async fn that_nobody_could_be_told_changes_no_decision_and_is_counted() {
    let stage = Stage::default();
    let message = "no answer in time".to_owned();
    *stage.audience.fails.lock().unwrap() =
        vec![PortError { kind: Kind::Retry, call: "Publish", message, reason: None }];
    let event = stage.registers(BLOCKING);
    let answer = stage.remediates("register", &event).await.unwrap();
    assert_eq!((&answer["outcome"], answer == stage.decisions()[0]), (&json!("remediated"), true));
    let lines = stage.lines();
    let [.., warning, metric] = lines.as_slice() else { panic!() };
    assert_eq!((&warning["level"], &warning["family"]), (&json!("WARN"), &json!("web")));
    assert_eq!(warning["error"], "Publish: no answer in time");
    assert_eq!((&metric["NotNotified"], &metric["FunctionName"]), (&json!(1), &json!("logweir-remediator")));
}

#[tokio::test]
async fn a_channel_that_does_not_answer_is_not_tried_for_each_of_many() {
    let stage = Stage::default();
    for number in 0..3 {
        let event = stage.registers(&BLOCKING.replace("\"web\"", &format!("\"web-{number}\"")));
        stage.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
        let _ = stage.remediates("register", &event).await;
        stage.world.restart();
    }
    stage.world.advance(LEASE);
    let message = "no answer in time".to_owned();
    *stage.audience.fails.lock().unwrap() =
        vec![PortError { kind: Kind::Retry, call: "Publish", message, reason: None }];
    let before = stage.lines().len();
    stage.queued("register", r#"{"logweir":"resume"}"#).await;
    assert_eq!(stage.kinds(), ["Remediation Completed"], "one of three");
    let counted: i64 = stage.lines()[before..].iter().filter_map(|line| line["NotNotified"].as_i64()).sum();
    assert_eq!(counted, 3);
}

#[tokio::test]
async fn the_schedule_counts_what_is_unfinished_and_since_when() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    let _ = stage.remediates("register", &event).await;
    stage.world.restart();
    stage.world.advance(SignedDuration::from_mins(7));
    let gauges = async |mode: &str| {
        stage.remediates(mode, &json!({"logweir": "resume"})).await.unwrap();
        let line = stage.lines().pop().unwrap();
        ["Unfinished", "UnfinishedAge", "FusesOpen"].map(|name| line[name].as_i64().unwrap())
    };
    assert_eq!(gauges("observe").await, [1, 420, 0]);
    assert_eq!(gauges("register").await, [0, 0, 0], "it was finished");
}

#[tokio::test]
async fn the_schedule_s_message_that_came_too_late_counts_and_finishes_nothing() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    let _ = stage.remediates("register", &event).await;
    stage.world.restart();
    stage.world.advance(SignedDuration::from_mins(15));
    let (before, calls, lines) = (stage.world.picture(), stage.world.calls().len(), stage.lines().len());
    stage.queued_for(SignedDuration::from_mins(11), "register", r#"{"logweir":"resume"}"#).await;
    let counted: Vec<Value> = stage.lines()[lines..].iter().map(|line| line["Unfinished"].clone()).collect();
    assert_eq!((counted, stage.world.picture()), (vec![json!(1)], before));
    assert_eq!(stage.world.calls()[calls..], ["list", "stopped"]);
}
