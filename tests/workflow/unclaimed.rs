//! A worker registers a revision after another worker has taken over the record: the record says so before the worker
//! deregisters the revision, and the schedule finishes what the worker could not.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome, Reason, TriggerKind};
use logweir::domain::record::{EntryKind, Record};
use logweir::domain::report::Decision;
use logweir::ports::ErrorKind;
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use crate::world::story::{
    BLOCKING, backs_out, backs_out_with, corrected_text, ended, event, previews_with, resumes, with,
};
use crate::world::{Account, LOGWEIR, Lag, Moment, Then, World};

const REGISTER: &str = "RegisterTaskDefinition";
const DEREGISTER: &str = "DeregisterTaskDefinition";

fn numbers(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

fn record(world: &World, source: &RevisionArn) -> Record {
    world.account(|account| account.records[source].clone())
}

/// Worker one stops right before it registers web:3, until worker two has taken over the record and registered web:2.
/// `then` happens before worker one goes on. Returns the report of worker one.
async fn two_workers(then: impl Fn(&World)) -> (World, RevisionArn, Decision) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let whole = World::new();
    whole.account(|account| account.registers(BLOCKING));
    handles(&whole, "whole", &source).await;
    let number = 1 + whole.calls().iter().position(|call| *call == REGISTER).unwrap();
    world.pause_at(number, Moment::Before);
    let other = async {
        while !world.is_paused() {
            tokio::task::yield_now().await;
        }
        world.advance(Lag::LONGEST);
        assert_eq!(handles(&world, "two", &source).await.outcome, Outcome::Remediated);
        then(&world);
        world.go_on();
    };
    let (report, ()) = tokio::join!(handles(&world, "one", &source), other);
    (world, source, report)
}

async fn handles(world: &World, worker: &str, source: &RevisionArn) -> Decision {
    with(world, logweir::settings::SHIPPED_BASELINE, Mode::Register, worker, &event(source)).await
}

#[tokio::test]
async fn a_revision_registered_without_the_lease_is_recorded_before_it_is_deregistered() {
    let (world, source, report) = two_workers(|_| {}).await;
    assert_eq!((ended(&report), report.is_retried()), ((Outcome::Skipped, Some(Reason::Locked)), true));
    assert_eq!(numbers(&world), [1, 2]);
    assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
    let record = record(&world, &source);
    let last: Vec<_> = record.entries.iter().rev().take(2).map(|entry| (entry.by.as_str(), &entry.what)).collect();
    let third = world.account(|account| account.arn("web", 3));
    assert_eq!(last[1], ("one", &EntryKind::Unclaimed { registered: third.clone() }));
    assert_eq!(last[0], ("one", &EntryKind::Withdrawn { corrected: third }));
    assert_eq!((record.head.owner.as_str(), record.head.has_work()), ("two", false));
    assert!(record.attempt().unwrap().is_some(), "the entries are legal");
}

#[tokio::test]
async fn the_schedule_deregisters_what_the_worker_could_not() {
    let (world, source, report) = two_workers(|world| {
        let refused = Then::fail(ErrorKind::Refused, DEREGISTER, "AccessDenied");
        world.at_next(DEREGISTER, Moment::Before, refused);
    })
    .await;
    let why = report.report.error.clone().unwrap();
    assert!(why.contains("Logweir registered web:3 after another worker had taken over the record of web:1"), "{why}");
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Failed, vec![1, 2, 3]));
    assert!(record(&world, &source).head.is_unfinished());
    world.advance(LEASE);
    let report = resumes(&world, Mode::Register).await.remove(0);
    assert_eq!((ended(&report), report.trigger), ((Outcome::Skipped, Some(Reason::Duplicate)), TriggerKind::Resume));
    assert!(report.notes.concat().contains("Logweir deregistered web:3"), "{report:?}");
    assert_eq!((numbers(&world), record(&world, &source).head.has_work()), (vec![1, 2], false));
    assert!(resumes(&world, Mode::Register).await.is_empty());
}

