//! Which decisions send a notification, and which do not.

use jiff::SignedDuration;
use logweir::domain::outcome::Reason;
use logweir::domain::record::EntryKind;
use logweir::ports::{ErrorKind, PortError};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::world::story::{BLOCKING, corrected_text};
use crate::world::{Lag, Moment, Then};

const UNDO: &str = "logweir backout arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1 --function logweir-backout --region eu-west-1";

/// web:1 was corrected as web:2.
async fn corrected() -> Stage {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.remediates("register", &event).await.unwrap();
    stage
}

#[tokio::test]
async fn the_notification_of_a_correction_contains_the_changes_and_the_undo_command() {
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
    assert_eq!(chat["content"]["nextSteps"], json!([format!("To undo, run `{UNDO}`")]));
    let description = chat["content"]["description"].as_str().unwrap();
    for line in [
        "Container `app`: `mode` `blocking` → `non-blocking`",
        "Container `app`: `max-buffer-size` (absent) → `25m`",
        "Log group `/ecs/web`: created, retention 30 days",
    ] {
        assert!(description.lines().any(|it| it == line), "{line}: {description}");
    }
    let mail = message["email"].as_str().unwrap();
    assert!(mail.lines().any(|line| line == UNDO), "{mail}");
    assert!(mail.contains("\nContainer \"app\": \"mode\" \"blocking\" → \"non-blocking\"\n"), "{mail}");
}

#[tokio::test]
async fn decisions_that_need_no_action_or_are_retried_send_no_notification() {
    let stage = Stage::default();
    stage.account(|account| account.has_group("/ecs/web", Some(30), 0));
    let sound = stage.registers(&corrected_text());
    stage.remediates("register", &sound).await.unwrap();
    let event = stage.registers(BLOCKING);
    stage.remediates("observe", &event).await.unwrap();
    stage.remediates("register", &json!({"source": "aws.ecs", "detail-type": "x", "detail": {}})).await.unwrap();
    stage.world.at_next("DescribeTaskDefinition", Moment::Before, Then::Cut);
    assert!(stage.remediates("register", &event).await.is_err(), "Lambda must retry it");
    assert_eq!((stage.kinds(), stage.decisions().len()), (vec![], 4));
}

#[tokio::test]
async fn an_unreadable_message_sends_one_notification_even_if_it_cannot_be_sent_to_the_dead_letter_queue() {
    let stage = Stage::default();
    for receives in 1..=5 {
        let reply = stage.queued_again(receives, "register", "poison").await;
        assert_eq!(reply["batchItemFailures"][0]["itemIdentifier"], "m");
    }
    assert_eq!((stage.kinds(), stage.decisions().len()), (vec!["Remediation Failed"], 5));
}

#[tokio::test]
async fn a_duplicate_event_sends_no_second_notification() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    for _ in 0..3 {
        stage.remediates("register", &event).await.unwrap();
    }
    let request = json!({"logweir": "backout", "record": "web:1"});
    stage.backs_out(&request).await;
    stage.backs_out(&request).await;
    assert_eq!(stage.kinds(), ["Remediation Completed", "Backout Completed"]);
}

#[tokio::test]
async fn each_change_of_a_hold_sends_a_notification() {
    let stage = Stage::default();
    stage.registers(BLOCKING);
    let release = json!({"logweir": "release", "family": "web"});
    stage.backs_out(&json!({"logweir": "hold", "family": "web", "until": "2099-01-01"})).await;
    stage.backs_out(&release).await;
    stage.backs_out(&release).await;
    stage.backs_out(&json!({"logweir": "hold", "family": "web", "until": "2001-01-01"})).await;
    assert_eq!((stage.kinds(), stage.decisions().len()), (vec!["Hold Changed"; 2], 4));
}

