//! Revisions that a principal registers while their family is on hold. After the hold, Logweir corrects such a revision
//! if it is still the newest of its family.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::family::{Family, FamilyName, Hold};
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::BackoutOptions;

use crate::world::queue::{Delivered, Fifo};
use crate::world::story::{BLOCKING, applies, backs_out, backs_out_with, ended, event, register};
use crate::world::{Moment, Then, World};

const REFUSED: (Outcome, Option<Reason>) = (Outcome::Refused, Some(Reason::OnHold));
const SUPERSEDED: (Outcome, Option<Reason>) = (Outcome::Superseded, Some(Reason::NotLatest));

/// A world in which an operator backed web:1 out and put the family on hold for two hours. web:2 was the correction.
async fn on_hold() -> (World, Fifo) {
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(BLOCKING)
    });
    register(&world, &event(&source)).await;
    let hold_until = Some(world.account(|account| account.now) + SignedDuration::from_hours(2));
    let ask = BackoutOptions { hold_until, ..BackoutOptions::default() };
    assert_eq!(backs_out_with(&world, "operator", &source, ask).await.outcome, Outcome::BackedOut);
    world.advance(SignedDuration::from_mins(30));
    (world, Fifo::default())
}

/// Registers a revision during the hold, and delivers its event.
async fn registers(world: &World, queue: &Fifo) -> RevisionArn {
    let source = world.account(|account| account.registers(BLOCKING));
    queue.holds(world, &event(&source));
    let delivered = queue.drains(world, |_| SignedDuration::ZERO).await;
    assert_eq!(endings(&delivered), [REFUSED]);
    source
}