#[tokio::test]
async fn a_worker_that_dies_after_its_entry_leaves_the_rest_to_the_schedule_or_to_a_backout() {
    for backs_out_first in [false, true] {
        let (world, source, _) = two_workers(|world| world.at_next(DEREGISTER, Moment::Before, Then::Crash)).await;
        world.restart();
        world.advance(LEASE);
        assert_eq!(numbers(&world), [1, 2, 3]);
        if backs_out_first {
            assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
            assert_eq!(numbers(&world), [1]);
        } else {
            assert_eq!(resumes(&world, Mode::Register).await.len(), 1);
            assert_eq!(numbers(&world), [1, 2]);
        }
        assert!(!record(&world, &source).head.has_work());
    }
}

#[tokio::test]
async fn a_source_is_not_restored_from_a_revision_that_was_registered_without_the_lease() {
    for is_corrected_active in [true, false] {
        let (world, source, _) = two_workers(|world| world.at_next(DEREGISTER, Moment::Before, Then::Crash)).await;
        world.restart();
        world.advance(LEASE);
        world.account(|account| {
            account.deregisters(&source);
            if !is_corrected_active {
                let corrected = account.arn("web", 2);
                account.deregisters(&corrected);
            }
        });
        let ask = BackoutOptions { restore_source: true, ..BackoutOptions::default() };
        let preview = previews_with(&world, &source, ask.clone()).await.notes.join("; ");
        assert!(preview.contains("would restore web:1 from web:2"), "{preview}");
        let report = backs_out_with(&world, "operator", &source, ask).await;
        assert_eq!((ended(&report), numbers(&world)), ((Outcome::BackedOut, None), vec![4]), "{report:?}");
        let restored = world.account(|account| account.revision(&account.arn("web", 4)).unwrap().text.clone());
        assert_eq!(restored, BLOCKING, "{is_corrected_active}");
    }
}

#[tokio::test]
async fn a_revision_that_could_not_be_recorded_is_kept_and_named() {
    let (world, _, report) = two_workers(|world| {
        world.at_nth("commit", 2, Moment::Before, Then::fail(ErrorKind::Refused, "commit", "the table is gone"));
    })
    .await;
    let why = report.report.error.clone().unwrap();
    assert!(why.contains("Logweir registered web:3 after") && why.contains("the table is gone"), "{why}");
    assert_eq!((report.outcome, numbers(&world)), (Outcome::Failed, vec![1, 2, 3]));
}

/// Worker one, which lost the record, registers a revision and records it.
fn records_unclaimed(account: &mut Account) {
    let registered = account.registers(&corrected_text());
    account.families.get_mut("web").unwrap().last_mut().unwrap().by = LOGWEIR.into();
    let now = account.now;
    let record = account.records.values_mut().next().unwrap();
    let before = record.entries.clone();
    let entry = record.head.write(now, EntryKind::Unclaimed { registered }, &before);
    record.entries.push(entry);
}

#[tokio::test]
async fn the_worker_with_the_lease_goes_on_after_another_worker_has_recorded_a_revision() {
    let mut went_on = 0;
    for nth in 2..=7 {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        world.at_nth("commit", nth, Moment::Before, Then::act(records_unclaimed));
        let report = handles(&world, "two", &source).await;
        // Before its own registration, the worker waits until the revision is deregistered.
        assert!(report.outcome == Outcome::Remediated || report.is_retried(), "commit {nth}: {report:?}");
        went_on += usize::from(report.outcome == Outcome::Remediated);
        assert_eq!(record(&world, &source).head.unclaimed.len(), 1, "commit {nth}");
        for _ in 0..2 {
            world.advance(LEASE);
            resumes(&world, Mode::Register).await;
        }
        let head = record(&world, &source).head;
        assert_eq!((head.closing.unwrap().outcome, head.open), (Outcome::Remediated, false), "commit {nth}");
        assert_eq!(numbers(&world), [1, head.corrected.unwrap().revision as usize], "commit {nth}");
        assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
    }
    assert!(went_on > 1, "{went_on}");
}

#[tokio::test]
async fn a_revision_is_recorded_although_the_answer_to_the_lost_commit_is_lost() {
    let (world, source, report) = two_workers(|world| world.at_next("commit", Moment::Before, Then::Cut)).await;
    assert!(report.is_retried(), "{report:?}");
    assert_eq!((numbers(&world), record(&world, &source).head.has_work()), (vec![1, 2], false));
}
