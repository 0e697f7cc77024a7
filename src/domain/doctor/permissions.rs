//! The permissions of the functions' roles, as `infra/policies/operations.toml` lists them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::function::FunctionRole;

const OPERATIONS: &str = include_str!("../../../infra/policies/operations.toml");

/// The name of the table in `operations.toml` for permissions that AWS itself uses with a function's role, without a
/// call by Logweir. The keys of the table `beyond` are whole permissions, such as `sqs:ReceiveMessage`.
const BEYOND: &str = "beyond";

/// An AWS API call, the functions that make the call, and the permissions that the call needs.
#[derive(Deserialize)]
struct Operation {
    by: Vec<String>,
    /// `None` if the call needs only the permission with the name of the call.
    needs: Option<Vec<String>>,
    /// Further permissions that the call needs, each with the reason.
    #[serde(default)]
    also: BTreeMap<String, String>,
    /// The parameter of the stack without which the functions make no such call.
    option: Option<String>,
}

/// The parameter with which the stack watches the sessions of ECS Exec.
const SESSIONS: &str = "ExecSessions";

/// Returns every permission that a function's role has in at least one mode, such as `ecs:UpdateService`. Leaves out the
/// permissions for the sessions of ECS Exec unless the stack watches sessions.
pub(super) fn of(which: FunctionRole, watches_sessions: bool) -> BTreeSet<String> {
    let role = match which {
        FunctionRole::Remediator => "remediator",
        FunctionRole::Backout => "backout",
    };
    let services: BTreeMap<String, BTreeMap<String, Operation>> =
        toml::from_str(OPERATIONS).expect("operations.toml is a part of the program, and tests parse it");
    let operations = services.into_iter().flat_map(|(service, calls)| {
        calls.into_iter().map(move |(call, operation)| {
            let own = if service == BEYOND { call } else { format!("{service}:{call}") };
            (own, operation)
        })
    });
    operations
        .filter(|(_, operation)| operation.by.iter().any(|by| by == role))
        .filter(|(_, operation)| watches_sessions || operation.option.as_deref() != Some(SESSIONS))
        .flat_map(|(own, operation)| {
            operation.needs.unwrap_or_else(|| vec![own]).into_iter().chain(operation.also.into_keys())
        })
        .collect()
}
