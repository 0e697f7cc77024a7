//! The audit of one account and Region: which task-definition revisions run, which would run next, and which faults
//! they have.
//!
//! An audit of a hundred thousand families keeps only these compact results. It keeps no task definition, because a
//! task definition is large and may contain secrets.

mod coverage;
mod foreseen;
mod judge;
mod memo;
mod revision;
mod running;
mod scope;
mod selection;
mod step;
mod summary;
mod texts;

pub use coverage::{CallCount, Coverage, UnjudgedDaemon, UnreadPart};
pub use foreseen::Foreseen;
pub use judge::{AccountFacts, Judge, Judgement, RequiredGroups};
pub use memo::{Memo, SharedEvidence};
pub use revision::{AuditedFinding, AuditedFix, AuditedRevision, FixKind, User, UserKind};
pub use running::{FleetDeployment, FleetService, FleetTask};
pub use scope::{Scope, Scopes};
pub use selection::{AuditTarget, Globs, Selection};
pub use step::{ClusterStep, ForeseenStep, JudgedRevision, JudgedStep, Step, TaskCount};
pub use summary::{AuditSummary, FamilyImpact, OWNER_TAGS, OwnerCount, RuleCount, owner};
pub use texts::{Text, Texts};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::account_default::{Statement, UnsetModes};
use super::ecs::default_log_mode::DefaultLogMode;
use super::ecs::revision::RevisionArn;
use super::rule_name::RuleName;

/// The account and the Region of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditHome {
    pub partition: String,
    pub account: String,
    pub region: String,
}

impl AuditHome {
    /// Returns the ARN of a revision of this account and Region.
    pub fn arn(&self, family: &str, revision: u32) -> RevisionArn {
        let Self { partition, account, region } = self.clone();
        RevisionArn { partition, region, account, family: family.to_owned(), revision }
    }

    /// Whether the revision belongs to this account and Region.
    pub fn has(&self, arn: &RevisionArn) -> bool {
        (&self.partition, &self.account, &self.region) == (&arn.partition, &arn.account, &arn.region)
    }
}

/// The result of an audit of one account and Region.
#[derive(Clone, Debug)]
pub struct Audit {
    pub home: AuditHome,
    pub started: Timestamp,
    /// The account setting `defaultLogDriverMode`, without the caller's own value. `None` if it could not be read, or was
    /// not needed.
    pub default_mode: Option<DefaultLogMode>,
    /// The audited revisions that the filters leave, sorted by family and revision number.
    pub revisions: Vec<AuditedRevision>,
    /// The services that the filters leave, sorted by cluster and name.
    pub services: Vec<FleetService>,
    pub coverage: Coverage,
    /// The clusters, services and families that the selection names and that do not exist, one clause each.
    pub absent: BTreeSet<String>,
    /// What the account setting `defaultLogDriverMode` would resolve. `None` if it would resolve nothing, or could not
    /// be read.
    pub account_default: Option<Statement>,
}

impl Audit {
    /// Returns the result of an audit that has read nothing yet.
    pub fn new(home: AuditHome, started: Timestamp) -> Self {
        let (default_mode, account_default) = (None, None);
        let (revisions, services, coverage, absent) = Default::default();
        Self { home, started, default_mode, revisions, services, coverage, absent, account_default }
    }

    /// Returns the containers without a mode by family, over all revisions with a finding of `blocking-delivery`.
    pub fn unset_modes(&self) -> BTreeMap<String, UnsetModes> {
        let mut families: BTreeMap<String, UnsetModes> = BTreeMap::new();
        for revision in &self.revisions {
            if revision.findings.iter().any(|finding| finding.rule == RuleName::BlockingDelivery) {
                *families.entry((*revision.family).to_owned()).or_default() += revision.unset;
            }
        }
        families
    }

    /// Returns the ARN of an audited revision.
    pub fn arn(&self, revision: &AuditedRevision) -> RevisionArn {
        self.home.arn(&revision.family, revision.revision)
    }
}
