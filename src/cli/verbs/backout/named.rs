//! The names of the records that `logweir backout` undoes.

use crate::cli::event_file::EventFile;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::PREFIX;

/// The record that the caller names.
pub(super) enum Named {
    Revision(RevisionArn),
    Cluster(ClusterArn),
    Setting(SettingName),
}

impl Named {
    pub(super) fn arn(&self) -> String {
        match self {
            Self::Revision(revision) => revision.to_string(),
            Self::Cluster(cluster) => cluster.to_string(),
            Self::Setting(name) => name.to_string(),
        }
    }
}

/// Returns the name of the resource if the target has the form `runbook/RESOURCE`.
pub(super) fn resource_name(target: EventFile<'_>) -> Option<String> {
    (!target.exists()).then(|| name_of(target).strip_prefix(PREFIX).map(String::from)).flatten()
}

/// Whether the target has the form `cluster/NAME` or of the ARN of a cluster.
pub(super) fn is_cluster(target: EventFile<'_>) -> bool {
    let name = name_of(target);
    name.starts_with("cluster/") || (name.starts_with("arn:") && name.contains(":cluster/"))
}

/// Returns the cluster whose record the caller names. Returns `None` if the caller names a revision or a file.
pub(super) fn cluster(session: &Session, target: EventFile<'_>) -> Result<Option<ClusterArn>, Failure> {
    if target.exists() || !is_cluster(target) {
        return Ok(None);
    }
    let name = name_of(target);
    let unusable =
        || Failure::usage(format!("`{name}` is not the name of a record")).help("use cluster/NAME or an ARN");
    session.home.cluster_record(&name).map(Some).ok_or_else(unusable)
}

/// Whether the target has the form of the name of an account setting's record.
pub(super) fn is_setting(target: EventFile<'_>) -> bool {
    SettingName::is_one(&name_of(target))
}

/// Returns the account setting whose record the caller names. Returns `None` if the caller names another record or a
/// file.
pub(super) fn setting(session: &Session, target: EventFile<'_>) -> Result<Option<SettingName>, Failure> {
    if target.exists() || !is_setting(target) {
        return Ok(None);
    }
    let name = name_of(target);
    let unusable = || {
        Failure::usage(format!("`{name}` is not the name of a record"))
            .help("use account-default or account-default/ACCOUNT/REGION")
    };
    SettingName::read(&name, &session.home.account, &session.home.region).map(Some).ok_or_else(unusable)
}

pub(super) fn name_of(target: EventFile<'_>) -> String {
    target.path.to_string_lossy().into_owned()
}
