//! Retirements that crash, and retirements beside other acts.

use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;

use super::{RETIRED, active, nothing_wrong, passes, record, schedule, withdrawn};
use crate::world::story::{backs_out, ended, retires};
use crate::world::{Moment, Then};

/// The error of a call without a permission.
fn denied(call: &'static str) -> PortError {
    let (message, reason) = ("AccessDeniedException".into(), Some(Reason::AccessDenied));
    PortError { kind: ErrorKind::Refused, call, message, reason }
}

#[tokio::test]
async fn a_service_that_is_updated_just_before_the_deregistration_needs_an_operator() {
    let (world, source, corrected) = withdrawn().await;
    schedule(&world, 20).await;
    let pointed = Then::act(move |account| drop(account.running.insert("service prod/web".into(), corrected)));
    world.at_next("DeregisterTaskDefinition", Moment::Before, pointed);
    let registered = world.count("RegisterTaskDefinition");
    let decisions = schedule(&world, 5).await;
    assert_eq!(ended(&decisions[0].1), (Outcome::NeedsOperator, Some(Reason::StillRunning)));
    assert!(decisions[0].1.error.as_ref().unwrap().contains("prod/web"), "{decisions:?}");
    assert_eq!((active(&world), world.count("RegisterTaskDefinition")), (vec![], registered));
    let head = record(&world, &source).await.head;
    assert_eq!((head.closing.unwrap().outcome, head.retirement), (Outcome::NeedsOperator, None));
    assert_eq!(schedule(&world, 60).await, []);
}

#[tokio::test]
async fn a_retirement_survives_a_crash_at_every_call() {
    let calls = {
        let (world, _, _) = withdrawn().await;
        schedule(&world, 20).await;
        let before = world.calls().len();
        schedule(&world, 5).await;
        world.calls().len() - before
    };
    assert!(calls > 8, "{calls} calls");
    for call in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            let (world, source, _) = withdrawn().await;
            schedule(&world, 20).await;
            passes(&world, 5);
            world.at(world.calls().len() + call, moment, Then::Crash);
            let _ = logweir::workflow::retire_unused(&world, &order()).await;
            world.restart();
            world.advance(LEASE);
            schedule(&world, 30).await;
            assert_eq!(active(&world), Vec::<usize>::new(), "a crash {moment:?} call {call}");
            let head = record(&world, &source).await.head;
            assert_eq!((head.retirement, head.corrected), (None, None), "a crash {moment:?} call {call}");
            let retired = Some(Outcome::Retired);
            assert!(head.closing.map(|closing| closing.outcome) == retired, "a crash {moment:?} call {call}");
            nothing_wrong(&world);
        }
    }
}

fn order() -> logweir::workflow::BackoutOrder<'static> {
    use std::sync::LazyLock;
    static HOME: LazyLock<logweir::domain::event::Home> = LazyLock::new(crate::world::story::home);
    static BY: LazyLock<logweir::domain::report::BackoutBy> = LazyLock::new(crate::world::story::by);
    crate::order::backout(&HOME, &BY, "dies", logweir::workflow::BackoutOptions::default())
}

#[tokio::test]
async fn a_backout_waits_for_the_lease_of_a_retirement() {
    let (world, source, _) = withdrawn().await;
    schedule(&world, 20).await;
    passes(&world, 5);
    world.at_next("DeregisterTaskDefinition", Moment::After, Then::Crash);
    retires(&world).await;
    world.restart();
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Skipped, Some(Reason::Locked)));
    world.advance(LEASE);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!((schedule(&world, 60).await, active(&world)), (vec![], vec![]));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_backout_before_the_retirement_leaves_nothing_to_retire() {
    let (world, source, _) = withdrawn().await;
    backs_out(&world, &source).await;
    let before = world.count("DeregisterTaskDefinition");
    assert_eq!(schedule(&world, 120).await, []);
    assert_eq!(world.count("DeregisterTaskDefinition"), before);
}

#[tokio::test]
async fn two_workers_retire_a_revision_once() {
    let (world, _, _) = withdrawn().await;
    schedule(&world, 20).await;
    passes(&world, 5);
    let other = order();
    let (first, second) = tokio::join!(retires(&world), logweir::workflow::retire_unused(&world, &other));
    let retired: Vec<_> = first.iter().chain(&second.unwrap()).map(ended).collect();
    assert_eq!((retired, world.count("DeregisterTaskDefinition")), (vec![RETIRED], 1));
}

#[tokio::test]
async fn a_refused_deregistration_is_tried_less_and_less_often() {
    let (world, _, _) = withdrawn().await;
    world.always("DeregisterTaskDefinition", denied("DeregisterTaskDefinition"));
    schedule(&world, 24 * 60).await;
    assert!(world.count("DeregisterTaskDefinition") < 12, "{}", world.count("DeregisterTaskDefinition"));
    assert_eq!(active(&world), [2]);
}

#[tokio::test]
async fn a_refused_last_look_is_reported_once_and_repeated_until_it_succeeds() {
    // The worker that deregistered the revision may die before its last look.
    for dies in [false, true] {
        let (world, source, _) = withdrawn().await;
        schedule(&world, 20).await;
        match dies {
            true => {
                passes(&world, 5);
                world.at_next("DeregisterTaskDefinition", Moment::After, Then::Crash);
                retires(&world).await;
                world.restart();
                world.advance(LEASE);
                world.always("ListServices", denied("ListServices"));
            }
            false => world.at_nth("ListServices", 2, Moment::Before, Then::Fail(denied("ListServices"))),
        }
        let first = schedule(&world, 5).await;
        assert_eq!(
            (first.len(), first[0].1.outcome, first[0].1.notify.repeats),
            (1, Outcome::NeedsOperator, Some(false))
        );
        assert!(first[0].1.error.as_ref().unwrap().contains("deregistered web:2"), "{first:?}");
        world.always("ListServices", denied("ListServices"));
        let standing = record(&world, &source).await;
        let later = schedule(&world, 60).await;
        assert!(later.len() == 12 && later.iter().all(|(_, it)| it.notify.repeats == Some(true)), "{later:?}");
        assert_eq!(record(&world, &source).await, standing, "a repetition writes nothing");
        world.restart();
        assert_eq!(ended(&schedule(&world, 5).await[0].1), RETIRED);
    }
}
