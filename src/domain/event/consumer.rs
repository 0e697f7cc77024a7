//! What uses a revision without being a service: it goes on using it whatever services do.

use serde_json::Value;

use super::call::RecordedCall;
use super::{Consumer, LONGEST, Nothing, Trigger};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::plain::plain;

/// A rule has five targets at most (source: EventBridge API reference, PutTargets).
const TARGETS: usize = 5;

impl Consumer {
    fn new(name: &str, revision: Option<RevisionArn>) -> Self {
        Self { name: plain(name, LONGEST), revision }
    }
}

/// RunTask and StartTask. Whoever names the family alone gets its newest revision, ours too; only a revision that is asked
/// for by its number stays what it is.
pub(super) fn task(call: &RecordedCall, name: &str) -> Result<Trigger, Nothing> {
    let asked = call.text("/requestParameters/taskDefinition");
    let started = call.text("/responseElements/tasks/0/taskDefinitionArn");
    call.guard([asked, started, call.text("/requestParameters/cluster")].into_iter().flatten())?;
    let by = match &call.cause.actor {
        Some(actor) => format!("{name} by {actor}"),
        None => name.into(),
    };
    // Nothing may have been started, or the response left out.
    let exactly = |pinned| started.and_then(|arn| arn.parse().ok()).unwrap_or(pinned);
    let pinned = asked.and_then(|name| call.home.revision(name)).map(exactly);
    call.used(pinned.map(|revision| Consumer::new(&by, Some(revision))).into_iter().collect())
}

/// PutTargets: every target that it gave to a rule and that names a revision by its number.
pub(super) fn targets(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let list = |pointer: &str| call.record.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    call.guard(list("/requestParameters/targets").filter_map(definition))?;
    // The call succeeds though some of its targets were refused.
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

/// RegisterDaemonTaskDefinition. Managed daemons have definitions of a kind of their own, which no rule knows
/// (source: ECS API reference, DaemonTaskDefinition).
pub(super) fn daemon_definition(call: &RecordedCall) -> Result<Trigger, Nothing> {
    outside(
        call,
        "managed daemon definition",
        ["/responseElements/daemonTaskDefinitionArn", "/requestParameters/family"],
    )
}

/// CreateDaemon and UpdateDaemon.
pub(super) fn daemon(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let names = ["/responseElements/daemonArn", "/requestParameters/daemonArn", "/requestParameters/daemonName"];
    outside(call, "managed daemon", names)
}

/// Something that lies outside task definitions, by the first of its names: `arn:…:KIND/NAME`, or a plain one.
fn outside<const N: usize>(call: &RecordedCall, what: &str, names: [&str; N]) -> Result<Trigger, Nothing> {
    let definition = call.text("/requestParameters/daemonTaskDefinitionArn");
    let cluster = call.text("/requestParameters/clusterArn");
    let names = || names.into_iter().filter_map(|name| call.text(name));
    call.guard(names().chain(definition).chain(cluster))?;
    let name = names().next().map_or(UNNAMED, |name| name.split_once('/').map_or(name, |(_, name)| name));
    call.used(vec![Consumer::new(&format!("{what} {name}"), None)])
}

const UNNAMED: &str = "without a name";
