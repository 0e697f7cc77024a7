//! Finds a revision that Logweir registered, but that the journal does not list, because the response to
//! RegisterTaskDefinition was lost.

use jiff::Timestamp;

use super::assess::described;
use super::lag::not_visible_yet;
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::{Edit, difference, patch};
use crate::domain::event::{Home, is_own};
use crate::domain::record::{Done, Effects, EntryKind, Record, RecordKind, Step};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, Clock, Described, Journal, Ports, TaskDefinitions};

/// The maximum number of a family's newest revisions that Logweir lists. This number is the maximum that one
/// ListTaskDefinitions call returns.
pub(super) const NEWEST: u8 = 100;

/// The maximum length of the name of a principal in a message, in characters.
const LONGEST: usize = 256;

/// The maximum number of revisions that Logweir describes to find out what a list does not show.
pub(super) const MOST_DESCRIBED: u32 = 10;

/// The ARNs of the principals that may have registered revisions for a record.
#[derive(Clone, Debug)]
pub(super) struct Registrars {
    /// The principals of this worker.
    of_worker: Vec<String>,
    /// The principals of the workers that claimed the record before, according to the record.
    of_record: Vec<String>,
}

impl Registrars {
    /// Returns the ARNs of the IAM roles of the Lambda functions and, on the command line, the ARN of the caller
    /// (`registrar`).
    pub(super) fn registrars(home: &Home, registrar: Option<&str>) -> Vec<String> {
        home.own_roles.iter().cloned().chain(registrar.map(String::from)).collect()
    }

    /// Returns the entry that a worker writes first when the worker takes over a record.
    pub(super) fn resumes(home: &Home, registrar: Option<&str>) -> EntryKind {
        EntryKind::Resumed { registrars: Self::registrars(home, registrar) }
    }

    /// The principals of this worker alone.
    pub(super) fn own(home: &Home, registrar: Option<&str>) -> Self {
        Self { of_worker: Self::registrars(home, registrar), of_record: Vec::new() }
    }

    pub(super) fn of(home: &Home, registrar: Option<&str>, record: &Record) -> Self {
        Self { of_worker: Self::registrars(home, registrar), of_record: record.registrars() }
    }

    /// Returns whether the principal `by` is one of the registrars. Also returns `true` if `by` is `None`, because ECS
    /// does not name the registering principal of every revision.
    pub(super) fn registered(&self, by: Option<&str>) -> bool {
        by.is_none_or(|by| is_one_of(by, &self.of_worker) || is_one_of(by, &self.of_record))
    }

    /// Returns whether ECS confirms that Logweir registered the revision `found` for the source revision `source`. The
    /// record alone is no evidence, because a principal that can write to the journal could otherwise make Logweir
    /// deregister or deploy any revision of the family. If only the record names the registering principal, the
    /// revision must have Logweir's tag too.
    pub(super) fn confirm(&self, found: &Described, source: &RevisionArn) -> bool {
        let by = found.registered_by.as_deref();
        let number = source.revision.to_string();
        let is_tagged = || {
            [tags::SOURCE, tags::RESTORES, tags::MIGRATES]
                .iter()
                .any(|key| carries(&found.tags, &Tag::new(*key, &number)))
        };
        by.is_some_and(|by| is_one_of(by, &self.of_worker)) || self.registered(by) && is_tagged()
    }
}

fn is_one_of(by: &str, registrars: &[String]) -> bool {
    is_own(by, registrars) || registrars.iter().any(|own| own == by)
}

/// Returns why Logweir neither deregisters nor deploys a revision that ECS does not confirm (see
/// [`Registrars::confirm`]).
pub(super) fn unconfirmed(found: &Described) -> String {
    let by = found.registered_by.as_deref().map(|by| plain(by, LONGEST));
    format!(
        "the record says that Logweir registered {}, but ECS does not confirm this (registered by: {}); check which \
         principals can write to the journal",
        found.arn.short(),
        by.as_deref().unwrap_or("unknown")
    )
}