#[tokio::test]
async fn a_fuse_sends_a_notification_when_it_opens_and_none_for_later_revisions() {
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
async fn failed_corrections_and_failed_backouts_send_notifications() {
    let stage = corrected().await;
    stage.backs_out(&json!({"logweir": "backout", "record": "other:1"})).await;
    stage.account(|account| drop(account.running.insert("service prod/web".into(), account.arn("web", 2))));
    stage.backs_out(&json!({"logweir": "backout", "record": "web:1"})).await;
    let message = "AccessDeniedException: no".to_owned();
    let error = PortError { kind: ErrorKind::Refused, call: "RegisterTaskDefinition", message, reason: None };
    stage.world.always("RegisterTaskDefinition", error);
    let event = stage.registers(&BLOCKING.replace("\"web\"", "\"api\""));
    stage.remediates("register", &event).await.unwrap();
    assert_eq!(stage.kinds()[1..], ["Backout Failed", "Backout Failed", "Remediation Failed"]);
}

#[tokio::test]
async fn a_failure_that_repeats_at_each_delivery_sends_one_notification() {
    let stage = Stage::default();
    stage.account(|account| account.has_group("/ecs/web", Some(30), 0));
    let event = stage.registers(BLOCKING).to_string();
    let denies = |why: &str| {
        stage.world.restart();
        let (message, reason) = (format!("AccessDeniedException: {why}"), Some(Reason::AccessDenied));
        let call = "RegisterTaskDefinition";
        stage.world.at_next(
            call,
            Moment::Before,
            Then::Fail(PortError { kind: ErrorKind::Refused, call, message, reason }),
        );
    };
    stage.world.at_next("DescribeTaskDefinition", Moment::Before, Then::Cut);
    stage.queued_again(1, "register", &event).await;
    for receives in [2, 3, 1] {
        denies("not you");
        stage.queued_again(receives, "register", &event).await;
    }
    let denied = ("failed".to_owned(), "access-denied".to_owned());
    assert_eq!((&last_decisions(&stage, 2), stage.kinds()), (&vec![denied; 2], vec!["Remediation Failed"]));
    denies("not here");
    stage.queued_again(2, "register", &event).await;
    assert_eq!(stage.kinds(), ["Remediation Failed"; 2], "the failure is another one");
}

#[tokio::test]
async fn a_failed_notification_changes_no_decision_and_is_counted() {
    let stage = Stage::default();
    let message = "no answer in time".to_owned();
    *stage.audience.fails.lock().unwrap() =
        vec![PortError { kind: ErrorKind::Retry, call: "Publish", message, reason: None }];
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
async fn a_channel_that_does_not_answer_is_not_tried_for_each_of_many_notifications() {
    let stage = Stage::default();
    for number in 0..3 {
        let event = stage.registers(&BLOCKING.replace("\"web\"", &format!("\"web-{number}\"")));
        stage.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
        let _ = stage.remediates("register", &event).await;
        stage.world.restart();
    }
    stage.world.advance(Lag::LONGEST);
    let message = "no answer in time".to_owned();
    *stage.audience.fails.lock().unwrap() =
        vec![PortError { kind: ErrorKind::Retry, call: "Publish", message, reason: None }];
    let before = stage.lines().len();
    stage.queued("register", r#"{"logweir":"resume"}"#).await;
    assert_eq!(stage.kinds(), ["Remediation Completed"], "one of three");
    let counted: i64 = stage.lines()[before..].iter().filter_map(|line| line["NotNotified"].as_i64()).sum();
    assert_eq!(counted, 3);
}

#[tokio::test]
async fn the_schedule_counts_unfinished_records_and_their_age() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING);
    stage.world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    let _ = stage.remediates("register", &event).await;
    stage.world.restart();
    stage.world.advance(Lag::LONGEST);
    let gauges = async |mode: &str| {
        stage.remediates(mode, &json!({"logweir": "resume"})).await.unwrap();
        let is_count = |line: &Value| line["Unfinished"].is_i64();
        let line = stage.lines().into_iter().rfind(is_count).unwrap();
        ["Unfinished", "UnfinishedAge", "FusesOpen"].map(|name| line[name].as_i64().unwrap())
    };
    assert_eq!(gauges("observe").await, [1, 600, 0]);
    let before = stage.lines().len();
    assert_eq!(gauges("register").await, [1, 600, 0], "they are counted before the work, which may take too long");
    assert!(stage.lines()[before]["Unfinished"].is_i64(), "{:?}", &stage.lines()[before..]);
    assert_eq!(gauges("register").await, [0, 0, 0], "it was finished");
}

#[tokio::test]
async fn a_late_message_of_the_schedule_counts_unfinished_records_and_finishes_none() {
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

/// Makes AWS deny the nth listing of the family. Once the correction is registered, only an operator can continue.
fn denies_a_listing(stage: &Stage, nth: usize, why: &str) {
    let message = format!("AccessDeniedException: {why}");
    let error = PortError { kind: ErrorKind::Refused, call: "ListTaskDefinitions", message, reason: None };
    stage.world.restart();
    stage.world.at_nth("ListTaskDefinitions", nth, Moment::Before, Then::Fail(error));
}

async fn resumes(stage: &Stage) {
    stage.remediates("register", &json!({"logweir": "resume"})).await.unwrap();
}

/// The last decisions, as outcome and reason.
fn last_decisions(stage: &Stage, count: usize) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let decisions = stage.decisions();
    decisions[decisions.len() - count..].iter().map(|it| (word(&it["outcome"]), word(&it["reason"]))).collect()
}

const STUCK: (&str, &str) = ("needs-operator", "unreadable");

fn stuck(times: usize) -> Vec<(String, String)> {
    vec![(STUCK.0.to_owned(), STUCK.1.to_owned()); times]
}

#[tokio::test]
async fn an_event_that_needs_an_operator_sends_one_notification_however_often_it_is_tried() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING).to_string();
    denies_a_listing(&stage, 3, "not you");
    let answer = stage.queued_again(1, "register", &event).await;
    assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "m", "it is retried, and becomes a dead letter");
    assert_eq!(stage.kinds(), ["Remediation Failed"]);
    for receives in 2..4 {
        denies_a_listing(&stage, 1, "not you");
        stage.queued_again(receives, "register", &event).await;
    }
    denies_a_listing(&stage, 1, "not you");
    resumes(&stage).await;
    assert_eq!((last_decisions(&stage, 4), stage.kinds()), (stuck(4), vec!["Remediation Failed"]));
    stage.world.advance(SignedDuration::from_hours(1));
    denies_a_listing(&stage, 1, "not here");
    resumes(&stage).await;
    assert_eq!(stage.kinds(), ["Remediation Failed"; 2], "the failure is another one");
    stage.world.restart();
    stage.queued_again(5, "register", &event).await;
    assert_eq!(stage.kinds()[2..], ["Remediation Completed"]);
}

