//! The fix of a finding as text and as changes of a file.

use serde::Serialize;

use super::replacements::Replacement;
use crate::domain::edit::LogGroupChange;
use crate::domain::rules::finding::{Fix, Safety};

#[derive(Serialize)]
pub struct FixLine {
    pub safety: Safety,
    /// What the fix changes, or the advice, as a sentence without a full stop.
    pub text: String,
    /// The changes of the file. `logweir fix` writes the changes of all findings about one container together, so two
    /// findings about one container have the same changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<Replacement>,
}

impl FixLine {
    pub fn of(fix: &Fix, replacements: Vec<Replacement>) -> Self {
        Self { safety: fix.safety(), text: fix_text(fix), replacements }
    }
}

/// Returns what a fix changes, or the advice.
pub fn fix_text(fix: &Fix) -> String {
    match fix {
        Fix::Options(options) => {
            let one = |(option, value): &(&str, Option<String>)| match value {
                Some(value) => format!("{option} = \"{value}\""),
                None => format!("remove {option}"),
            };
            options.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Fix::Configuration { creates: Some(group), .. } => format!(
            "write a complete awslogs configuration, and define the log group `{}` in the template; the deployment \
             fails where the group exists already",
            group.name
        ),
        Fix::Retention { safety: Safety::Unsafe, days, .. } => {
            format!("set the retention of the log group to {days} days; a deployment deletes older events")
        }
        Fix::Retention { days, .. } => format!("set the retention of the log group to {days} days"),
        Fix::Configuration { .. } => "write a complete awslogs configuration".into(),
        Fix::LogGroup(LogGroupChange::Create(group)) => {
            let retention = group.retention_days.map(|days| format!(" with a retention of {days} days"));
            format!("create the log group{}", retention.unwrap_or_default())
        }
        Fix::LogGroup(LogGroupChange::SetRetention { new, .. }) => {
            format!("set the retention of the log group to {new} days")
        }
        Fix::Advice(advice) => advice.clone(),
    }
}
