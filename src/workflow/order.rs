//! The context of one decision, and the trigger of the decision.

use jiff::{SignedDuration, Timestamp};

use crate::domain::baseline::Baseline;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::event::Home;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Mode, TriggerKind};
use crate::domain::report::BackoutBy;

/// The context of one decision.
pub struct Order<'o> {
    /// The mode in which Logweir begins new corrections and rollouts.
    pub mode: Mode,
    /// The mode in which Logweir finishes the corrections and rollouts that it began earlier. While the baseline is
    /// unconfirmed, this mode may be higher than `mode`, so that Logweir begins no new work and still finishes its
    /// earlier work.
    pub finishes: Mode,
    /// What Logweir does about a cluster that logs no sessions of ECS Exec.
    pub exec: ExecMode,
    /// The mode in which Logweir finishes its earlier corrections of clusters (see [`Order::finishes`]).
    pub exec_finishes: ExecMode,
    pub baseline: &'o Baseline,
    pub home: &'o Home,
    pub origin: Origin,
    /// The ARN of the principal whose credentials the command line uses to register revisions. `None` in a Lambda
    /// function, because `home` lists the IAM roles of the functions.
    pub registrar: Option<&'o str>,
    /// The unique name of this worker.
    pub worker: String,
    /// The length of this worker's lease on a record, during which no other worker may take over the record. The lease
    /// is longer than the worker can run.
    pub lease: SignedDuration,
    /// How an operator backs out the corrections of this worker: with a backout function, or with `logweir backout` and
    /// a journal.
    pub backout: &'o BackoutBy,
}

/// The trigger of a remediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A delivered event.
    Event,
    /// An event that had to wait in the queue until `slot`, the time that the registration rate limit reserved for the
    /// event.
    Delayed { slot: Timestamp },
    /// An event that an operator replays with `logweir replay`.
    Replay,
    /// A scheduled run, which finishes the unfinished work of other workers.
    Resume,
    /// A request of an operator who named the revision in `logweir apply`. If `again` is `true` (`--force`), Logweir
    /// also acts if the revision was corrected or backed out before, or if a hold or an open fuse stops the corrections
    /// of the revision's family.
    Apply { again: bool },
}

impl Origin {
    /// Returns the kind of this trigger, which reports contain.
    pub fn kind(self) -> TriggerKind {
        match self {
            Self::Event | Self::Delayed { .. } => TriggerKind::Event,
            Self::Replay => TriggerKind::Replay,
            Self::Resume => TriggerKind::Resume,
            Self::Apply { .. } => TriggerKind::Apply,
        }
    }

    /// Returns whether Logweir may register a corrected revision of the source revision `source`. The IAM roles of the
    /// functions do not allow the registration of privileged containers, so a function begins no registration for a
    /// source revision with such a container. With `logweir apply`, Logweir uses the permissions of the operator.
    pub(super) fn may_register(self, source: &TaskDefinition) -> bool {
        matches!(self, Self::Apply { .. }) || !source.is_privileged()
    }
}
