//! The part of the contract about listing.

use jiff::SignedDuration;
use logweir::domain::outcome::Outcome;
use logweir::domain::record::EntryKind;
use logweir::ports::{Filter, Journal, Listed};

use super::sample::{Commit, closed, now, revision, started, time, upon, withdrawn};
use super::{read, run};

pub fn heads_are_listed_newest_first<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        assert_eq!(journal.list(&all(), 5).await, Ok(Listed::default()));
        // Several days and a fraction of a second apart, and committed in another order.
        let times = [
            "2026-11-21T07:59:59.5Z",
            "2026-11-01T12:00:00Z",
            "2026-11-20T23:59:59Z",
            "2026-11-21T07:59:59Z",
            "2026-11-21T00:00:00Z",
        ];
        for (number, at) in (1..).zip(times) {
            Commit::first_at(&format!("web:{number}"), "a", time(at)).on(&journal).await.unwrap();
        }
        assert_eq!(list(&journal, &all(), 10).await, ["web:1", "web:4", "web:5", "web:3", "web:2"]);
        assert_eq!(list(&journal, &all(), 4).await, ["web:1", "web:4", "web:5", "web:3"]);
        assert_eq!(list(&journal, &all(), 0).await, [""; 0]);
        // A commit moves its record to the front, where the record is listed once.
        let oldest = read(&journal, "web:2").await.head;
        let mut commit = upon(&oldest, "a", started(0));
        commit.head.at = now();
        commit.on(&journal).await.unwrap();
        assert_eq!(list(&journal, &all(), 10).await, ["web:2", "web:1", "web:4", "web:5", "web:3"]);
        assert_eq!(journal.list(&all(), 1).await, Ok(vec![commit.head].into()));
    });
}

pub fn heads_are_listed_by_family_and_by_open_work<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let ago = |hours| now().checked_sub(SignedDuration::from_hours(hours)).unwrap();
        let heads = [
            ("web:1", 90 * 24, false),
            ("web-1:1", 4, true),
            ("web:2", 3, true),
            ("api:7", 2, true),
            ("web:3", 1, false),
        ];
        for (name, hours, open) in heads {
            let first = Commit::first_at(name, "a", ago(hours));
            first.on(&journal).await.unwrap();
            if !open {
                first.then("a", closed()).on(&journal).await.unwrap();
            }
        }
        let filter =
            |family: Option<&str>, open| Filter { family: family.map(String::from), open, ..Filter::all(now()) };
        for (filter, expected) in [
            (filter(Some("web"), false), &["web:3", "web:2", "web:1"][..]),
            (filter(Some("web"), true), &["web:2"]),
            (filter(None, true), &["api:7", "web:2", "web-1:1"]),
            (filter(Some("unknown"), false), &[]),
        ] {
            assert_eq!(list(&journal, &filter, 10).await, expected, "{filter:?}");
            assert_eq!(list(&journal, &filter, 1).await, expected[..expected.len().min(1)], "{filter:?}");
        }
    });
}

pub fn a_record_that_only_waits_for_its_retirement_is_listed_apart<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let closed_record = Commit::first("web:41", "a").then("a", closed());
        let waits = closed_record.then("a", withdrawn(false));
        for commit in [Commit::first("web:41", "a"), closed_record.clone(), waits.clone()] {
            commit.on(&journal).await.unwrap();
        }
        Commit::first("web:50", "a").on(&journal).await.unwrap();
        let open_work = Filter { open: true, ..all() };
        let retiring = Filter { retiring: true, ..all() };
        assert_eq!(list(&journal, &open_work, 10).await, ["web:50"], "a retirement is no open work");
        assert_eq!(journal.list(&retiring, 10).await, Ok(vec![waits.head.clone()].into()));
        let retired = EntryKind::Retired { corrected: revision("web:42"), users: Vec::new() };
        waits.then("a", retired).on(&journal).await.unwrap();
        assert_eq!(list(&journal, &retiring, 10).await, [""; 0], "the retirement has ended");
    });
}

pub fn heads_are_listed_by_time_outcome_and_actor<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let (alice, bob) = ("arn:aws:iam::111122223333:role/alice", "arn:aws:sts::111122223333:assumed-role/bob/s");
        let ended = |outcome: Outcome| Some(EntryKind::Closed(outcome.into()));
        for (name, at, actor, end) in [
            ("web:1", "2026-10-01T00:00:00Z", Some(alice), ended(Outcome::Remediated)),
            ("web:2", "2026-11-20T23:59:58.5Z", Some(bob), ended(Outcome::Failed)),
            ("web:3", "2026-11-21T00:00:00Z", None, ended(Outcome::Remediated)),
            ("api:4", "2026-11-21T06:00:00Z", Some(bob), None),
        ] {
            let mut first = Commit::first_at(name, "a", time(at));
            first.head.actor = actor.map(String::from);
            first.on(&journal).await.unwrap();
            if let Some(end) = end {
                let mut last = first.then("a", end);
                last.head.at = time(at);
                last.on(&journal).await.unwrap();
            }
        }
        let since = |at| Filter { since: Some(time(at)), ..all() };
        let outcome = |outcome| Filter { outcome: Some(outcome), ..since("2026-09-30T00:00:00Z") };
        let actor = |part: &str| Filter { actor: Some(part.into()), ..since("2026-09-30T00:00:00Z") };
        for (filter, expected) in [
            (since("2026-10-01T00:00:00Z"), &["api:4", "web:3", "web:2", "web:1"][..]),
            (since("2026-10-01T00:00:00.000000001Z"), &["api:4", "web:3", "web:2"]),
            (since("2026-11-20T23:59:58.5Z"), &["api:4", "web:3", "web:2"]),
            (since("2026-11-21T06:00:00Z"), &["api:4"]),
            (since("2026-11-22T00:00:00Z"), &[]),
            (outcome(Outcome::Remediated), &["web:3", "web:1"]),
            (outcome(Outcome::Superseded), &[]),
            (actor("role/alice"), &["web:1"]),
            (actor("bob"), &["api:4", "web:2"]),
            (actor("carol"), &[]),
            (Filter { open: true, ..actor("bob") }, &["api:4"]),
            (Filter { family: Some("web".into()), ..actor("bob") }, &["web:2"]),
            (Filter { family: Some("web".into()), ..since("2026-11-21T00:00:00Z") }, &["web:3"]),
            (Filter { family: Some("web".into()), ..outcome(Outcome::Remediated) }, &["web:3", "web:1"]),
        ] {
            assert_eq!(list(&journal, &filter, 10).await, expected, "{filter:?}");
            assert_eq!(list(&journal, &filter, 1).await, expected[..expected.len().min(1)], "{filter:?}");
        }
    });
}

fn all() -> Filter {
    Filter::all(now())
}

async fn list(journal: &impl Journal, filter: &Filter, most: usize) -> Vec<String> {
    journal.list(filter, most).await.unwrap().readable.iter().map(|head| head.source.short()).collect()
}
