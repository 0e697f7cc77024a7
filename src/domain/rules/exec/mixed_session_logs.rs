//! A cluster that sends transcripts to the log groups of the applications.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict, listed};
use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::text::plain::plain;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::MixedSessionLogs,
    summary: "a cluster that sends transcripts to the log groups of its applications",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    if !case.logs_by_default() {
        return Verdict::default();
    }
    let mut groups: Vec<String> = Vec::new();
    let unread = case.each_container(|_, container| {
        let Log::Configured { driver: "awslogs", options } = container.log() else { return };
        let group = format!("`{}`", plain(options.text("awslogs-group").unwrap_or_default(), LONGEST));
        if !groups.contains(&group) {
            groups.push(group);
        }
    });
    let message = format!(
        "cluster `{}` sends the transcripts of sessions to log groups of applications: {}",
        case.name(),
        listed(&groups)
    );
    let advice = "set the logging of the cluster to OVERRIDE with a log group of its own, because a transcript triggers the \
                  metric filters of the application";
    let fault = Fault::new("/configuration/executeCommandConfiguration", message, advice);
    let mut verdict = if groups.is_empty() { Verdict::default() } else { Verdict::fault(fault) };
    verdict.unread = unread;
    verdict
}

/// The maximum length of a name in a message, in characters.
const LONGEST: usize = 128;
