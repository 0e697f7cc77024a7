//! Containers that share one PID namespace, in which only one container can have a session.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict};
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::SharedPidNamespace,
    summary: "a PID namespace that containers share, in which only one of them can have a session",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    let containers = case.containers().count();
    if case.definition.definition.view()["pidMode"] != "task" || containers < 2 {
        return Verdict::default();
    }
    let message =
        format!("pidMode is `task`, so only one of the {containers} containers can have a session of ECS Exec");
    Verdict::fault(Fault::new("/pidMode", message, "remove pidMode, or accept that sessions reach one container"))
}
