//! The registration rate limit: for any events in any order, Logweir never registers faster than the limit allows, and
//! finally corrects every source.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::{Cause, RevisionRef, Trigger, read};
use logweir::domain::limits::rate::{AHEAD, BURST, RateLimit};
use logweir::domain::outcome::{Mode, Outcome, Reason, TriggerKind};
use logweir::domain::report::Decision;
use logweir::ports::{Clock, ErrorKind, Journal, PortError};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{Order, Origin, remediate};
use serde_json::json;
use tokio::task::JoinSet;

use crate::order::order;
use crate::world::queue::{Delivered, Fifo, Sent};
use crate::world::story::{BLOCKING, by, ended, event, home};
use crate::world::{Lag, Moment, Then, World};

const EXHAUSTED: (Outcome, Option<Reason>) = (Outcome::Skipped, Some(Reason::RateLimited));
const REMEDIATED: (Outcome, Option<Reason>) = (Outcome::Remediated, None);

/// The burst at 0.2 registrations per second.
const AT_ONCE: usize = 4;

async fn handled(world: &World, origin: Origin, mode: Mode, source: &RevisionArn) -> Decision {
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let worker = format!("{}-{}", source.short(), world.now().as_nanosecond());
    let order = Order { origin, ..order(&home, &by, &baseline, mode, &worker) };
    let trigger = match origin {
        Origin::Apply { .. } => {
            Trigger::Remediate { which: RevisionRef::Revision(source.clone()), cause: Cause::default() }
        }
        _ => read(&event(source), &home).unwrap(),
    };
    remediate(world, &order, trigger).await
}

async fn comes(world: &World, source: &RevisionArn) -> Decision {
    handled(world, Origin::Event, Mode::Register, source).await
}

/// Registers a document that blocks on its logs for each of `count` families.
fn sources(world: &World, count: usize) -> Vec<RevisionArn> {
    let document = |number: usize| BLOCKING.replacen("\"web\"", &format!("\"web-{number}\""), 1);
    world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        (0..count).map(|number| account.registers(&document(number))).collect()
    })
}

/// A world whose rate limit is exhausted, and a source that has to wait.
async fn spent() -> (World, RevisionArn) {
    let world = World::new();
    let mut sources = sources(&world, AT_ONCE + 1);
    let last = sources.pop().unwrap();
    for source in &sources {
        assert_eq!(ended(&comes(&world, source).await), REMEDIATED);
    }
    (world, last)
}

/// The number of counted corrections of all families together.
fn counted(world: &World) -> usize {
    world.account(|account| account.remembered.values().map(|family| family.corrections.len()).sum())
}

#[tokio::test]
async fn a_correction_over_the_rate_limit_waits_for_its_slot_and_starts_nothing() {
    let (world, source) = spent().await;
    let (records, groups) = world.account(|account| (account.records.clone(), account.groups.clone()));
    let report = comes(&world, &source).await;
    assert_eq!((ended(&report), report.is_retried()), (EXHAUSTED, true));
    let why = report.error.as_deref().unwrap();
    assert!(why.ends_with("the time reserved for this revision is 2026-11-21T12:00:05Z"), "{why}");
    assert_eq!((report.report.changes, report.report.corrected, report.report.backout), (vec![], None, None));
    assert_eq!(world.account(|account| (account.records.clone(), account.groups.clone())), (records, groups));
    assert_eq!(counted(&world), AT_ONCE, "a waiting correction does not count towards the fuse");
}

#[tokio::test]
async fn a_message_is_admitted_in_its_slot_or_after_it_and_keeps_its_slot_before_it() {
    for late in [SignedDuration::ZERO, BURST, SignedDuration::from_hours(99)] {
        let (world, source) = spent().await;
        comes(&world, &source).await;
        let slot = world.now() + SignedDuration::from_secs(5);
        let puts = world.count("put_budget");
        for early in [SignedDuration::from_secs(3), SignedDuration::from_millis(1)] {
            world.account(|account| account.now = slot - early);
            let report = handled(&world, Origin::Delayed { slot }, Mode::Register, &source).await;
            assert_eq!(ended(&report), EXHAUSTED, "{early} early");
            assert!(report.report.error.unwrap().ends_with("12:00:05Z"), "the slot does not change");
        }
        assert_eq!(world.count("put_budget"), puts);
        world.account(|account| account.now = slot + late);
        let report = handled(&world, Origin::Delayed { slot }, Mode::Register, &source).await;
        assert_eq!(ended(&report), REMEDIATED, "{late} late");
    }
}

