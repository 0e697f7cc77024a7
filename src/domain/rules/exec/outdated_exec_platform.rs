//! A platform version of Fargate, or a container agent, that is older than ECS Exec.

use super::case::{Check, ExecRule, Fault, Verdict, WorkloadCase, listed};
use crate::domain::fleet::facts::{ContainerAgent, is_windows};
use crate::domain::fleet::version::{
    LEAST_AGENT, LEAST_PLATFORM, LEAST_WINDOWS_AGENT, LEAST_WINDOWS_PLATFORM, is_older,
};
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::OutdatedExecPlatform,
    summary: "a Fargate platform version or a container agent that is older than ECS Exec",
    check: Check::Workload(check),
};

fn check(case: &WorkloadCase<'_>) -> Verdict {
    let workload = case.workload;
    let mut old = Vec::new();
    let mut add = |text: String| {
        if !old.contains(&text) {
            old.push(text)
        }
    };
    // The tasks of a service may be missing, because the list of the cluster's tasks could not be read.
    let mut unread: Vec<_> = case.cluster.tasks.as_ref().err().cloned().into_iter().collect();
    let of_workload = (workload.platform_version.as_deref(), workload.platform_family.as_deref());
    let of_tasks =
        workload.running.iter().map(|task| (task.platform_version.as_deref(), task.platform_family.as_deref()));
    for (version, family) in [of_workload].into_iter().chain(of_tasks) {
        let least = if is_windows(family) { LEAST_WINDOWS_PLATFORM } else { LEAST_PLATFORM };
        if let Some(version) = version.filter(|version| is_older(version, least) == Some(true)) {
            add(format!("platform version {version} (needs {least})"));
        }
    }
    for instance in workload.running.iter().filter_map(|task| task.instance.as_deref()) {
        match case.cluster.agent(instance) {
            Err(why) => unread.push(why),
            Ok(ContainerAgent { version, is_windows }) => {
                let least = if *is_windows { LEAST_WINDOWS_AGENT } else { LEAST_AGENT };
                if is_older(version, least) == Some(true) {
                    add(format!("container agent {version} (needs {least})"));
                }
            }
        }
    }
    let message = format!("{} cannot open sessions: {}", workload.called(), listed(&old));
    let advice = "update the platform version with a new deployment, or the container agent";
    let fault = Fault::new("/platformVersion", message, advice);
    let faults = if old.is_empty() { Vec::new() } else { vec![fault] };
    Verdict { faults, unread }
}
