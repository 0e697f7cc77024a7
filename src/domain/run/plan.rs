//! The plan of a run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::value_digest;
use super::id::RunId;
use super::item::RunItem;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::LogGroupChange;
use crate::domain::outcome::Mode;

/// The account, the Region and the settings of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanHead {
    pub schema: String,
    /// The time at which Logweir made the plan.
    pub made: Timestamp,
    /// The version of Logweir that made the plan.
    pub logweir: String,
    pub account: String,
    pub region: String,
    pub mode: Mode,
    pub baseline_digest: String,
    /// The number of services that Logweir updates first. Logweir continues only if their deployments complete.
    #[serde(default)]
    pub canary: usize,
}

/// One plan for an account and Region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    #[serde(flatten)]
    pub head: PlanHead,
    /// The items in the order in which Logweir applies them, sorted by family.
    pub items: Vec<RunItem>,
    /// The families with a fault that the run does not correct.
    #[serde(default)]
    pub left: Vec<LeftFamily>,
    /// The services that run an older revision than their family's newest revision.
    #[serde(default)]
    pub older: Vec<OlderService>,
    /// The families that Logweir could not read, and those whose services it could not read.
    #[serde(default)]
    pub unread: Vec<UnreadFamily>,
    /// The number of families with an ACTIVE revision.
    #[serde(default)]
    pub families: usize,
}

/// A family whose newest revision has a fault that the run does not correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftFamily {
    pub source: RevisionArn,
    #[serde(default)]
    pub rules: Vec<String>,
    /// The reason, as reports name it.
    pub reason: String,
    pub why: String,
}

/// A service that runs an older revision than its family's newest revision. A correction of the older revision would
/// make old code the family's newest revision, so a run only says that the owner has to deploy the newest revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OlderService {
    pub service: ServiceArn,
    pub runs: RevisionArn,
    pub newest: RevisionArn,
}

/// A family that Logweir could not read, or whose services it could not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreadFamily {
    pub family: String,
    pub error: String,
}

/// The numbers of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlanSummary {
    pub families: usize,
    /// The corrected revisions to register.
    pub registrations: usize,
    pub log_groups_created: usize,
    pub retentions_set: usize,
    /// The services that follow.
    pub services: usize,
    /// The services that run a source revision, and that Logweir leaves alone.
    pub left_services: usize,
    pub left_families: usize,
    pub older_services: usize,
    pub unread: usize,
    /// The changes that `--max-changes` limits: the corrected families and the updated services.
    pub changes: usize,
}

impl RunPlan {
    /// Returns the digest `sha256:…` of the part of the plan that Logweir applies.
    pub fn digest(&self) -> String {
        value_digest(&serde_json::json!({"head": self.head, "items": self.items}))
    }

    /// Returns the ID of the run that applies the plan.
    pub fn id(&self) -> RunId {
        RunId::of(self.head.made, &self.digest())
    }

    /// Sorts the items and the other lists, so that equal accounts have equal plans.
    pub fn sort(&mut self) {
        self.items.sort_by(|one, other| one.source.cmp(&other.source));
        for item in &mut self.items {
            item.services.sort_unstable();
            item.left.sort_by(|one, other| one.service.cmp(&other.service));
        }
        self.left.sort_by(|one, other| one.source.cmp(&other.source));
        self.older.sort_by(|one, other| one.service.cmp(&other.service));
        self.unread.sort_by(|one, other| one.family.cmp(&other.family));
    }

    pub fn summary(&self) -> PlanSummary {
        let groups = |is_made: bool| {
            let changes = self.items.iter().flat_map(|item| &item.log_groups);
            let kind = changes.filter(|change| matches!(change, LogGroupChange::Create(_)) == is_made);
            kind.map(LogGroupChange::name).collect::<BTreeSet<_>>().len()
        };
        PlanSummary {
            families: self.families,
            registrations: self.items.iter().filter(|item| item.registers()).count(),
            log_groups_created: groups(true),
            retentions_set: groups(false),
            services: self.items.iter().map(|item| item.services.len()).sum(),
            left_services: self.items.iter().map(|item| item.left.len()).sum(),
            left_families: self.left.len(),
            older_services: self.older.len(),
            unread: self.unread.len(),
            changes: self.items.iter().map(RunItem::size).sum(),
        }
    }

    /// Returns the services that Logweir updates first: the first `canary` services in the order of the items.
    pub fn canaries(&self) -> BTreeSet<&ServiceArn> {
        self.items.iter().flat_map(|item| &item.services).take(self.head.canary).collect()
    }
}
