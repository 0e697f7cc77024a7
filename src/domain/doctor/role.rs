//! The check of the functions' roles, from the results of IAM's policy simulator.

use std::borrow::Cow;

use super::deployment::StackDeployment;
use super::function::FunctionRole;
use super::{Check, RESTORE, ReadResult, names};

pub use super::need::{Need, needs};

const CHECK: &str = "role";

/// The policy simulator's verdict on one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub action: Cow<'static, str>,
    pub resource: String,
    /// The decision of the simulator: `allowed`, `implicitDeny` or `explicitDeny`.
    pub decision: String,
    /// Condition keys that the policies test but the simulation did not set.
    pub missing: Vec<String>,
}

/// Checks the role of one function. The text of a check that is `ok` also names the policies that `doctor` does not
/// simulate.
pub fn check(which: FunctionRole, deployment: &StackDeployment, judged: &[ReadResult<Vec<Judged>>]) -> Vec<Check> {
    let name = which.role(deployment).rsplit('/').next().unwrap_or_default();
    let purpose = match which {
        FunctionRole::Remediator => format!("mode {}", deployment.mode),
        FunctionRole::Backout => "a backout".into(),
    };
    let mut checks = Vec::new();
    for seen in judged {
        let judged = match seen {
            Ok(judged) => judged,
            Err(unseen) if unseen.is_missing => {
                let says = format!("role {} does not exist", which.role(deployment));
                return vec![Check::problem(CHECK, says, RESTORE)];
            }
            Err(unseen) => {
                checks.push(Check::unknown(
                    CHECK,
                    format!("doctor cannot tell which permissions role {name} has"),
                    unseen,
                ));
                continue;
            }
        };
        checks.extend(judged.iter().filter_map(|judged| verdict(name, &purpose, judged)));
    }
    if checks.is_empty() {
        let beside = "doctor does not simulate the policies of KMS keys, queues and VPC endpoints";
        checks.push(Check::ok(CHECK, format!("role {name} has the permissions that {purpose} needs; {beside}")));
    }
    checks
}

fn verdict(name: &str, purpose: &str, judged: &Judged) -> Option<Check> {
    let Judged { action, resource, decision, missing } = judged;
    match (decision.as_str(), missing.is_empty()) {
        ("allowed", _) => None,
        ("explicitDeny", _) => {
            let says = format!("role {name} is denied {action} on {resource}");
            Some(Check::problem(
                CHECK,
                says,
                "find the Deny statement in the role's permissions boundary or in a policy of the organisation",
            ))
        }
        (_, false) => {
            let keys = names(missing.iter().map(String::as_str));
            let says = format!("whether role {name} allows {action} on {resource} depends on the condition key {keys}");
            let help = "compare the conditions in the role's policies with the requests of the function";
            Some(Check::inconclusive(CHECK, says, help))
        }
        _ => {
            let says = format!("role {name} does not allow {action} on {resource}, which {purpose} needs");
            let help = match action.as_ref() {
                "iam:PassRole" => {
                    let path = resource.split_once(":role/").map_or(resource.as_str(), |(_, path)| path);
                    format!("widen the parameter ExecutionRoles or TaskRoles of the stack, so that it matches {path}")
                }
                _ => format!("if a permissions boundary is the cause, widen it; if the role was changed, {RESTORE}"),
            };
            Some(Check::problem(CHECK, says, help))
        }
    }
}
