//! Consumers of a revision that are not services, such as tasks. Such a consumer keeps its revision when Logweir
//! updates services.

use serde_json::Value;

use super::call::RecordedCall;
use super::{Consumer, LONGEST, Nothing, Trigger};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::plain::plain;

/// The maximum number of targets of an EventBridge rule (source: EventBridge API reference, PutTargets).
const TARGETS: usize = 5;

impl Consumer {
    fn new(name: &str, revision: Option<RevisionArn>) -> Self {
        Self { name: plain(name, LONGEST), revision }
    }
}

/// Reads a recorded call of RunTask or StartTask. For a call that names only a family, ECS uses the family's newest
/// revision, which may be a corrected revision. A call that names a revision number uses this revision, even if Logweir
/// has corrected it.
pub(super) fn task(call: &RecordedCall, name: &str) -> Result<Trigger, Nothing> {
    let asked = call.text("/requestParameters/taskDefinition");
    let started = call.text("/responseElements/tasks/0/taskDefinitionArn");
    call.guard([asked, started, call.text("/requestParameters/cluster")].into_iter().flatten())?;
    let by = match &call.cause.actor {
        Some(actor) => format!("{name} by {actor}"),
        None => name.into(),
    };
    // If the call started no task, or if CloudTrail left out the response, the request names the revision.
    let exactly = |pinned| started.and_then(|arn| arn.parse().ok()).unwrap_or(pinned);
    let pinned = asked.and_then(|name| call.home.revision(name)).map(exactly);
    call.used(pinned.map(|revision| Consumer::new(&by, Some(revision))).into_iter().collect())
}

/// Reads a recorded call of PutTargets. Returns each target that names a task definition with a revision number.
pub(super) fn targets(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let list = |pointer: &str| call.record.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    call.guard(list("/requestParameters/targets").filter_map(definition))?;
    // PutTargets succeeds even if EventBridge refuses some of the targets.
    let refused = |id: &Value| list("/responseElements/failedEntries").any(|entry| entry["targetId"] == *id);
    let rule = call.text("/requestParameters/rule").unwrap_or(UNNAMED);
    let pinned = list("/requestParameters/targets").filter_map(|target| {
        let revision = call.home.revision(definition(target)?)?;
        let id = &target["id"];
        let name = format!("EventBridge rule {rule}, target {}", id.as_str().unwrap_or(UNNAMED));
        (id.is_null() || !refused(id)).then(|| Consumer::new(&name, Some(revision)))
    });
    call.used(pinned.take(TARGETS).collect())
}

fn definition(target: &Value) -> Option<&str> {
    target["ecsParameters"]["taskDefinitionArn"].as_str()
}

/// Reads a recorded call of RegisterDaemonTaskDefinition. Managed daemons use daemon task definitions, which no rule of
/// Logweir checks (source: ECS API reference, DaemonTaskDefinition).
pub(super) fn daemon_definition(call: &RecordedCall) -> Result<Trigger, Nothing> {
    outside(
        call,
        "managed daemon definition",
        ["/responseElements/daemonTaskDefinitionArn", "/requestParameters/family"],
    )
}

/// Reads a recorded call of CreateDaemon or UpdateDaemon.
pub(super) fn daemon(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let names = ["/responseElements/daemonArn", "/requestParameters/daemonArn", "/requestParameters/daemonName"];
    outside(call, "managed daemon", names)
}

/// Returns a consumer that does not use task definitions. `names` lists the members of the call that may name the
/// consumer, by its ARN (`arn:…:KIND/NAME`) or by its plain name. The first of these members that is present counts.
fn outside<const N: usize>(call: &RecordedCall, what: &str, names: [&str; N]) -> Result<Trigger, Nothing> {
    let definition = call.text("/requestParameters/daemonTaskDefinitionArn");
    let cluster = call.text("/requestParameters/clusterArn");
    let names = || names.into_iter().filter_map(|name| call.text(name));
    call.guard(names().chain(definition).chain(cluster))?;
    let name = names().next().map_or(UNNAMED, |name| name.split_once('/').map_or(name, |(_, name)| name));
    call.used(vec![Consumer::new(&format!("{what} {name}"), None)])
}

const UNNAMED: &str = "without a name";
