//! The contract of every journal: the file, the table (on three emulators), and the journal in memory for the other
//! tests. Each function gets a closure that opens the same journal any number of times. The journal is empty at first.

#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]

pub mod budgets;
pub mod families;
mod listing;
pub mod newer_version;
mod pins;
pub mod pointings;
mod reconciliations;
mod runs;
pub mod sample;

use std::sync::Barrier;
use std::thread;

use logweir::domain::record::{EntryKind, Record, RecordKind};
use logweir::ports::{CommitError, ErrorKind, Expected, Filter, Journal};

pub use self::budgets::{
    a_rate_limit_is_stored_state_by_state, a_rate_limit_put_again_is_not_lost, a_write_on_a_stale_rate_limit_is_lost,
    each_account_and_region_has_its_own_rate_limit,
};
pub use self::families::{
    a_family_is_stored_state_by_state, a_state_put_again_is_not_lost, a_write_on_a_stale_family_state_is_lost,
    families_are_listed_while_they_are_stopped, families_do_not_disturb_each_other,
    of_two_concurrent_family_states_one_wins,
};
pub use self::listing::{
    a_record_that_only_waits_for_its_retirement_is_listed_apart, heads_are_listed_by_family_and_by_open_work,
    heads_are_listed_by_time_outcome_and_actor, heads_are_listed_newest_first,
};
pub use self::pins::pins_are_stored_by_holder_and_by_revision;
pub use self::pointings::{
    a_service_history_is_stored_state_by_state, a_service_put_again_is_not_lost,
    a_write_on_a_stale_service_history_is_lost, of_two_concurrent_service_histories_one_wins,
    services_do_not_disturb_each_other,
};
pub use self::reconciliations::{a_page_is_claimed_by_one_worker, a_reconciliation_is_stored_state_by_state};
pub use self::runs::a_run_is_stored_with_its_pages_and_its_states;
use self::sample::{Commit, closed, every, now, registered, resumed, revision, started, upon};

/// Defines the contract's tests for one kind of journal. `$store` creates an empty journal, and `$open` opens it. Some
/// parts of the contract hold only for some kinds, which name them after `also`.
macro_rules! held_by {
    ($store:expr, $open:expr $(, also $($more:ident)*)?) => {
        $crate::journal_contract::held_by! { @ $store, $open,
            a_source_is_claimed_once
            a_commit_on_stale_state_is_lost
            a_record_is_taken_over_by_comparing_and_swapping
            entries_are_read_in_order_and_unchanged
            a_record_of_any_length_is_read_completely
            sources_do_not_disturb_each_other
            a_source_is_found_by_its_correction
            a_source_is_found_by_the_revision_that_was_restored
            a_migration_has_a_record_of_its_own
            heads_are_listed_newest_first
            heads_are_listed_by_family_and_by_open_work
            heads_are_listed_by_time_outcome_and_actor
            a_family_is_stored_state_by_state
            a_write_on_a_stale_family_state_is_lost
            families_do_not_disturb_each_other
            families_are_listed_while_they_are_stopped
            a_service_history_is_stored_state_by_state
            a_write_on_a_stale_service_history_is_lost
            services_do_not_disturb_each_other
            a_rate_limit_is_stored_state_by_state
            a_write_on_a_stale_rate_limit_is_lost
            each_account_and_region_has_its_own_rate_limit
            a_reconciliation_is_stored_state_by_state
            a_page_is_claimed_by_one_worker
            a_record_that_only_waits_for_its_retirement_is_listed_apart
            pins_are_stored_by_holder_and_by_revision
            a_run_is_stored_with_its_pages_and_its_states
            $($($more)*)?
        }
    };
    (@ $store:expr, $open:expr, $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            let store = $store;
            let open = $open;
            $crate::journal_contract::$promise(|| open(&store));
        })*
    };
}
pub(crate) use held_by;

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub fn a_source_is_claimed_once<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let (winner, loser) = (Commit::first("web:41", "a"), Commit::first("web:41", "b"));
        assert_eq!(open().read(&revision("web:41")).await, Ok(None));
        assert_eq!(winner.on(&open()).await, Ok(()));
        assert_eq!(loser.on(&open()).await, Err(CommitError::Lost));
        assert_eq!(read(&open(), "web:41").await, Record { head: winner.head, entries: vec![winner.entry] });
    });
}

pub fn a_commit_on_stale_state_is_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let first = Commit::first("web:41", "a");
        assert_eq!(first.then("a", started(0)).on(&journal).await, Err(CommitError::Lost), "without a record");
        let second = first.then("a", started(0));
        for commit in [&first, &second] {
            assert_eq!(commit.on(&journal).await, Ok(()));
        }
        for stale in [Commit::first("web:41", "a2"), first.then("a", closed()), first.then("b", resumed())] {
            assert_eq!(stale.on(&journal).await, Err(CommitError::Lost));
        }
        let mut stranger = second.then("a", closed());
        stranger.expected = Expected::At { owner: "b".into(), next: 2 };
        assert_eq!(stranger.on(&journal).await, Err(CommitError::Lost), "another owner");
        assert_eq!(
            read(&journal, "web:41").await,
            Record { head: second.head, entries: vec![first.entry, second.entry] }
        );
    });
}

