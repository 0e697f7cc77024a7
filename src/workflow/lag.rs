//! Reads that do not show an earlier write yet. ECS is eventually consistent: right after RegisterTaskDefinition, the
//! revision may be missing from a list, have no tags, or not be described at all (source: hashicorp/
//! terraform-provider-aws#45553).

use jiff::Timestamp;

use super::assess::described;
use crate::domain::ecs::lag::{LONGEST_LAG, may_lag};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Clock, Described, ErrorKind, Journal, PortError, Ports, Services};

/// Describes a revision that was registered at the time `registered`, or later. Returns `None` if ECS does not describe
/// the revision although the registration is so old that every read shows it. Returns an error that allows a retry if
/// the registration is not that old.
pub(super) async fn described_after<P: Ports>(
    ports: &P,
    revision: &RevisionArn,
    registered: Timestamp,
) -> Answer<Option<Described>> {
    match described(ports.task_definitions(), revision).await? {
        None if may_lag(registered, ports.clock().now()) => Err(not_visible_yet(format!(
            "ECS does not describe {} yet, which was registered at {registered:.0} or later",
            revision.short()
        ))),
        found => Ok(found),
    }
}

/// Returns the error of a read of a revision that may not show a write yet. The error allows a retry.
pub(super) fn not_visible_yet(message: String) -> PortError {
    not_visible_to("DescribeTaskDefinition", message)
}

/// Returns the error of a read that may not show a write of `call` yet. The error allows a retry.
pub(super) fn not_visible_to(call: &'static str, message: impl Into<String>) -> PortError {
    PortError { kind: ErrorKind::Retry, call, message: message.into(), reason: Some(Reason::NotVisibleYet) }
}

/// Returns whether the revision is so new that a call of ECS may not know it yet. Logweir asks this only after a call
/// has answered that the revision does not exist.
pub(super) async fn is_new<P: Ports>(ports: &P, service: &ServiceArn, revision: &RevisionArn) -> Answer<bool> {
    let now = ports.clock().now();
    let registered = match described(ports.task_definitions(), revision).await? {
        Some(found) if !found.is_active() => return Ok(false),
        Some(found) => found.registered_at,
        // This read may lag as well. The journal lists the revisions that Logweir registered.
        None => match ports.journal().source_of(revision).await? {
            Some(source) => ports.journal().read(&source).await?.and_then(|record| record.registered_at(revision)),
            // Another principal registered the revision. If it was deployed a moment ago, ECS has the revision.
            None => return is_recently_deployed(ports, service, revision, now).await,
        },
    };
    Ok(registered.is_some_and(|at| may_lag(at, now)))
}

async fn is_recently_deployed<P: Ports>(
    ports: &P,
    service: &ServiceArn,
    revision: &RevisionArn,
    now: Timestamp,
) -> Answer<bool> {
    let since = now.checked_sub(LONGEST_LAG).unwrap_or(Timestamp::MIN);
    match ports.services().deployed_since(service, since).await {
        Ok(deployed) => Ok(deployed.contains(revision)),
        Err(error) if error.kind == ErrorKind::Retry => Err(error),
        Err(_) => Ok(false),
    }
}
