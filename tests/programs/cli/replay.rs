//! `replay` of every kind of event: the outcome and the exit code in each mode. Mode `observe` writes nothing.

use std::path::{Path, PathBuf};

use super::rollout::pinned;
use crate::loopback::operator::{Operator, Ran};

/// The account of the events. A principal has just registered web:41, which blocks, and prod/web runs it. All earlier
/// revisions are deregistered.
fn account() -> Operator {
    let operator = Operator::of(&[]);
    for (family, newest) in [("web", 41), ("shop-cleanup", 7)] {
        (0..newest).for_each(|_| operator.account.registers(&pinned(family)));
        (1..newest).for_each(|revision| operator.account.deregisters(family, revision));
    }
    operator.account.creates_service("prod/web", "web", 41);
    operator
}

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/events")
}

fn replays(operator: &Operator, event: &str, mode: &str) -> Ran {
    let path = events().join(format!("{event}.json")).display().to_string();
    operator.run(&["replay", &path, "--mode", mode])
}

/// The first line of the output, and the exit code.
type LetterReport = (&'static str, i32);

const NOT_TOUCHED: LetterReport = ("skipped (other-consumer)", 0);
const OTHER_EVENT: LetterReport = ("skipped (other-event)", 0);
const NO_RECORD: LetterReport = ("skipped (no-record)", 0);
const REMEDIATED: LetterReport = ("remediated", 0);

/// Every event, with its result in the modes observe, register and rollout.
const EVENTS: [(&str, [LetterReport; 3]); 26] = [
    ("create-cluster", [("observed", 1); 3]),
    ("create-daemon", [NOT_TOUCHED; 3]),
    ("create-schedule", [NOT_TOUCHED; 3]),
    ("create-service", [("observed", 1), REMEDIATED, REMEDIATED]),
    ("create-task-set", [NOT_TOUCHED; 3]),
    ("delete-rule", [OTHER_EVENT; 3]),
    ("delete-schedule", [OTHER_EVENT; 3]),
    ("delete-task-definitions", [OTHER_EVENT, NO_RECORD, NO_RECORD]),
    ("deployment-completed", [OTHER_EVENT, OTHER_EVENT, REMEDIATED]),
    ("deployment-failed", [OTHER_EVENT, OTHER_EVENT, REMEDIATED]),
    ("deployment-in-progress", [OTHER_EVENT, OTHER_EVENT, ("skipped (deployment-under-way)", 0)]),
    ("deployment-rolling-back", [OTHER_EVENT, OTHER_EVENT, ("skipped (deployment-under-way)", 0)]),
    ("deregister-task-definition", [OTHER_EVENT, NO_RECORD, NO_RECORD]),
    ("execute-command", [OTHER_EVENT; 3]),
    ("put-targets", [NOT_TOUCHED; 3]),
    ("register-daemon-task-definition", [NOT_TOUCHED; 3]),
    ("register-task-definition", [("observed", 1), REMEDIATED, REMEDIATED]),
    ("remove-targets", [OTHER_EVENT; 3]),
    ("run-task", [NOT_TOUCHED; 3]),
    ("start-session", [OTHER_EVENT; 3]),
    ("start-task", [NOT_TOUCHED; 3]),
    ("update-cluster", [("observed", 1); 3]),
    ("update-daemon", [NOT_TOUCHED; 3]),
    ("update-service-omitted", [OTHER_EVENT, REMEDIATED, REMEDIATED]),
    ("update-service-scaled", [("observed", 1), REMEDIATED, REMEDIATED]),
    ("update-service", [("observed", 1), REMEDIATED, REMEDIATED]),
];

/// Replays each event in its own account.
fn each(mode: usize, mut look: impl FnMut(&str, &Operator, &Ran)) {
    for (event, told) in EVENTS {
        let operator = account();
        let ran = replays(&operator, event, ["observe", "register", "rollout"][mode]);
        let (outcome, code) = told[mode];
        let first = ran.out.lines().next().unwrap_or_default();
        assert!(first.ends_with(&format!(": {outcome}")), "{event}: {ran:?}");
        assert_eq!(ran.code, code, "{event}: {ran:?}");
        look(event, &operator, &ran);
    }
}

#[test]
fn mode_observe_writes_nothing_for_any_event() {
    each(0, |event, operator, _| {
        assert_eq!((operator.writing_calls(), operator.written()), (Vec::new(), String::new()), "{event}");
    });
}

#[test]
fn mode_register_corrects_the_revision_of_a_service_and_updates_no_service() {
    each(1, |event, operator, ran| {
        let corrects = ran.out.contains(": remediated");
        assert_eq!(operator.account.active("web").contains(&42), corrects, "{event}");
        assert_eq!(operator.account.runs("prod/web"), ["web:41"], "{event}");
    });
}

#[test]
fn mode_rollout_updates_the_service_that_runs_the_source() {
    each(2, |event, operator, ran| {
        // According to its event, a revision that was just registered does not run yet.
        let points = ran.out.contains(": remediated") && event != "register-task-definition";
        assert_eq!(operator.account.runs("prod/web")[0] == "web:42", points, "{event}: {ran:?}");
        assert_eq!(ran.out.contains("service      prod/web updated"), points, "{event}: {}", ran.out);
    });
}

#[test]
fn every_event_is_replayed() {
    let files = std::fs::read_dir(events()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let mut told = EVENTS.map(|(event, _)| event);
    told.sort_unstable();
    assert_eq!(names, told);
}

#[test]
fn the_end_of_a_deployment_by_logweir_ends_its_rollout() {
    let operator = account();
    replays(&operator, "update-service", "rollout");
    operator.account.services(|services| services.ends("prod/web"));
    let ran = replays(&operator, "deployment-completed", "rollout");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("web:41: rolled-out"), "{}", ran.out);
    let again = replays(&operator, "deployment-completed", "rollout");
    assert!(again.code == 0 && !again.out.contains("rolled-out"), "{again:?}");
}

#[test]
fn other_users_of_a_revision_are_named_with_it() {
    let ran = replays(&account(), "put-targets", "observe");
    for named in ["EventBridge rule nightly-report, target report", "web:41", "shop-cleanup:7"] {
        assert!(ran.out.contains(named), "{named} is not in {}", ran.out);
    }
    assert!(replays(&account(), "run-task", "observe").out.contains("RunTask by"));
}
