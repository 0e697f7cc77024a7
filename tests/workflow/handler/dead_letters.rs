//! When a message becomes a dead letter: at once if an operator has to fix the cause, otherwise after too many
//! failures. Waits in between do not matter. A redriven message that fails again says how often.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use logweir::domain::disposition::{Disposition, Keeper};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::notice::Notice;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::SHIPPED_BASELINE;
use serde_json::json;

use crate::reasons::reasons;
use crate::world::queue::{Delivered, Fifo, Sent};
use crate::world::story::{BLOCKING, ended, event};
use crate::world::{Passing, World};

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
    assert_eq!((failed.len(), failed.iter().all(|it| it.report.is_retried())), (4, true));
    let exhausted = (Outcome::Skipped, Some(Reason::RateLimited));
    let (last, waited) = others.split_last().unwrap();
    assert!(waited.iter().all(|it| ended(&it.report) == exhausted));
    assert_eq!((ended(&last.report), last.report.is_retried()), ((Outcome::Failed, None), false), "it is notified");
    assert_eq!(last.report.record.as_deref(), Some("web-2:1"));
    assert_eq!(queue.dead.messages(), [letter(&source, "failed")]);
}

/// The notes about dead letters.
fn notes(delivered: &[Delivered]) -> Vec<&str> {
    let notes = delivered.iter().flat_map(|it| &it.report.notes);
    notes.map(String::as_str).filter(|note| note.contains("dead-letter queue")).collect()
}

#[tokio::test]
async fn a_redriven_message_that_fails_again_for_the_same_reason_says_how_often() {
    let queue = Fifo::default();
    let (world, source, _) = denied("RegisterTaskDefinition", Reason::PassRoleDenied, true, &queue).await;
    for (times, redrives) in ["1 redrive", "2 redrives"].into_iter().zip(["1", "2"]) {
        queue.redrives(&world);
        let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
        let again = format!("for the same reason again, after {times}");
        assert!(notes(&delivered)[0].contains(&again), "{:?}", notes(&delivered));
        let [Sent { attributes, .. }]: [Sent; 1] = queue.dead.messages().try_into().unwrap();
        assert_eq!(attributes["logweir-redrives"], redrives);
    }
    // Another reason begins a new count.
    world.restart();
    world.always("DescribeTaskDefinition", refused(Reason::AccessDenied));
    queue.redrives(&world);
    queue.drains(&world, |_| SignedDuration::ZERO).await;
    assert_eq!(queue.dead.messages(), [letter(&source, "failed access-denied")]);
}

#[tokio::test]
async fn the_count_of_redrives_survives_a_wait_for_the_rate_limit() {
    let slow = one_in(2000);
    let (world, _, queue) = waiting(&slow).await;
    let [Sent { body, .. }]: [Sent; 1] = queue.work.messages().try_into().unwrap();
    let attributes = [("logweir-why", "failed throttled"), ("logweir-redrives", "3")];
    let attributes = attributes.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let (_, report) = queue.receives(&world, &slow, &Sent { body, attributes }, 1).await;
    assert_eq!(report.reason, Some(Reason::RateLimited));
    let copy = queue.work.messages().pop().unwrap();
    assert_eq!(
        (copy.attributes["logweir-why"].as_str(), copy.attributes["logweir-redrives"].as_str()),
        ("failed throttled", "3")
    );
}

#[tokio::test]
async fn a_refusal_that_passes_makes_no_dead_letter() {
    for passing in Passing::ALL.into_iter().filter(|passing| passing.call == "RegisterTaskDefinition") {
        let (world, queue) = (World::new(), Fifo::default());
        let source = world.account(|account| account.registers(BLOCKING));
        world.refuses_next(passing);
        queue.holds(&world, &event(&source));
        let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
        assert!(delivered[0].failed && delivered[0].report.is_retried(), "{}", passing.message);
        assert_eq!(delivered.last().map(|it| it.report.outcome), Some(Outcome::Remediated), "{}", passing.message);
        assert_eq!((queue.dead.messages(), world.account(|account| account.active("web"))), (vec![], vec![1, 2]));
    }
}

