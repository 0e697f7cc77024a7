//! The entries that make up the record of a cluster.

use serde::{Deserialize, Serialize};

use crate::domain::ecs::cluster::{ClusterArn, ClusterConfiguration};
use crate::domain::edit::NewLogGroup;
use crate::domain::event::Cause;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Conclusion, Reason, TriggerKind};
use crate::domain::record::whole::{WholeEntry, WholeEntryKind};

/// One entry of the record of a cluster.
pub type ClusterEntry = WholeEntry<ClusterEntryKind>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum ClusterEntryKind {
    /// A worker opened an attempt to correct the cluster. The entry contains all steps that the worker intends to take.
    Opened(Box<ClusterOpening>),
    /// Another worker took the record over, to continue the work of a worker that stopped.
    Resumed,
    /// The worker is about to take step number `step`. Without a later `Done` entry, the step counts as possibly done.
    Started {
        step: usize,
    },
    /// Step number `step` is done. `changed` says whether Logweir changed something.
    Done {
        step: usize,
        changed: bool,
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
    },
    /// A caller requested a backout of the record.
    BackoutRequested {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
    /// The worker is about to restore the former configuration of ECS Exec.
    Undoing,
    Undone,
    /// The worker left the configuration as it is. `open` says whether another backout request may still undo it.
    Kept {
        why: String,
        open: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    Closed(Conclusion),
}

impl WholeEntryKind for ClusterEntryKind {
    fn released(why: String) -> Self {
        Self::Released { why }
    }

    fn ends_the_work(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Released { .. })
    }

    fn begins_work(&self) -> bool {
        matches!(self, Self::Opened(_) | Self::BackoutRequested { .. })
    }
}

/// The beginning of an attempt, with everything that the attempt intends to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterOpening {
    pub mode: ExecMode,
    pub trigger: TriggerKind,
    pub baseline_digest: String,
    pub cause: Cause,
    pub steps: Vec<ClusterStep>,
}

/// One action of the correction of a cluster. Every step is safe to repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum ClusterStep {
    /// Creates the log group. An existing log group stays as it is, and does not count as created by Logweir.
    EnsureLogGroup(NewLogGroup),
    /// Sets the retention of a log group that an earlier step of the same attempt created, or that is empty and has no
    /// retention.
    SetRetention { name: String, new: u32 },
    /// Replaces the configuration `before` of the cluster by `after`, if the cluster still has the configuration
    /// `before`.
    ConfigureCluster { cluster: ClusterArn, before: ClusterConfiguration, after: ClusterConfiguration },
}

impl ClusterStep {
    /// Returns the configurations before and after the step. Returns `None` if the step does not change the cluster.
    pub fn change(&self) -> Option<(&ClusterConfiguration, &ClusterConfiguration)> {
        match self {
            Self::ConfigureCluster { before, after, .. } => Some((before, after)),
            Self::EnsureLogGroup(_) | Self::SetRetention { .. } => None,
        }
    }
}

#[cfg(test)]
impl ClusterOpening {
    pub(super) fn fixture() -> Self {
        let before = ClusterConfiguration::parse(r#"{"executeCommandConfiguration":{"logging":"NONE"}}"#).unwrap();
        let after = before.logging_to("/ecs/exec/prod").unwrap();
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap();
        let name = String::from("/ecs/exec/prod");
        let group =
            NewLogGroup { name: name.clone(), class: "STANDARD".into(), kms_key: None, retention_days: Some(90) };
        let steps = vec![
            ClusterStep::EnsureLogGroup(group),
            ClusterStep::SetRetention { name, new: 90 },
            ClusterStep::ConfigureCluster { cluster, before, after },
        ];
        let (mode, trigger) = (ExecMode::Correct, TriggerKind::Event);
        Self { mode, trigger, baseline_digest: "sha256:0".into(), cause: Cause::default(), steps }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn every_kind_of_entry_is_read_back_as_it_was_written() {
        let at: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let why = || String::from("why");
        for what in [
            ClusterEntryKind::Opened(Box::new(ClusterOpening::fixture())),
            ClusterEntryKind::Resumed,
            ClusterEntryKind::Started { step: 1 },
            ClusterEntryKind::Done { step: 1, changed: true },
            ClusterEntryKind::Failed { step: 1, why: why(), reason: Some(Reason::ClusterChanged) },
            ClusterEntryKind::Released { why: why() },
            ClusterEntryKind::BackoutRequested { reason: Some(why()), requested_by: None },
            ClusterEntryKind::Undoing,
            ClusterEntryKind::Undone,
            ClusterEntryKind::Kept { why: why(), open: true, reason: None },
            ClusterEntryKind::Closed(crate::domain::outcome::Outcome::Remediated.into()),
        ] {
            let entry = ClusterEntry { at, by: "worker".into(), what };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<ClusterEntry>(&text).unwrap(), entry, "{text}");
        }
    }
}