fn endings(delivered: &[Delivered]) -> Vec<(Outcome, Option<Reason>)> {
    delivered.iter().map(|it| ended(&it.report)).collect()
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

/// Runs the schedule, and delivers the messages that it sent.
async fn schedule(world: &World, queue: &Fifo) -> Vec<(Outcome, Option<Reason>)> {
    queue.resumes(world, Mode::Register).await;
    endings(&queue.drains(world, |_| SignedDuration::ZERO).await)
}

#[tokio::test]
async fn a_revision_that_was_registered_during_a_hold_is_corrected_once_after_the_hold() {
    let (world, queue) = on_hold().await;
    registers(&world, &queue).await;
    assert_eq!((schedule(&world, &queue).await, active(&world)), (vec![], vec![1, 3]), "the hold is in force");
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(schedule(&world, &queue).await, [(Outcome::Remediated, None)]);
    assert_eq!(active(&world), [1, 3, 4]);
    assert_eq!(schedule(&world, &queue).await, [], "nothing is released twice");
    let state = world.account(|account| account.remembered.values().next().cloned().unwrap());
    assert_eq!((state.is_stopped(), state.corrections.len()), (false, 2), "the fuse counts it");
}

#[tokio::test]
async fn only_the_newest_revision_is_corrected() {
    let (world, queue) = on_hold().await;
    let [older, newer] = [registers(&world, &queue).await, registers(&world, &queue).await];
    queue.holds(&world, &event(&older));
    queue.drains(&world, |_| SignedDuration::ZERO).await;
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(schedule(&world, &queue).await, [(Outcome::Remediated, None), SUPERSEDED]);
    assert!(world.account(|account| account.records.contains_key(&newer) && !account.records.contains_key(&older)));
}

#[tokio::test]
async fn a_revision_that_is_no_longer_the_newest_is_not_corrected_after_the_hold() {
    let (world, queue) = on_hold().await;
    registers(&world, &queue).await;
    let sound = BLOCKING.replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
    world.account(|account| account.registers(&sound));
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(schedule(&world, &queue).await, [SUPERSEDED]);
    assert_eq!((active(&world), schedule(&world, &queue).await), (vec![1, 3, 4], vec![]));
}

#[tokio::test]
async fn a_revision_that_is_the_newest_again_at_the_end_of_the_hold_is_corrected() {
    let (world, queue) = on_hold().await;
    let [_, newer] = [registers(&world, &queue).await, registers(&world, &queue).await];
    world.account(|account| account.deregisters(&newer));
    world.advance(SignedDuration::from_hours(2));
    assert_eq!(schedule(&world, &queue).await, [SUPERSEDED, (Outcome::Remediated, None)]);
    assert_eq!((active(&world), schedule(&world, &queue).await), (vec![1, 3, 5], vec![]));
}

#[tokio::test]
async fn a_longer_hold_and_mode_observe_defer_the_revision_further() {
    let (world, queue) = on_hold().await;
    let source = registers(&world, &queue).await;
    let hold_until = Some(world.account(|account| account.now) + SignedDuration::from_hours(9));
    let ask = BackoutOptions { hold_until, ..BackoutOptions::default() };
    backs_out_with(&world, "operator", &world.account(|account| account.arn("web", 1)), ask).await;
    world.advance(SignedDuration::from_hours(3));
    assert_eq!(schedule(&world, &queue).await, []);
    world.advance(SignedDuration::from_hours(9));
    queue.resumes(&world, Mode::Observe).await;
    assert_eq!(queue.work.messages(), []);
    assert_eq!((schedule(&world, &queue).await, active(&world)), (vec![(Outcome::Remediated, None)], vec![1, 3, 4]));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
}

#[tokio::test]
async fn the_release_takes_slots_of_the_rate_limit_and_survives_a_queue_that_fails() {
    let (world, queue) = on_hold().await;
    registers(&world, &queue).await;
    world.advance(SignedDuration::from_hours(2));
    queue.breaks();
    let reports = queue.resumes(&world, Mode::Register).await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::Failed, Some(Reason::Unreadable))]);
    assert!(reports[0].error.as_ref().unwrap().contains("no answer in time"), "{:?}", reports[0]);
    queue.recovers();
    let slow = SHIPPED_BASELINE.replace("registers-per-second = 0.2", "registers-per-second = 0.0005");
    let other = world.account(|account| account.registers(&BLOCKING.replacen("\"web\"", "\"web-2\"", 1)));
    assert_eq!(queue.delivers(&world, &slow, &event(&other)).await.1.outcome, Outcome::Remediated);
    queue.resumes(&world, Mode::Register).await;
    let delivered = endings(&queue.drains_by(&world, &slow, |_| SignedDuration::ZERO).await);
    let (last, waited) = delivered.split_last().unwrap();
    assert_eq!(*last, (Outcome::Remediated, None));
    assert!(!waited.is_empty(), "it waits for a slot");
    assert!(waited.iter().all(|ended| *ended == (Outcome::Skipped, Some(Reason::RateLimited))), "{waited:?}");
}

/// Puts more families on hold for two hours, and registers a faulty revision of each of them.
async fn hold_more(world: &World, queue: &Fifo, families: &[&str]) {
    for family in families {
        let source = world.account(|account| {
            let source = account.registers(&BLOCKING.replacen("\"web\"", &format!("{family:?}"), 1));
            let hold = Some(Hold { until: account.now + SignedDuration::from_hours(2), reason: None, by: None });
            let name = FamilyName::of(&source);
            let state = Family { hold, version: 1, ..Family::new(name.clone(), account.now) };
            account.remembered.insert(name, state);
            source
        });
        queue.holds(world, &event(&source));
    }
    let delivered = queue.drains(world, |_| SignedDuration::ZERO).await;
    assert_eq!(endings(&delivered), vec![REFUSED; families.len()]);
}

/// Makes each of the next writes of a family's state take this long.
fn slow_writes(world: &World, seconds: i64) {
    for nth in 1..=9 {
        let slow = Then::act(move |account| account.now += SignedDuration::from_secs(seconds));
        world.at_nth("put_family", nth, Moment::After, slow);
    }
}

