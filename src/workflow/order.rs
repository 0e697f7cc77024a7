//! The context of one decision, and its trigger.

use jiff::{SignedDuration, Timestamp};

use crate::domain::baseline::Baseline;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::event::Home;
use crate::domain::outcome::{Mode, TriggerKind};
use crate::domain::report::BackoutBy;

/// What one decision is made with.
pub struct Order<'o> {
    /// How far it goes with what is new.
    pub mode: Mode,
    /// How far it goes with what was begun before. Above `mode` where nobody has confirmed the baseline: that decides about
    /// nothing, and what was begun by another one is brought to its end all the same.
    pub finishes: Mode,
    pub baseline: &'o Baseline,
    pub home: &'o Home,
    pub origin: Origin,
    /// Who registers through the ports, where that is no role of `home`: the command line's caller.
    pub registrar: Option<&'o str>,
    /// A name for this worker that no other has.
    pub worker: String,
    /// How long nobody else may go on with what this worker leaves. Longer than the worker can live.
    pub lease: SignedDuration,
    /// Who takes back what this worker does.
    pub backout: &'o BackoutBy,
}

/// What sets a remediation off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An event, delivered.
    Event,
    /// An event that was sent back to its queue, to come again at this slot of the budget.
    Delayed { slot: Timestamp },
    /// An event, handed in by somebody.
    Replay,
    /// The time to finish what somebody left.
    Resume,
    /// Somebody asks for it by name; `again` also for what was done before, taken back, held or stopped by the fuse.
    Apply { again: bool },
}

impl Origin {
    /// Returns the trigger as reports name it.
    pub fn kind(self) -> TriggerKind {
        match self {
            Self::Event | Self::Delayed { .. } => TriggerKind::Event,
            Self::Replay => TriggerKind::Replay,
            Self::Resume => TriggerKind::Resume,
            Self::Apply { .. } => TriggerKind::Apply,
        }
    }

    /// Whether a correction of this source may be registered. The functions' roles may register nothing privileged, so that
    /// is not begun; a person acts in his own name.
    pub(super) fn may_register(self, source: &TaskDefinition) -> bool {
        matches!(self, Self::Apply { .. }) || !source.is_privileged()
    }
}