/// A revision that Logweir may have registered from the revision `base`. The revision has the tags `tags`.
pub(super) struct ExpectedRevision<'m> {
    pub(super) base: &'m RevisionArn,
    pub(super) document: ExpectedDocument<'m>,
    pub(super) tags: Vec<Tag>,
}

/// The document of an [`ExpectedRevision`].
#[derive(Clone, Copy)]
pub(super) enum ExpectedDocument<'m> {
    /// The document of the revision `base` with the changes `edits`.
    Edited {
        /// The description of the revision `base`, or `None` if ECS no longer describes the revision `base`.
        base: Option<&'m Described>,
        edits: &'m [Edit],
    },
    /// The planned document of a migration. `None` for a worker that does not have the document: the record contains only
    /// its digest, which is also in a tag.
    Planned(Option<&'m TaskDefinition>),
}

/// The result of the comparison of a revision with an [`ExpectedRevision`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// Only a tag is missing, and ECS may not show the tags of the revision yet.
    NotVisibleYet,
}

impl<'m> ExpectedRevision<'m> {
    /// Returns the revision that a step registers from the source revision `source`. `described` is the description of
    /// the source revision, and `planned` is the planned document of a migration, as far as the worker has them.
    pub(super) fn of(
        step: &'m Step,
        source: &'m RevisionArn,
        described: Option<&'m Described>,
        planned: Option<&'m TaskDefinition>,
    ) -> Self {
        let (document, tags) = match step {
            Step::Migrate { digest } => (ExpectedDocument::Planned(planned), migration_tags(source, digest)),
            step => {
                let edits = step.edits().unwrap_or_default();
                (ExpectedDocument::Edited { base: described, edits }, vec![source_tag(source)])
            }
        };
        Self { base: source, document, tags }
    }

    /// Compares the revision `found` with the expected revision: the tags, the document, and the registering principal
    /// (if ECS names this principal). A tag alone proves nothing, because other principals can set the same tag. A
    /// revision that matches in all three points equals the revision that Logweir would have registered. Without the
    /// document to compare with, `found` matches only if one of the principals in `own` registered `found`.
    pub(super) fn compare(&self, found: &Described, own: &Registrars, now: Timestamp) -> Match {
        let by = found.registered_by.as_deref();
        let (same, has_room) = match self.document {
            ExpectedDocument::Edited { base: None, edits } => {
                (by.is_some() && patch::apply(&found.definition, &reversed(edits)).is_ok(), true)
            }
            ExpectedDocument::Edited { base: Some(base), edits } => {
                let same = patch::apply(&base.definition, edits).is_ok_and(|made| {
                    let (mine, external) = (made.view(), found.definition.view());
                    difference::lost(mine, external).is_empty() && difference::lost(external, mine).is_empty()
                });
                let carried = tags::carried(&base.tags, &self.tags);
                (same, self.tags.iter().all(|tag| carried.contains(tag)))
            }
            // ECS adds its defaults to new containers, so the description may have more members than the document.
            ExpectedDocument::Planned(Some(document)) => {
                (difference::lost(document.view(), found.definition.view()).is_empty(), true)
            }
            ExpectedDocument::Planned(None) => (by.is_some(), true),
        };
        if !same || !own.registered(by) {
            return Match::No;
        }
        match self.tags.iter().all(|tag| carries(&found.tags, tag)) || !has_room {
            true => Match::Yes,
            false if lacks_tags(found, now) => Match::NotVisibleYet,
            false => Match::No,
        }
    }

    /// Describes a revision, and compares it with the expected revision (see [`ExpectedRevision::compare`]).
    pub(super) async fn compare_at<P: Ports>(
        &self,
        ports: &P,
        own: &Registrars,
        revision: &RevisionArn,
    ) -> Answer<Match> {
        let found = described(ports.task_definitions(), revision).await?;
        let now = ports.clock().now();
        Ok(found.map_or(Match::NotVisibleYet, |found| match found.is_active() {
            true => self.compare(&found, own, now),
            false => Match::No,
        }))
    }

