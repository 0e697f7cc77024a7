//! Consumers of a revision that are not services, such as tasks. Such a consumer keeps its revision when Logweir
//! updates services.

use super::call::RecordedCall;
use super::{Consumer, LONGEST, Nothing, Trigger};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::plain::plain;

/// The maximum number of targets of an EventBridge rule that a report names (source: EventBridge API reference,
/// PutTargets).
pub(super) const TARGETS: usize = 5;

impl Consumer {
    pub(super) fn new(name: &str, revision: Option<RevisionArn>) -> Self {
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

/// Reads a recorded call of CreateTaskSet. Only a service with the deployment controller
/// EXTERNAL has such task sets, and Logweir does not update such a service.
pub(super) fn task_set(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let text = |pointer: &str| call.text(pointer);
    let answered = text("/responseElements/taskSet/taskDefinition");
    let asked = text("/requestParameters/taskDefinition");
    let service = text("/responseElements/taskSet/serviceArn").or(text("/requestParameters/service"));
    call.guard([answered, asked, service, text("/requestParameters/cluster")].into_iter().flatten())?;
    let revision: Option<RevisionArn> =
        answered.and_then(|arn| arn.parse().ok()).or_else(|| asked.and_then(|name| call.home.revision(name)));
    let name =
        format!("task set of service {}", service.map_or(UNNAMED, |name| name.rsplit('/').next().unwrap_or(name)));
    call.used(revision.map(|revision| Consumer::new(&name, Some(revision))).into_iter().collect())
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

pub(super) const UNNAMED: &str = "without a name";
