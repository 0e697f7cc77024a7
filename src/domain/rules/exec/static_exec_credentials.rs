//! A container whose environment contains an access key. The agent of ECS Exec then uses this key, and not the task role.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict, called};
use super::environment::{has_files, names};
use crate::domain::ecs::task_definition::Container;
use crate::domain::rule_name::RuleName;
use crate::domain::verdict::Decided;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::StaticExecCredentials,
    summary: "an access key in the environment, which the agent of ECS Exec uses instead of the task role",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    Verdict::faults(case.containers().filter_map(|container| {
        let advice = "remove the access key, and allow the task role what the application needs";
        if let Some(member) = ["environment", "secrets"].into_iter().find(|member| has(container, member)) {
            let message = format!(
                "{} has AWS_ACCESS_KEY_ID in its {member}, so the agent of ECS Exec does not use the task role",
                called(container)
            );
            return Some(Fault::of(container, member, message, advice));
        }
        let message = format!("{} has environment files, which may contain AWS_ACCESS_KEY_ID", called(container));
        let fault = || Fault::of(container, "environmentFiles", message, advice).decided(Decided::Unknown);
        has_files(container).then(fault)
    }))
}

fn has(container: Container<'_>, member: &str) -> bool {
    names(container, member).any(|name| name == "AWS_ACCESS_KEY_ID")
}
