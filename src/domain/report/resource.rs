//! The report on the change of a cluster's or service's settings and tags, or on the backout of the change.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::ecs::resource::ResourceArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};

/// The report on one cluster or service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceReport {
    /// `cluster/NAME` or `service/CLUSTER/NAME`.
    pub name: String,
    pub arn: ResourceArn,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The change of the setting `containerInsights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insights: Option<InsightsReport>,
    /// The tags that Logweir adds or, in a backout, removes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The keys of the tags that Logweir leaves as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The command that undoes the changes in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backout: Option<String>,
}

/// A change of the setting `containerInsights`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsightsReport {
    /// The value before the change. `None` if the cluster did not show the setting.
    pub from: Option<String>,
    pub to: String,
    /// The value of the account setting. `None` if Logweir could not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl ResourceReport {
    /// Creates the report on a resource, with the outcome `observed`.
    pub fn new(arn: &ResourceArn) -> Self {
        Self {
            name: arn.short(),
            arn: arn.clone(),
            outcome: Outcome::Observed,
            reason: None,
            why: None,
            insights: None,
            tags: BTreeMap::new(),
            kept_tags: Vec::new(),
            notes: Vec::new(),
            backout: None,
        }
    }

    /// Returns the same report with this end.
    pub fn ends(self, ended: impl Into<Conclusion>) -> Self {
        let Conclusion { outcome, reason, why } = ended.into();
        Self { outcome, reason, why, ..self }
    }
}
