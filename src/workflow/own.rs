//! Which revisions are Logweir's own, where the journal cannot say it: an act whose answer was lost.

use crate::domain::event::{Home, is_own};
use crate::domain::finding::Edit;
use crate::domain::revision::RevisionArn;
use crate::domain::saga::{Record, What};
use crate::domain::tags::{self, Tag};
use crate::domain::{difference, patch};
use crate::ports::{Answer, Described, Journal, Kind, Ports, TaskDefinitions};

/// How many of a family's newest revisions are looked at; the most that one call lists.
pub(super) const NEWEST: u8 = 100;

/// As whom the workers at a record register, this one and those before it.
#[derive(Clone, Debug)]
pub(super) struct Own(Vec<String>);

impl Own {
    /// The roles of deployed functions, and who registers through these ports where it is known: on the command line,
    /// whoever calls it.
    pub(super) fn registrars(home: &Home, registrar: Option<&str>) -> Vec<String> {
        home.own_roles.iter().cloned().chain(registrar.map(String::from)).collect()
    }

    /// The entry of a worker that takes a record over.
    pub(super) fn resumes(home: &Home, registrar: Option<&str>) -> What {
        What::Resumed { registrars: Self::registrars(home, registrar) }
    }

    pub(super) fn of(home: &Home, registrar: Option<&str>, record: &Record) -> Self {
        Self(Self::registrars(home, registrar).into_iter().chain(record.registrars()).collect())
    }

    /// Whether a registration is ours by its principal. Where ECS does not name one, it cannot speak against it.
    pub(super) fn registered(&self, by: Option<&str>) -> bool {
        by.is_none_or(|by| is_own(by, &self.0) || self.0.iter().any(|own| own == by))
    }

    /// Whether a revision is one that Logweir registered for this source: by tag, by principal where ECS names it, and
    /// by content. A tag alone proves nothing; a copy of all three is what we would have registered anyway.
    pub(super) fn corrected(&self, found: &Described, source: &Described, edits: &[Edit]) -> bool {
        let Ok(corrected) = patch::apply(&source.definition, edits) else { return false };
        let tag = source_tag(&source.arn);
        let has_room = tags::carried(&source.tags, std::slice::from_ref(&tag)).contains(&tag);
        let tagged = !has_room || carries(&found.tags, &tag);
        let (mine, theirs) = (corrected.view(), found.definition.view());
        let same = difference::lost(mine, theirs).is_empty() && difference::lost(theirs, mine).is_empty();
        tagged && same && self.registered(found.registered_by.as_deref())
    }
}

/// The revision of ours whose registration was not answered, if there is one: the lowest of several. Where the source
/// cannot be described any more, only a revision that ECS says we registered is taken for ours.
pub(super) async fn unanswered(
    task_definitions: &impl TaskDefinitions,
    own: &Own,
    source: &RevisionArn,
    described: Option<&Described>,
    edits: &[Edit],
) -> Answer<Option<RevisionArn>> {
    let newest = task_definitions.newest(&source.family, NEWEST).await?;
    for candidate in newest.into_iter().rev().filter(|candidate| candidate.revision > source.revision) {
        let is_ours = match described {
            Some(described) => is_correction(task_definitions, own, &candidate, described, edits).await?,
            None => {
                let found = task_definitions.describe(&candidate.to_string()).await?;
                let reversed: Vec<Edit> = edits.iter().rev().map(Edit::reversed).collect();
                found.registered_by.is_some()
                    && own.registered(found.registered_by.as_deref())
                    && carries(&found.tags, &source_tag(source))
                    && patch::apply(&found.definition, &reversed).is_ok()
            }
        };
        if is_ours {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// As [`Own::corrected`], of a revision that is to be described first.
pub(super) async fn is_correction(
    task_definitions: &impl TaskDefinitions,
    own: &Own,
    candidate: &RevisionArn,
    source: &Described,
    edits: &[Edit],
) -> Answer<bool> {
    match task_definitions.describe(&candidate.to_string()).await {
        Ok(found) => Ok(own.corrected(&found, source, edits)),
        Err(error) if error.kind == Kind::Missing => Ok(false),
        Err(error) => Err(error),
    }
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
            let described = match ports.task_definitions().describe(&revision.to_string()).await {
                Err(error) if error.kind == Kind::Missing => return Ok(false),
                described => described?,
            };
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
