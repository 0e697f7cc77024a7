//! A cluster that sends transcripts to the awslogs group of each container, with a container that has no such group.
//! ECS then logs no session in this container, and reports no error.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict, called, listed};
use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnloggedContainerSessions,
    summary: "a container without awslogs, whose sessions the default logging does not log",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    if !case.logs_by_default() {
        return Verdict::default();
    }
    let mut names = Vec::new();
    let unread = case.each_container(|workload, container| {
        if !matches!(container.log(), Log::Configured { driver: "awslogs", .. }) {
            names.push(format!("{} of {}", called(container), workload.called()));
        }
    });
    let message = format!(
        "cluster `{}` logs sessions only through awslogs, so no session in these containers is logged: {}",
        case.name(),
        listed(&names)
    );
    let advice = "set the logging of the cluster to OVERRIDE with a log group of its own";
    let fault = Fault::new("/configuration/executeCommandConfiguration", message, advice);
    let mut verdict = if names.is_empty() { Verdict::default() } else { Verdict::fault(fault) };
    verdict.unread = unread;
    verdict
}