pub fn a_record_is_taken_over_by_comparing_and_swapping<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let first = Commit::first("web:41", "a");
        let takeover = first.then("b", resumed());
        assert_eq!(first.on(&journal).await, Ok(()));
        assert_eq!(takeover.on(&journal).await, Ok(()));
        assert_eq!(
            first.then("a", started(0)).on(&journal).await,
            Err(CommitError::Lost),
            "the first owner may no longer write"
        );
        assert_eq!(takeover.then("b", started(0)).on(&journal).await, Ok(()));
        assert_eq!(read(&journal, "web:41").await.head.owner, "b");
    });
}

pub fn entries_are_read_in_order_and_unchanged<J: Journal>(open: impl Fn() -> J) {
    compare_after_committing(&open(), every());
}

pub fn a_record_of_any_length_is_read_completely<J: Journal>(open: impl Fn() -> J) {
    // DynamoDB answers with 1 MB at a time: this takes several answers.
    let long = |step| EntryKind::Failed { step, why: "x".repeat(200_000), reason: None };
    compare_after_committing(&open(), (0..12).map(long));
}

/// Claims a source, commits these entries one after the other, and reads them.
fn compare_after_committing(journal: &impl Journal, whats: impl IntoIterator<Item = EntryKind>) {
    run(async {
        let mut newest = Commit::first("web:41", "a");
        assert_eq!(newest.on(journal).await, Ok(()));
        let mut entries = vec![newest.entry.clone()];
        for what in whats {
            newest = newest.then("a", what);
            assert_eq!(newest.on(journal).await, Ok(()), "entry {}", newest.entry.sequence);
            entries.push(newest.entry.clone());
        }
        assert_eq!(read(journal, "web:41").await, Record { head: newest.head, entries });
    });
}

pub fn of_two_concurrent_commits_one_wins<J: Journal>(open: impl Fn() -> J + Sync) {
    const ROUNDS: u32 = 60;
    let together = Barrier::new(2);
    let source = |round| format!("web:{}", round + 1);
    // Both workers claim the source, and then both try to take over from the winner.
    let compete = |name: &str| {
        run(async {
            let (journal, mut answers) = (open(), Vec::new());
            for round in 0..ROUNDS {
                together.wait();
                let claim = Commit::first(&source(round), name).on(&journal).await;
                together.wait();
                let record = journal.read(&revision(&source(round))).await;
                together.wait();
                let takeover = match record {
                    Ok(Some(record)) => upon(&record.head, name, resumed()).on(&journal).await,
                    _ => Err(CommitError::Lost),
                };
                answers.push([claim, takeover]);
            }
            answers
        })
    };
    let [a, b] = thread::scope(|scope| {
        let [a, b] = ["a", "b"].map(|name| scope.spawn(move || compete(name)));
        [a.join().unwrap(), b.join().unwrap()]
    });
    run(async {
        let journal = open();
        for (round, (a, b)) in (0..).zip(a.iter().zip(&b)) {
            let winners = [0, 1].map(|race| match (&a[race], &b[race]) {
                (Ok(()), Err(CommitError::Lost)) => "a",
                (Err(CommitError::Lost), Ok(())) => "b",
                both => panic!("not exactly one wins: {both:?} in round {round}, race {race}"),
            });
            let record = read(&journal, &source(round)).await;
            let writers: Vec<&str> = record.entries.iter().map(|entry| entry.by.as_str()).collect();
            assert_eq!(
                (writers.as_slice(), record.head.owner.as_str()),
                (winners.as_slice(), winners[1]),
                "round {round}"
            );
        }
    });
}

pub fn sources_do_not_disturb_each_other<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        // Some of the names are prefixes of others.
        let names = ["web:4", "web:41", "web-1:4", "web_1:4"];
        let first = names.map(|name| Commit::first(name, "a"));
        let second = first.clone().map(|commit| commit.then("a", started(0)));
        for commit in first.iter().chain(second.iter().rev()) {
            assert_eq!(commit.on(&journal).await, Ok(()));
        }
        for ((name, first), second) in names.into_iter().zip(first).zip(second) {
            assert_eq!(
                read(&journal, name).await,
                Record { head: second.head, entries: vec![first.entry, second.entry] }
            );
        }
        assert_eq!(journal.read(&revision("web:40")).await, Ok(None));
    });
}

