//! A session in the results of `logweir exec sessions`.

use jiff::Timestamp;
use serde::Serialize;

use super::destination::Destination;
use super::evidence::{Look, Seen};
use super::join::{Case, Origin};
use super::judge::{Facts, judge};
use super::person::NamedPerson;
use super::verdict::Verdict;

/// A session or an attempt to open one, with its verdict. The order of the members is the order of the columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Session {
    /// `None` for an attempt that opened no session.
    pub session_id: Option<String>,
    pub start: Timestamp,
    /// `None` if the session is open, or if its end is not known.
    pub end: Option<Timestamp>,
    pub person: NamedPerson,
    pub source_ip: Option<String>,
    pub account: String,
    pub region: String,
    pub cluster: Option<String>,
    pub service: Option<String>,
    /// The ID of the task.
    pub task: Option<String>,
    pub container: Option<String>,
    /// The program, without the arguments of the command.
    pub program: Option<String>,
    /// The command with its arguments. Only if the caller asked for commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    pub transcript: Transcript,
    pub verdict: Verdict,
    pub why: Option<String>,
    /// The ID of the event that names the person.
    pub event_id: Option<String>,
}

/// The transcript of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transcript {
    /// `cloudwatch`, `s3` or `none`.
    pub kind: &'static str,
    /// `GROUP:STREAM` or `s3://BUCKET/KEY`. For a pending session, the place where the transcript will be.
    pub place: Option<String>,
    /// The size of an object in Amazon S3. CloudWatch Logs tells no size of a log stream.
    pub bytes: Option<u64>,
}

impl Transcript {
    fn of(destination: &Destination, looks: &[Look], verdict: Verdict) -> Self {
        let none = Self { kind: "none", place: None, bytes: None };
        let found = looks.iter().find_map(|look| match look.seen {
            Seen::Found { bytes, .. } => Some((&look.place, bytes)),
            _ => None,
        });
        let expected = match destination {
            Destination::Places(places, _) if verdict == Verdict::Pending => places.first().map(|place| (place, None)),
            _ => None,
        };
        found.or(expected).map_or(none, |(place, bytes)| Self {
            kind: place.kind(),
            place: Some(place.to_string()),
            bytes,
        })
    }
}

/// Judges a session and returns it as a result. `service` is the service of its task, if it is known. `with_command`
/// adds the command with its arguments, which may contain secrets.
pub fn session(facts: &Facts<'_>, service: Option<&str>, with_command: bool) -> Session {
    let Facts { case, destination, looks, .. } = facts;
    let Case { ssm, person, account, region, cluster, task, container, origin } = case;
    let judged = judge(facts);
    let (event_id, source_ip, command) = match origin {
        Origin::Execute(call) => (Some(call.event.clone()), call.source_ip.clone(), call.command.as_ref()),
        Origin::Direct(call) => (Some(call.event.clone()), call.source_ip.clone(), None),
        Origin::Listed => (None, None, None),
    };
    Session {
        session_id: case.id().map(String::from),
        start: case.start(),
        end: ssm.as_ref().and_then(|session| session.end),
        person: person.clone(),
        source_ip,
        account: account.clone(),
        region: region.clone(),
        cluster: cluster.clone(),
        service: service.map(String::from),
        task: task.clone(),
        container: container.clone(),
        program: command.map(|command| command.program()),
        command: command.filter(|_| with_command).map(|command| command.whole()),
        transcript: Transcript::of(destination, looks, judged.verdict),
        verdict: judged.verdict,
        why: judged.why,
        event_id,
    }
}
