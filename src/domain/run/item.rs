//! One item of a plan: the correction of a family's newest revision, and the services that follow.

use serde::{Deserialize, Serialize};

use super::digest::{source_digest, value_digest};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::wire::Described;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::Cause;
use crate::domain::event::tool::Tool;
use crate::domain::plan::Plan;
use crate::domain::report::{ReportedChange, changes};
use crate::domain::text::plain::plain;

/// The maximum length of a text from a tag, in characters.
const LONGEST: usize = 256;

/// One item of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunItem {
    /// The revision to correct, which is its family's newest revision. If `corrected` is set, this revision was
    /// corrected before.
    pub source: RevisionArn,
    /// The digest of the task definition and the tags of the source revision.
    pub source_digest: String,
    /// The rules that find a fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The changes of log options. Values that may contain a secret are hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PlannedChange>,
    /// The digest of the edits, with the values that `changes` hides. Empty if Logweir registers no revision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edits_digest: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_groups: Vec<LogGroupChange>,
    /// The corrected revision of an earlier correction, to which the services follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<RevisionArn>,
    /// The services that run the source revision, and that Logweir updates in mode rollout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceArn>,
    /// The services that run the source revision, and that Logweir leaves alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftService>,
    /// Why Logweir could not read which services run the source revision. Logweir then updates no service for the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unplaced: Option<String>,
    /// The tool or the stack that owns the family, according to the tags. Its next deployment brings the fault back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The change of one log option of one container. See [`ReportedChange`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedChange {
    pub container: String,
    pub option: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// A service that Logweir leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftService {
    pub service: ServiceArn,
    /// The reason, as reports name it.
    pub reason: String,
    pub why: String,
}

/// A difference between an item of a plan and the present state of the account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlike {
    #[error("the content or the tags of {0} differ from the plan")]
    Source(String),
    #[error("the changes of {0} differ from the plan")]
    Edits(String),
    #[error("log group {0} needs another change than the plan says")]
    LogGroup(String),
}

impl From<ReportedChange> for PlannedChange {
    fn from(ReportedChange { container, option, from, to }: ReportedChange) -> Self {
        Self { container, option, from, to }
    }
}

impl RunItem {
    /// Returns the item for a revision and the plan of its correction, without services.
    pub fn of(described: &Described, plan: &Plan) -> Self {
        let mut rules: Vec<String> =
            plan.findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule.name().into()).collect();
        rules.sort_unstable();
        rules.dedup();
        Self {
            rules,
            changes: plan.edits.iter().flat_map(changes).map(PlannedChange::from).collect(),
            edits_digest: match plan.edits.is_empty() {
                true => String::new(),
                false => value_digest(&serde_json::json!(plan.edits)),
            },
            log_groups: plan.log_groups.clone(),
            ..Self::corrected(described, None)
        }
    }

    /// Returns the item for a revision that was corrected before.
    pub fn corrected(described: &Described, corrected: Option<RevisionArn>) -> Self {
        Self {
            source: described.arn.clone(),
            source_digest: source_digest(described),
            rules: Vec::new(),
            changes: Vec::new(),
            edits_digest: String::new(),
            log_groups: Vec::new(),
            corrected,
            services: Vec::new(),
            left: Vec::new(),
            unplaced: None,
            owner: owner(&described.tags),
        }
    }

    /// Returns the item without services, because Logweir could not read which services run the source revision.
    pub fn without_services(self, why: &str) -> Self {
        Self { services: Vec::new(), left: Vec::new(), unplaced: Some(plain(why, LONGEST)), ..self }
    }

    /// Whether the item corrects the source revision.
    pub fn corrects(&self) -> bool {
        self.registers() || !self.log_groups.is_empty()
    }

    /// Whether the item registers a corrected revision.
    pub fn registers(&self) -> bool {
        !self.edits_digest.is_empty()
    }

    /// Whether the item changes anything.
    pub fn acts(&self) -> bool {
        self.corrects() || !self.services.is_empty()
    }

    /// Whether the item changes anything, or names a service or a failed read.
    pub fn says_something(&self) -> bool {
        self.acts() || !self.left.is_empty() || self.unplaced.is_some()
    }

    /// The number of changes: the correction of the family counts one, and each service that follows counts one.
    pub fn size(&self) -> usize {
        usize::from(self.corrects()) + self.services.len()
    }

    /// Returns the differences between this planned item and the item `now` that Logweir has just computed. An item may
    /// need less than the plan says: another item, or another principal, may have created the same log group.
    pub fn differences(&self, now: &Self) -> Vec<Unlike> {
        let name = || self.source.short();
        let mut all = Vec::new();
        if self.source_digest != now.source_digest {
            all.push(Unlike::Source(name()));
        }
        // A person reviews the changes, so a file with other changes than Logweir makes is refused too.
        if (&self.edits_digest, &self.changes) != (&now.edits_digest, &now.changes) {
            all.push(Unlike::Edits(name()));
        }
        let unplanned = now.log_groups.iter().filter(|change| !self.log_groups.iter().any(|it| allows(it, change)));
        all.extend(unplanned.map(|change| Unlike::LogGroup(plain(change.name(), LONGEST))));
        all
    }
}

/// Whether the planned change of a log group includes the change `now`.
fn allows(planned: &LogGroupChange, now: &LogGroupChange) -> bool {
    match (planned, now) {
        (LogGroupChange::Create(planned), LogGroupChange::SetRetention { name, new, .. }) => {
            planned.name == *name && planned.retention_days == Some(*new)
        }
        (
            LogGroupChange::SetRetention { name, new, ground, .. },
            LogGroupChange::SetRetention { name: other, new: days, ground: now, .. },
        ) => (name, new, ground) == (other, days, now),
        (planned, now) => planned == now,
    }
}

/// Returns the owner of a family according to the tags of its revision. Any principal may write a tag, so the owner is
/// only shown.
fn owner(tags: &[Tag]) -> Option<String> {
    let value = |key: &str| tags.iter().find(|tag| tag.key == key).map(|tag| plain(&tag.value, LONGEST));
    let stack = value("aws:cloudformation:stack-name").map(|stack| format!("CloudFormation stack {stack}"));
    let tool = || Tool::of(&Cause::default(), tags).filter(|tool| tool.owns()).map(|tool| tool.name().to_owned());
    stack.or_else(tool)
}
