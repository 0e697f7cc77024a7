//! Revisions that a principal registers while their family is on hold. After the hold, Logweir corrects such a revision
//! if it is still the newest of its family.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::family::{Family, FamilyName, Hold};
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::report::{Decision, Report};
use logweir::handler::{BackoutCaller, HandlerReply, handle_backout};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::BackoutOptions;
use serde_json::{Value, json};

use crate::world::queue::{Delivered, Fifo};
use crate::world::story::{BLOCKING, applies, backs_out, backs_out_with, by, ended, event, home, register};
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

/// Handles a payload of the backout function.
async fn asks(world: &World, payload: Value) -> Report {
    let (home, by) = (home(), by());
    let taker = BackoutCaller { home: &home, worker: "function", lease: LEASE, backout: &by, retires: true };
    let reply = handle_backout(world, taker, &payload, &|| 0, &mut |_: &Decision| {}).await;
    let HandlerReply::One(decision) = reply else { panic!("{reply:?}") };
    decision.report
}

/// The end of the family's hold.
fn held_until(world: &World) -> Option<String> {
    let state = world.account(|account| account.remembered.values().next().cloned())?;
    state.hold.map(|hold| format!("{:.0}", hold.until))
}

#[tokio::test]
async fn a_hold_needs_no_record_and_ends_on_request() {
    let (world, queue) = (World::new(), Fifo::default());
    let source = world.account(|account| account.registers(BLOCKING));
    let request = json!({
        "logweir": "hold", "family": "web", "until": "2026-12-24", "reason": "INC-42", "requested_by": "me"
    });
    let report = asks(&world, request).await;
    assert_eq!(
        (report.outcome, report.family.as_deref(), report.actor.as_deref()),
        (Outcome::Held, Some("web"), Some("me"))
    );
    assert_eq!(report.notes, ["family web is on hold until 2026-12-25T00:00:00Z"]);
    queue.holds(&world, &event(&source));
    assert_eq!(endings(&queue.drains(&world, |_| SignedDuration::ZERO).await), [REFUSED]);
    assert_eq!(schedule(&world, &queue).await, []);
    let report = asks(&world, json!({"logweir": "release", "family": "web"})).await;
    assert_eq!(report.outcome, Outcome::Released);
    assert!(
        report.notes[0].contains("2026-12-25T00:00:00Z") && report.notes[1].contains("web:1"),
        "{:?}",
        report.notes
    );
    assert_eq!(schedule(&world, &queue).await, [(Outcome::Remediated, None)]);
    assert_eq!((active(&world), held_until(&world)), (vec![1, 2], None));
}

#[tokio::test]
async fn a_second_hold_replaces_the_first_and_a_second_release_changes_nothing() {
    let world = World::new();
    world.account(|account| account.registers(BLOCKING));
    let hold = |until: &str| json!({"logweir": "hold", "family": "web", "until": until});
    asks(&world, hold("2026-12-24T00:00:00Z")).await;
    let report = asks(&world, hold("2026-12-01T08:00:00Z")).await;
    assert_eq!(report.notes[1], "this hold replaces the hold until 2026-12-24T00:00:00Z");
    assert_eq!(held_until(&world).as_deref(), Some("2026-12-01T08:00:00Z"));
    let release = json!({"logweir": "release", "family": "web"});
    assert_eq!(asks(&world, release.clone()).await.outcome, Outcome::Released);
    let before = world.picture();
    let again = asks(&world, release).await;
    assert_eq!((again.outcome, again.reason, again.exit_code()), (Outcome::Skipped, Some(Reason::NotOnHold), 0));
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn a_hold_of_a_family_that_ecs_does_not_know_is_stored_and_reported() {
    let world = World::new();
    let report = asks(&world, json!({"logweir": "hold", "family": "wbe", "until": "2026-12-24"})).await;
    assert_eq!(report.outcome, Outcome::Held);
    assert!(report.notes[1].contains("no ACTIVE revision of family wbe"), "{:?}", report.notes);
}

#[tokio::test]
async fn a_release_leaves_an_open_fuse_open() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    asks(&world, json!({"logweir": "hold", "family": "web", "until": "2026-12-24"})).await;
    world.account(|account| {
        let now = account.now;
        account.remembered.get_mut(&FamilyName::of(&source)).unwrap().blow(1, "web-1 failed".into(), now);
    });
    let report = asks(&world, json!({"logweir": "release", "family": "web"})).await;
    assert!(report.notes.iter().any(|note| note.contains("the family's fuse is open")), "{:?}", report.notes);
    assert!(world.account(|account| account.remembered.values().next().unwrap().fuse.is_some()));
}

#[tokio::test]
async fn a_request_with_a_fault_changes_nothing_and_names_the_fault() {
    let world = World::new();
    world.account(|account| account.registers(BLOCKING));
    let before = world.picture();
    for (payload, why) in [
        (json!({"logweir": "hold", "family": "web"}), "missing field `until`"),
        (json!({"logweir": "hold", "until": "2026-12-24"}), "missing field `family`"),
        (json!({"logweir": "hold", "family": "web", "until": "2h"}), "neither a time nor a day"),
        (json!({"logweir": "hold", "family": "web", "until": "2026-12-24T08:00"}), "neither a time nor a day"),
        (json!({"logweir": "hold", "family": "web", "until": "2026-11-01"}), "this time has passed"),
        (json!({"logweir": "hold", "family": "web:1", "until": "2026-12-24"}), "`family` is not the name"),
        (json!({"logweir": "hold", "family": "../a", "until": "2026-12-24"}), "`family` is not the name"),
        (
            json!({"logweir": "hold", "family": "web", "until": "2026-12-24", "forever": true}),
            "unknown field `forever`",
        ),
        (json!({"logweir": "release", "family": "web", "until": "2026-12-24"}), "unknown field `until`"),
        (json!({"logweir": "release", "family": ["web"]}), "has the wrong form"),
    ] {
        let report = asks(&world, payload.clone()).await;
        assert_eq!((report.outcome, report.reason), (Outcome::Failed, Some(Reason::Unreadable)), "{payload}");
        assert!(report.error.as_ref().unwrap().contains(why), "{payload}: {:?}", report.error);
        assert_eq!(world.picture(), before, "{payload}");
    }
}

#[tokio::test]
async fn a_hold_survives_another_worker_that_writes_the_state_at_the_same_time() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next(
        "put_family",
        Moment::Before,
        Then::act(move |account| {
            let name = FamilyName::of(&source);
            let state = Family { version: 1, ..Family::new(name.clone(), account.now) };
            account.remembered.insert(name, state);
        }),
    );
    let report = asks(&world, json!({"logweir": "hold", "family": "web", "until": "2026-12-24"})).await;
    assert_eq!((report.outcome, held_until(&world).as_deref()), (Outcome::Held, Some("2026-12-25T00:00:00Z")));
}
