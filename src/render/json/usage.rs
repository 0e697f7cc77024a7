//! Who uses an audited revision.

use crate::domain::audit::{AuditedRevision, Scopes, User, owner};

/// Who uses an audited revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLine {
    pub scopes: Scopes,
    /// The services, and the groups of standalone tasks, such as `production/web`.
    pub users: Vec<String>,
    pub desired: u64,
    pub running: u64,
    /// The owner that a tag names.
    pub owner: Option<String>,
}

impl UsageLine {
    pub fn of(revision: &AuditedRevision, owner_tags: &[String]) -> Self {
        Self {
            scopes: revision.scopes,
            users: revision.users.iter().map(|User { cluster, name, .. }| format!("{cluster}/{name}")).collect(),
            desired: revision.desired_tasks(),
            running: revision.running_tasks(),
            owner: owner(revision, owner_tags).map(String::from),
        }
    }

    /// Returns the use as a phrase, such as `running, next; 2 of 2 tasks; production/web`.
    pub fn phrase(&self) -> String {
        let Self { scopes, users, desired, running, owner } = self;
        let mut parts = vec![scopes.names()];
        if *desired + *running > 0 {
            parts.push(format!("{running} of {desired} tasks run"));
        }
        if !users.is_empty() {
            parts.push(users.join(", "));
        }
        parts.extend(owner.iter().map(|owner| format!("owner {owner}")));
        parts.join("; ")
    }
}
