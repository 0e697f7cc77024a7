//! The permissions of the functions' roles, as `infra/policies/operations.toml` has them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::function::FunctionRole;

const OPERATIONS: &str = include_str!("../../../infra/policies/operations.toml");

/// The table of permissions that AWS uses in a role's name without a call of Logweir. Its keys are whole permissions.
const BEYOND: &str = "beyond";

/// A call, the functions that make it, and the permissions that it needs.
#[derive(Deserialize)]
struct Operation {
    by: Vec<String>,
    /// `None` means the permission with the call's name.
    needs: Option<Vec<String>>,
    /// Further permissions, each with its reason.
    #[serde(default)]
    also: BTreeMap<String, String>,
}

/// Returns every permission of a function's role in any mode, such as `ecs:UpdateService`.
pub(super) fn of(which: FunctionRole) -> BTreeSet<String> {
    let role = match which {
        FunctionRole::Remediator => "remediator",
        FunctionRole::Backout => "backout",
    };
    let services: BTreeMap<String, BTreeMap<String, Operation>> =
        toml::from_str(OPERATIONS).expect("the table is a part of the program, and tests read it");
    let operations = services.into_iter().flat_map(|(service, calls)| {
        calls.into_iter().map(move |(call, operation)| {
            let own = if service == BEYOND { call } else { format!("{service}:{call}") };
            (own, operation)
        })
    });
    operations
        .filter(|(_, operation)| operation.by.iter().any(|by| by == role))
        .flat_map(|(own, operation)| {
            operation.needs.unwrap_or_else(|| vec![own]).into_iter().chain(operation.also.into_keys())
        })
        .collect()
}