#[tokio::test]
async fn a_retried_event_sends_a_notification_once_it_needs_an_operator() {
    let stage = Stage::default();
    let event = stage.registers(BLOCKING).to_string();
    stage.world.at_nth("ListTaskDefinitions", 3, Moment::Before, Then::Cut);
    stage.queued_again(1, "register", &event).await;
    assert_eq!(stage.kinds(), [""; 0]);
    denies_a_listing(&stage, 1, "not you");
    stage.queued_again(2, "register", &event).await;
    assert_eq!((last_decisions(&stage, 1), stage.kinds()), (stuck(1), vec!["Remediation Failed"]));
}

#[tokio::test]
async fn an_illegal_record_sends_one_notification() {
    let stage = Stage::left().await;
    stage.account(|account| {
        let (now, corrected) = (account.now, account.arn("web", 9));
        let record = account.records.values_mut().next().unwrap();
        let entry = record.head.write(now, EntryKind::Withdrawn { corrected }, &record.entries);
        record.entries.push(entry);
    });
    for _ in 0..3 {
        resumes(&stage).await;
        stage.world.advance(SignedDuration::from_hours(1));
    }
    assert_eq!((last_decisions(&stage, 3), stage.kinds()), (stuck(3), vec!["Remediation Failed"]));
}

