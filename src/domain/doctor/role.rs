//! The results of IAM's policy simulator for the functions' roles.

use super::deployment::StackDeployment;
use super::function::FunctionRole;
use super::{Check, Looked, PUT_BACK, names};

pub use super::need::{Need, needs};

const CHECK: &str = "role";

/// The simulator's verdict on one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub action: &'static str,
    pub resource: String,
    /// `allowed`, `implicitDeny` or `explicitDeny`.
    pub decision: String,
    /// Condition keys that policies ask for and that it was not given.
    pub missing: Vec<String>,
}

/// The verdict on one function's role. What the simulator leaves out is said where all is well.
pub fn check(which: FunctionRole, deployment: &StackDeployment, judged: &[Looked<Vec<Judged>>]) -> Vec<Check> {
    let name = which.role(deployment).rsplit('/').next().unwrap_or_default();
    let purpose = match which {
        FunctionRole::Remediator => format!("mode {}", deployment.mode),
        FunctionRole::Backout => "taking back".into(),
    };
    let mut checks = Vec::new();
    for seen in judged {
        let judged = match seen {
            Ok(judged) => judged,
            Err(unseen) if unseen.is_missing => {
                let says = format!("role {} is gone", which.role(deployment));
                return vec![Check::problem(CHECK, says, PUT_BACK)];
            }
            Err(unseen) => {
                checks.push(Check::unknown(CHECK, format!("what {name} may do"), unseen));
                continue;
            }
        };
        checks.extend(judged.iter().filter_map(|judged| verdict(name, &purpose, judged)));
    }
    if checks.is_empty() {
        let beside = "policies of keys, queues and VPC endpoints are not simulated";
        checks.push(Check::ok(CHECK, format!("{name} may do what {purpose} needs; {beside}")));
    }
    checks
}

fn verdict(name: &str, purpose: &str, judged: &Judged) -> Option<Check> {
    let Judged { action, resource, decision, missing } = judged;
    match (decision.as_str(), missing.is_empty()) {
        ("allowed", _) => None,
        ("explicitDeny", _) => {
            let says = format!("{name} is denied {action} on {resource}");
            Some(Check::problem(
                CHECK,
                says,
                "look for the Deny: in its permissions boundary, or a policy of the organisation",
            ))
        }
        (_, false) => {
            let says = format!("{action} on {resource} depends on {}", names(missing.iter().map(String::as_str)));
            Some(Check::untold(CHECK, says, format!("compare the condition with how {name} asks for it")))
        }
        _ => {
            let says = format!("{name} may not {action} on {resource}, which {purpose} needs");
            let help = match *action {
                "iam:PassRole" => "widen ExecutionRoles or TaskRoles of the stack to this role".to_owned(),
                _ => format!(
                    "where it is a permissions boundary, widen that; else somebody has changed the role: {PUT_BACK}"
                ),
            };
            Some(Check::problem(CHECK, says, help))
        }
    }
}
