//! An audited revision with its users and findings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use super::texts::Text;
use crate::domain::account_default::UnsetModes;
use crate::domain::baseline::Exempted;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::Safety;
use crate::domain::severity::Severity;
use crate::domain::verdict::Decided;

/// A revision that the audit judged, or that it could not read.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedRevision {
    pub family: Box<str>,
    /// The number of the revision. 0 if the newest revision of the family could not be read.
    pub revision: u32,
    pub scopes: Scopes,
    /// The services and standalone tasks that use the revision, in sorted order.
    pub users: Vec<User>,
    pub findings: Vec<AuditedFinding>,
    /// Whether the filters of findings hide a fault of the revision. The verdict includes the hidden faults.
    pub hides_fault: bool,
    /// The rules that Logweir could not check, or could not check for every container, because a read failed.
    pub not_checked: Vec<RuleName>,
    /// Why Logweir could not read the revision, or could not check every rule.
    pub unread: Option<Text>,
    /// Whether the whole revision could not be read. It then has no finding.
    pub is_unread: bool,
    /// The tags of the revision. They name its owner, but any principal that registers a revision can set them.
    pub tags: Vec<(Text, Text)>,
    /// The ARN of the principal that registered the revision, if ECS names it.
    pub registered_by: Option<Text>,
    pub registered_at: Option<Timestamp>,
    /// The containers without a mode.
    pub unset: UnsetModes,
}

/// A fault of an audited revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedFinding {
    pub rule: RuleName,
    pub severity: Severity,
    pub decided: Decided,
    /// The name of the container. `None` if the fault concerns the whole task.
    pub container: Option<Text>,
    /// The index of the container in `containerDefinitions`.
    pub index: Option<u32>,
    /// The JSON pointer to the fault in the task definition (RFC 6901).
    pub pointer: Text,
    pub message: Text,
    /// The current effect of the fault, such as the default mode that ECS applies.
    pub effective: Option<Text>,
    pub fix: AuditedFix,
    /// The exemption that covers the finding.
    pub exempt: Option<Box<Exempted>>,
    /// Further notes for the reader, such as a note about an expired exemption.
    pub notes: Vec<Text>,
}

/// The fix of a finding. The audit keeps no edit, because a later run computes the edit again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedFix {
    pub safety: Safety,
    pub kind: FixKind,
    /// What the fix changes, or the advice, as a sentence without a full stop. `render::json::fix_text` writes it.
    pub text: Text,
}

/// What a fix changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixKind {
    /// Options of the log configuration, or the whole log configuration, in a new revision.
    Revision,
    /// A log group or its retention.
    LogGroup,
    /// Nothing. A person has to change something.
    Advice,
}

/// A service, or the standalone tasks of one group, that use a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    pub kind: UserKind,
    /// The name of the cluster.
    pub cluster: Text,
    /// The name of the service, or the group of the standalone tasks, such as `family:jobs`.
    pub name: Text,
    /// The number of tasks that the service's deployments of this revision should have. The number of tasks, for
    /// standalone tasks.
    pub desired: u32,
    pub running: u32,
    /// Whether the service starts new tasks from this revision. `false` for standalone tasks.
    pub starts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    Service,
    Tasks,
}

impl AuditedFinding {
    /// Whether the finding makes its revision not compliant.
    pub fn is_fault(&self) -> bool {
        self.exempt.is_none() && self.severity.is_fault() && self.decided != Decided::Unknown
    }
}

impl AuditedRevision {
    /// Returns `FAMILY:REVISION`.
    pub fn short(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    /// Whether one of the findings that the audit shows is a fault.
    pub fn shows_fault(&self) -> bool {
        self.findings.iter().any(AuditedFinding::is_fault)
    }

    /// Keeps the findings that the audit is asked for. The verdict on the revision stays the same.
    pub fn keep_findings(&mut self, is_shown: impl Fn(&AuditedFinding) -> bool) {
        let is_hidden = |finding: &AuditedFinding| finding.is_fault() && !is_shown(finding);
        self.hides_fault |= self.findings.iter().any(is_hidden);
        self.findings.retain(is_shown);
    }

    /// Whether the revision has no fault, shown or hidden. Returns `None` if it has no fault, but a read failed.
    pub fn compliant(&self) -> Option<bool> {
        match self.hides_fault || self.shows_fault() {
            true => Some(false),
            false => self.unread.is_none().then_some(true),
        }
    }

    /// Returns the services that use the revision.
    pub fn services(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| user.kind == UserKind::Service)
    }

    /// Returns the number of running tasks of the users.
    pub fn running_tasks(&self) -> u64 {
        self.users.iter().map(|user| u64::from(user.running)).sum()
    }

    /// Returns the number of desired tasks of the users.
    pub fn desired_tasks(&self) -> u64 {
        self.users.iter().map(|user| u64::from(user.desired)).sum()
    }
}
