//! The disposition of the message of an event: what the handler does with the message after the decision.
//!
//! No message disappears without a trace. Either another try follows, or the message waits in the dead-letter queue, or
//! a place such as a record or a notification keeps the result. `docs/reference/outcomes.md` contains the same table.

use super::outcome::{Outcome, Reason};

/// The handling of the message of an event after the decision about the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// SQS delivers the message again, because the obstacle ends without an operator's action. After five failures, the
    /// message becomes a dead letter.
    Retry,
    /// The message becomes a dead letter at once, because another try can succeed only after an operator has acted.
    DeadLetter,
    /// SQS deletes the message, because another try would end in the same way. The [`Keeper`] is the place that keeps
    /// the result.
    Final(Keeper),
}

/// The place that keeps the result of a decision after SQS has deleted the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The record of the source revision says how the correction or the rollout ended, or what the rollout waits for.
    Record,
    /// The state of the family contains the hold or the open fuse. After a hold, Logweir corrects the family's newest
    /// revision.
    Family,
    /// A notification names the faulty revision and the reason why Logweir does not correct it, or the session without
    /// a transcript.
    Notification,
    /// Another event reports the revision or the deployment that matters now.
    LaterEvent,
    /// The event requires no change by Logweir.
    NoChange,
}

impl Disposition {
    /// Returns the disposition of the message of an event whose decision has this outcome and this reason.
    pub fn of(outcome: Outcome, reason: Option<Reason>) -> Self {
        match reason {
            Some(reason) => reason.disposition(),
            None => outcome.disposition(),
        }
    }

    /// Returns the words of the table in `docs/reference/outcomes.md`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::DeadLetter => "dead letter",
            Self::Final(Keeper::Record) => "final: the record keeps the result",
            Self::Final(Keeper::Family) => "final: the family's state keeps the hold or the fuse",
            Self::Final(Keeper::Notification) => "final: a notification names the revision or the session",
            Self::Final(Keeper::LaterEvent) => "final: a later event follows",
            Self::Final(Keeper::NoChange) => "final: the event requires no change",
        }
    }
}

impl Reason {
    /// Returns the disposition of the message of an event whose decision has this reason.
    pub fn disposition(self) -> Disposition {
        match self {
            Self::Locked | Self::RateLimited | Self::Throttled | Self::NotVisibleYet | Self::SessionPending => {
                Disposition::Retry
            }
            Self::AccessDenied | Self::PassRoleDenied | Self::Unreadable => Disposition::DeadLetter,
            Self::NewerRevision
            | Self::Duplicate
            | Self::BackedOutBefore
            | Self::ServiceRolledBack
            | Self::DeploymentFailed
            | Self::Overdue
            | Self::InFlight
            | Self::Frozen
            | Self::Settling
            | Self::Pinned
            | Self::SourceWithdrawn
            | Self::LostMembers => Disposition::Final(Keeper::Record),
            Self::OnHold | Self::FuseOpen => Disposition::Final(Keeper::Family),
            Self::StillRunning
            | Self::UnsupportedController
            | Self::NoCircuitBreaker
            | Self::ImageChanged
            | Self::Sandboxed
            | Self::Privileged
            | Self::MissingExecutionRole
            | Self::TooLarge
            | Self::SessionUnlogged
            | Self::SessionBypass => Disposition::Final(Keeper::Notification),
            Self::NotLatest
            | Self::ServiceChanged
            | Self::ClusterChanged
            | Self::DeploymentUnderWay
            | Self::DeploymentPaused => Disposition::Final(Keeper::LaterEvent),
            Self::RegisteredByLogweir
            | Self::NoRecord
            | Self::Exempt
            | Self::AdviceOnly
            | Self::OtherEvent
            | Self::FailedCall
            | Self::NotOnHold
            | Self::OtherConsumer
            | Self::ServiceInactive
            | Self::ClusterInactive
            | Self::SettingChanged
            | Self::SettingHidden
            | Self::BaselineBlocks
            | Self::NotOptedIn
            | Self::ForeignAccount
            | Self::ForeignRegion
            | Self::OutOfScope
            | Self::ServiceOwned
            | Self::SessionOpened
            | Self::SessionEnded => Disposition::Final(Keeper::NoChange),
        }
    }
}

impl Outcome {
    /// Returns the disposition of the message of an event whose decision has this outcome and no reason.
    fn disposition(self) -> Disposition {
        match self {
            // The cause of a failure without a reason is unknown to Logweir, such as a quota of AWS.
            Self::Failed | Self::Partial => Disposition::DeadLetter,
            Self::Refused => Disposition::Final(Keeper::Notification),
            Self::Remediated
            | Self::RolledOut
            | Self::BackedOut
            | Self::Retired
            | Self::Migrated
            | Self::NeedsOperator => Disposition::Final(Keeper::Record),
            Self::Superseded => Disposition::Final(Keeper::LaterEvent),
            Self::Held | Self::Released => Disposition::Final(Keeper::Family),
            Self::Compliant | Self::Observed | Self::Reported | Self::Skipped => Disposition::Final(Keeper::NoChange),
        }
    }
}
