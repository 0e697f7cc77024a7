//! A container with ECS Exec and without an init process, which removes ended processes of sessions.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict, called};
use crate::domain::ecs::task_definition::Container;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::MissingInitProcess,
    summary: "a container with ECS Exec that has no init process",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    if case.is_windows() {
        return Verdict::default();
    }
    let has_init = |container: Container<'_>| {
        container.member("linuxParameters").is_some_and(|parameters| parameters["initProcessEnabled"] == true)
    };
    let without = case.containers().filter(|container| !has_init(*container));
    Verdict::faults(without.map(|container| {
        let message = format!("{} has ECS Exec, but no init process that removes ended processes", called(container));
        let advice = "set linuxParameters.initProcessEnabled to true";
        Fault::of(container, "linuxParameters/initProcessEnabled", message, advice)
    }))
}
