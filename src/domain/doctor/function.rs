//! The functions: each is ready, and runs with what was deployed.

use std::collections::BTreeMap;

use super::deployment::StackDeployment;
use super::{Check, Looked, PUT_BACK};

const CHECK: &str = "functions";

/// A function as Lambda describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFacts {
    pub role: String,
    /// `Active`, `Inactive`, `Pending`, `Failed`.
    pub state: Option<String>,
    /// `Successful`, `InProgress`, `Failed`.
    pub last_update: Option<String>,
    pub last_modified: Option<String>,
    /// Those of its variables that are Logweir's.
    pub variables: BTreeMap<String, String>,
    pub log_group: Option<String>,
}

impl FunctionFacts {
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Which of the two.
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

pub fn check(function: &Looked<FunctionFacts>, which: FunctionRole, deployment: &StackDeployment) -> Vec<Check> {
    let name = which.name(deployment);
    let function = match function {
        Ok(function) => function,
        Err(unseen) if unseen.is_missing => {
            return vec![Check::problem(CHECK, format!("function {name} is gone"), PUT_BACK)];
        }
        Err(unseen) => return vec![Check::unknown(CHECK, format!("function {name}"), unseen)],
    };
    let mut checks = Vec::new();
    let mut problem = |says: String, help: &str| checks.push(Check::problem(CHECK, says, help));
    let reason = format!(
        "Lambda says why: aws lambda get-function-configuration --function-name {name} --query \
         '[StateReason, LastUpdateStatusReason]'"
    );
    let changed = format!("somebody has changed the function: {PUT_BACK}");
    // `Inactive` is one that nobody called for weeks; the next call wakes it.
    if function.state.as_deref() == Some("Failed") {
        problem(format!("{name} has failed, and is not called"), &reason);
    }
    if function.last_update.as_deref() == Some("Failed") {
        problem(format!("the last update of {name} has failed"), &reason);
    }
    if function.role != which.role(deployment) {
        problem(format!("{name} runs as {}, and not as {}", function.role, which.role(deployment)), &changed);
    }
    let common = ("LOGWEIR_JOURNAL", deployment.journal.as_str());
    let wanted = match which {
        FunctionRole::Backout => vec![("LOGWEIR_ROLE", "backout"), common],
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
            let says = format!("{variable} of {name} is {found}, and {deployed} was deployed");
            problem(says, &changed);
        }
    }
    let is_changing =
        function.state.as_deref() == Some("Pending") || function.last_update.as_deref() == Some("InProgress");
    if is_changing {
        checks.push(Check::untold(CHECK, format!("{name} is being changed"), "run it again in a minute"));
    }
    if checks.is_empty() {
        let changed = function.last_modified.as_deref().map(|at| format!(", last changed {at}")).unwrap_or_default();
        let mode = match which {
            FunctionRole::Remediator => format!(" in mode {}", deployment.mode),
            FunctionRole::Backout => String::new(),
        };
        checks.push(Check::ok(CHECK, format!("{name} is ready{mode}{changed}")));
    }
    checks
}
