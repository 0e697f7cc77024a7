//! The lag of ECS. For some time after the registration of a revision, a call may say that the revision does not exist.

use jiff::SignedDuration;

use super::assess::described;
use crate::domain::ecs::revision::RevisionArn;
use crate::ports::{Answer, Clock, Journal, Ports};

/// The time after which Logweir expects every call of ECS to know a new revision. AWS documents no limit, but the
/// effects of DeregisterTaskDefinition may take up to ten minutes (source: ECS API reference, DeregisterTaskDefinition).
pub(super) const KNOWN_BY_THEN: SignedDuration = SignedDuration::from_mins(10);

/// Returns whether the revision is so new that a call of ECS may not know it yet. Logweir asks this only after a call
/// has answered that the revision does not exist.
pub(super) async fn is_new<P: Ports>(ports: &P, revision: &RevisionArn) -> Answer<bool> {
    let registered = match described(ports.task_definitions(), revision).await? {
        Some(found) if !found.is_active() => return Ok(false),
        Some(found) => found.registered_at,
        // This read may lag as well. The journal lists the revisions that Logweir registered.
        None => match ports.journal().source_of(revision).await? {
            Some(source) => ports.journal().read(&source).await?.and_then(|record| record.registered_at(revision)),
            None => None,
        },
    };
    Ok(registered.is_some_and(|at| ports.clock().now().duration_since(at) < KNOWN_BY_THEN))
}
