//! The changes of a resource that are in place as far as its record says, and that a backout undoes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ResourceStep, ResourceUndo};
use crate::domain::ecs::resource::{DISABLED, Insights};

/// The changes in place. ECS may not have carried out a change whose answer was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceEffects {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insights: Option<InsightsChange>,
    /// The added tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A change of the setting `containerInsights`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightsChange {
    /// The value before Logweir's first change. `None` if the cluster did not show the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub after: Insights,
    /// The value of the account setting at the time of the change. `None` if Logweir could not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl InsightsChange {
    /// Returns the value that a backout sets. ECS cannot remove the setting of a cluster, so a cluster that did not
    /// show the setting gets the value of the account setting.
    pub fn former(&self) -> &str {
        self.before.as_deref().or(self.account.as_deref()).unwrap_or(DISABLED)
    }
}

impl ResourceEffects {
    pub fn is_nothing(&self) -> bool {
        self.insights.is_none() && self.tags.is_empty()
    }

    /// Whether the undo step has something to undo.
    pub fn has(&self, what: ResourceUndo) -> bool {
        match what {
            ResourceUndo::Tags => !self.tags.is_empty(),
            ResourceUndo::Insights => self.insights.is_some(),
        }
    }

    /// Adds the effect of a step. A second change of the setting keeps the value before the first change, unless
    /// another principal has changed the setting between the two.
    pub(super) fn add(&mut self, step: &ResourceStep) {
        match step {
            ResourceStep::SetInsights { before, after, account } => {
                let earlier = self.insights.take();
                let earlier = earlier.filter(|earlier| before.as_deref() == Some(earlier.after.name()));
                let (before, account) = match earlier {
                    Some(earlier) => (earlier.before, earlier.account),
                    None => (before.clone(), account.clone()),
                };
                self.insights = Some(InsightsChange { before, after: *after, account });
            }
            ResourceStep::AddTags { tags } => {
                self.tags.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
    }

    pub(super) fn remove(&mut self, what: ResourceUndo) {
        match what {
            ResourceUndo::Tags => self.tags.clear(),
            ResourceUndo::Insights => self.insights = None,
        }
    }
}
