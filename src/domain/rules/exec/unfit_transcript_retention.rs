//! A log group with transcripts whose retention does not fit the baseline.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::baseline::ExecSettings;
use crate::domain::fleet::facts::TranscriptGroup;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnfitTranscriptRetention,
    summary: "a log group with transcripts that keeps them too briefly, or without a limit",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let group = case.destination().and_then(|destination| destination.log_group);
    let Some(name) = group else { return Verdict::default() };
    Verdict::of(case.fleet.group(&name).map(|found| retention_fault(&name, found?, case.settings())))
}

fn retention_fault(name: &str, group: &TranscriptGroup, settings: &ExecSettings) -> Option<Fault> {
    let ExecSettings { min_retention_days, retention_days, .. } = settings;
    let message = match (group.retention, retention_days) {
        (Some(days), _) if days < *min_retention_days => {
            let unit = if days == 1 { "day" } else { "days" };
            format!(
                "transcripts in log group `{name}` expire after {days} {unit}, but the baseline asks for \
                 {min_retention_days} days"
            )
        }
        (None, Some(days)) => format!(
            "transcripts in log group `{name}` never expire, but the baseline requires a retention, such as {days} days"
        ),
        _ => return None,
    };
    let advice = match &group.policy {
        Some(policy) => {
            format!("change the account-level policy `{policy}`, which overrides the retention of the group")
        }
        None => "set the retention of the log group; a shorter retention deletes older transcripts".into(),
    };
    let pointer = "/configuration/executeCommandConfiguration/logConfiguration/cloudWatchLogGroupName";
    Some(Fault::new(pointer, message, advice))
}
