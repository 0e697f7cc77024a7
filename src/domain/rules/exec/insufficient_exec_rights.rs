//! A task role that lacks a right without which no session starts.

use super::case::{Check, DefinitionCase, ExecRule, Verdict};
use super::simulated::denied;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::InsufficientExecRights,
    summary: "a task role without the rights of ssmmessages or kms that a session needs",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    match case.fleet.session_rights(case.definition, &case.uses) {
        Ok(rights) => denied(case, &rights, "no session starts"),
        Err(why) => Verdict::unread(why),
    }
}
