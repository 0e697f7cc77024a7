//! The sessions that Systems Manager lists.

use jiff::{SignedDuration, Timestamp};

use super::SSM_HISTORY;
use super::target::Target;

/// A session in a container of ECS, as DescribeSessions lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct SsmSession {
    pub id: String,
    pub target: Target,
    pub start: Timestamp,
    /// The end of the session. `None` if the session is open.
    pub end: Option<Timestamp>,
    /// Whether the session could not be opened.
    pub has_failed: bool,
    /// Whether DescribeSessions lists the session as active.
    pub is_active: bool,
    /// The ARN of the principal that opened the session. For a session of ECS Exec, the service-linked role of ECS.
    pub owner: Option<String>,
}

/// The sessions of Systems Manager in one account and Region, or why they are not known.
#[derive(Clone, Debug)]
pub enum SsmSessions {
    Read(Vec<SsmSession>),
    Unread(String),
}

impl SsmSessions {
    pub fn list(&self) -> &[SsmSession] {
        match self {
            Self::Read(sessions) => sessions,
            Self::Unread(_) => &[],
        }
    }
}

/// Whether Systems Manager still lists a session that was opened at `start`.
pub(super) fn is_listed(start: Timestamp, now: Timestamp) -> bool {
    now.duration_since(start) < SSM_HISTORY - SignedDuration::from_hours(24)
}

impl SsmSession {
    /// Whether ECS opened the session for a caller of ExecuteCommand. Any other owner opened the session directly, and
    /// such a session has no transcript. `None` if the owner is not known.
    pub fn is_of_ecs(&self) -> Option<bool> {
        self.owner.as_deref().map(super::owner::is_role_of_ecs)
    }
}