#[tokio::test]
async fn a_slot_that_was_not_reserved_admits_no_message() {
    for off in [SignedDuration::ZERO, -AHEAD, AHEAD + SignedDuration::from_nanos(1), AHEAD * 9] {
        let (world, source) = spent().await;
        let origin = Origin::Delayed { slot: world.now() + off };
        let report = handled(&world, origin, Mode::Register, &source).await;
        assert_eq!(ended(&report), EXHAUSTED, "{off:?}");
        assert!(report.report.error.unwrap().ends_with("12:00:05Z"), "it got a slot of its own: {off:?}");
    }
}

#[tokio::test]
async fn operators_do_not_wait_and_events_without_a_registration_take_no_slot() {
    let (world, source) = spent().await;
    let taken = world.count("budget");
    assert_eq!(ended(&handled(&world, Origin::Event, Mode::Observe, &source).await).0, Outcome::Observed);
    let first = world.account(|account| account.arn("web-0", 1));
    assert_eq!(ended(&comes(&world, &first).await), (Outcome::Skipped, Some(Reason::Duplicate)));
    let compliant = world.account(|account| {
        let document = crate::world::story::corrected_text().replacen("\"web\"", "\"fine\"", 1);
        account.registers(&document)
    });
    assert_eq!(ended(&comes(&world, &compliant).await).0, Outcome::Compliant);
    let without_group = world.account(|account| {
        let document = crate::world::story::corrected_text().replacen("\"web\"", "\"groupless\"", 1);
        account.registers(&document.replace("/ecs/web", "/ecs/groupless"))
    });
    assert_eq!(ended(&comes(&world, &without_group).await), REMEDIATED, "only a log group was created");
    assert_eq!(ended(&handled(&world, Origin::Replay, Mode::Register, &source).await), REMEDIATED);
    let by_name = world.account(|account| account.registers(&BLOCKING.replacen("\"web\"", "\"by-name\"", 1)));
    assert_eq!(ended(&handled(&world, Origin::Apply { again: false }, Mode::Register, &by_name).await), REMEDIATED);
    crate::world::story::backs_out(&world, &by_name).await;
    assert_eq!(world.count("budget"), taken, "the rate limit was not read again");
}

#[tokio::test]
async fn a_started_correction_is_resumed_although_the_rate_limit_is_exhausted() {
    let (world, source) = spent().await;
    world.advance(SignedDuration::from_secs(5));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    comes(&world, &source).await;
    world.restart();
    world.advance(Lag::LONGEST);
    for source in sources(&world, AT_ONCE) {
        comes(&world, &source).await;
    }
    let taken = world.count("put_budget");
    assert_eq!(ended(&comes(&world, &source).await), REMEDIATED);
    assert_eq!(world.count("put_budget"), taken);
}

#[tokio::test]
async fn of_many_concurrent_events_each_gets_its_own_slot() {
    const MANY: usize = 12;
    let world = World::new();
    let mut at_work = JoinSet::new();
    for source in sources(&world, MANY) {
        let world = world.clone();
        at_work.spawn(async move { comes(&world, &source).await });
    }
    let reports = at_work.join_all().await;
    let mut turns: Vec<String> = reports.iter().filter_map(|report| report.error.clone()).collect();
    turns.sort();
    turns.dedup();
    let corrected = reports.iter().filter(|report| ended(report) == REMEDIATED).count();
    assert_eq!((corrected, turns.len()), (AT_ONCE, MANY - AT_ONCE), "{turns:?}");
    assert!(reports.iter().all(|report| [REMEDIATED, EXHAUSTED].contains(&ended(report))), "{reports:?}");
}

