//! The steps of a correction, and the undo steps of a backout.

use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::{Edit, Ground, LogGroupChange, NewLogGroup};
use crate::domain::plan::Plan;

/// One action of a correction or of a migration. Every step that registers no revision is safe to repeat. Before a worker
/// repeats a registration, the worker searches for the revision that the first try may have registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Creates the log group. An existing log group stays as it is, and does not count as created by Logweir.
    EnsureLogGroup(NewLogGroup),
    /// Changes the retention of a log group from `old` to `new` days, if the retention is still `old`. If `old` is
    /// `None`, events in the log group never expire.
    SetRetention {
        name: String,
        old: Option<u32>,
        new: u32,
        /// The ground on which Logweir may set the retention. Logweir checks this ground again before it sets the
        /// retention, because an empty log group may have received log data since Logweir made the plan.
        ground: Ground,
    },
    /// Registers the source's document with these edits as a new revision.
    Register { edits: Vec<Edit> },
    /// Registers the planned document of a migration as a new revision. The record does not contain the document, which
    /// may contain secrets, so only a command that plans the same document again can repeat this step. `digest` is the
    /// digest of the document.
    Migrate { digest: String },
}

/// The result of a completed step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "done")]
pub enum Done {
    LogGroup {
        made: bool,
    },
    /// The step is done, and `set` says whether Logweir set the retention. `set` is `false` if another principal
    /// changed the retention after Logweir made the plan, or if another principal created the log group that Logweir
    /// planned to create.
    Retention {
        set: bool,
    },
    Registered {
        corrected: RevisionArn,
    },
}

/// A step of a backout, which undoes one effect. No undo step deletes a log group, because the group may contain log
/// data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "undo")]
#[expect(clippy::large_enum_variant, reason = "a record has a handful of them")]
pub enum Undo {
    /// Deregisters the corrected revision, unless a service or task runs it. If the source is no longer ACTIVE, Logweir
    /// first restores the source, by reversing the edits in the corrected revision's document. Without edits, Logweir
    /// restores no source. A migrated revision has no edits.
    Deregister { corrected: RevisionArn, edits: Vec<Edit> },
    /// Rolls a service back to the revision `from`, if the service still runs the revision `to`. If the deployment of
    /// `to` is still in progress, and the deployment of `from` had completed before it (`settled`), Logweir lets ECS
    /// roll the service back.
    #[serde(alias = "point-back")]
    RollBackService { service: ServiceArn, from: RevisionArn, to: RevisionArn, settled: bool },
    /// Restores the old retention of a log group, if the retention is still `new` and the change deletes no log data.
    RestoreRetention { name: String, old: Option<u32>, new: u32 },
}

impl Undo {
    /// Returns the corrected revision whose registration or deployment this step undoes.
    pub(super) fn corrected(&self) -> Option<&RevisionArn> {
        match self {
            Self::Deregister { corrected, .. } => Some(corrected),
            Self::RollBackService { to, .. } => Some(to),
            Self::RestoreRetention { .. } => None,
        }
    }

    /// Returns the corrected revision that this step deregisters, with its edits, if Logweir can restore the source from
    /// the corrected revision. No entry contains the edits of a migrated revision, or of a revision that a worker registered
    /// without the lease.
    pub fn origin(&self) -> Option<(&RevisionArn, &[Edit])> {
        match self {
            Self::Deregister { corrected, edits } => (!edits.is_empty()).then_some((corrected, edits)),
            Self::RollBackService { .. } | Self::RestoreRetention { .. } => None,
        }
    }

    /// Whether both undo steps undo an effect on the same service, revision or log group.
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Deregister { corrected: one, .. }, Self::Deregister { corrected: other, .. }) => one == other,
            (Self::RollBackService { service: one, .. }, Self::RollBackService { service: other, .. }) => one == other,
            (Self::RestoreRetention { name: one, .. }, Self::RestoreRetention { name: other, .. }) => one == other,
            (
                Self::Deregister { .. } | Self::RollBackService { .. } | Self::RestoreRetention { .. },
                Self::Deregister { .. } | Self::RollBackService { .. } | Self::RestoreRetention { .. },
            ) => false,
        }
    }
}

impl Step {
    /// Returns the steps of a plan. The steps for log groups come first, because a task of the corrected revision needs
    /// its log group when the task starts.
    pub fn of(plan: &Plan) -> Vec<Self> {
        let mut steps = Vec::new();
        for change in &plan.log_groups {
            match change {
                LogGroupChange::Create(group) => {
                    steps.push(Self::EnsureLogGroup(group.clone()));
                    steps.extend(group.retention_days.map(|new| {
                        let name = group.name.clone();
                        Self::SetRetention { name, old: None, new, ground: Ground::Made }
                    }));
                }
                LogGroupChange::SetRetention { name, old, new, ground } => {
                    steps.push(Self::SetRetention { name: name.clone(), old: *old, new: *new, ground: *ground });
                }
            }
        }
        if !plan.edits.is_empty() {
            steps.push(Self::Register { edits: plan.edits.clone() });
        }
        steps
    }

    /// Returns the edits of a step that registers a revision. Returns `None` for any other step.
    pub fn edits(&self) -> Option<&[Edit]> {
        match self {
            Self::Register { edits } => Some(edits),
            Self::EnsureLogGroup(_) | Self::SetRetention { .. } | Self::Migrate { .. } => None,
        }
    }

    /// Whether the step registers a revision.
    pub fn registers(&self) -> bool {
        match self {
            Self::Register { .. } | Self::Migrate { .. } => true,
            Self::EnsureLogGroup(_) | Self::SetRetention { .. } => false,
        }
    }
}
