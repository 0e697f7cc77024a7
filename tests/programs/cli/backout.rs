//! `replay --backout`: backs out a correction, by any name of its record.

use jiff::{SignedDuration, Timestamp, ToSpan};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::record::{BackoutRequest, Effects, EntryKind, Head, Record};
use logweir::journal_file::FileJournal;
use logweir::ports::{Expected, Journal};
use serde_json::{Value, json};

use super::apply::blocking;
use crate::loopback::account::{WEB_1, WEB_2, event};
use crate::loopback::operator::Operator;

/// `web:2` corrects `web:1`.
fn corrected() -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0);
    operator
}

async fn record(operator: &Operator) -> Record {
    let journal = FileJournal::open(operator.journal()).unwrap();
    journal.read(&WEB_1.parse().unwrap()).await.unwrap().unwrap()
}

/// Writes the next entry of a record as another worker that holds its lease.
async fn writes(operator: &Operator, standing: &Record, mut head: Head, what: EntryKind) {
    let entry = head.write(Timestamp::now(), what, &[]);
    let journal = FileJournal::open(operator.journal()).unwrap();
    journal.commit(&Expected::of(&standing.head), &head, &entry).await.unwrap();
}

#[test]
fn a_record_is_found_by_its_source_by_its_correction_and_by_their_arns() {
    for name in ["web:1", WEB_1, "web:2", WEB_2] {
        let operator = corrected();
        let ran = operator.run(&["backout", name]);
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
        assert!(ran.out.contains("web:1: backed-out"), "{name}: {}", ran.out);
        assert_eq!(operator.account.active("web"), [1]);
    }
}

#[test]
fn a_record_is_found_by_the_event_that_started_it() {
    let mut bodiless = event(WEB_1);
    bodiless["detail"].as_object_mut().unwrap().shift_remove("responseElements");
    for named in [event(WEB_1), bodiless] {
        let operator = Operator::of(&[blocking("web")]);
        let begun = operator.file("begun.json", &event(WEB_1).to_string());
        assert_eq!(operator.run(&["replay", &begun, "--mode", "register"]).code, 0);
        let path = operator.file("event.json", &named.to_string());
        let ran = operator.run(&["backout", &path]);
        assert_eq!((ran.code, operator.account.active("web")), (0, vec![1]), "{ran:?}");
    }
}

#[test]
fn an_event_without_a_record_and_an_unknown_record_are_errors() {
    let operator = corrected();
    let mut other = event("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7");
    let unknown = operator.file("unknown.json", &other.to_string());
    other["detail"].as_object_mut().unwrap().shift_remove("responseElements");
    let bodiless = operator.file("bodiless.json", &other.to_string());
    let broken = operator.file("broken.json", "{");
    for target in ["web:7", "api:1", &WEB_1.replace("web", "api"), &unknown, &bodiless, &broken] {
        assert_eq!(operator.run(&["backout", target]).code, 2, "{target}");
    }
    assert_eq!(operator.account.active("web"), [1, 2]);
}

