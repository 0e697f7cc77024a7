//! Entries with the words that versions before 0.1.0 wrote. The fixture was written by such a version.

use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{Entry, EntryKind};

use crate::journal_contract::sample;

const LINES: &str = include_str!("fixtures/words-before-0.1.0.jsonl");

fn entries() -> Vec<EntryKind> {
    LINES.lines().map(|line| serde_json::from_str::<Entry>(line).unwrap().what).collect()
}

/// Whether 0.1.0 added the kind or a member of this entry.
fn is_new(what: &EntryKind) -> bool {
    matches!(
        what,
        EntryKind::Started { tags: Some(_), .. }
            | EntryKind::Released { refused: Some(_), .. }
            | EntryKind::ServiceUpdated { stoppable: true, .. }
            | EntryKind::Undoing { rollback: Some(_), .. }
            | EntryKind::DeploymentPaused { .. }
            | EntryKind::DeploymentContinued { .. }
            | EntryKind::Unclaimed { .. }
            | EntryKind::SourceWithdrawn(_)
            | EntryKind::RetirementDelayed { .. }
            | EntryKind::RetirementForbidden { .. }
            | EntryKind::Retiring { .. }
            | EntryKind::Retired { .. }
    ) || matches!(what, EntryKind::BackoutRequested(asked) if asked.restore_source || asked.continues || asked.ignore_pins)
}

/// One entry of each kind that an earlier version could write.
fn every() -> Vec<EntryKind> {
    sample::every().into_iter().filter(|what| !is_new(what)).collect()
}

#[test]
fn every_entry_of_an_earlier_version_means_the_same() {
    let every = every();
    assert_eq!(entries()[..every.len()], every);
}

#[test]
fn every_renamed_reason_is_read() {
    let renamed = [
        Reason::RegisteredByLogweir,
        Reason::BackedOutBefore,
        Reason::OnHold,
        Reason::OtherConsumer,
        Reason::ServiceChanged,
        Reason::ServiceRolledBack,
        Reason::Locked,
        Reason::RateLimited,
    ];
    let closed: Vec<_> = renamed.map(|reason| EntryKind::Closed(Outcome::Skipped.because(reason))).into();
    assert_eq!(entries()[every().len()..], closed);
}

#[test]
fn the_words_of_today_are_written() {
    for entry in entries() {
        let text = serde_json::to_string(&entry).unwrap();
        let old = [
            "backout-asked",
            "pointing",
            "pointed",
            "\"returning\"",
            "followed",
            "moved-on",
            "point-back",
            "restore_stale",
        ];
        let old = old.into_iter().find(|word| text.contains(word));
        assert_eq!(old, None, "{text}");
    }
}
