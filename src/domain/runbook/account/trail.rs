//! The facts of records and events: the trails of CloudTrail, and the rules of EventBridge.

use serde_json::Value;

use super::fact::Fact;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::depth::Depth;

/// The facts about the trails that record this Region, and about the rules of its default event bus.
#[derive(Clone, Debug)]
pub struct TrailFacts {
    pub trails: Fact<Vec<Trail>>,
    /// The rules of the default bus, which receives the events of ECS.
    pub rules: Fact<Vec<EventRule>>,
}

impl TrailFacts {
    /// Returns the facts of a run that reads neither trails nor rules.
    pub const fn not_asked() -> Self {
        Self { trails: Fact::NotAsked(Depth::Trail), rules: Fact::NotAsked(Depth::Trail) }
    }

    /// Returns the reads that failed.
    pub(super) fn unread(&self) -> Vec<&Unread> {
        let trails = self.trails.value().into_iter().flatten();
        let of_trails = trails.flat_map(|trail| [trail.status.unread(), trail.selectors.unread()]);
        let rules = self.rules.value().into_iter().flatten().map(|rule| rule.targets.unread());
        [self.trails.unread(), self.rules.unread()].into_iter().chain(of_trails).chain(rules).flatten().collect()
    }
}

/// A trail of CloudTrail that records this Region, also a trail of the organization.
#[derive(Clone, Debug)]
pub struct Trail {
    pub name: String,
    pub arn: String,
    pub is_multi_region: bool,
    pub validates_files: bool,
    /// The key that encrypts the files. `None` for the encryption of Amazon S3.
    pub key: Option<String>,
    pub status: Fact<TrailStatus>,
    /// The answer of GetEventSelectors.
    pub selectors: Fact<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    pub is_logging: bool,
    /// The error of the last delivery to Amazon S3.
    pub delivery_error: Option<String>,
}

/// A rule of EventBridge with a pattern.
#[derive(Clone, Debug)]
pub struct EventRule {
    pub name: String,
    pub arn: String,
    pub is_enabled: bool,
    /// The event pattern. `None` if the pattern is not JSON.
    pub pattern: Option<Value>,
    /// The number of targets. Logweir reads it only for enabled rules whose pattern can match an event of ECS.
    pub targets: Fact<usize>,
}
