//! A running task without a running agent of ECS Exec.

use super::case::{Check, ExecRule, Fault, Verdict, WorkloadCase, listed};
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnavailableExecAgent,
    summary: "a running task in which no agent of ECS Exec runs",
    check: Check::Workload(check),
};

fn check(case: &WorkloadCase<'_>) -> Verdict {
    let running = &case.workload.running;
    let older: Vec<String> = running.iter().filter(|task| !task.is_enabled).map(|task| task.id.clone()).collect();
    let stopped = running.iter().flat_map(|task| {
        let agents = task.agents.iter().filter(|agent| agent.status == "STOPPED");
        agents.map(|agent| {
            let reason = agent.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("container `{}` of task {}{reason}", agent.container, task.id)
        })
    });
    let stopped: Vec<String> = stopped.collect();
    let mut faults = Vec::new();
    if !older.is_empty() {
        let message = format!(
            "{} has ECS Exec enabled, but these tasks started before: {}",
            case.workload.called(),
            listed(&older)
        );
        faults.push(Fault::new("/enableExecuteCommand", message, "start a new deployment"));
    }
    if !stopped.is_empty() {
        let message = format!("the agent of ECS Exec has stopped in {}", listed(&stopped));
        let advice = "resolve the reason, and replace the task; the agent does not start again";
        faults.push(Fault::new("/enableExecuteCommand", message, advice));
    }
    // The tasks of a service may be missing, because the list of the cluster's tasks could not be read.
    let unread = case.cluster.tasks.as_ref().err().cloned().into_iter().collect();
    Verdict { faults, unread }
}
