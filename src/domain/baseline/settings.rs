//! The settings of a baseline for one container, task or service.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::freeze::FreezeWindow;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct BaselineSettings {
    pub logging: Logging,
    pub log_group: LogGroupSettings,
    pub rollout: RolloutSettings,
    pub correct: CorrectSettings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectSettings {
    pub retire: Retire,
}

/// When Logweir retires (deregisters) the corrected revision of a source that another principal deregistered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retire {
    /// As soon as nothing uses the corrected revision.
    Unused,
    Never,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Logging {
    pub driver: String,
    pub missing_driver: MissingDriver,
    pub accept: Vec<String>,
    pub replace: Vec<String>,
    /// The log drivers whose options `mode` and `max-buffer-size` Logweir corrects. For other drivers, Logweir gives
    /// advice.
    pub correct_drivers: Vec<String>,
    pub delivery: Delivery,
    pub absent_mode: AbsentMode,
    /// The buffer size, in bytes, that Logweir sets if the share `max_buffer_share` of the memory is large enough.
    pub max_buffer_size: u64,
    /// The minimum buffer size, in bytes.
    pub min_buffer_size: u64,
    /// The largest fraction of the memory that a buffer may take, above 0 and at most 1.
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

/// The delivery mode of a container. If CloudWatch Logs is unavailable, a non-blocking container loses log lines, and a
/// blocking container waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    NonBlocking,
    Blocking,
}

impl Delivery {
    /// Returns the value of the log driver option `mode` for this delivery mode.
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
    /// A container without the option `mode` has a fault, because the default mode can change.
    Explicit,
    /// A container without the option `mode` is compliant if the default mode is the mode that the baseline asks for.
    Effective,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogGroupSettings {
    pub create: Vec<String>,
    /// The minimum retention, in days. `None` if the baseline accepts every retention, even none
    /// (`retention-days = "any"`).
    pub retention_days: Option<u32>,
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
    /// The time between the completion of the source's deployment and Logweir's update of the service. A pipeline that
    /// waits until its service is stable polls the service for a while after the completion, and a second deployment in
    /// this time makes the pipeline fail.
    pub settle: SignedDuration,
    /// The maximum duration of a deployment that Logweir started. If the deployment takes longer, an operator must act.
    pub deadline: SignedDuration,
    pub registers_per_second: f64,
}

impl RolloutSettings {
    /// Returns the first freeze window that contains `now`.
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
            correct_drivers: vec!["awslogs".into()],
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
            retention_days: Some(30),
            class: "STANDARD".into(),
            kms_key: None,
            adopt: Vec::new(),
        }
    }
}

impl Default for CorrectSettings {
    fn default() -> Self {
        Self { retire: Retire::Unused }
    }
}

impl Default for RolloutSettings {
    fn default() -> Self {
        Self {
            when: RolloutWhen::Deployed,
            image_guard: ImageGuard::Hold,
            require_service_tag: None,
            freeze: Vec::new(),
            settle: SignedDuration::from_mins(15),
            deadline: SignedDuration::from_mins(120),
            registers_per_second: 0.2,
        }
    }
}

/// The limits of a family's fuse. If a correction would exceed one of the limits, Logweir does not make the correction,
/// and the fuse opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuseLimits {
    /// The maximum number of corrections of one family in the period `within`.
    pub corrections: u32,
    /// The length of the period to which the limit `corrections` applies.
    pub within: SignedDuration,
    /// The maximum number of corrections of one family in seven days.
    pub weekly: u32,
}
