//! The actions on log groups and services, as reports name them.

use serde::{Serialize, Serializer};

/// The completed or planned action on a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogGroupAction {
    Created,
    NotCreated,
    RetentionSet,
    LeftAlone,
    /// A backout kept the log group, which may contain log data.
    Kept,
    RetentionRestored,
    /// Planned.
    Create,
    SetRetention,
    RestoreRetention,
}

/// The action on a service or on another consumer of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAction {
    /// The deployment of the corrected revision is in progress.
    Updated,
    RolledOut,
    Waits,
    LeftAlone,
    Returned,
    Failed,
    NeedsOperator,
    /// A backout rolled the service back.
    PointedBack,
    StillRunsOurs,
    /// The consumer is not a service.
    NotTouched,
}

impl LogGroupAction {
    /// The word that stands for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::NotCreated => "not-created",
            Self::RetentionSet => "retention-set",
            Self::LeftAlone => "left-alone",
            Self::Kept => "kept",
            Self::RetentionRestored => "retention-restored",
            Self::Create => "create",
            Self::SetRetention => "set-retention",
            Self::RestoreRetention => "restore-retention",
        }
    }
}

impl ServiceAction {
    /// The word that stands for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::RolledOut => "rolled-out",
            Self::Waits => "waits",
            Self::LeftAlone => "left-alone",
            Self::Returned => "returned",
            Self::Failed => "failed",
            Self::NeedsOperator => "needs-operator",
            Self::PointedBack => "pointed-back",
            Self::StillRunsOurs => "still-runs-ours",
            Self::NotTouched => "not-touched",
        }
    }
}

impl Serialize for LogGroupAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for ServiceAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