#[tokio::test]
async fn a_run_begins_no_release_after_15_seconds_and_still_notes_the_mode() {
    let (world, queue) = on_hold().await;
    hold_more(&world, &queue, &["shop", "cron", "mail"]).await;
    world.advance(SignedDuration::from_hours(2));
    slow_writes(&world, 16);
    for released in 1..=3 {
        world.account(|account| account.reconciliations.clear());
        queue.resumes(&world, Mode::Register).await;
        assert_eq!(queue.work.messages().len(), released, "one family fills the time for releases");
        assert_eq!(world.account(|account| account.reconciliations.len()), 1, "the mode is noted");
    }
}

#[tokio::test]
async fn the_messages_about_many_services_are_sent_in_several_runs() {
    let (world, queue) = on_hold().await;
    let source = registers(&world, &queue).await;
    world.account(|account| {
        let state = account.remembered.values_mut().next().unwrap();
        let service = |n| format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/web-{n}").parse().unwrap();
        (0..250).for_each(|n| state.deferred.add_service(&source, &service(n)));
    });
    world.advance(SignedDuration::from_hours(2));
    let mut updates = BTreeSet::new();
    for sent in [101, 101, 51, 0] {
        let before = queue.work.messages().len();
        queue.resumes(&world, Mode::Register).await;
        let messages = queue.work.messages().split_off(before);
        assert_eq!(messages.len(), sent);
        updates.extend(messages.into_iter().map(|it| it.body).filter(|body| body.contains("UpdateService")));
    }
    assert_eq!(updates.len(), 250);
}

#[tokio::test]
async fn the_time_of_the_releases_counts_toward_the_time_of_the_run() {
    let (world, queue) = on_hold().await;
    hold_more(&world, &queue, &["shop"]).await;
    let source = world.account(|account| account.registers(&BLOCKING.replacen("\"web\"", "\"cron\"", 1)));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(SignedDuration::from_hours(2));
    slow_writes(&world, 41);
    assert_eq!(queue.resumes(&world, Mode::Register).await, [], "the release took all the time");
    assert_eq!(queue.work.messages().len(), 1);
    let reports = queue.resumes(&world, Mode::Register).await;
    assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::Remediated, None)]);
}

#[tokio::test]
async fn a_worker_that_dies_between_the_message_and_its_record_releases_the_revision_only_once() {
    let (world, queue) = on_hold().await;
    registers(&world, &queue).await;
    world.advance(SignedDuration::from_hours(2));
    world.at_next("put_family", Moment::Before, Then::Crash);
    queue.resumes(&world, Mode::Register).await;
    world.restart();
    let again = schedule(&world, &queue).await;
    assert_eq!(again, [(Outcome::Remediated, None), (Outcome::Skipped, Some(Reason::Duplicate))]);
    assert_eq!(active(&world), [1, 3, 4]);
}

#[tokio::test]
async fn wherever_the_scheduled_run_dies_the_revision_is_corrected_exactly_once() {
    let mut died = 0;
    for number in 1.. {
        let (world, queue) = on_hold().await;
        registers(&world, &queue).await;
        world.advance(SignedDuration::from_hours(2));
        world.at(world.calls().len() + number, Moment::After, Then::Crash);
        queue.resumes(&world, Mode::Register).await;
        let is_dead = world.is_dead();
        world.restart();
        for _ in 0..2 {
            world.advance(SignedDuration::from_mins(10));
            schedule(&world, &queue).await;
        }
        assert_eq!((active(&world), queue.dead.messages()), (vec![1, 3, 4], vec![]), "call {number}");
        assert_eq!(world.account(|account| account.wrongs.clone()), [""; 0], "call {number}");
        if !is_dead {
            break;
        }
        died += 1;
    }
    assert!(died >= 5, "{died}");
}

#[tokio::test]
async fn a_hold_that_an_operator_ends_early_releases_the_revision() {
    let (world, queue) = on_hold().await;
    let source = registers(&world, &queue).await;
    assert_eq!(applies(&world, &source, true).await.outcome, Outcome::Remediated);
    assert_eq!(schedule(&world, &queue).await, [(Outcome::Skipped, Some(Reason::Duplicate))]);
    assert_eq!((active(&world), schedule(&world, &queue).await), (vec![1, 3, 4], vec![]));
    assert_eq!(world.account(|account| account.wrongs.clone()), [""; 0]);
}
