//! What becomes of a message, for each disposition: it returns to the queue, it becomes a dead letter, or SQS deletes
//! it and the place that the disposition names keeps the result.

use jiff::SignedDuration;
use logweir::domain::disposition::{Disposition, Keeper};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::family::FamilyName;
use logweir::domain::notice::Notice;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::BackoutOptions;

use crate::world::queue::{Delivered, Fifo};
use crate::world::story::{BLOCKING, backs_out_with, ended, event, register};
use crate::world::{Passing, World};

fn blocking() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(BLOCKING)
    });
    (world, source)
}

/// Delivers the event of a source until the queue is empty.
async fn delivers(world: &World, source: &RevisionArn, queue: &Fifo) -> Vec<Delivered> {
    queue.holds(world, &event(source));
    queue.drains(world, |_| SignedDuration::ZERO).await
}

/// Asserts that the only delivery has this disposition, and that SQS deletes the message without a copy.
fn is_final(delivered: &[Delivered], keeper: Keeper, queue: &Fifo) {
    let [Delivered { report, failed, .. }] = delivered else { panic!("{} deliveries", delivered.len()) };
    assert_eq!(Disposition::of(report.outcome, report.reason), Disposition::Final(keeper), "{report:?}");
    assert!(!failed && queue.work.messages().is_empty() && queue.dead.messages().is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_message_that_is_retried_returns_to_the_queue() {
    let (world, source) = blocking();
    let queue = Fifo::default();
    world.refuses_next(Passing::of("RegisterTaskDefinition")[1]);
    let delivered = delivers(&world, &source, &queue).await;
    let first = &delivered[0];
    assert_eq!(Disposition::of(first.report.outcome, first.report.reason), Disposition::Retry);
    assert_eq!((first.failed, delivered.len(), delivered[1].report.outcome), (true, 2, Outcome::Remediated));
}

#[tokio::test]
async fn a_message_that_waits_for_an_operator_becomes_a_dead_letter() {
    let (world, source) = blocking();
    let queue = Fifo::default();
    let (kind, call, message) = (ErrorKind::Refused, "DescribeTaskDefinition", "no".to_owned());
    world.always(call, PortError { kind, call, message, reason: Some(Reason::AccessDenied) });
    let delivered = delivers(&world, &source, &queue).await;
    let [Delivered { report, failed, .. }] = delivered.as_slice() else { panic!("{} deliveries", delivered.len()) };
    assert_eq!(Disposition::of(report.outcome, report.reason), Disposition::DeadLetter);
    assert_eq!((*failed, queue.work.messages().len(), queue.dead.messages().len()), (false, 0, 1));
    assert_eq!(queue.dead.messages()[0].body, event(&source).to_string());
}

#[tokio::test]
async fn the_record_of_the_source_keeps_the_result_of_a_correction_and_of_a_duplicate() {
    let (world, source) = blocking();
    for reason in [None, Some(Reason::Duplicate)] {
        let queue = Fifo::default();
        let delivered = delivers(&world, &source, &queue).await;
        assert_eq!(delivered[0].report.reason, reason);
        is_final(&delivered, Keeper::Record, &queue);
        let closing = world.account(|account| account.records[&source].head.closing.clone());
        assert_eq!(closing.unwrap().outcome, Outcome::Remediated);
    }
}

#[tokio::test]
async fn the_state_of_the_family_keeps_the_hold_and_the_revision_of_the_event() {
    let (world, source) = blocking();
    register(&world, &event(&source)).await;
    let hold_until = Some(world.account(|account| account.now) + SignedDuration::from_hours(2));
    backs_out_with(&world, "operator", &source, BackoutOptions { hold_until, ..BackoutOptions::default() }).await;
    let (later, queue) = (world.account(|account| account.registers(BLOCKING)), Fifo::default());
    let delivered = delivers(&world, &later, &queue).await;
    assert_eq!(delivered[0].report.reason, Some(Reason::OnHold));
    is_final(&delivered, Keeper::Family, &queue);
    let family = world.account(|account| account.remembered[&FamilyName::of(&later)].clone());
    assert!(family.hold.is_some() && format!("{:?}", family.deferred).contains("revision: 3"), "{family:?}");
}

#[tokio::test]
async fn a_notification_keeps_the_name_of_a_revision_that_logweir_does_not_correct() {
    let world = World::new();
    let document = BLOCKING.replacen('{', "{\"requiresCompatibilities\":[\"EXTERNAL\"],", 1);
    let (source, queue) = (world.account(|account| account.registers(&document)), Fifo::default());
    let delivered = delivers(&world, &source, &queue).await;
    is_final(&delivered, Keeper::Notification, &queue);
    assert!(Notice::of(&delivered[0].report).is_some(), "{:?}", delivered[0].report);
}

#[tokio::test]
async fn a_later_event_follows_a_revision_that_is_not_the_newest() {
    let (world, source) = blocking();
    let (newer, queue) = (world.account(|account| account.registers(BLOCKING)), Fifo::default());
    let delivered = delivers(&world, &source, &queue).await;
    assert_eq!(ended(&delivered[0].report), (Outcome::Superseded, Some(Reason::NotLatest)));
    is_final(&delivered, Keeper::LaterEvent, &queue);
    assert_eq!(delivers(&world, &newer, &queue).await[0].report.outcome, Outcome::Remediated);
}

#[tokio::test]
async fn nothing_keeps_an_event_that_requires_no_change() {
    let (world, _) = blocking();
    let sound = BLOCKING.replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
    let (source, queue) = (world.account(|account| account.registers(&sound)), Fifo::default());
    let delivered = delivers(&world, &source, &queue).await;
    assert_eq!(delivered[0].report.outcome, Outcome::Compliant);
    is_final(&delivered, Keeper::NoChange, &queue);
    assert!(world.account(|account| account.records.is_empty() && account.remembered.is_empty()));
}

/// A message that waits is no failure: its copy waits in the queue, and the original is deleted.
#[tokio::test]
async fn a_message_that_waits_for_its_slot_is_kept_as_a_copy() {
    let rate = "registers-per-second = 0.001";
    let slow = SHIPPED_BASELINE.replace("registers-per-second = 0.2", rate);
    let (world, first) = blocking();
    let second = world.account(|account| account.registers(&BLOCKING.replacen("\"web\"", "\"web-2\"", 1)));
    let queue = Fifo::default();
    queue.delivers(&world, &slow, &event(&first)).await;
    let (reply, report) = queue.delivers(&world, &slow, &event(&second)).await;
    assert_eq!((report.reason, report.is_retried()), (Some(Reason::RateLimited), false));
    assert_eq!(reply.to_json(), serde_json::json!({"batchItemFailures": []}));
    let copies = queue.work.messages();
    assert_eq!((copies.len(), copies[0].body.clone()), (1, event(&second).to_string()));
}
