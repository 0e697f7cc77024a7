//! Reads a revision some time after its registration. Right after the registration, ECS may not show the revision yet.

use jiff::Timestamp;

use super::assess::described;
use super::lag::not_visible_to;
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::Record;
use crate::ports::{Answer, Clock, Described, ErrorKind, PortError, Ports, TaskDefinitions};

/// The state of a registered revision.
pub(super) enum Registration {
    Active(Box<Described>),
    /// ECS says that the revision is INACTIVE or is being deleted.
    Inactive(Box<Described>),
    /// ECS does not describe the revision.
    Unknown,
}

impl Registration {
    pub(super) fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    pub(super) fn is_inactive(&self) -> bool {
        matches!(self, Self::Inactive(_))
    }

    /// Returns the description of the revision, also if the revision is INACTIVE.
    pub(super) fn described(self) -> Option<Described> {
        match self {
            Self::Active(described) | Self::Inactive(described) => Some(*described),
            Self::Unknown => None,
        }
    }
}

/// Reads the state of a revision that was registered at `at` or earlier. Returns an error that allows a retry if ECS
/// does not describe the revision, and may not show the registration yet.
pub(super) async fn read<P: Ports>(ports: &P, revision: &RevisionArn, at: Option<Timestamp>) -> Answer<Registration> {
    match described(ports.task_definitions(), revision).await? {
        Some(found) if found.is_active() => Ok(Registration::Active(Box::new(found))),
        Some(found) => Ok(Registration::Inactive(Box::new(found))),
        None if may_be_hidden(ports, at) => Err(not_visible("DescribeTaskDefinition", revision)),
        None => Ok(Registration::Unknown),
    }
}

/// Whether ECS may not show a revision yet that was registered at `at`.
fn may_be_hidden<P: Ports>(ports: &P, at: Option<Timestamp>) -> bool {
    at.is_some_and(|at| may_lag(at, ports.clock().now()))
}

/// Returns the error of a call that did not find a revision that was registered a moment ago.
fn not_visible(call: &'static str, revision: &RevisionArn) -> PortError {
    let message = format!("ECS does not show {} yet, which was registered in the last ten minutes", revision.short());
    not_visible_to(call, message)
}

/// Deregisters a revision that was registered at `at` or earlier. A revision that ECS does not have counts as
/// deregistered, unless ECS may not show its registration yet.
pub(super) async fn deregister<P: Ports>(ports: &P, revision: &RevisionArn, at: Option<Timestamp>) -> Answer<()> {
    match ports.task_definitions().deregister(revision).await {
        Err(error) if error.kind != ErrorKind::Missing => Err(error),
        Err(_) if may_be_hidden(ports, at) => Err(not_visible("DeregisterTaskDefinition", revision)),
        _ => Ok(()),
    }
}

/// Returns the time of the entry that records the registration of `revision`.
pub(super) fn registered_at(record: &Record, revision: &RevisionArn) -> Option<Timestamp> {
    record.registered().iter().find(|registered| registered.revision == revision).map(|registered| registered.at)
}
