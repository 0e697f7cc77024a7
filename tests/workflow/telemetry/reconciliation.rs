//! The metrics of the daily reconciliation, its line in the digest, and the notifications about overdue revisions.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::event::overdue;
use logweir::domain::limits::family::{Correction, Family, FamilyName, Hold, Writer};
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::world::story::BLOCKING;
use crate::world::{Moment, Then};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn reconcile() -> Value {
    json!({"logweir": "reconcile"})
}

/// An account in which web:1 blocks and is older than the mode.
async fn reconciled(mode: &str) -> Stage {
    let stage = Stage::default();
    stage.registers(BLOCKING);
    stage.world.advance(SignedDuration::from_secs(1));
    assert_eq!(stage.remediates(mode, &reconcile()).await, Ok(json!({"reconciled": true})));
    stage
}

#[tokio::test]
async fn a_reconciliation_that_has_ended_writes_its_metrics_and_sends_no_notification() {
    let stage = reconciled("register").await;
    let mut lines = stage.lines();
    let metrics = lines.pop().unwrap();
    assert_eq!((lines.len(), stage.kinds()), (0, vec![]));
    let numbers = [
        ("ReconciledPages", 1),
        ("ReconciledFamilies", 1),
        ("FaultyFamilies", 1),
        ("OverdueFamilies", 0),
        ("StandingFamilies", 1),
        ("WithdrawnFamilies", 0),
        ("UnreadFamilies", 0),
    ];
    for (name, number) in numbers {
        assert_eq!(metrics[name], number, "{name}");
    }
    let directive = &metrics["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("Logweir"), &json!([["FunctionName"]])));
    assert_eq!(directive["Metrics"].as_array().unwrap().len(), numbers.len());
}

#[tokio::test]
async fn a_failed_read_is_a_warning() {
    let stage = Stage::default();
    stage.registers(BLOCKING);
    let message = "AccessDeniedException: no".to_owned();
    let call = "ListTaskDefinitionFamilies";
    let reason = Some(Reason::AccessDenied);
    stage.world.always(call, PortError { kind: ErrorKind::Refused, call, message, reason });
    stage.remediates("register", &reconcile()).await.unwrap();
    let lines = stage.lines();
    assert_eq!(
        (lines.len(), &lines[0]["level"], &lines[0]["event"]),
        (1, &json!("WARN"), &json!("reconciliation.failed"))
    );
    assert_eq!(lines[0]["error"], "ListTaskDefinitionFamilies: AccessDeniedException: no");
}

#[tokio::test]
async fn the_digest_has_one_line_about_the_standing_families() {
    for mode in ["register", "rollout"] {
        let stage = reconciled(mode).await;
        stage.remediates(mode, &json!({"logweir": "digest"})).await.unwrap();
        assert_eq!(stage.kinds(), ["Observation Digest"]);
        let notice = stage.last();
        assert_eq!((&notice.detail["standing"], &notice.detail["revisions"]), (&json!(1), &json!(0)));
        assert_eq!(notice.subject, "Logweir: Daily digest: 1 family to correct");
        let line = "Standing families in account 111122223333, Region eu-west-1: 1. Logweir corrects a standing family only if you run logweir apply --all.";
        assert!(notice.text.contains(line), "{}", notice.text);
        assert!(!notice.text.contains("Mode=register") && !notice.text.contains("24 hours"), "{}", notice.text);
    }
}

#[tokio::test]
async fn in_mode_observe_the_digest_also_has_this_line() {
    let stage = reconciled("observe").await;
    let event = stage.registers(BLOCKING);
    stage.remediates("observe", &event).await.unwrap();
    stage.remediates("observe", &json!({"logweir": "digest"})).await.unwrap();
    let notice = stage.last();
    assert_eq!((&notice.detail["standing"], &notice.detail["revisions"]), (&json!(1), &json!(1)));
    assert!(
        notice.text.contains("would have corrected 1 revisions")
            && notice.text.contains("Standing families in account")
    );
}

#[tokio::test]
async fn without_standing_families_and_for_an_old_number_no_digest_is_sent() {
    let stage = Stage::default();
    stage.remediates("register", &reconcile()).await.unwrap();
    stage.remediates("register", &json!({"logweir": "digest"})).await.unwrap();
    assert_eq!(stage.kinds(), [""; 0]);
    let stage = reconciled("register").await;
    stage.world.advance(DAY * 2);
    stage.remediates("register", &json!({"logweir": "digest"})).await.unwrap();
    assert_eq!(stage.kinds(), [""; 0]);
}

/// Delivers the message about web:1 of this account on two days. Returns the notifications.
async fn overdue_twice(prepare: impl FnOnce(&Stage)) -> Vec<&'static str> {
    let stage = Stage::default();
    stage.registers(BLOCKING);
    prepare(&stage);
    let revision = stage.account(|account| account.arn("web", 1));
    for _ in 0..2 {
        stage.remediates("register", &overdue::event(&revision)).await.unwrap();
        stage.world.advance(DAY);
    }
    stage.kinds()
}

/// Changes the state of the family `web`.
fn changes_family(stage: &Stage, change: impl FnOnce(&mut Family, Timestamp)) {
    stage.account(|account| {
        let name = FamilyName::of(&account.arn("web", 1));
        let mut family = Family::new(name.clone(), account.now);
        family.version = 1;
        change(&mut family, account.now);
        account.remembered.insert(name, family);
    });
}

#[tokio::test]
async fn the_correction_of_an_overdue_revision_is_reported() {
    assert_eq!(overdue_twice(|_| {}).await, ["Remediation Completed"]);
}

#[tokio::test]
async fn an_overdue_revision_on_hold_or_with_a_newer_revision_sends_no_notification() {
    let hold = |stage: &Stage| {
        changes_family(stage, |family, now| {
            family.hold = Some(Hold { until: now + DAY * 10, reason: None, by: None });
        });
    };
    assert_eq!(overdue_twice(hold).await, [""; 0]);
    assert_eq!(overdue_twice(|stage| _ = stage.registers(BLOCKING)).await, [""; 0]);
}

#[tokio::test]
async fn an_overdue_revision_that_opens_the_fuse_sends_one_notification() {
    let many = |stage: &Stage| {
        changes_family(stage, |family, at| {
            let correction = |revision| Correction { at, revision, writer: Writer::default() };
            family.corrections = (100..150).map(correction).collect();
        });
    };
    assert_eq!(overdue_twice(many).await, ["Remediation Refused"]);
}

#[tokio::test]
async fn the_final_refusal_of_an_overdue_revision_sends_one_notification() {
    for reason in [Reason::TooLarge, Reason::PassRoleDenied] {
        let call = "RegisterTaskDefinition";
        let refusal = PortError { kind: ErrorKind::Refused, call, message: "no".to_owned(), reason: Some(reason) };
        let stage = Stage::default();
        stage.account(|account| account.has_group("/ecs/web", Some(30), 1));
        stage.registers(BLOCKING);
        stage.world.at_next(call, Moment::Before, Then::Fail(refusal));
        let revision = stage.account(|account| account.arn("web", 1));
        stage.remediates("register", &overdue::event(&revision)).await.unwrap();
        assert_eq!(stage.kinds(), ["Remediation Refused"], "{reason:?}");
    }
}
