//! The settings that a baseline gives, after profiles.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::freeze::FreezeWindow;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BaselineSettings {
    pub logging: Logging,
    pub log_group: LogGroupSettings,
    pub rollout: RolloutSettings,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Logging {
    pub driver: String,
    pub missing_driver: MissingDriver,
    pub accept: Vec<String>,
    pub replace: Vec<String>,
    pub delivery: Delivery,
    pub absent_mode: AbsentMode,
    /// Bytes, as are the two below.
    pub max_buffer_size: u64,
    pub min_buffer_size: u64,
    /// The part of the memory that a buffer may take, above 0 and at most 1.
    pub max_buffer_share: f64,
    pub group: String,
    pub stream_prefix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingDriver {
    Fix,
    Advice,
}

/// What a container does when its logs cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    NonBlocking,
    Blocking,
}

impl Delivery {
    /// The value of the option `mode`.
    pub fn mode(self) -> &'static str {
        match self {
            Self::NonBlocking => "non-blocking",
            Self::Blocking => "blocking",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentMode {
    /// An absent mode is a fault: defaults change.
    Explicit,
    /// An absent mode is fine where it already means what the baseline asks for.
    Effective,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogGroupSettings {
    pub create: Vec<String>,
    pub retention_days: u32,
    pub class: String,
    pub kms_key: Option<String>,
    pub adopt: Vec<String>,
}

impl LogGroupSettings {
    pub fn may_create(&self, name: &str) -> bool {
        any(&self.create, name)
    }

    pub fn adopts(&self, name: &str) -> bool {
        any(&self.adopt, name)
    }
}

fn any(globs: &[String], name: &str) -> bool {
    globs.iter().any(|glob| WildMatch::new(glob).matches(name))
}

#[derive(Clone, Debug, PartialEq)]
pub struct RolloutSettings {
    pub when: RolloutWhen,
    pub image_guard: ImageGuard,
    pub require_service_tag: Option<(String, String)>,
    pub freeze: Vec<FreezeWindow>,
    /// How long a deployment of ours may take before a human is asked.
    pub deadline: SignedDuration,
    pub registers_per_second: f64,
}

impl RolloutSettings {
    /// The first freeze window that `now` lies in.
    pub fn frozen(&self, now: Timestamp) -> Option<&FreezeWindow> {
        self.freeze.iter().find(|window| window.contains(now))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutWhen {
    Deployed,
    AtOnce,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageGuard {
    Off,
    Warn,
    Hold,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            driver: "awslogs".into(),
            missing_driver: MissingDriver::Fix,
            accept: ["awslogs", "awsfirelens", "splunk"].map(String::from).into(),
            replace: Vec::new(),
            delivery: Delivery::NonBlocking,
            absent_mode: AbsentMode::Explicit,
            max_buffer_size: 25 << 20,
            min_buffer_size: 4 << 20,
            max_buffer_share: 0.25,
            group: "/ecs/{family}".into(),
            stream_prefix: "{container}".into(),
        }
    }
}

impl Default for LogGroupSettings {
    fn default() -> Self {
        Self {
            create: vec!["/ecs/*".into()],
            retention_days: 30,
            class: "STANDARD".into(),
            kms_key: None,
            adopt: Vec::new(),
        }
    }
}

impl Default for RolloutSettings {
    fn default() -> Self {
        Self {
            when: RolloutWhen::Deployed,
            image_guard: ImageGuard::Hold,
            require_service_tag: None,
            freeze: Vec::new(),
            deadline: SignedDuration::from_mins(120),
            registers_per_second: 0.2,
        }
    }
}

/// When the fuse opens: at the correction after these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuseLimits {
    /// So many corrections of one family …
    pub corrections: u32,
    /// … within this time,
    pub within: SignedDuration,
    /// or so many in seven days.
    pub weekly: u32,
}
