//! A proxy through which the agent of ECS Exec asks for its credentials, and gets none.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict, called, listed};
use super::environment::{names, value};
use crate::domain::ecs::task_definition::Container;
use crate::domain::rule_name::RuleName;
use crate::domain::verdict::Decided;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::ProxiedExecAgent,
    summary: "a proxy between the agent of ECS Exec and its credentials",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    Verdict::faults(case.containers().filter_map(fault))
}

/// The addresses of the instance metadata and of the task's credentials (source: ECS developer guide,
/// task-iam-roles.md).
const ADDRESSES: [&str; 2] = ["169.254.169.254", "169.254.170.2"];

fn fault(container: Container<'_>) -> Option<Fault> {
    let is_one = |name: &&str, wanted: &[&str]| wanted.iter().any(|one| name.eq_ignore_ascii_case(one));
    let of = |wanted: &'static [&'static str]| {
        let all = ["environment", "secrets"].into_iter().flat_map(move |member| names(container, member));
        all.filter(move |name| is_one(name, wanted)).collect::<Vec<_>>()
    };
    of(&["HTTP_PROXY", "HTTPS_PROXY"]).first()?;
    let exceptions = of(&["NO_PROXY"]);
    let values: Option<Vec<&str>> = exceptions.iter().map(|name| value(container, name)).collect();
    let (message, decided) = match values {
        Some(values) => {
            let missing = ADDRESSES.iter().filter(|address| !values.iter().any(|value| lists(value, address)));
            let missing: Vec<String> = missing.map(ToString::to_string).collect();
            if missing.is_empty() {
                return None;
            }
            (format!("{} has a proxy, but its NO_PROXY lacks {}", called(container), listed(&missing)), Decided::Yes)
        }
        None => (format!("{} has a proxy, and its NO_PROXY is a secret", called(container)), Decided::Unknown),
    };
    let advice =
        "add 169.254.169.254 and 169.254.170.2 to NO_PROXY, so that the agent of ECS Exec gets its credentials";
    Some(Fault::of(container, "environment", message, advice).decided(decided))
}

fn lists(value: &str, address: &str) -> bool {
    value.split(',').any(|one| matches!(one.trim(), "*") || one.trim() == address)
}
