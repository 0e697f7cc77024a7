//! The promises, as questions to a world.

use std::collections::BTreeMap;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch;
use logweir::domain::record::{Done, EntryKind, Record};

use super::acts::FAMILIES;
use crate::world::{Account, LOGWEIR};

/// A revision that a record says we registered.
pub struct Ours<'a> {
    pub record: &'a Record,
    pub revision: &'a RevisionArn,
    pub restored: bool,
}

pub fn ours(account: &Account) -> Vec<Ours<'_>> {
    let of = |record| move |what| of_entry(record, what);
    account
        .records
        .values()
        .flat_map(|record| record.entries.iter().filter_map(move |entry| of(record)(&entry.what)))
        .collect()
}

fn of_entry<'a>(record: &'a Record, what: &'a EntryKind) -> Option<Ours<'a>> {
    match what {
        EntryKind::Done { done: Done::Registered { corrected }, .. } => {
            Some(Ours { record, revision: corrected, restored: false })
        }
        EntryKind::Restored { restored, .. } => Some(Ours { record, revision: restored, restored: true }),
        _ => None,
    }
}

/// Whatever was done so far: nothing was lost of a document, no secret left, and nothing of the kind that never happens.
pub fn always(account: &Account) -> Vec<String> {
    let mut broken = account.wrongs.clone();
    for Ours { record, revision, restored } in ours(account) {
        let source = account.revision(&record.head.source).map(|source| source.text.clone()).unwrap_or_default();
        let ours = account.revision(revision).map(|ours| ours.text.clone()).unwrap_or_default();
        if restored && ours != source {
            broken.push(format!(
                "{} was restored, and is not what {} was",
                revision.short(),
                record.head.source.short()
            ));
        }
        if !restored && !is_correction(record, &source, &ours) {
            broken.push(format!("{} differs from its source elsewhere than planned", revision.short()));
        }
    }
    let journal = format!(
        "{}{}",
        serde_json::to_string(&account.records.values().map(|record| &record.entries).collect::<Vec<_>>()).unwrap(),
        serde_json::to_string(&account.remembered.values().collect::<Vec<_>>()).unwrap(),
    );
    if journal.contains("CANARY") {
        broken.push("an environment value stands in the journal".into());
    }
    broken
}

/// Whether a text is its source with the edits of one of the record's attempts, byte for byte.
fn is_correction(record: &Record, source: &str, ours: &str) -> bool {
    let Ok(source) = TaskDefinition::parse(source) else { return false };
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::Opened(opening) => opening.steps.iter().any(|step| match step {
            logweir::domain::record::Step::Register { edits } => {
                patch::apply(&source, edits).is_ok_and(|corrected| corrected.text() == ours)
            }
            _ => false,
        }),
        _ => false,
    })
}

/// Once nothing is under way: one correction of a source at most, and no stale code is a family's newest.
pub fn at_rest(account: &Account, stale_was_asked_for: bool) -> Vec<String> {
    let mut broken = Vec::new();
    for record in account.records.values().filter(|record| record.head.open) {
        broken.push(format!("the record of {} stays open", record.head.source.short()));
    }
    let is_active = |revision: &RevisionArn| account.revision(revision).is_some_and(|revision| revision.active);
    let mut standing: BTreeMap<&RevisionArn, Vec<&RevisionArn>> = BTreeMap::new();
    for ours in ours(account).into_iter().filter(|ours| !ours.restored && is_active(ours.revision)) {
        let of_it = standing.entry(&ours.record.head.source).or_default();
        if !of_it.contains(&ours.revision) {
            of_it.push(ours.revision);
        }
    }
    for (source, several) in standing.iter().filter(|(_, several)| several.len() > 1) {
        broken.push(format!("{} has several corrections: {several:?}", source.short()));
    }
    let known: Vec<&RevisionArn> = ours(account).into_iter().map(|ours| ours.revision).collect();
    for family in FAMILIES {
        let active = account.active(family);
        for number in &active {
            let arn = account.arn(family, *number);
            if account.revision(&arn).unwrap().by == LOGWEIR && !known.contains(&&arn) {
                broken.push(format!("{} is ours, and no record knows it", arn.short()));
            }
        }
        let Some(newest) = active.last().map(|number| account.arn(family, *number)) else { continue };
        for ours in ours(account).into_iter().filter(|ours| *ours.revision == newest) {
            let source = ours.record.head.source.revision;
            let theirs = |number: &&usize| {
                let number = **number as u32;
                source < number
                    && number < newest.revision
                    && account.revision(&account.arn(family, number as usize)).unwrap().by != LOGWEIR
            };
            if !(stale_was_asked_for && ours.restored)
                && let Some(passed) = active.iter().find(theirs)
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
