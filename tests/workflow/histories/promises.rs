//! The promises, as checks of an account.

use std::collections::{BTreeMap, BTreeSet};

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch;
use logweir::domain::record::{Done, EntryKind, Record};

use super::acts::FAMILIES;
use crate::world::{Account, LOGWEIR, Revision};

/// A revision that Logweir registered according to a record.
pub struct OwnRevision<'a> {
    pub record: &'a Record,
    pub revision: &'a RevisionArn,
    pub restored: bool,
}

pub fn own_revisions(account: &Account) -> Vec<OwnRevision<'_>> {
    let of = |record| move |what| of_entry(record, what);
    account
        .records
        .values()
        .flat_map(|record| record.entries.iter().filter_map(move |entry| of(record)(&entry.what)))
        .collect()
}

fn of_entry<'a>(record: &'a Record, what: &'a EntryKind) -> Option<OwnRevision<'a>> {
    match what {
        EntryKind::Done { done: Done::Registered { corrected }, .. } => {
            Some(OwnRevision { record, revision: corrected, restored: false })
        }
        EntryKind::Restored { restored, .. } => Some(OwnRevision { record, revision: restored, restored: true }),
        EntryKind::Unclaimed { registered } => Some(OwnRevision { record, revision: registered, restored: false }),
        _ => None,
    }
}

/// What earlier checks have found right, and what never changes: the documents of revisions, and entries.
#[derive(Default)]
pub struct Checked {
    own: BTreeSet<RevisionArn>,
    /// The number of entries of each record.
    entries: BTreeMap<RevisionArn, usize>,
}

/// Violations of promises that always hold: no document loses a member, no secret leaks, and nothing forbidden happens.
pub fn always(account: &Account, checked: &mut Checked) -> Vec<String> {
    let mut broken = account.wrongs.clone();
    for OwnRevision { record, revision, restored } in own_revisions(account) {
        if !checked.own.insert(revision.clone()) {
            continue;
        }
        let source = account.revision(&record.head.source).map(|source| source.text.clone()).unwrap_or_default();
        let own = account.revision(revision).map(|own| own.text.clone()).unwrap_or_default();
        if restored && own != source {
            broken.push(format!("{} was restored, and differs from {}", revision.short(), record.head.source.short()));
        }
        if !restored && own != source && !is_correction(record, &source, &own) {
            broken.push(format!("{} differs from its source elsewhere than planned", revision.short()));
        }
    }
    for (source, record) in &account.records {
        let entries = checked.entries.entry(source.clone()).or_default();
        let journal = serde_json::to_string(&record.entries[*entries..]).unwrap();
        *entries = record.entries.len();
        if journal.contains("CANARY") {
            broken.push("the journal contains an environment value".into());
        }
    }
    let families = serde_json::to_string(&account.remembered.values().collect::<Vec<_>>()).unwrap();
    if families.contains("CANARY") {
        broken.push("the state of a family contains an environment value".into());
    }
    broken
}

/// The corrected revisions that outlive their withdrawn sources although nothing uses them, when all work has ended.
pub fn outlive(account: &Account) -> Vec<String> {
    let is_active = |revision: &RevisionArn| account.revision(revision).is_some_and(Revision::is_active);
    let is_used = |revision: &RevisionArn| {
        account.running.values().any(|runs| runs == revision)
            || account.pin_holders.values().any(|holder| holder.pins(revision))
    };
    let outlives = |record: &&Record| {
        let corrected = record.head.corrected.as_ref();
        !record.head.open
            && !record.head.suppressed
            && !is_active(&record.head.source)
            && corrected.is_some_and(|corrected| is_active(corrected) && !is_used(corrected))
    };
    let name = |record: &Record| {
        format!("the correction of {} outlives it: {:?}", record.head.source.short(), record.head.closing)
    };
    account.records.values().filter(outlives).map(name).collect()
}

/// Whether a text is its source with the edits of one of the record's attempts, byte for byte.
fn is_correction(record: &Record, source: &str, own: &str) -> bool {
    let Ok(source) = TaskDefinition::parse(source) else { return false };
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::Opened(opening) => opening.steps.iter().any(|step| match step {
            logweir::domain::record::Step::Register { edits } => {
                patch::apply(&source, edits).is_ok_and(|corrected| corrected.text() == own)
            }
            _ => false,
        }),
        _ => false,
    })
}

/// Violations of promises that hold when all work has ended: a source has at most one correction, and no stale code is
/// a family's newest revision.
pub fn at_rest(account: &Account, stale_was_asked_for: bool) -> Vec<String> {
    let mut broken = Vec::new();
    // A record whose source was deleted may need an operator, who can back it out.
    let is_deleted = |source: &RevisionArn| account.revision(source).is_none_or(Revision::is_deleted);
    for record in account.records.values().filter(|record| record.head.open && !is_deleted(&record.head.source)) {
        broken.push(format!("the record of {} stays open", record.head.source.short()));
    }
    let is_active = |revision: &RevisionArn| account.revision(revision).is_some_and(|revision| revision.is_active());
    let mut standing: BTreeMap<&RevisionArn, Vec<&RevisionArn>> = BTreeMap::new();
    for own in own_revisions(account).into_iter().filter(|own| !own.restored && is_active(own.revision)) {
        let of_it = standing.entry(&own.record.head.source).or_default();
        if !of_it.contains(&own.revision) {
            of_it.push(own.revision);
        }
    }
    for (source, several) in standing.iter().filter(|(_, several)| several.len() > 1) {
        broken.push(format!("{} has several corrections: {several:?}", source.short()));
    }
    let known: Vec<&RevisionArn> = own_revisions(account).into_iter().map(|own| own.revision).collect();
    for family in FAMILIES {
        let active = account.active(family);
        for number in &active {
            let arn = account.arn(family, *number);
            if account.revision(&arn).unwrap().by == LOGWEIR && !known.contains(&&arn) {
                broken.push(format!("{} was registered by Logweir, and no record knows it", arn.short()));
            }
        }
        let Some(newest) = active.last().map(|number| account.arn(family, *number)) else { continue };
        for own in own_revisions(account).into_iter().filter(|own| *own.revision == newest) {
            let source = own.record.head.source.revision;
            let third_party = |number: &&usize| {
                let number = **number as u32;
                source < number
                    && number < newest.revision
                    && account.revision(&account.arn(family, number as usize)).unwrap().by != LOGWEIR
            };
            // A service or task may have started the restored revision before a read showed the other one.
            let is_run = account.running.values().any(|runs| *runs == newest);
            if !(own.restored && (stale_was_asked_for || is_run))
                && let Some(passed) = active.iter().find(third_party)
            {
                broken.push(format!(
                    "{} is the newest, and {family}:{passed} was registered after its source",
                    newest.short()
                ));
            }
        }
    }
    broken
}
