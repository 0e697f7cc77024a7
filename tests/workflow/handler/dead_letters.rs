//! When a message becomes a dead letter: at once if an operator has to fix the cause, otherwise after too many
//! failures. Waits in between do not matter.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::SHIPPED_BASELINE;
use serde_json::json;

use crate::world::World;
use crate::world::queue::{Delivered, Fifo, Sent};
use crate::world::story::{BLOCKING, ended, event};

/// The baseline that allows one registration in this many seconds.
fn one_in(seconds: u32) -> String {
    let rate = format!("registers-per-second = {}", 1.0 / f64::from(seconds));
    SHIPPED_BASELINE.replace("registers-per-second = 0.2", &rate)
}

fn refused(reason: Reason) -> PortError {
    PortError { kind: ErrorKind::Refused, call: "RegisterTaskDefinition", message: "no".into(), reason: Some(reason) }
}

fn no_answer() -> PortError {
    PortError { kind: ErrorKind::Retry, call: "PutItem", message: "no answer in time".into(), reason: None }
}

fn letter(source: &RevisionArn, why: &str) -> Sent {
    let attributes = BTreeMap::from([("logweir-why".to_owned(), why.to_owned())]);
    Sent { body: event(source).to_string(), attributes }
}

/// Registers web:1, makes every call of this name fail, and delivers the event.
async fn denied(
    call: &'static str,
    reason: Reason,
    has_group: bool,
    queue: &Fifo,
) -> (World, RevisionArn, Vec<Delivered>) {
    let world = World::new();
    let source = world.account(|account| {
        if has_group {
            account.has_group("/ecs/web", Some(30), 1);
        }
        account.registers(BLOCKING)
    });
    world.always(call, refused(reason));
    queue.holds(&world, &event(&source));
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    (world, source, delivered)
}

#[tokio::test]
async fn a_cause_that_an_operator_must_fix_makes_a_dead_letter_at_once_and_a_redrive_succeeds_after_the_fix() {
    for (call, reason, has_group, why) in [
        ("DescribeTaskDefinition", Reason::AccessDenied, true, "failed access-denied"),
        ("RegisterTaskDefinition", Reason::AccessDenied, true, "failed access-denied"),
        ("RegisterTaskDefinition", Reason::PassRoleDenied, true, "refused pass-role-denied"),
        ("RegisterTaskDefinition", Reason::PassRoleDenied, false, "partial pass-role-denied"),
        ("RegisterTaskDefinition", Reason::AccessDenied, false, "partial access-denied"),
    ] {
        let queue = Fifo::default();
        let (world, source, delivered) = denied(call, reason, has_group, &queue).await;
        let [Delivered { report, failed, .. }] = delivered.as_slice() else { panic!("{why}: {}", delivered.len()) };
        assert_eq!((report.reason, report.is_retried(), *failed), (Some(reason), false, false), "{why}");
        assert_eq!(queue.dead.messages(), [letter(&source, why)]);
        assert!(report.notes.iter().any(|note| note.contains("logweir doctor --fix")), "{why}: {:?}", report.notes);

        world.restart();
        queue.redrives(&world);
        let again = queue.drains(&world, |_| SignedDuration::ZERO).await;
        assert_eq!(
            again.iter().map(|it| ended(&it.report)).collect::<Vec<_>>(),
            [(Outcome::Remediated, None)],
            "{why}"
        );
        assert_eq!(queue.dead.messages(), [], "{why}");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_to_the_dead_letter_queue_fails_until_it_is_there_and_is_notified_once() {
    for is_named in [true, false] {
        let queue = if is_named { Fifo::default() } else { Fifo::without_dead_letters() };
        queue.dead.breaks();
        let (_, source, delivered) = denied("RegisterTaskDefinition", Reason::PassRoleDenied, true, &queue).await;
        assert!(delivered.iter().all(|it| it.failed && it.report.outcome == Outcome::Refused));
        let told: Vec<bool> =
            delivered.iter().map(|it| !it.report.is_retried() && it.report.notify.repeats != Some(true)).collect();
        assert_eq!(told, [true, false, false, false, false], "named: {is_named}");
        let left = queue.dead.messages();
        assert_eq!(left, [Sent { body: event(&source).to_string(), attributes: BTreeMap::new() }]);
    }
}

/// A world in which web:1 has used the rate limit's free slot, the source web-2:1, and a queue with its event.
async fn waiting(baseline: &str) -> (World, RevisionArn, Fifo) {
    let (world, queue) = (World::new(), Fifo::default());
    let [first, second] = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        [account.registers(BLOCKING), account.registers(&BLOCKING.replacen("\"web\"", "\"web-2\"", 1))]
    });
    let (_, report) = queue.delivers(&world, baseline, &event(&first)).await;
    assert_eq!(report.outcome, Outcome::Remediated);
    queue.holds(&world, &event(&second));
    (world, second, queue)
}

#[tokio::test]
async fn a_message_that_fails_in_each_of_its_slots_becomes_a_dead_letter_after_five_failures() {
    let slow = one_in(2000);
    let (world, source, queue) = waiting(&slow).await;
    world.always("commit", no_answer());
    let delivered = queue.drains_by(&world, &slow, |_| SignedDuration::ZERO).await;
    let (failed, others): (Vec<_>, Vec<_>) = delivered.iter().partition(|it| it.failed);
    assert_eq!((failed.len(), failed.iter().all(|it| it.report.is_retried())), (5, true));
    let exhausted = (Outcome::Skipped, Some(Reason::RateLimited));
    let (last, waited) = others.split_last().unwrap();
    assert!(waited.iter().all(|it| ended(&it.report) == exhausted));
    assert_eq!((ended(&last.report), last.report.is_retried()), ((Outcome::Failed, None), false), "it is notified");
    assert_eq!(last.report.record.as_deref(), Some("web-2:1"));
    assert_eq!(queue.dead.messages(), [letter(&source, "failed too often")]);
}

#[tokio::test]
async fn waiting_for_a_slot_never_counts_as_a_failure() {
    let slow = one_in(10_000);
    let (world, _, queue) = waiting(&slow).await;
    let delivered = queue.drains_by(&world, &slow, |_| SignedDuration::ZERO).await;
    assert!(delivered.len() > 10 && delivered.iter().all(|it| !it.failed), "{}", delivered.len());
    assert_eq!(delivered.last().map(|it| it.report.outcome), Some(Outcome::Remediated));
}

#[tokio::test]
async fn a_message_that_failed_too_often_is_not_handled_and_fails_without_a_dead_letter_queue() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let sent = |failures: &str| Sent {
        body: event(&source).to_string(),
        attributes: BTreeMap::from([("logweir-failures".to_owned(), failures.to_owned())]),
    };
    for (failures, receives) in [("5", 1), ("4", 2), ("3", 3), ("0", 6), ("4294967295", 2)] {
        for queue in [Fifo::default(), Fifo::without_dead_letters()] {
            let calls = world.calls().len();
            let (reply, report) = queue.receives(&world, SHIPPED_BASELINE, &sent(failures), receives).await;
            assert_eq!((ended(&report), world.calls().len()), ((Outcome::Failed, None), calls), "{failures}");
            let is_dead = !queue.dead.messages().is_empty();
            assert_eq!(reply.to_json() == json!({"batchItemFailures": []}), is_dead, "{failures}");
        }
    }
    for (failures, receives) in [("4", 1), ("no number", 5), ("-1", 1)] {
        let (_, report) = Fifo::default().receives(&world, SHIPPED_BASELINE, &sent(failures), receives).await;
        assert_ne!(report.outcome, Outcome::Failed, "{failures}: {report:?}");
    }
}
