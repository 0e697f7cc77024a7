//! A workload with ECS Exec in a cluster in which the baseline forbids it.

use super::case::{Check, ExecRule, Fault, Verdict, WorkloadCase};
use crate::domain::fleet::facts::WorkloadKind;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::ForbiddenExec,
    summary: "ECS Exec in a cluster in which the baseline forbids it",
    check: Check::Workload(check),
};

fn check(case: &WorkloadCase<'_>) -> Verdict {
    let cluster = &case.cluster.cluster.arn.name;
    if case.baseline.exec().may_be_enabled_in(cluster) {
        return Verdict::default();
    }
    let message =
        format!("{} has ECS Exec enabled, but the baseline forbids it in cluster `{cluster}`", case.workload.called());
    let advice = match case.workload.kind {
        WorkloadKind::Service => "switch off enableExecuteCommand with UpdateService and a new deployment",
        WorkloadKind::Daemon => "switch off enableExecuteCommand with UpdateDaemon",
        WorkloadKind::Task => "stop the task, and start it without enableExecuteCommand",
    };
    Verdict::fault(Fault::new("/enableExecuteCommand", message, advice))
}
