//! The steps that change something, in the order in which they are taken.

use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::{Edit, Ground, LogGroupChange, NewLogGroup};
use crate::domain::plan::Plan;

/// One act. Each is safe to repeat, but for Register, which is looked for before it is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Make the group; one that is there already is left as it is, and is not ours.
    EnsureLogGroup(NewLogGroup),
    /// Set the retention from `old` (days; none: never expires) to `new`, if it is still `old`.
    SetRetention {
        name: String,
        old: Option<u32>,
        new: u32,
        /// Looked at again before the act: what was empty may have been written to since.
        ground: Ground,
    },
    /// Register the source with these edits as a new revision.
    Register { edits: Vec<Edit> },
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "done")]
pub enum Done {
    LogGroup {
        made: bool,
    },
    /// `set` is false where somebody else had changed the retention meanwhile, or the group was not ours after all.
    Retention {
        set: bool,
    },
    Registered {
        corrected: RevisionArn,
    },
}

/// What takes a step back. A log group is never deleted: it may hold data by now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "undo")]
#[expect(clippy::large_enum_variant, reason = "a record has a handful of them")]
pub enum Undo {
    /// Deregister our revision, unless something runs it. Where its source is not ACTIVE any more, that is restored
    /// before, by the reverse of the edits.
    Deregister { corrected: RevisionArn, edits: Vec<Edit> },
    /// Point a service back at the source, if it still runs ours. A deployment of ours that is under way is rolled back
    /// instead, where the source's had completed before it.
    PointBack { service: ServiceArn, from: RevisionArn, to: RevisionArn, settled: bool },
    /// Put the old retention back, if it is still `new`, and if no data would be lost by it.
    RestoreRetention { name: String, old: Option<u32>, new: u32 },
}

impl Step {
    /// Log groups first: a corrected revision must find its group when a task starts from it.
    pub fn of(plan: &Plan) -> Vec<Self> {
        let mut steps = Vec::new();
        for change in &plan.log_groups {
            match change {
                LogGroupChange::Create(group) => {
                    steps.push(Self::EnsureLogGroup(group.clone()));
                    let (name, new) = (group.name.clone(), group.retention_days);
                    steps.push(Self::SetRetention { name, old: None, new, ground: Ground::Made });
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
}