#[tokio::test]
async fn unfinished_work_that_cannot_be_read_sends_no_notification() {
    let stage = Stage::left().await;
    let message = "AccessDeniedException: no".to_owned();
    let reason = Some(Reason::AccessDenied);
    stage.world.always(
        "DescribeTaskDefinition",
        PortError { kind: ErrorKind::Refused, call: "DescribeTaskDefinition", message, reason },
    );
    resumes(&stage).await;
    assert_eq!((last_decisions(&stage, 1)[0].1.as_str(), stage.kinds()), ("access-denied", vec![]));
}

#[tokio::test]
async fn a_backout_that_waits_for_the_last_tasks_sends_a_notification_when_it_has_ended() {
    let stage = Stage::default();
    let pinned = |text: &str| text.replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)));
    stage.account(|account| {
        account.has_group("/ecs/web", Some(30), 0);
        let sound = account.registers(&pinned(&corrected_text()));
        account.creates_service_as("prod/web", &sound, |service| service.rolls_back = true);
        account.completes("prod/web");
    });
    let event = stage.registers(&pinned(BLOCKING));
    stage.remediates("rollout", &event).await.unwrap();
    stage.account(|account| {
        account.updates_service("prod/web", &account.arn("web", 2));
        account.completes("prod/web");
    });
    stage.remediates("rollout", &stage.event("SERVICE_DEPLOYMENT_COMPLETED")).await.unwrap();
    let told = stage.kinds();
    stage.backs_out(&json!({"logweir": "backout", "record": "web:2"})).await;
    stage.backs_out(&json!({"logweir": "resume"})).await;
    let waits = ("partial".to_owned(), "deployment-under-way".to_owned());
    assert_eq!((last_decisions(&stage, 2), stage.kinds()), (vec![waits; 2], told.clone()));
    stage.account(|account| account.completes("prod/web"));
    stage.backs_out(&json!({"logweir": "resume"})).await;
    assert_eq!(stage.kinds()[told.len()..], ["Backout Completed"]);
}

#[tokio::test]
async fn work_that_only_an_operator_can_finish_sends_a_notification_at_the_first_try_only() {
    let stage = Stage::left_at("PutRetentionPolicy").await;
    stage.account(|account| {
        let source = account.arn("web", 1);
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    for _ in 0..3 {
        resumes(&stage).await;
        stage.world.advance(SignedDuration::from_hours(1));
    }
    assert_eq!(last_decisions(&stage, 3), stuck(3));
    assert_eq!(stage.kinds(), ["Remediation Failed"]);
}

#[tokio::test]
async fn work_started_under_the_previous_baseline_is_finished_before_the_new_one_is_confirmed() {
    for mode in ["register", "rollout"] {
        let stage = Stage::left().await;
        let begun = stage.account(|account| account.records.values().next().unwrap().entries.clone());
        let EntryKind::Opened(opening) = &begun[0].what else { panic!() };
        let new = stage.registers(&BLOCKING.replace("\"web\"", "\"api\""));
        stage.remediates_unconfirmed(mode, &new).await.unwrap();
        stage.remediates_unconfirmed(mode, &json!({"logweir": "resume"})).await.unwrap();
        let decisions = stage.decisions();
        let [observed, finished] = &decisions[decisions.len() - 2..] else { panic!() };
        assert_eq!((&observed["outcome"], &observed["mode"]), (&json!("observed"), &json!("observe")));
        assert_eq!((&finished["outcome"], &finished["mode"]), (&json!("remediated"), &json!(mode)));
        assert_eq!(finished["baseline_digest"], opening.baseline_digest.as_str());
        assert_ne!(finished["baseline_digest"], observed["baseline_digest"]);
        assert!(stage.account(|account| account.records.values().all(|record| !record.head.open)));
        assert_eq!(stage.kinds(), ["Remediation Completed"]);
    }
}