#[tokio::test]
async fn if_the_rate_limit_cannot_be_read_or_written_the_event_fails_and_nothing_is_registered() {
    for call in ["budget", "put_budget"] {
        let world = World::new();
        let source = sources(&world, 1).remove(0);
        let message = "no answer in time".to_owned();
        world.always(call, PortError { kind: ErrorKind::Retry, call: "PutItem", message, reason: None });
        let report = comes(&world, &source).await;
        assert_eq!((report.outcome, report.is_retried()), (Outcome::Failed, true), "{call}");
        assert_eq!((world.count("RegisterTaskDefinition"), world.count("commit")), (0, 0), "{call}");
        world.restart();
        assert_eq!(ended(&comes(&world, &source).await), REMEDIATED, "{call}");
    }
}

fn failures(delivered: &[Delivered]) -> usize {
    delivered.iter().filter(|delivered| delivered.failed).count()
}

/// The number of receives and the last outcome of each message.
fn told(delivered: &[Delivered]) -> BTreeMap<String, (usize, (Outcome, Option<Reason>))> {
    let mut told = BTreeMap::new();
    for Delivered { name, report, .. } in delivered {
        let (times, last) = told.entry(name.clone()).or_insert((0, EXHAUSTED));
        (*times, *last) = (*times + 1, ended(report));
    }
    told
}

#[tokio::test]
async fn a_release_of_many_families_drains_at_the_limits_rate_with_at_most_two_receives_per_message() {
    const MANY: usize = 40;
    let world = World::new();
    let queue = Fifo::default();
    for source in sources(&world, MANY) {
        queue.holds(&world, &event(&source));
    }
    let begun = world.now();
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    let told = told(&delivered);
    assert_eq!(told.len(), MANY);
    assert!(told.values().all(|(times, last)| *times <= 2 && *last == REMEDIATED), "{told:?}");
    assert_eq!(failures(&delivered), 0);
    let seconds = (MANY - AT_ONCE) as i64 * 5;
    assert_eq!(
        world.now().duration_since(begun),
        SignedDuration::from_secs(seconds),
        "as fast as the rate limit allows"
    );
}

#[tokio::test]
async fn duplicate_events_share_one_slot_and_delay_no_others() {
    const MANY: usize = 40;
    let world = World::new();
    let queue = Fifo::default();
    let sources = sources(&world, MANY);
    for source in sources.iter().chain(&sources) {
        queue.holds(&world, &event(source));
    }
    let begun = world.now();
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    let corrected = delivered.iter().filter(|delivered| ended(&delivered.report) == REMEDIATED).count();
    assert_eq!((corrected, world.count("RegisterTaskDefinition"), failures(&delivered)), (MANY, MANY, 0));
    let seconds = (MANY - AT_ONCE) as i64 * 5;
    assert_eq!(
        world.now().duration_since(begun),
        SignedDuration::from_secs(seconds),
        "as if each event had arrived once"
    );
}

#[tokio::test]
async fn sources_with_duplicate_or_late_events_are_corrected_once() {
    const MANY: usize = 15;
    let world = World::new();
    let queue = Fifo::default();
    for source in sources(&world, MANY) {
        queue.holds(&world, &event(&source));
        queue.holds(&world, &event(&source));
    }
    // Every third of the first 40 deliveries is late.
    let late = |number: usize| if number.is_multiple_of(3) && number < 40 { BURST * 2 } else { SignedDuration::ZERO };
    let delivered = queue.drains(&world, late).await;
    let corrected = delivered.iter().filter(|delivered| ended(&delivered.report) == REMEDIATED).count();
    assert_eq!((corrected, world.count("RegisterTaskDefinition"), failures(&delivered)), (MANY, MANY, 0));
    for number in 0..MANY {
        assert_eq!(world.account(|account| account.active(&format!("web-{number}"))), [1, 2]);
    }
}

