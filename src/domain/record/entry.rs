//! The entries that make up the record of one source revision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::RecordKind;
use super::step::{Done, Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, TriggerKind};

/// The schema version of the entries that this release writes. A new variant of [`Mode`] or [`TriggerKind`] needs a new
/// version, because an older release cannot read an entry with an unknown variant.
pub const SCHEMA: u32 = 1;

/// One entry of a record in the journal. Entries are appended and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub schema: u32,
    /// The number of the entry within its record, from 0.
    pub sequence: u32,
    pub at: Timestamp,
    /// The worker that wrote the entry.
    pub by: String,
    #[serde(flatten)]
    pub what: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum EntryKind {
    /// A worker opened the record to correct or to migrate the source. The entry contains all steps that the worker intends to take.
    Opened(Box<Opening>),
    /// The worker is about to take step number `step`. Without a later `Done` entry, the step counts as possibly done.
    Started {
        step: usize,
        /// The number of tags that the worker is about to send with RegisterTaskDefinition. `None` for other steps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<u32>,
    },
    Done {
        step: usize,
        #[serde(flatten)]
        done: Done,
    },
    /// Step number `step` was not taken or not completed, and this attempt does not try the step again.
    Failed {
        step: usize,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The worker stops and releases its lease on the record, because a later try may succeed.
    Released {
        why: String,
        /// The step, or the undo step during a backout, whose registration ECS refused. Since ECS certainly registered
        /// no revision, the registration no longer counts as possibly done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<usize>,
    },
    /// Another worker took the record over, to continue the work of a worker that stopped.
    Resumed {
        /// The principals under which the new worker registers revisions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        registrars: Vec<String>,
    },
    /// The worker is about to withdraw (deregister) the corrected revision for the reason `why`.
    Withdrawing {
        corrected: RevisionArn,
        why: Reason,
    },
    Withdrawn {
        corrected: RevisionArn,
    },
    /// The corrected revision is no longer ACTIVE, and Logweir did not deregister it.
    Vanished {
        corrected: RevisionArn,
    },
    /// A worker registered the revision after another worker had taken over the record, so Logweir deregisters the
    /// revision. Any worker may write this entry, also while another worker holds the lease on the record.
    Unclaimed {
        registered: RevisionArn,
    },
    /// A caller requested a backout of the record. The entry contains all undo steps in their order.
    #[serde(alias = "backout-asked")]
    BackoutRequested(Box<BackoutRequest>),
    /// The worker is about to take undo step number `step`. Without a later `Undone` entry, the undo step counts as
    /// possibly done.
    Undoing {
        step: usize,
        /// The intent to roll a service back by an update. `None` for every other undo step, and if Logweir lets ECS roll
        /// the service back. An earlier release did not write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollback: Option<Box<ServiceRollback>>,
    },
    Undone {
        step: usize,
    },
    /// The worker left the effect in place that an undo step was to undo.
    Kept(NotUndone),
    /// The source is no longer ACTIVE, so the worker is about to register the source's document again. The worker
    /// derives this document from the corrected revision, by reversing the edits.
    Restoring {
        step: usize,
    },
    Restored {
        step: usize,
        restored: RevisionArn,
    },
    /// The rollout to a service waits until the obstacle `why` is gone.
    Waiting {
        service: ServiceArn,
        why: Reason,
    },
    /// The worker is about to update a service to the corrected revision.
    #[serde(alias = "pointing")]
    UpdatingService(Box<ServiceUpdate>),
    /// The worker updated the service, and ECS started the deployment with the id `deployment`. A later event from ECS
    /// reports whether this deployment completed or failed.
    #[serde(alias = "pointed")]
    ServiceUpdated {
        service: ServiceArn,
        deployment: String,
        /// Whether a backout may let ECS roll the deployment back. `true` only if the response to the worker's update
        /// named the deployment, and if no other principal deployed to the service between the worker's read of the
        /// service and the update. ECS's rollback restores all settings of the service, not only the revision.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stoppable: bool,
    },
    /// A lifecycle hook has paused the deployment of the corrected revision, until a principal continues the deployment.
    DeploymentPaused {
        service: ServiceArn,
    },
    /// The deployment of the corrected revision is no longer paused.
    DeploymentContinued {
        service: ServiceArn,
    },
    /// Another principal deployed the revision `to` to the service, and Logweir's update replaced that deployment. The
    /// worker is about to update the service to `to` again.
    Yielding {
        service: ServiceArn,
        to: RevisionArn,
    },
    /// Logweir's deployment failed, and the worker is about to roll the service back to the source.
    #[serde(alias = "returning")]
    RollingBack {
        service: ServiceArn,
        why: String,
    },
    /// The worker rolled a service back, and ECS started the deployment with the id `deployment` for this rollback.
    #[serde(alias = "pointed-back")]
    ServiceRolledBack {
        service: ServiceArn,
        deployment: String,
    },
    /// The rollout to the service has ended.
    #[serde(alias = "followed")]
    RolloutEnded {
        service: ServiceArn,
        #[serde(flatten)]
        ending: Ending,
    },
    Closed(Conclusion),
    /// The source is deregistered or deleted, so Logweir has to retire (deregister) the corrected revision as soon as
    /// nothing uses it.
    SourceWithdrawn(SourceWithdrawn),
    /// Logweir searched for users of the corrected revision, or for newer revisions of the family, and searches again
    /// at the time `until`.
    RetirementDelayed {
        corrected: RevisionArn,
        until: Timestamp,
        /// Whether nothing used the corrected revision. If a later search finds no user either, Logweir retires the
        /// corrected revision.
        unused: bool,
        /// The services, tasks and pins that use the corrected revision.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<String>,
    },
    /// The baseline forbids the retirement by now (`retire = "never"`), so Logweir keeps the corrected revision.
    RetirementForbidden {
        corrected: RevisionArn,
    },
    /// The worker is about to retire (deregister) the corrected revision.
    Retiring {
        corrected: RevisionArn,
    },
    Retired {
        corrected: RevisionArn,
        /// The services and tasks that began to use the corrected revision just before it was deregistered.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub source: RevisionArn,
    pub mode: Mode,
    pub trigger: TriggerKind,
    pub baseline_digest: String,
    pub rules: Vec<String>,
    pub cause: Cause,
    pub steps: Vec<Step>,
    /// The name of the function that can back the record out. `None` if the command line made the correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The principals under which the worker registers revisions. If the response to a registration is lost, Logweir
    /// recognizes the registered revision by these principals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackoutRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Whether to restore a deregistered source even if its family has a revision that is newer than the corrected
    /// revision.
    #[serde(default, alias = "restore_stale")]
    pub restore_over_newer: bool,
    /// Whether to restore a deregistered source even if no service needs the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore_source: bool,
    /// Whether this entry continues the backout request before it. The undo steps of this entry then follow the undo
    /// steps of that request, and their numbers continue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// Whether to deregister a corrected revision that an EventBridge rule or schedule pins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_pins: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
    pub steps: Vec<Undo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotUndone {
    pub step: usize,
    pub why: String,
    /// Whether another backout request may still undo the effect. `false` if no effect is left to undo.
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The services and tasks that still run the corrected revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

/// The intent to update a service to the corrected revision, with the state of the service at the time of this
/// decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceUpdate {
    pub service: ServiceArn,
    pub from: RevisionArn,
    pub to: RevisionArn,
    /// The ids of the service's deployments that ECS listed when Logweir decided to update the service. A deployment
    /// whose id ECS did not list at that time is either Logweir's own or a newer deployment by another principal.
    pub seen: Vec<String>,
    /// Whether the deployment of the revision `from` had completed before the update. If the deployment of `from` had
    /// not completed, a rollback by ECS does not lead to the revision `from`.
    pub settled: bool,
}

/// The intent to roll a service back from the corrected revision, with the state of the service at the time of this
/// decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRollback {
    pub to: RevisionArn,
    /// The ids of the service's deployments that ECS listed when Logweir decided to roll the service back (see
    /// [`ServiceUpdate::seen`]).
    pub seen: Vec<String>,
    /// The time at which ECS created the newest of these deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
}

/// The facts about a deregistered source with which a retirement begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceWithdrawn {
    pub corrected: RevisionArn,
    /// The time at which another principal deregistered the source.
    pub withdrawn_at: Timestamp,
    /// Whether the source was deleted or is being deleted, and not only deregistered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The registration rate limit that the baseline sets for the source, in registrations a second. Each retirement
    /// takes a slot of this limit.
    pub registers_per_second: f64,
}

/// How the rollout to a service ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ending")]
pub enum Ending {
    /// Logweir's deployment completed.
    Completed,
    /// Logweir's deployment failed, and the service no longer runs the corrected revision.
    Failed { why: String },
    /// Another principal has deployed another revision since Logweir's update.
    #[serde(alias = "moved-on")]
    ServiceChanged,
    /// Another principal rolled the service back to the source.
    #[serde(alias = "returned")]
    RolledBack,
    /// Another principal deployed a revision after Logweir had read the service and before Logweir's update. Logweir
    /// then updated the service to that principal's revision.
    Yielded { to: RevisionArn },
    /// Logweir ended the rollout without an update of the service.
    NotDone {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Logweir's deployment neither completed nor failed before its deadline.
    Overdue,
    /// Logweir's deployment failed, and Logweir could not roll the service back.
    Stuck { why: String },
}

impl Opening {
    /// Returns the kind of the record that this entry opens.
    pub fn kind(&self) -> RecordKind {
        let migrates = |step: &Step| match step {
            Step::Migrate { .. } => true,
            Step::EnsureLogGroup(_) | Step::SetRetention { .. } | Step::Register { .. } => false,
        };
        if self.steps.iter().any(migrates) { RecordKind::Migration } else { RecordKind::Correction }
    }
}

impl Ending {
    /// Returns the outcome and the reason that the record gives for the service after this ending of the rollout.
    pub fn conclusion(&self) -> Conclusion {
        let (outcome, reason) = match self {
            Self::Completed => (Outcome::RolledOut, None),
            Self::Failed { .. } => (Outcome::Failed, Some(Reason::DeploymentFailed)),
            Self::ServiceChanged => (Outcome::Skipped, Some(Reason::ServiceChanged)),
            Self::RolledBack => (Outcome::Skipped, Some(Reason::ServiceRolledBack)),
            Self::Yielded { .. } => (Outcome::NeedsOperator, Some(Reason::ServiceChanged)),
            Self::NotDone { reason, .. } => (reason.map_or(Outcome::Failed, Reason::leaves_alone), *reason),
            Self::Overdue => (Outcome::NeedsOperator, Some(Reason::Overdue)),
            Self::Stuck { .. } => (Outcome::NeedsOperator, Some(Reason::DeploymentFailed)),
        };
        Conclusion::new(outcome, reason, self.why())
    }

    /// Returns the explanation of the ending in words. Returns `None` if the reason alone explains the ending.
    fn why(&self) -> Option<String> {
        match self {
            Self::Failed { why } | Self::Stuck { why } | Self::NotDone { why, .. } => Some(why.clone()),
            Self::Yielded { to } => Some(format!(
                "another principal deployed {0} just before Logweir's update; Logweir then updated the service to {0}",
                to.short()
            )),
            Self::Overdue => Some("Logweir's deployment neither completed nor failed before its deadline".into()),
            Self::Completed | Self::ServiceChanged | Self::RolledBack => None,
        }
    }

    /// Whether the service runs, or may run, the corrected revision after this ending.
    pub fn runs_corrected(&self) -> bool {
        match self {
            Self::Completed | Self::Overdue | Self::Stuck { .. } => true,
            Self::Failed { .. }
            | Self::ServiceChanged
            | Self::RolledBack
            | Self::Yielded { .. }
            | Self::NotDone { .. } => false,
        }
    }
}

impl NotUndone {
    /// Creates the entry for an undo step that was not completed, but that another backout request may still complete.
    pub fn open(step: usize, why: String, reason: Option<Reason>) -> Self {
        Self { step, why, open: true, reason, places: Vec::new() }
    }
}