    /// Returns the expected revision, if ECS registered this revision although the response to RegisterTaskDefinition
    /// was lost. Returns the revision with the lowest number if there are several such revisions, and `None` if there
    /// is none. `record` is the record for which Logweir registers the revision.
    ///
    /// Returns an error that allows a retry if there is no such revision, and if reads may not show it yet. Otherwise
    /// Logweir would register a second revision.
    pub(super) async fn unanswered<P: Ports>(
        &self,
        ports: &P,
        own: &Registrars,
        record: &Record,
    ) -> Answer<Option<RevisionArn>> {
        let listed = ports.task_definitions().newest(&self.base.family, NEWEST).await?;
        self.unanswered_among(ports, own, record, &listed).await
    }

    /// Does the same as [`ExpectedRevision::unanswered`]. `listed` contains the revisions of the family that ECS lists
    /// as ACTIVE. Because a list may be late, Logweir also describes the numbers near and above the highest listed
    /// number.
    pub(super) async fn unanswered_among<P: Ports>(
        &self,
        ports: &P,
        own: &Registrars,
        record: &Record,
        listed: &[RevisionArn],
    ) -> Answer<Option<RevisionArn>> {
        let lowest = self.base.revision.saturating_add(1);
        let highest = listed.iter().map(|listed| listed.revision).max().unwrap_or(0).max(self.base.revision);
        let is_listed = |revision: u32| listed.iter().any(|listed| listed.revision == revision);
        let near = lowest.max(highest.saturating_sub(MOST_DESCRIBED))..=highest;
        let mut numbers: Vec<u32> = listed.iter().map(|listed| listed.revision).filter(|it| *it >= lowest).collect();
        numbers.extend(near.filter(|number| !is_listed(*number)));
        numbers.sort_unstable();
        numbers.extend((highest.saturating_add(1)..).take(MOST_DESCRIBED as usize));
        for revision in numbers.into_iter().map(|revision| RevisionArn { revision, ..self.base.clone() }) {
            if record.registered_at(&revision).is_some() {
                continue;
            }
            match self.compare_at(ports, own, &revision).await? {
                Match::Yes => return Ok(Some(revision)),
                // No revision with a higher number is visible.
                Match::NotVisibleYet if revision.revision > highest => break,
                Match::No | Match::NotVisibleYet => {}
            }
        }
        match record.unanswered_since() {
            Some(since) if may_lag(since, ports.clock().now()) => Err(not_visible_yet(format!(
                "the response to RegisterTaskDefinition was lost at {since:.0}, and ECS does not show a new revision of \
                 family {} yet",
                self.base.family
            ))),
            _ => Ok(None),
        }
    }
}

/// Finds out whether ECS registered the corrected or migrated revision, if the response to RegisterTaskDefinition was
/// lost. Returns the entry that records the result, or `None` if no response was lost, or if the record is being backed
/// out.
pub(super) async fn lost_registration<P: Ports>(
    ports: &P,
    own: &Registrars,
    record: &Record,
) -> Answer<Option<EntryKind>> {
    let Some((number, step)) = Effects::of(record).possible else { return Ok(None) };
    if record.head.backing_out {
        return Ok(None);
    }
    let source = &record.head.source;
    let described = described(ports.task_definitions(), source).await?;
    let made = ExpectedRevision::of(step, source, described.as_ref(), None);
    Ok(Some(match made.unanswered(ports, own, record).await? {
        Some(corrected) => EntryKind::Done { step: number, done: Done::Registered { corrected } },
        None => {
            let why = "the response to RegisterTaskDefinition was lost, and there is no new revision".into();
            EntryKind::Failed { step: number, why, reason: None }
        }
    }))
}

