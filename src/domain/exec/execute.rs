//! The event of ExecuteCommand, which names the person of a session.

use jiff::Timestamp;
use serde_json::Value;

use super::LONGEST;
use super::command::Command;
use crate::domain::text::plain::plain;
use crate::domain::trail::{Person, Record, person};

/// A call of ExecuteCommand that CloudTrail recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteCall {
    pub event: String,
    pub time: Timestamp,
    pub account: String,
    pub region: String,
    /// The name of the cluster.
    pub cluster: String,
    /// The ID of the task. `None` if the record names no task.
    pub task: Option<String>,
    /// The name of the container. A call without a container is for the only container of the task.
    pub container: Option<String>,
    pub command: Option<Command>,
    pub outcome: Outcome,
    /// The ID of the session. A call that opened none has no ID.
    pub session: Option<String>,
    pub person: Person,
    /// The access key that signed the call, with which the role chain of the caller is found.
    pub access_key: Option<String>,
    pub source_ip: Option<String>,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// The caller only checked a permission. Such a call opens no session.
    DryRun,
    /// AWS denied the call, with this error code.
    Denied(String),
    /// The call failed, with this error code.
    Failed(String),
}

impl Outcome {
    pub(super) fn of(record: &Record<'_>, view: &Value) -> Self {
        let request = &view["requestParameters"];
        if [&request["dryrun"], &request["dryRun"]].into_iter().any(|flag| *flag == true || *flag == "true") {
            return Self::DryRun;
        }
        match record.error.some().map(|code| plain(code, LONGEST)) {
            None => Self::Succeeded,
            Some(code) if code.contains("AccessDenied") || code.contains("Unauthorized") => Self::Denied(code),
            Some(code) => Self::Failed(code),
        }
    }
}

impl ExecuteCall {
    /// Reads a record of ExecuteCommand. Returns `None` if the record has no time.
    pub(super) fn read(record: &Record<'_>, view: &Value) -> Option<Self> {
        let (request, response) = (&view["requestParameters"], &view["responseElements"]);
        let texts = |values: [&Value; 2]| values.into_iter().find_map(text);
        let task = texts([&response["taskArn"], &request["task"]]);
        let cluster = texts([&response["clusterArn"], &request["cluster"]]);
        let cluster = cluster.or_else(|| task.as_deref().and_then(cluster_of_task));
        Some(Self {
            event: shown(&record.id).unwrap_or_default(),
            time: record.time.parse().ok()?,
            account: shown(&record.account).unwrap_or_default(),
            region: shown(&record.region).unwrap_or_default(),
            cluster: cluster.as_deref().map_or("default", last_part).to_owned(),
            task: task.as_deref().map(|task| last_part(task).to_owned()),
            container: texts([&response["containerName"], &request["container"]]),
            command: request["command"].as_str().map(Command::new),
            outcome: Outcome::of(record, view),
            session: text(&response["session"]["sessionId"]),
            person: person(&record.identity),
            access_key: shown(&record.identity.access_key),
            source_ip: shown(&record.address),
        })
    }
}

/// Returns the last part of an ARN, or the name itself.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Returns the cluster in the long ARN of a task, `arn:…:task/CLUSTER/ID`.
fn cluster_of_task(arn: &str) -> Option<String> {
    let (cluster, _) = arn.split_once(":task/")?.1.split_once('/')?;
    Some(cluster.to_owned())
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().and_then(shown)
}

/// Returns a text of a record without unsafe characters. Returns `None` for an empty text.
pub(super) fn shown(text: &str) -> Option<String> {
    Some(plain(text, LONGEST)).filter(|text| !text.is_empty())
}