#[tokio::test]
async fn a_short_name_that_fits_two_accounts_is_refused_with_the_arns_of_both() {
    let operator = corrected();
    let elsewhere: RevisionArn = WEB_1.replace("111122223333", "444455556666").parse().unwrap();
    let here = record(&operator).await;
    let EntryKind::Opened(mut opening) = here.entries[0].what.clone() else { panic!() };
    opening.source = elsewhere.clone();
    let mut head = Head::new(&opening, Timestamp::now());
    let entry = head.write(Timestamp::now(), EntryKind::Opened(opening), &[]);
    FileJournal::open(operator.journal()).unwrap().commit(&Expected::Nothing, &head, &entry).await.unwrap();

    let ran = operator.run(&["backout", "web:1"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.err.contains(WEB_1) && ran.err.contains(&elsewhere.to_string()), "{}", ran.err);
    assert_eq!(operator.run(&["records", "web:1"]).code, 64);
    assert_eq!(operator.run(&["backout", WEB_1]).code, 0);
}

#[test]
fn a_dry_run_names_the_steps_and_writes_nothing() {
    let operator = corrected();
    let (before, calls) = (operator.written(), operator.writing_calls());
    let ran = operator.run(&["backout", "web:1", "--dry-run", "--hold-family", "2h"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("web:2 would be deregistered") && ran.out.contains("/ecs/web kept"), "{}", ran.out);
    assert_eq!((operator.written(), operator.writing_calls()), (before, calls));
}

#[tokio::test]
async fn the_record_says_who_requested_the_backout_and_why() {
    let operator = corrected();
    let wish = ["--reason", "incident 7", "--requested-by", "the night shift"];
    operator.run(&[&["backout", "web:1"], &wish[..]].concat());
    assert_eq!(asked(&record(&operator).await), ("incident 7".into(), "the night shift".into()));
    let shown = operator.run(&["records", "web:1"]);
    assert!(shown.out.contains("backout requested by the night shift: incident 7"), "{}", shown.out);
}

#[tokio::test]
async fn the_caller_is_the_default_requester() {
    let operator = corrected();
    operator.run(&["backout", "web:1"]);
    let (reason, by) = asked(&record(&operator).await);
    assert_eq!((reason.as_str(), by.as_str()), ("", "arn:aws:sts::111122223333:assumed-role/Operator/me"));
}

fn asked(record: &Record) -> (String, String) {
    let asked = record.entries.iter().find_map(|entry| match &entry.what {
        EntryKind::BackoutRequested(asked) => Some(asked.as_ref().clone()),
        _ => None,
    });
    let BackoutRequest { reason, requested_by, .. } = asked.unwrap();
    (reason.unwrap_or_default(), requested_by.unwrap_or_default())
}

#[test]
fn a_family_is_put_on_hold_until_a_time_or_a_day_or_for_a_duration() {
    let now = Timestamp::now();
    let tomorrow = now + 24.hours();
    let day = tomorrow.strftime("%F").to_string();
    // A hold until a day includes the day.
    let midnight = format!("{day}T00:00:00Z").parse::<Timestamp>().unwrap() + 24.hours();
    for (until, wanted) in
        [(tomorrow.to_string(), tomorrow), (day, midnight), ("24h".into(), tomorrow), ("1d".into(), tomorrow)]
    {
        let operator = corrected();
        let ran = operator.run(&["backout", "web:1", "--hold-family", &until, "--reason", "r"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let stopped = operator.run(&["records", "--format", "json"]).json()["stopped"].clone();
        let held: Timestamp = stopped[0]["hold"]["until"].as_str().unwrap().parse().unwrap();
        assert!(held.duration_since(wanted).abs() < SignedDuration::from_mins(2), "{until}: {held}");
    }
}

#[test]
fn a_family_cannot_be_put_on_hold_until_an_invalid_or_past_time() {
    let operator = corrected();
    let calls = operator.aws.calls().len();
    for until in ["tomorrow", "", "2020-01-01", "2020-01-01T00:00:00Z", "-2h", "0s", "99999999999999h"] {
        let hold = format!("--hold-family={until}");
        let ran = operator.run(&["backout", "web:1", &hold]);
        assert_eq!(ran.code, 64, "{until}: {ran:?}");
    }
    assert_eq!(operator.aws.calls().len(), calls);
}

#[test]
fn the_options_of_a_backout_are_wrong_usage_without_backout() {
    let operator = corrected();
    let path = operator.file("event.json", &event(WEB_1).to_string());
    let calls = operator.aws.calls().len();
    for options in [
        &["--dry-run"][..],
        &["--reason", "r"],
        &["--requested-by", "w"],
        &["--hold-family", "2h"],
        &["--restore-over-newer"],
        &["--restore-source"],
        &["--function", "f"],
    ] {
        let ran = operator.run(&[&["replay", &path], options].concat());
        assert_eq!(ran.code, 64, "{options:?}: {ran:?}");
    }
    for name in ["web", "web:x", "arn:aws:s3:::bucket"] {
        assert_eq!(operator.run(&["backout", name]).code, 64, "{name}");
    }
    let writing = operator.aws.calls().into_iter().skip(calls).filter(|(name, _)| name != "GetCallerIdentity");
    assert_eq!(writing.count(), 0);
}

#[tokio::test]
async fn a_record_locked_by_another_worker_is_skipped() {
    let operator = corrected();
    let standing = record(&operator).await;
    let hour = SignedDuration::from_hours(1);
    let head = Head { owner: "other-worker".into(), lease_until: Timestamp::now() + hour, ..standing.head.clone() };
    let steps = Effects::of(&standing).undo();
    let asked = EntryKind::BackoutRequested(Box::new(BackoutRequest {
        reason: None,
        requested_by: None,
        restore_over_newer: false,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps,
    }));
    writes(&operator, &standing, head, asked).await;
    let ran = operator.run(&["backout", "web:1", "--wait", "0", "--format", "json"]);
    let report = ran.json();
    assert_eq!((ran.code, &report["outcome"], &report["reason"]), (1, &json!("skipped"), &json!("locked")));
    assert_eq!(operator.account.active("web"), [1, 2]);
}

#[test]
fn a_second_backout_is_reported_and_changes_nothing() {
    let operator = corrected();
    operator.run(&["backout", "web:1"]);
    let (before, calls) = (operator.written(), operator.writing_calls());
    for more in [&[][..], &["--dry-run"]] {
        let ran = operator.run(&[&["backout", "web:1"], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("the record was backed out before"), "{}", ran.out);
    }
    assert_eq!((operator.written(), operator.writing_calls()), (before, calls));
}

#[test]
fn a_source_is_restored_over_a_newer_revision_only_if_requested() {
    let operator = corrected();
    operator.account.registers(&blocking("web"));
    operator.account.deregisters("web", 1);
    let ran = operator.run(&["backout", "web:1", "--restore-source"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.contains("needs-operator (newer-revision)") && ran.out.contains("--restore-over-newer"),
        "{}",
        ran.out
    );
    assert_eq!(operator.account.active("web"), [2, 3]);
    let stale = operator.run(&["backout", "web:1", "--restore-source", "--restore-over-newer", "--format", "json"]);
    let restored = stale.json()["restored"].clone();
    assert_eq!((stale.code, restored.as_str().unwrap()), (0, WEB_1.replace("web:1", "web:4").as_str()));
    assert_eq!((operator.account.active("web"), operator.account.document("web", 4)), (vec![3, 4], blocking("web")));
}

#[test]
fn a_source_that_no_service_needs_is_not_restored_unless_requested() {
    let operator = corrected();
    operator.account.deregisters("web", 1);
    let ran = operator.run(&["backout", "web:1", "--dry-run"]);
    assert!(ran.out.contains("because no service needs web:1 (--restore-source restores it anyway)"), "{}", ran.out);
    assert_eq!(operator.run(&["backout", "web:1"]).code, 0);
    assert_eq!(operator.account.active("web"), Vec::<usize>::new());
}

#[test]
fn json_is_only_the_report() {
    let operator = corrected();
    let report: Value = operator.run(&["backout", "web:1", "--format", "json"]).json();
    assert_eq!(
        (&report["schema"], &report["outcome"], &report["mode"], &report["backout"]),
        (&json!("logweir.report/1"), &json!("backed-out"), &json!("backout"), &Value::Null)
    );
}