#[tokio::test]
async fn a_message_that_the_function_did_not_survive_is_counted_too() {
    let queue = Fifo::default();
    queue.dead.breaks();
    let (world, source, _) = denied("DescribeTaskDefinition", Reason::AccessDenied, true, &queue).await;
    for redrives in [None, Some("1"), Some("2")] {
        // SQS itself moved the message.
        queue.redrives(&world);
        let [Sent { attributes, .. }]: [Sent; 1] = queue.work.messages().try_into().unwrap();
        assert_eq!(attributes["logweir-why"], "failed too often", "{source}");
        assert_eq!(attributes.get("logweir-redrives").map(String::as_str), redrives);
        queue.drains(&world, |_| SignedDuration::ZERO).await;
    }
}

#[tokio::test]
async fn a_failure_whose_reason_logweir_does_not_know_makes_a_dead_letter_at_once() {
    for has_group in [true, false] {
        let (world, queue) = (World::new(), Fifo::default());
        let source = world.account(|account| {
            if has_group {
                account.has_group("/ecs/web", Some(30), 1);
            }
            account.registers(BLOCKING)
        });
        let message = "LimitExceededException: The limit for the resource was exceeded.";
        let error = PortError { message: message.into(), reason: None, ..refused(Reason::AccessDenied) };
        world.always("RegisterTaskDefinition", error);
        queue.holds(&world, &event(&source));
        queue.drains(&world, |_| SignedDuration::ZERO).await;
        assert_eq!(queue.dead.messages(), [letter(&source, if has_group { "failed" } else { "partial" })]);
        world.restart();
        queue.redrives(&world);
        let again = queue.drains(&world, |_| SignedDuration::ZERO).await;
        assert_eq!(again[0].report.outcome, Outcome::Remediated);
    }
}

/// Also, the queue asserts that each deleted message left a trace.
#[tokio::test]
async fn every_reason_leads_to_another_try_or_a_dead_letter_or_leaves_a_trace() {
    // The record of a finished correction is the trace of a duplicate.
    for reason in reasons().into_iter().filter(|reason| *reason != Reason::Duplicate) {
        let queue = Fifo::default();
        let (_, source, delivered) = denied("DescribeTaskDefinition", reason, true, &queue).await;
        let why = format!("failed {}", reason.name());
        let (deliveries, dead) = match reason.disposition() {
            Disposition::Retry => (5, vec![letter(&source, &why)]),
            Disposition::DeadLetter => (1, vec![letter(&source, &why)]),
            Disposition::Final(_) => (1, vec![]),
        };
        assert_eq!((delivered.len(), queue.dead.messages()), (deliveries, dead), "{reason:?}");
        let is_noticed = delivered.iter().any(|it| Notice::of(&it.report).is_some());
        assert!(is_noticed, "{reason:?}");
    }
}

/// Reports of skipped revisions send no notification, so no reason may rely on one there.
#[test]
fn a_service_that_is_left_alone_is_named_in_a_notification_if_nothing_else_keeps_the_reason() {
    let named = [Reason::UnsupportedController, Reason::NoCircuitBreaker, Reason::ImageChanged];
    for reason in named {
        assert_eq!(reason.disposition(), Disposition::Final(Keeper::Notification), "{reason:?}");
        assert_eq!(reason.leaves_alone(), Outcome::Refused, "{reason:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_not_json_is_a_dead_letter_at_once() {
    let (world, queue) = (World::new(), Fifo::default());
    let sent = Sent { body: "{".into(), attributes: BTreeMap::new() };
    let (reply, report) = queue.receives(&world, SHIPPED_BASELINE, &sent, 1).await;
    assert_eq!(ended(&report), (Outcome::Failed, Some(Reason::Unreadable)));
    assert_eq!(reply.to_json(), json!({"batchItemFailures": []}));
    let attributes = BTreeMap::from([("logweir-why".to_owned(), "failed unreadable".to_owned())]);
    assert_eq!(queue.dead.messages(), [Sent { attributes, ..sent }]);
}

#[tokio::test]
async fn a_revision_that_was_deleted_meanwhile_makes_no_dead_letter() {
    let (world, queue) = (World::new(), Fifo::default());
    let source = world.account(|account| {
        let source = account.registers(BLOCKING);
        account.deregisters_and_deletes(&source);
        source
    });
    queue.holds(&world, &event(&source));
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    let ends: Vec<_> = delivered.iter().map(|it| ended(&it.report)).collect();
    let (not_yet, superseded) =
        ((Outcome::Failed, Some(Reason::NotVisibleYet)), (Outcome::Superseded, Some(Reason::NotLatest)));
    assert_eq!(ends, [not_yet, not_yet, superseded], "ECS may lag for ten minutes");
    assert_eq!(queue.dead.messages(), []);
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