#[tokio::test]
async fn a_slot_beyond_the_queues_maximum_delay_is_waited_for_in_parts() {
    let world = World::new();
    let queue = Fifo::default();
    let sources = sources(&world, 2);
    let slow = SHIPPED_BASELINE.replace("registers-per-second = 0.2", "registers-per-second = 0.0005");
    for source in &sources {
        queue.holds(&world, &event(source));
    }
    let begun = world.now();
    let delivered = queue.drains_by(&world, &slow, |_| SignedDuration::ZERO).await;
    assert_eq!(queue.delays(), [900, 900, 185]);
    assert_eq!(delivered.iter().filter(|delivered| ended(&delivered.report) == REMEDIATED).count(), 2);
    assert_eq!(world.now().duration_since(begun), SignedDuration::from_secs(1985));
}

#[tokio::test]
async fn a_message_that_cannot_be_requeued_fails_and_is_delivered_again() {
    let (world, source) = spent().await;
    let queue = Fifo::default();
    queue.breaks();
    let (reply, report) = queue.delivers(&world, SHIPPED_BASELINE, &event(&source)).await;
    assert_eq!((ended(&report), report.is_retried()), (EXHAUSTED, true));
    assert_eq!(reply.to_json(), json!({"batchItemFailures": [{"itemIdentifier": "m"}]}));
    assert!(report.notes.iter().any(|note| note.contains("could not be requeued")), "{:?}", report.notes);
    queue.recovers();
    let (reply, _) = queue.delivers(&world, SHIPPED_BASELINE, &event(&source)).await;
    assert_eq!(reply.to_json(), json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn without_a_queue_a_rate_limited_event_fails_as_retryable() {
    let (world, source) = spent().await;
    let queue = Fifo::default();
    let reply = queue.invokes(&world, &event(&source)).await;
    assert_eq!(reply.retry().map(ended), Some(EXHAUSTED));
    assert!(queue.delays().is_empty());
}

#[tokio::test]
async fn a_rate_limit_reserved_for_a_day_requeues_messages_without_a_slot() {
    let (world, source) = spent().await;
    world.account(|account| {
        let now: Timestamp = account.now;
        account.budgets.values_mut().for_each(|budget| budget.next = now + AHEAD + SignedDuration::from_secs(1));
    });
    let queue = Fifo::default();
    let puts = world.count("put_budget");
    let (reply, report) = queue.delivers(&world, SHIPPED_BASELINE, &event(&source)).await;
    assert_eq!(reply.to_json(), json!({"batchItemFailures": []}));
    assert_eq!((ended(&report), queue.delays(), queue.slots()), (EXHAUSTED, vec![900], vec![None]));
    assert_eq!(world.count("put_budget"), puts);
    world.advance(AHEAD + SignedDuration::from_secs(1));
    assert_eq!(ended(&comes(&world, &source).await), REMEDIATED);
}

#[tokio::test]
async fn a_superseded_revision_takes_no_slot() {
    let world = World::new();
    let queue = Fifo::default();
    // One family is registered 50 times before the first event arrives.
    let (flood, victim) = world.account(|account| {
        account.has_group("/ecs/web", Some(30), 1);
        let flood: Vec<_> = (0..50).map(|_| account.registers(BLOCKING)).collect();
        (flood, account.registers(&BLOCKING.replacen("\"web\"", "\"victim\"", 1)))
    });
    flood.iter().for_each(|source| queue.holds(&world, &event(source)));
    queue.holds(&world, &event(&victim));
    let begun = world.now();
    let delivered = queue.drains(&world, |_| SignedDuration::ZERO).await;
    let (newest, stale) = delivered[..50].split_last().unwrap();
    let superseded = (Outcome::Superseded, Some(Reason::NotLatest));
    assert!(stale.iter().all(|it| ended(&it.report) == superseded && it.report.changes.is_empty()));
    assert_eq!((ended(&newest.report), ended(&delivered[50].report)), (REMEDIATED, REMEDIATED));
    assert_eq!((world.now(), world.count("put_budget"), counted(&world)), (begun, 2, 2));
}

#[tokio::test]
async fn a_revision_superseded_while_it_waited_uses_no_registration() {
    let (world, source) = spent().await;
    comes(&world, &source).await;
    let slot = world.now() + SignedDuration::from_secs(5);
    world.account(|account| {
        account.now = slot;
        account.registers(&BLOCKING.replacen("\"web\"", &format!("\"{}\"", source.family), 1));
    });
    let before = world.account(|account| account.budgets.clone());
    let report = handled(&world, Origin::Delayed { slot }, Mode::Register, &source).await;
    assert_eq!(ended(&report), (Outcome::Superseded, Some(Reason::NotLatest)));
    assert_eq!(world.account(|account| account.budgets.clone()), before);
}

/// Two workers have the same event. One pauses after it has found no record, while the other completes the correction.
#[tokio::test]
async fn a_worker_that_loses_the_race_does_not_change_the_winners_count() {
    let (dry, source) = spent().await;
    let begun = dry.calls().len();
    comes(&dry, &source).await;
    let read = 1 + dry.calls()[begun..].iter().position(|call| *call == "read").unwrap();

    let (world, source) = spent().await;
    world.advance(SignedDuration::from_secs(5));
    world.pause_at(world.calls().len() + read, Moment::After);
    let slow = tokio::spawn({
        let (world, source) = (world.clone(), source.clone());
        async move { comes(&world, &source).await }
    });
    while !world.is_paused() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ended(&comes(&world, &source).await), REMEDIATED);
    world.go_on();
    assert_ne!(ended(&slow.await.unwrap()), REMEDIATED);
    assert_eq!(counted(&world), AT_ONCE + 1);
}

#[tokio::test]
async fn if_the_rate_limit_cannot_be_read_or_written_no_correction_is_counted() {
    for call in ["budget", "put_budget"] {
        let (world, source) = spent().await;
        let message = "no answer in time".to_owned();
        world.always(call, PortError { kind: ErrorKind::Retry, call: "PutItem", message, reason: None });
        assert_eq!(comes(&world, &source).await.outcome, Outcome::Failed, "{call}");
        assert_eq!(counted(&world), AT_ONCE, "{call}");
    }
}

#[tokio::test]
async fn a_correction_stopped_by_a_fuse_takes_no_slot() {
    let world = World::new();
    world.account(|account| account.has_group("/ecs/web", Some(30), 1));
    let mut taken = Vec::new();
    for _ in 0..6 {
        let source = world.account(|account| account.registers(BLOCKING));
        let report = comes(&world, &source).await;
        taken.push((report.outcome, world.count("put_budget")));
        world.advance(SignedDuration::from_secs(30));
    }
    let (corrected, refused) = (Outcome::Remediated, Outcome::Refused);
    assert_eq!(taken, [(corrected, 1), (corrected, 2), (corrected, 3), (refused, 3), (refused, 3), (refused, 3)]);
}

#[tokio::test]
async fn a_message_before_its_slot_is_requeued_without_any_call() {
    let (world, source) = spent().await;
    let queue = Fifo::default();
    let slot = world.now() + SignedDuration::from_secs(1000);
    let attributes = [("logweir-slot".to_owned(), slot.to_string()), ("logweir-failures".to_owned(), "2".to_owned())];
    let sent = Sent { body: event(&source).to_string(), attributes: attributes.into() };
    let calls = world.calls().len();
    let (reply, report) = queue.receives(&world, SHIPPED_BASELINE, &sent, 2).await;
    assert_eq!((ended(&report), world.calls().len()), (EXHAUSTED, calls));
    assert_eq!((report.report.source, report.report.trigger), (Some(source.to_string()), TriggerKind::Event));
    assert!(report.report.error.unwrap().ends_with("the time reserved for this revision is 2026-11-21T12:16:40Z"));
    assert_eq!(reply.to_json(), json!({"batchItemFailures": []}));
    assert_eq!((queue.delays(), queue.slots()), (vec![900], vec![Some(slot)]));
    assert_eq!(queue.work.messages()[0].attributes["logweir-failures"], "3");
}

/// Every test above relies on this.
#[tokio::test]
async fn the_journal_of_these_tests_stores_the_rate_limit() {
    let (world, _) = spent().await;
    let name = world.account(|account| account.budgets.keys().next().unwrap().clone());
    let budget = world.read_state::<RateLimit>(&name).await.unwrap().unwrap();
    assert_eq!((budget.version as usize, budget.full), (AT_ONCE, world.now() + SignedDuration::from_secs(20)));
}
