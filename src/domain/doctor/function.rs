//! The check of the stack's functions: whether each function is ready and has the configuration that was deployed.

use std::collections::BTreeMap;

use super::deployment::StackDeployment;
use super::{Check, RESTORE, ReadResult};

const CHECK: &str = "functions";

/// The configuration of a function in Lambda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFacts {
    pub role: String,
    /// The state of the function: `Active`, `Inactive`, `Pending` or `Failed`.
    pub state: Option<String>,
    /// The state of the last update: `Successful`, `InProgress` or `Failed`.
    pub last_update: Option<String>,
    pub last_modified: Option<String>,
    /// The function's environment variables that belong to Logweir.
    pub variables: BTreeMap<String, String>,
    pub log_group: Option<String>,
}

impl FunctionFacts {
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// One of the two functions of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionRole {
    Remediator,
    Backout,
}

impl FunctionRole {
    pub fn name(self, deployment: &StackDeployment) -> &str {
        match self {
            Self::Remediator => &deployment.remediator,
            Self::Backout => &deployment.backout,
        }
    }

    pub fn role(self, deployment: &StackDeployment) -> &str {
        match self {
            Self::Remediator => &deployment.remediator_role,
            Self::Backout => &deployment.backout_role,
        }
    }
}

pub fn check(function: &ReadResult<FunctionFacts>, which: FunctionRole, deployment: &StackDeployment) -> Vec<Check> {
    let name = which.name(deployment);
    let function = match function {
        Ok(function) => function,
        Err(unseen) if unseen.is_missing => {
            return vec![Check::problem(CHECK, format!("function {name} does not exist"), RESTORE)];
        }
        Err(unseen) => {
            let what = format!("doctor cannot tell whether function {name} is ready");
            return vec![Check::unknown(CHECK, what, unseen)];
        }
    };
    let mut checks = Vec::new();
    let mut problem = |says: String, help: &str| checks.push(Check::problem(CHECK, says, help));
    let reason = format!(
        "read the reason: aws lambda get-function-configuration --function-name {name} --query \
         '[StateReason, LastUpdateStatusReason]'"
    );
    let changed = format!("the function was changed outside the stack: {RESTORE}");
    // Lambda makes a function `Inactive` after weeks without a call. The next call activates the function.
    if function.state.as_deref() == Some("Failed") {
        problem(format!("function {name} has failed, so Lambda does not call it"), &reason);
    }
    if function.last_update.as_deref() == Some("Failed") {
        problem(format!("the last update of function {name} failed"), &reason);
    }
    if function.role != which.role(deployment) {
        let says = format!("function {name} runs as {} instead of {}", function.role, which.role(deployment));
        problem(says, &changed);
    }
    let common = ("LOGWEIR_JOURNAL", deployment.journal.as_str());
    let wanted = match which {
        FunctionRole::Backout => vec![("LOGWEIR_ROLE", "backout"), common, ("LOGWEIR_MODE", &deployment.mode)],
        FunctionRole::Remediator => vec![
            ("LOGWEIR_ROLE", "remediate"),
            common,
            ("LOGWEIR_MODE", &deployment.mode),
            ("LOGWEIR_BASELINE", &deployment.baseline),
        ],
    };
    for (variable, deployed) in wanted {
        let found = function.variable(variable).unwrap_or("(unset)");
        if found != deployed {
            let says =
                format!("environment variable {variable} of function {name} is {found}, but {deployed} was deployed");
            problem(says, &changed);
        }
    }
    let is_changing =
        function.state.as_deref() == Some("Pending") || function.last_update.as_deref() == Some("InProgress");
    if is_changing {
        let says = format!("function {name} is being changed");
        checks.push(Check::inconclusive(CHECK, says, "run doctor again in a minute"));
    }
    if checks.is_empty() {
        let changed = function.last_modified.as_deref().map(|at| format!(", last changed {at}")).unwrap_or_default();
        let mode = match which {
            FunctionRole::Remediator => format!(" in mode {}", deployment.mode),
            FunctionRole::Backout => String::new(),
        };
        checks.push(Check::ok(CHECK, format!("function {name} is ready{mode}{changed}")));
    }
    checks
}
