//! Which revisions are Logweir's own, where the journal cannot say it: an act whose answer was lost.

use super::assess::described;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::edit::{Edit, difference, patch};
use crate::domain::event::{Home, is_own};
use crate::domain::record::{EntryKind, Record};
use crate::ports::{Answer, Described, Journal, Ports, TaskDefinitions};

/// How many of a family's newest revisions are looked at; the most that one call lists.
pub(super) const NEWEST: u8 = 100;

/// As whom the workers at a record register, this one and those before it.
#[derive(Clone, Debug)]
pub(super) struct Registrars(Vec<String>);

impl Registrars {
    /// The roles of deployed functions, and who registers through these ports where it is known: on the command line,
    /// whoever calls it.
    pub(super) fn registrars(home: &Home, registrar: Option<&str>) -> Vec<String> {
        home.own_roles.iter().cloned().chain(registrar.map(String::from)).collect()
    }

    /// The entry of a worker that takes a record over.
    pub(super) fn resumes(home: &Home, registrar: Option<&str>) -> EntryKind {
        EntryKind::Resumed { registrars: Self::registrars(home, registrar) }
    }

    pub(super) fn of(home: &Home, registrar: Option<&str>, record: &Record) -> Self {
        Self(Self::registrars(home, registrar).into_iter().chain(record.registrars()).collect())
    }

    /// Whether a registration is ours by its principal. Where ECS does not name one, it cannot speak against it.
    pub(super) fn registered(&self, by: Option<&str>) -> bool {
        by.is_none_or(|by| is_own(by, &self.0) || self.0.iter().any(|own| own == by))
    }
}

/// What we may have registered: the document of `base` with these edits, and marked with this tag.
pub(super) struct ExpectedRevision<'m> {
    pub(super) base: &'m RevisionArn,
    /// The base itself; none where ECS cannot describe it any more.
    pub(super) described: Option<&'m Described>,
    pub(super) edits: &'m [Edit],
    pub(super) tag: Tag,
}

impl ExpectedRevision<'_> {
    /// Whether this is it: by tag, by principal where ECS names it, and by content. A tag alone proves nothing; a copy of
    /// all three is what we would have registered anyway. Where the base cannot be described any more, only a revision
    /// that ECS says we registered is taken for ours.
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
            let (mine, theirs) = (made.view(), found.definition.view());
            difference::lost(mine, theirs).is_empty() && difference::lost(theirs, mine).is_empty()
        });
        (tagged || !has_room) && same && own.registered(by)
    }

    /// Describes a revision, and compares it like [`ExpectedRevision::is`].
    pub(super) async fn is_at(
        &self,
        revision: &RevisionArn,
        task_definitions: &impl TaskDefinitions,
        own: &Registrars,
    ) -> Answer<bool> {
        Ok(described(task_definitions, revision).await?.is_some_and(|found| self.is(&found, own)))
    }

    /// The one whose registration was not answered, if it was carried out: the lowest of several.
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

/// The edits that take these back.
pub(super) fn reversed(edits: &[Edit]) -> Vec<Edit> {
    edits.iter().rev().map(Edit::reversed).collect()
}

/// Whether a revision is our correction of an older source, and its record is still under way: it has to be withdrawn.
/// Where its registration was not answered yet, its tag is a hint which record to look at; the record decides.
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
    let is_older = other.revision < source.revision;
    Ok(is_older && ports.journal().read(&other).await?.is_some_and(|record| record.head.open))
}

pub(super) fn source_tag(source: &RevisionArn) -> Tag {
    Tag::new(tags::SOURCE, source.revision.to_string())
}

pub(super) fn carries(tags: &[Tag], tag: &Tag) -> bool {
    tags.iter().any(|other| (&other.key, &other.value) == (&tag.key, &tag.value))
}
