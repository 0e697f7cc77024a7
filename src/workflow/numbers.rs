//! Finds out from the numbers of revisions which revisions were registered before another one. The numbers of a family
//! only grow, and ECS never uses a number again (source: ECS API reference, TaskDefinition). A list, in contrast, may
//! omit a new revision.

use jiff::Timestamp;

use super::assess::described;
use super::lag::not_visible_yet;
use super::own_registration::{ExpectedRevision, MOST_DESCRIBED, Match, NewerRevision, Registrars, newer_revision};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Clock, ErrorKind, PortError, Ports};

/// A revision that Logweir registered, and the lower number above which Logweir has to know every revision.
pub(super) struct Gap<'a> {
    pub(super) after: &'a RevisionArn,
    pub(super) registered: &'a RevisionArn,
    /// The time at which the journal recorded the registration of the revision `registered`.
    pub(super) at: Timestamp,
    /// The revisions that the record already names. Logweir does not describe these revisions.
    pub(super) known: Vec<&'a RevisionArn>,
    /// The source revision of the record.
    pub(super) source: &'a RevisionArn,
}

/// The revisions with the numbers in a [`Gap`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// No revision in the gap matters: each one is deregistered or was never visible.
    Nothing,
    /// Logweir itself registered this revision, and the record does not name it yet.
    ByLogweir(RevisionArn),
    /// Another principal registered this ACTIVE revision.
    Newer(RevisionArn),
    /// The gap has more than [`MOST_DESCRIBED`] numbers.
    TooMany,
}

/// Describes each revision in the gap. `expected` is the revision that Logweir registers for the record. Returns an
/// error that allows a retry as long as a revision in the gap may not be visible yet.
pub(super) async fn between<P: Ports>(
    ports: &P,
    own: &Registrars,
    gap: Gap<'_>,
    expected: &ExpectedRevision<'_>,
) -> Answer<Between> {
    let numbers = gap.after.revision.saturating_add(1)..gap.registered.revision;
    let known = gap.known.iter().filter(|known| numbers.contains(&known.revision)).count();
    if numbers.len() > MOST_DESCRIBED as usize + known {
        return Ok(Between::TooMany);
    }
    let now = ports.clock().now();
    let mut unseen = None;
    for revision in numbers.map(|revision| RevisionArn { revision, ..gap.after.clone() }) {
        if gap.known.contains(&&revision) {
            continue;
        }
        let Some(found) = described(ports.task_definitions(), &revision).await? else {
            unseen.get_or_insert(revision);
            continue;
        };
        if !found.is_active() {
            continue;
        }
        match expected.compare(&found, own, now) {
            Match::Yes => return Ok(Between::ByLogweir(revision)),
            Match::NotVisibleYet => _ = unseen.get_or_insert(revision),
            Match::No => match newer_revision(ports, own, &found, gap.source).await? {
                NewerRevision::Stays => return Ok(Between::Newer(revision)),
                NewerRevision::Deregistered => {}
                NewerRevision::ToBeWithdrawn => return Err(still_to_be_withdrawn(&revision)),
                NewerRevision::NotVisibleYet => _ = unseen.get_or_insert(revision),
            },
        }
    }
    match unseen {
        Some(revision) if may_lag(gap.at, now) => Err(not_visible_yet(format!(
            "ECS does not describe {} yet, which was registered before {}",
            revision.short(),
            gap.registered.short()
        ))),
        _ => Ok(Between::Nothing),
    }
}

/// Returns the error that allows a retry after Logweir has withdrawn a newer revision.
pub(super) fn still_to_be_withdrawn(revision: &RevisionArn) -> PortError {
    let message = format!("Logweir still has to withdraw the newer revision {}", revision.short());
    let (kind, reason) = (ErrorKind::Retry, Some(Reason::NewerRevision));
    PortError { kind, call: "RegisterTaskDefinition", message, reason }
}
