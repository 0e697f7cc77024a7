//! Every fact that a rule may use. Rules ask nobody: what is not here is not known.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::baseline::Delivery;
use crate::domain::ecs::task_definition::TaskDefinition;

pub struct Observation<'a> {
    pub definition: &'a TaskDefinition,
    /// The account and Region that the definition belongs to, where they are known.
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The tags that stand beside the definition.
    pub tags: &'a [(String, String)],
    /// What an absent mode means in this account and Region.
    pub default_mode: DefaultMode,
    /// The log groups of the own Region that the definition uses or would use, by name. `None`: AWS was not asked.
    pub log_groups: Option<&'a BTreeMap<String, LogGroup>>,
    pub now: Timestamp,
}

impl Observation<'_> {
    /// Whether this is a revision that ECS has taken: what stands there is meant, and waits for nobody to fill it in.
    pub fn is_live(&self) -> bool {
        self.default_mode != DefaultMode::NotChecked
    }
}

/// The account setting `defaultLogDriverMode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultMode {
    /// AWS was not asked.
    NotChecked,
    /// AWS was asked and did not say.
    Unreadable(String),
    /// What is in force; ECS's own default is non-blocking since 2025-06-25 (source: ECS API reference, LogConfiguration).
    Known(Delivery),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogGroup {
    Missing,
    Exists {
        /// In days; `None` never expires.
        retention: Option<u32>,
        /// The account-level policy that decides over the retention, whatever is set on the group.
        policy: Option<String>,
        /// Whether no log stream was ever made in it. `None`: nobody asked, as nothing depends on it.
        empty: Option<bool>,
    },
}
