//! Reads recorded calls that open a shell in a container: ExecuteCommand of ECS Exec, and StartSession of Systems
//! Manager on a container, which bypasses ECS Exec and its transcripts.

use super::call::RecordedCall;
use super::{Ignored, LONGEST, Nothing, Trigger, Unreadable};
use crate::domain::ecs::service::is_name;
use crate::domain::exec::{Target, is_role_of_ecs, program};
use crate::domain::text::plain::plain;
use crate::domain::trail::{Identity, Issuer, OnBehalfOf, Person, SessionContext, Text, person};

/// The maximum length of the ID of a session (source: Systems Manager API reference, Session).
const LONGEST_ID: usize = 96;

/// A call that opened a session, with all texts bounded and safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCall {
    /// Whether the caller bypassed ECS Exec.
    pub is_bypass: bool,
    /// The ID of the session. `None` if the event does not contain the response of the call.
    pub id: Option<String>,
    /// The ID of the CloudTrail event.
    pub event: String,
    /// The name of the cluster. `None` if the target of a bypass does not name one.
    pub cluster: Option<String>,
    /// The ID of the task.
    pub task: Option<String>,
    pub container: Option<String>,
    /// The name of the program, without its arguments, which may contain secrets.
    pub program: Option<String>,
    pub person: Person,
}

/// Reads a recorded call of ExecuteCommand. A dry run only tests the caller's permission and opens no session.
pub(super) fn executed(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let asked = |name: &str| call.text(&format!("/requestParameters/{name}"));
    let answered = |name: &str| call.text(&format!("/responseElements/{name}"));
    let dry_run = &call.record["requestParameters"]["dryrun"];
    if !call.home.scope.watches_sessions() || dry_run == true || dry_run == "true" {
        return Err(Ignored::OtherEvent.into());
    }
    let cluster = answered("clusterArn").or(asked("cluster")).unwrap_or("default");
    let task = answered("taskArn").or(asked("task"));
    call.guard_place([Some(cluster), task, answered("containerArn")].into_iter().flatten())?;
    let cluster = last_part(cluster);
    if !is_name(cluster) {
        return Err(Unreadable::NoSession.into());
    }
    let session = SessionCall {
        is_bypass: false,
        cluster: Some(cluster.to_owned()),
        task: task.map(|task| plain(last_part(task), LONGEST)),
        container: answered("containerName").or(asked("container")).map(|name| plain(name, LONGEST)),
        program: asked("command").map(program),
        ..opened(call, answered("session/sessionId"))?
    };
    Ok(Trigger::Session { session: Box::new(session), cause: call.cause.clone() })
}

/// Reads a recorded call of StartSession on a container. ECS itself makes such a call for each session of ECS Exec, and
/// the service-linked role of ECS, or the member `invokedBy`, then names ECS.
pub(super) fn started(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let target = call.text("/requestParameters/target").unwrap_or_default();
    if !call.home.scope.watches_sessions() || !Target::is_of_ecs(target) {
        return Err(Ignored::OtherEvent.into());
    }
    call.guard_place([])?;
    let issuer = call.text("/userIdentity/sessionContext/sessionIssuer/arn").unwrap_or_default();
    if is_role_of_ecs(issuer) || call.text("/userIdentity/invokedBy") == Some("ecs.amazonaws.com") {
        return Err(Ignored::ServiceOwned.into());
    }
    let (cluster, task) = Target::parse(target).map(|target| (target.cluster, target.task)).unzip();
    let session = SessionCall { cluster, task, ..opened(call, call.text("/responseElements/sessionId"))? };
    Ok(Trigger::Session { session: Box::new(session), cause: call.cause.clone() })
}

/// Returns the members that both calls have. Without the ID of the session, the ID of the event identifies the session.
fn opened(call: &RecordedCall, id: Option<&str>) -> Result<SessionCall, Unreadable> {
    let is_id = |id: &&str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let event = call.cause.event_id.clone().filter(|id| !id.is_empty()).ok_or(Unreadable::NoSession)?;
    Ok(SessionCall {
        is_bypass: true,
        id: id.filter(is_id).map(String::from),
        event,
        cluster: None,
        task: None,
        container: None,
        program: None,
        person: person(&identity(call)),
    })
}

/// Returns the identity of the caller, with the members that name a person.
fn identity<'e>(call: &RecordedCall<'e>) -> Identity<'e> {
    let text = |member: &str| Text(call.text(&format!("/userIdentity/{member}")).unwrap_or_default().into());
    Identity {
        kind: text("type"),
        arn: text("arn"),
        account: text("accountId"),
        user_name: text("userName"),
        principal: text("principalId"),
        invoked_by: text("invokedBy"),
        on_behalf_of: OnBehalfOf { user: text("onBehalfOf/userId"), ..OnBehalfOf::default() },
        session: SessionContext {
            source_identity: text("sessionContext/sourceIdentity"),
            issuer: Issuer { user_name: text("sessionContext/sessionIssuer/userName"), ..Issuer::default() },
            ..SessionContext::default()
        },
        ..Identity::default()
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
