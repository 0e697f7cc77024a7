//! The entries that make up the record of a cluster's or service's settings and tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ResourceEffects;
use crate::domain::ecs::resource::Insights;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Reason};
use crate::domain::record::whole::{WholeEntry, WholeEntryKind};

/// One entry of the record of a resource.
pub type ResourceEntry = WholeEntry<ResourceEntryKind>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum ResourceEntryKind {
    /// A worker opened an attempt to change the resource. The entry contains all steps that the worker intends to take.
    Opened(Box<ResourceOpening>),
    /// Another worker took the record over, to continue the work of a worker that stopped.
    Resumed,
    /// The worker is about to take step number `step`. Without a later `Done` entry, the step counts as possibly done.
    Started {
        step: usize,
    },
    /// The resource shows the result of step number `step`.
    Done {
        step: usize,
    },
    /// Step number `step` failed, and a retry cannot succeed. `is_possibly_done` says whether ECS may have carried the
    /// step out.
    Failed {
        step: usize,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        is_possibly_done: bool,
    },
    /// The worker stopped before the end, because of a call that may succeed later.
    Released {
        why: String,
    },
    BackoutRequested {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
    /// The worker is about to undo the effect.
    Undoing {
        what: ResourceUndo,
    },
    /// The effect is undone. `kept` contains the keys of the tags that stay, because their values are no longer
    /// Logweir's.
    Undone {
        what: ResourceUndo,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<String>,
    },
    /// The worker left the effect as it is. `open` says whether another backout request may still undo it.
    Kept {
        what: ResourceUndo,
        why: String,
        open: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    Closed(Conclusion),
}

impl WholeEntryKind for ResourceEntryKind {
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
pub struct ResourceOpening {
    pub baseline_digest: String,
    pub cause: Cause,
    pub steps: Vec<ResourceStep>,
    /// The effects of earlier attempts that are in place, so that the record may forget these attempts.
    #[serde(default)]
    pub standing: ResourceEffects,
}

/// One change of a resource. Every step is safe to repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum ResourceStep {
    /// Sets the setting `containerInsights` of the cluster, if it still has the value `before`.
    SetInsights {
        /// The former value. `None` if the cluster did not show the setting.
        before: Option<String>,
        after: Insights,
        /// The value of the account setting `containerInsights`, which ECS gives to new clusters. `None` if Logweir
        /// could not read it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Adds tags whose keys the resource does not have.
    AddTags { tags: BTreeMap<String, String> },
}

/// One of the effects that a backout undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceUndo {
    Tags,
    Insights,
}

impl ResourceUndo {
    /// All undo steps, in the order of a backout: the newest change first.
    pub const ALL: [Self; 2] = [Self::Tags, Self::Insights];
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::outcome::Outcome;

    #[test]
    fn every_kind_of_entry_is_read_back_as_it_was_written() {
        let at: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let why = || String::from("why");
        let steps = vec![
            ResourceStep::SetInsights { before: None, after: Insights::Enhanced, account: Some("disabled".into()) },
            ResourceStep::AddTags { tags: [("team".into(), "a".into())].into() },
        ];
        let (cause, standing) = (Cause::default(), ResourceEffects::default());
        let opening = ResourceOpening { baseline_digest: "sha256:0".into(), cause, steps, standing };
        for what in [
            ResourceEntryKind::Opened(Box::new(opening)),
            ResourceEntryKind::Resumed,
            ResourceEntryKind::Started { step: 1 },
            ResourceEntryKind::Done { step: 1 },
            ResourceEntryKind::Failed { step: 1, why: why(), reason: None, is_possibly_done: true },
            ResourceEntryKind::Released { why: why() },
            ResourceEntryKind::BackoutRequested { reason: Some(why()), requested_by: None },
            ResourceEntryKind::Undoing { what: ResourceUndo::Tags },
            ResourceEntryKind::Undone { what: ResourceUndo::Tags, kept: vec!["team".into()] },
            ResourceEntryKind::Kept { what: ResourceUndo::Insights, why: why(), open: true, reason: None },
            ResourceEntryKind::Closed(Outcome::Remediated.into()),
        ] {
            let entry = ResourceEntry { at, by: "worker".into(), what };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<ResourceEntry>(&text).unwrap(), entry, "{text}");
        }
    }
}
