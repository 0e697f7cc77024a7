//! Finds a revision that Logweir registered, but that the journal does not list, because the response to
//! RegisterTaskDefinition was lost.

use super::assess::described;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::edit::{Edit, difference, patch};
use crate::domain::event::{Home, is_own};
use crate::domain::record::{EntryKind, Record};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, Described, Journal, Ports, TaskDefinitions};

/// The maximum number of a family's newest revisions that Logweir lists. This number is the maximum that one
/// ListTaskDefinitions call returns.
pub(super) const NEWEST: u8 = 100;

/// The maximum length of the name of a principal in a message, in characters.
const LONGEST: usize = 256;

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
        let is_tagged =
            || [tags::SOURCE, tags::RESTORES].iter().any(|key| carries(&found.tags, &Tag::new(*key, &number)));
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

/// A revision that Logweir may have registered. The revision has the tag `tag`, and its document is the document of the
/// revision `base` with the changes `edits`.
pub(super) struct ExpectedRevision<'m> {
    pub(super) base: &'m RevisionArn,
    /// The description of the revision `base`, or `None` if ECS no longer describes the revision `base`.
    pub(super) described: Option<&'m Described>,
    pub(super) edits: &'m [Edit],
    pub(super) tag: Tag,
}

impl ExpectedRevision<'_> {
    /// Returns whether the revision `found` is the expected revision. Compares the tag, the document, and the
    /// registering principal (if ECS names this principal). A tag alone proves nothing, because other principals can
    /// set the same tag. A revision that matches in all three points equals the revision that Logweir would have
    /// registered. If ECS no longer describes the revision `base`, `found` matches only if one of the principals in
    /// `own` registered `found`.
    pub(super) fn is(&self, found: &Described, own: &Registrars) -> bool {
        let tagged = carries(&found.tags, &self.tag);
        let by = found.registered_by.as_deref();
        let Some(base) = self.described else {
            return by.is_some()
                && own.registered(by)
                && tagged
                && patch::apply(&found.definition, &reversed(self.edits)).is_ok();
        };
        let has_room = tags::carried(&base.tags, std::slice::from_ref(&self.tag)).contains(&self.tag);
        let same = patch::apply(&base.definition, self.edits).is_ok_and(|made| {
            let (mine, external) = (made.view(), found.definition.view());
            difference::lost(mine, external).is_empty() && difference::lost(external, mine).is_empty()
        });
        (tagged || !has_room) && same && own.registered(by)
    }

    /// Describes a revision, and returns whether the revision is the expected revision (see [`ExpectedRevision::is`]).
    pub(super) async fn is_at(
        &self,
        revision: &RevisionArn,
        task_definitions: &impl TaskDefinitions,
        own: &Registrars,
    ) -> Answer<bool> {
        Ok(described(task_definitions, revision).await?.is_some_and(|found| self.is(&found, own)))
    }

    /// Returns the expected revision, if ECS registered this revision although the response to RegisterTaskDefinition
    /// was lost. Returns the revision with the lowest number if there are several such revisions, and `None` if there
    /// is none.
    pub(super) async fn unanswered(
        &self,
        task_definitions: &impl TaskDefinitions,
        own: &Registrars,
    ) -> Answer<Option<RevisionArn>> {
        let newest = task_definitions.newest(&self.base.family, NEWEST).await?;
        for candidate in newest.into_iter().rev().filter(|candidate| candidate.revision > self.base.revision) {
            if self.is_at(&candidate, task_definitions, own).await? {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }
}

/// Returns the edits that reverse `edits`.
pub(super) fn reversed(edits: &[Edit]) -> Vec<Edit> {
    edits.iter().rev().map(Edit::reversed).collect()
}

/// Returns whether Logweir still has to withdraw (deregister) `revision`. Logweir has to withdraw `revision` if it is
/// the corrected revision of a source revision older than `source`, and if the record of that older source revision is
/// open. Logweir also has to withdraw a revision that a worker without the lease registered. If the journal does not list `revision` yet, Logweir uses the tag of `revision` only to find the record,
/// because any principal can set the tag.
pub(super) async fn is_to_be_withdrawn<P: Ports>(
    ports: &P,
    revision: &RevisionArn,
    source: &RevisionArn,
) -> Answer<bool> {
    let other = match ports.journal().source_of(revision).await? {
        Some(other) => other,
        None => {
            let Some(described) = described(ports.task_definitions(), revision).await? else { return Ok(false) };
            let tag = described.tags.iter().find(|tag| tag.key == tags::SOURCE);
            let Some(number) = tag.and_then(|tag| tag.value.parse().ok()) else { return Ok(false) };
            RevisionArn { revision: number, ..source.clone() }
        }
    };
    if other.revision > source.revision {
        return Ok(false);
    }
    let is_older = other.revision < source.revision;
    let record = ports.journal().read(&other).await?;
    Ok(record.is_some_and(|record| is_older && record.head.open || record.head.unclaimed.contains(revision)))
}

pub(super) fn source_tag(source: &RevisionArn) -> Tag {
    Tag::new(tags::SOURCE, source.revision.to_string())
}

pub(super) fn carries(tags: &[Tag], tag: &Tag) -> bool {
    tags.iter().any(|other| (&other.key, &other.value) == (&tag.key, &tag.value))
}
