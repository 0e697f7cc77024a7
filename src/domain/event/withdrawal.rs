//! Reads recorded calls of DeregisterTaskDefinition and DeleteTaskDefinitions.

use serde_json::Value;

use super::call::RecordedCall;
use super::{Nothing, Trigger, Unreadable};
use crate::domain::ecs::revision::RevisionArn;

/// The maximum number of revisions in one call (source: ECS API reference, DeleteTaskDefinitions).
const MOST: usize = 10;

/// Reads a recorded call of DeregisterTaskDefinition. The request names the revision as `FAMILY:REVISION` or as an ARN.
pub(super) fn deregistered(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let answered = call.text("/responseElements/taskDefinition/taskDefinitionArn");
    withdrawn(call, &[answered, call.text("/requestParameters/taskDefinition")], false)
}

/// Reads a recorded call of DeleteTaskDefinitions. The response lists the revisions that ECS deletes. The request also
/// lists the revisions that ECS did not delete, and Logweir describes each revision before it acts.
pub(super) fn deleted(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let list = |pointer: &str| call.record.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let answered = list("/responseElements/taskDefinitions").map(|revision| revision["taskDefinitionArn"].as_str());
    let asked = list("/requestParameters/taskDefinitions").map(Value::as_str);
    withdrawn(call, &answered.chain(asked).collect::<Vec<_>>(), true)
}

fn withdrawn(call: &RecordedCall, named: &[Option<&str>], deleted: bool) -> Result<Trigger, Nothing> {
    call.guard(named.iter().copied().flatten())?;
    let mut revisions: Vec<RevisionArn> = Vec::new();
    for revision in named.iter().copied().flatten().filter_map(|name| call.home.revision(name)) {
        if revisions.len() < MOST && !revisions.contains(&revision) {
            revisions.push(revision);
        }
    }
    if revisions.is_empty() {
        return Err(Unreadable::NoRevision.into());
    }
    Ok(Trigger::Withdrawn { revisions, deleted, cause: call.cause.clone() })
}