/// Returns whether ECS may not show the tags of a revision yet.
fn lacks_tags(found: &Described, now: Timestamp) -> bool {
    found.tags.is_empty() && found.registered_at.is_some_and(|registered| may_lag(registered, now))
}

/// Returns the edits that reverse `edits`.
pub(super) fn reversed(edits: &[Edit]) -> Vec<Edit> {
    edits.iter().rev().map(Edit::reversed).collect()
}

/// The meaning of an ACTIVE revision for the correction of a source revision with a lower number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewerRevision {
    /// The revision stays ACTIVE, so the source revision is not the newest.
    Stays,
    /// Logweir has deregistered the revision, and the read does not show the deregistration yet.
    Deregistered,
    /// Logweir still has to withdraw (deregister) the revision.
    ToBeWithdrawn,
    /// Logweir may have registered the revision, and ECS may not show its tags yet.
    NotVisibleYet,
}

/// Returns the meaning of the ACTIVE revision `found` for the correction of `source`. Logweir has to withdraw `found`
/// in two cases: a worker without the lease registered `found`, or `found` is the corrected or migrated revision of a
/// source revision older than `source` and the record of that older source revision is open. If the journal does not list
/// `found` yet, Logweir uses the tag of `found` only to find the record, because any principal can set the tag.
pub(super) async fn newer_revision<P: Ports>(
    ports: &P,
    own: &Registrars,
    found: &Described,
    source: &RevisionArn,
) -> Answer<NewerRevision> {
    let other = match ports.journal().record_of(&found.arn).await? {
        Some(other) => other,
        None => {
            let Some((kind, revision)) = tagged_source(found) else {
                let by = found.registered_by.as_deref();
                let is_own = by.is_some() && own.registered(by);
                return Ok(match is_own && lacks_tags(found, ports.clock().now()) {
                    true => NewerRevision::NotVisibleYet,
                    false => NewerRevision::Stays,
                });
            };
            kind.of(&RevisionArn { revision, ..source.clone() })
        }
    };
    let Some(record) = ports.journal().read_record(&other).await? else { return Ok(NewerRevision::Stays) };
    let is_older = other.source.revision < source.revision;
    let is_unclaimed = other.source.revision <= source.revision && record.head.unclaimed.contains(&found.arn);
    Ok(match is_older && record.head.open || is_unclaimed {
        _ if record.deregistered(&found.arn) => NewerRevision::Deregistered,
        true => NewerRevision::ToBeWithdrawn,
        false => NewerRevision::Stays,
    })
}

/// Returns the kind of the record and the number of the source revision that the tags of a revision name.
fn tagged_source(found: &Described) -> Option<(RecordKind, u32)> {
    let number = |key: &str| found.tags.iter().find(|tag| tag.key == key).and_then(|tag| tag.value.parse().ok());
    let correction = number(tags::SOURCE).map(|number| (RecordKind::Correction, number));
    correction.or_else(|| number(tags::MIGRATES).map(|number| (RecordKind::Migration, number)))
}

/// Returns whether the journal says that Logweir deregistered `revision`.
pub(super) async fn is_deregistered<P: Ports>(ports: &P, revision: &RevisionArn) -> Answer<bool> {
    let Some(key) = ports.journal().record_of(revision).await? else { return Ok(false) };
    Ok(ports.journal().read_record(&key).await?.is_some_and(|record| record.deregistered(revision)))
}

pub(super) fn source_tag(source: &RevisionArn) -> Tag {
    Tag::new(tags::SOURCE, source.revision.to_string())
}

/// Returns the tags of a migrated revision.
pub(super) fn migration_tags(source: &RevisionArn, digest: &str) -> Vec<Tag> {
    vec![Tag::new(tags::MIGRATES, source.revision.to_string()), Tag::new(tags::DOCUMENT, digest)]
}

pub(super) fn carries(tags: &[Tag], tag: &Tag) -> bool {
    tags.iter().any(|other| (&other.key, &other.value) == (&tag.key, &tag.value))
}
