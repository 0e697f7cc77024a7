//! The actions on log groups, services and clusters, as reports name them.

use serde::{Serialize, Serializer};

/// The completed or planned action of Logweir on a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogGroupAction {
    Created,
    NotCreated,
    RetentionSet,
    NotChanged,
    /// A backout kept the log group, which may contain log data.
    Kept,
    RetentionRestored,
    /// Planned: Logweir would create the log group.
    Create,
    /// Planned: Logweir would set the retention.
    SetRetention,
    /// Planned: a backout would restore the retention.
    RestoreRetention,
}

/// The action of Logweir on a service or on another consumer of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAction {
    /// Logweir updated the service, and the deployment of the corrected revision is in progress.
    Updated,
    RolledOut,
    Waits,
    NotChanged,
    RolledBack,
    Failed,
    NeedsOperator,
    /// A backout rolled the service back.
    BackedOut,
    StillRunsCorrected,
    /// The report only names the consumer, because the consumer is not a service.
    Reported,
}

/// The completed or planned action of Logweir on the configuration of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterAction {
    Configured,
    NotChanged,
    /// A backout restored the former configuration.
    Restored,
    /// Planned: Logweir would change the configuration.
    Configure,
    /// Planned: a backout would restore the former configuration.
    Restore,
}

impl ClusterAction {
    /// Returns the name of the action in reports, such as `not-changed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::NotChanged => "not-changed",
            Self::Restored => "restored",
            Self::Configure => "configure",
            Self::Restore => "restore",
        }
    }
}

impl Serialize for ClusterAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl LogGroupAction {
    /// Returns the name of the action in reports, such as `not-changed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::NotCreated => "not-created",
            Self::RetentionSet => "retention-set",
            Self::NotChanged => "not-changed",
            Self::Kept => "kept",
            Self::RetentionRestored => "retention-restored",
            Self::Create => "create",
            Self::SetRetention => "set-retention",
            Self::RestoreRetention => "restore-retention",
        }
    }
}

impl ServiceAction {
    /// Returns the name of the action in reports, such as `not-changed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::RolledOut => "rolled-out",
            Self::Waits => "waits",
            Self::NotChanged => "not-changed",
            Self::RolledBack => "rolled-back",
            Self::Failed => "failed",
            Self::NeedsOperator => "needs-operator",
            Self::BackedOut => "backed-out",
            Self::StillRunsCorrected => "still-runs-corrected",
            Self::Reported => "reported",
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
