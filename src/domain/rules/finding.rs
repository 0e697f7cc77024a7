//! The findings of rules. Each finding contains its fix as data.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::baseline::Exempted;
use crate::domain::edit::{LogGroupChange, NewLogGroup};
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;
use crate::domain::verdict::{Decided, ParameterDefault};

/// A fault that a rule found, with its fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub rule: RuleName,
    pub severity: Severity,
    pub decided: Decided,
    /// The name of the container. `None` if the fault concerns the whole task, or if the container has no name.
    pub container: Option<String>,
    /// The index of the container in `containerDefinitions`. An edit identifies the container by its name, and not by
    /// this index.
    pub index: Option<usize>,
    /// The JSON pointer to the fault in the task definition (RFC 6901).
    pub pointer: String,
    pub message: String,
    /// The current effect of the fault, such as the default mode that ECS applies. `None` if the rule reports no
    /// effect.
    pub effective: Option<String>,
    pub fix: Fix,
    /// Whether `logweir check` or `logweir fix` leaves out the rule. No plan contains such a finding.
    pub is_off: bool,
    pub exempt: Option<Exempted>,
    /// The parameters because of whose defaults the fault exists. Empty unless the finding is decided by default.
    pub defaults: Vec<ParameterDefault>,
    /// Further notes for the reader, such as a note about an expired exemption.
    pub notes: Vec<String>,
}

impl Finding {
    pub fn counts(&self) -> bool {
        self.exempt.is_none() && !self.is_off
    }

    /// Whether `logweir check` reports the task definition as not compliant because of the finding.
    pub fn is_fault(&self) -> bool {
        self.counts() && self.severity.is_fault() && self.decided != Decided::Unknown
    }
}

/// The safety of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The fix keeps the intention of the task definition's author.
    Safe,
    /// The fix changes the destination of logs. Logweir makes an unsafe fix only if the baseline opts in.
    Unsafe,
    /// The fix is a text that advises a person. Logweir itself changes nothing.
    Advice,
}

impl Safety {
    /// Returns the name in the spelling of reports, such as `safe`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Advice => "advice",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    /// Sets options of the existing awslogs configuration, and removes each option whose value is `None`. A fix of this
    /// kind is always safe.
    Options(Vec<(&'static str, Option<String>)>),
    /// Writes a complete log configuration for a container that has no log configuration, or whose log driver Logweir
    /// may replace.
    Configuration {
        safety: Safety,
        configuration: Map<String, Value>,
        /// The log group that the template or the HCL file has to define, because nothing else creates it. Such a fix
        /// is unsafe, because the deployment fails if the log group exists already.
        creates: Option<NewLogGroup>,
    },
    /// Creates a log group, or sets the retention of a log group. A fix of this kind is always safe. If the
    /// change would be unsafe, the rule gives advice instead of a fix.
    LogGroup(LogGroupChange),
    /// Sets the retention of a log group that the template or HCL file defines. The fix is unsafe if the group has no
    /// retention, because a retention deletes older events.
    Retention { safety: Safety, group: String, days: u32 },
    /// Advises a person to make a change. The text is the advice.
    Advice(String),
}

impl Fix {
    /// Returns what the fix changes, or the advice, as a sentence without a full stop.
    pub fn text(&self) -> String {
        match self {
            Self::Options(options) => {
                let one = |(option, value): &(&str, Option<String>)| match value {
                    Some(value) => format!("{option} = \"{value}\""),
                    None => format!("remove {option}"),
                };
                options.iter().map(one).collect::<Vec<_>>().join(", ")
            }
            Self::Configuration { creates: Some(group), .. } => format!(
                "write a complete awslogs configuration, and define the log group `{}` in the template; the deployment \
                 fails where the group exists already",
                group.name
            ),
            Self::Retention { safety: Safety::Unsafe, days, .. } => {
                format!("set the retention of the log group to {days} days; a deployment deletes older events")
            }
            Self::Retention { days, .. } => format!("set the retention of the log group to {days} days"),
            Self::Configuration { .. } => "write a complete awslogs configuration".into(),
            Self::LogGroup(LogGroupChange::Create(group)) => {
                let retention = group.retention_days.map(|days| format!(" with a retention of {days} days"));
                format!("create the log group{}", retention.unwrap_or_default())
            }
            Self::LogGroup(LogGroupChange::SetRetention { new, .. }) => {
                format!("set the retention of the log group to {new} days")
            }
            Self::Advice(advice) => advice.clone(),
        }
    }

    pub fn safety(&self) -> Safety {
        match self {
            Self::Options(_) | Self::LogGroup(_) => Safety::Safe,
            Self::Configuration { safety, .. } | Self::Retention { safety, .. } => *safety,
            Self::Advice(_) => Safety::Advice,
        }
    }
}