pub fn a_source_is_found_by_its_correction<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let first = Commit::first("web:41", "a");
        let done = first.then("a", registered("web:42"));
        let withdrawn = done.then("a", EntryKind::Withdrawn { corrected: revision("web:42") });
        first.on(&journal).await.unwrap();
        assert_eq!(journal.source_of(&revision("web:42")).await, Ok(None));
        for commit in [&done, &withdrawn] {
            commit.on(&journal).await.unwrap();
            assert_eq!(journal.source_of(&revision("web:42")).await, Ok(Some(revision("web:41"))));
        }
        assert_eq!(journal.source_of(&revision("web:41")).await, Ok(None), "a source is not a corrected revision");
        // After a change of the baseline, a corrected revision can become a source as well.
        let again = Commit::first("web:42", "b");
        assert_eq!(again.on(&journal).await, Ok(()));
        assert_eq!(journal.source_of(&revision("web:42")).await, Ok(Some(revision("web:41"))));
        assert_eq!(read(&journal, "web:42").await.entries, [again.entry]);
    });
}

pub fn a_source_is_found_by_the_revision_that_was_restored<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let done = Commit::first("web:41", "a").then("a", registered("web:42"));
        let asked =
            done.then("a", every().into_iter().find(|what| matches!(what, EntryKind::BackoutRequested(_))).unwrap());
        let restoring = asked.then("a", EntryKind::Restoring { step: 0 });
        let restored = restoring.then("a", EntryKind::Restored { step: 0, restored: revision("web:43") });
        for commit in [&Commit::first("web:41", "a"), &done, &asked, &restoring] {
            commit.on(&journal).await.unwrap();
        }
        assert_eq!(journal.source_of(&revision("web:43")).await, Ok(None));
        restored.on(&journal).await.unwrap();
        for corrected in ["web:42", "web:43"] {
            assert_eq!(journal.source_of(&revision(corrected)).await, Ok(Some(revision("web:41"))), "{corrected}");
        }
    });
}

pub fn a_migration_has_a_record_of_its_own<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let (correction, migration) = (Commit::first("web:41", "a"), Commit::migration("web:41", "b"));
        let corrected = correction.then("a", registered("web:42"));
        let migrated = migration.then("b", registered("web:43"));
        for commit in [&correction, &migration, &corrected, &migrated] {
            assert_eq!(commit.on(&journal).await, Ok(()));
        }
        let key = RecordKind::Migration.of(&revision("web:41"));
        let record = journal.read_record(&key).await.unwrap().unwrap();
        assert_eq!((record.head.kind, record.entries), (RecordKind::Migration, vec![migration.entry, migrated.entry]));
        assert_eq!(read(&journal, "web:41").await.entries, [correction.entry, corrected.entry]);
        let of = async |short: &str| journal.record_of(&revision(short)).await.unwrap().map(|key| key.kind);
        assert_eq!(
            (of("web:42").await, of("web:43").await),
            (Some(RecordKind::Correction), Some(RecordKind::Migration))
        );
        assert_eq!(journal.source_of(&revision("web:43")).await, Ok(None), "a migrated revision corrects no source");
        assert_eq!(journal.list(&Filter::all(now()), 9).await.unwrap().readable.len(), 2);
    });
}

/// Holds for journals that answer over a network or after a crash: a worker that does not know whether its commit was
/// carried out may repeat the commit.
pub fn a_commit_made_again_is_not_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let first = Commit::first("web:41", "a");
        let second = first.then("a", started(0));
        for commit in [&first, &first, &second, &second, &first] {
            assert_eq!(commit.on(&journal).await, Ok(()));
        }
        let third = second.then("b", resumed());
        assert_eq!(third.on(&journal).await, Ok(()));
        assert_eq!(second.on(&journal).await, Ok(()), "it was carried out before the takeover");
        assert_eq!(read(&journal, "web:41").await.entries, [first.entry, second.entry, third.entry]);
    });
}

/// The same journals keep a record consistent even if the caller miscounts.
pub fn an_entry_out_of_sequence_is_refused<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let first = Commit::first("web:41", "a");
        first.on(&journal).await.unwrap();
        let (mut ahead, mut behind, mut head) =
            (first.then("a", started(0)), first.then("a", started(0)), first.then("a", started(0)));
        ahead.entry.sequence += 1;
        behind.entry.sequence -= 1;
        head.head.next += 1;
        for wrong in [ahead, behind, head] {
            let Err(CommitError::Port(error)) = wrong.on(&journal).await else { panic!("{wrong:?}") };
            assert_eq!(error.kind, ErrorKind::Refused);
        }
        assert_eq!(read(&journal, "web:41").await.entries, [first.entry]);
    });
}

pub async fn read(journal: &impl Journal, short: &str) -> Record {
    journal.read(&revision(short)).await.unwrap().expect("a record")
}
