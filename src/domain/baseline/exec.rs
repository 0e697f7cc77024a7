//! The table `[exec]` of a baseline: where ECS Exec may be enabled, and how its sessions must be logged.

use toml::Spanned;
use wildmatch::WildMatch;

use super::fault::{Checked, fault};
use super::keys::ExecKeys;
use super::overrides::retention_days;
use super::values::{RETENTION_DAYS, is_group_name};

/// The placeholder for the name of the cluster in the name of a log group.
const CLUSTER: &str = "{cluster}";

/// The longest name of a cluster, in characters (source: CreateCluster in the ECS API reference).
const LONGEST_CLUSTER: usize = 255;

/// The longest retention of a log group, in days.
const LONGEST_RETENTION: u32 = RETENTION_DAYS[RETENTION_DAYS.len() - 1];

/// The settings of a baseline for ECS Exec.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecSettings {
    /// Name patterns of the clusters in which services and tasks may have ECS Exec enabled.
    pub clusters: Vec<String>,
    /// The name of the log group that Logweir gives a cluster for its sessions, with the placeholder `{cluster}`.
    pub log_group: String,
    /// The retention of a log group that Logweir creates for sessions, in days. `None` if Logweir sets no retention and
    /// accepts a log group without one (`retention-days = "any"`).
    pub retention_days: Option<u32>,
    /// The minimum retention of a log group with transcripts, in days.
    pub min_retention_days: u32,
    /// Whether `logweir exec apply` also corrects a cluster whose sessions go to the log group of the application.
    pub correct_default: bool,
    /// Whether each cluster must have a KMS key for its sessions.
    pub require_session_key: bool,
    /// Whether the log group or bucket with the transcripts must be encrypted with a KMS key of the account.
    pub require_encryption: bool,
}

impl ExecSettings {
    /// Whether services and tasks of the cluster may have ECS Exec enabled.
    pub fn may_be_enabled_in(&self, cluster: &str) -> bool {
        self.clusters.iter().any(|glob| WildMatch::new(glob).matches(cluster))
    }

    /// Returns the name of the log group that Logweir gives the cluster for its sessions.
    pub fn log_group_of(&self, cluster: &str) -> String {
        self.log_group.replace(CLUSTER, cluster)
    }
}

impl Default for ExecSettings {
    fn default() -> Self {
        Self {
            clusters: vec!["*".into()],
            log_group: "/ecs/exec/{cluster}".into(),
            retention_days: Some(90),
            min_retention_days: 90,
            correct_default: false,
            require_session_key: false,
            require_encryption: false,
        }
    }
}

/// Returns the settings of the table, or the default of each key that the table does not set.
pub(super) fn exec(keys: ExecKeys) -> Checked<ExecSettings> {
    let base = ExecSettings::default();
    if let Some(name) = &keys.log_group {
        log_group(name)?;
    }
    let retention = keys.retention_days.as_ref().map_or(Ok(base.retention_days), retention_days)?;
    let minimum = minimum(&keys, base.min_retention_days, retention)?;
    Ok(ExecSettings {
        clusters: keys.clusters.unwrap_or(base.clusters),
        log_group: keys.log_group.map_or(base.log_group, Spanned::into_inner),
        retention_days: retention,
        min_retention_days: minimum,
        correct_default: keys.correct_default.unwrap_or(base.correct_default),
        require_session_key: keys.require_session_key.unwrap_or(base.require_session_key),
        require_encryption: keys.require_encryption.unwrap_or(base.require_encryption),
    })
}

/// Checks the name of a log group, which must be valid for the longest name of a cluster.
fn log_group(name: &Spanned<String>) -> Checked<()> {
    if is_group_name(&name.get_ref().replace(CLUSTER, &"c".repeat(LONGEST_CLUSTER))) {
        return Ok(());
    }
    let message = format!("CloudWatch Logs does not accept the name `{}` for every cluster", name.get_ref());
    fault(name.span(), message, "a name may contain the placeholder {cluster}".to_owned())
}

/// Parses `min-retention-days`, which must not be longer than `retention-days`. Without the key, a shorter
/// `retention-days` is also the minimum.
fn minimum(keys: &ExecKeys, base: u32, retention: Option<u32>) -> Checked<u32> {
    let Some(value) = &keys.min_retention_days else { return Ok(retention.map_or(base, |days| days.min(base))) };
    match (u32::try_from(*value.get_ref()), retention) {
        (Ok(days), Some(longest)) if days > longest => {
            let message = "min-retention-days must not be longer than retention-days, the retention that Logweir sets";
            fault(value.span(), message, format!("use at most {longest}"))
        }
        (Ok(days @ 1..=LONGEST_RETENTION), _) => Ok(days),
        _ => fault(value.span(), format!("min-retention-days must be between 1 and {LONGEST_RETENTION}"), None),
    }
}
