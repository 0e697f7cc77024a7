//! The other calls in CloudTrail that say something about sessions: sessions that a principal opened directly, changes
//! of clusters, role chains, and the revisions of tasks.

use jiff::Timestamp;
use serde_json::Value;

use super::LONGEST;
use super::execute::{Outcome, last_part, shown, text};
use super::owner::is_by_ecs;
use super::target::Target;
use crate::domain::ecs::cluster::{ClusterConfiguration, ExecConfiguration};
use crate::domain::text::plain::plain;
use crate::domain::trail::{How, Person, Record, person};

/// A call of StartSession of Systems Manager whose target is a container of ECS.
#[derive(Clone, Debug, PartialEq)]
pub struct StartCall {
    pub event: String,
    pub time: Timestamp,
    pub account: String,
    pub region: String,
    /// The target. `None` if Logweir cannot parse it.
    pub target: Option<Target>,
    /// The document, such as `AWS-StartPortForwardingSession`. `None` for the default document, a shell.
    pub document: Option<String>,
    pub outcome: Outcome,
    pub session: Option<String>,
    /// Whether ECS opened the session, for a caller of ExecuteCommand.
    pub is_by_ecs: bool,
    pub person: Person,
    pub access_key: Option<String>,
    pub source_ip: Option<String>,
}

impl StartCall {
    /// Reads a record of StartSession. Returns `None` for another target than a container of ECS.
    pub(super) fn read(record: &Record<'_>, view: &Value) -> Option<Self> {
        let (request, response) = (&view["requestParameters"], &view["responseElements"]);
        let target = request["target"].as_str().filter(|target| Target::is_of_ecs(target))?;
        Some(Self {
            event: shown(&record.id).unwrap_or_default(),
            time: record.time.parse().ok()?,
            account: shown(&record.account).unwrap_or_default(),
            region: shown(&record.region).unwrap_or_default(),
            target: Target::parse(target),
            document: text(&request["documentName"]),
            outcome: Outcome::of(record, view),
            session: text(&response["sessionId"]),
            is_by_ecs: is_by_ecs(&record.identity),
            person: person(&record.identity),
            access_key: shown(&record.identity.access_key),
            source_ip: shown(&record.address),
        })
    }
}

/// A call of CreateCluster or UpdateCluster that set the configuration of ECS Exec.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterChange {
    pub event: String,
    pub time: Timestamp,
    pub account: String,
    pub region: String,
    /// The name of the cluster.
    pub cluster: String,
    pub exec: ExecConfiguration,
}

impl ClusterChange {
    /// Reads a record of CreateCluster or UpdateCluster. Returns `None` if the call failed or left the configuration as it
    /// was. The response has the configuration after the call. A new cluster without a configuration has the default one.
    pub(super) fn read(record: &Record<'_>, view: &Value) -> Option<Self> {
        if record.error.some().is_some() {
            return None;
        }
        let (request, response) = (&view["requestParameters"], &view["responseElements"]["cluster"]);
        let asked = exec(&request["configuration"]);
        let is_new = &*record.name == "CreateCluster";
        let named = [&response["clusterName"], &response["clusterArn"], &request["clusterName"], &request["cluster"]];
        let cluster = named.into_iter().find_map(text);
        Some(Self {
            event: shown(&record.id).unwrap_or_default(),
            time: record.time.parse().ok()?,
            account: shown(&record.account).unwrap_or_default(),
            region: shown(&record.region).unwrap_or_default(),
            cluster: cluster.as_deref().map_or("default", last_part).to_owned(),
            exec: match (asked, is_new) {
                (None, false) => return None,
                (None, true) => ExecConfiguration::default(),
                (Some(asked), _) => exec(&response["configuration"]).unwrap_or(asked),
            },
        })
    }
}

fn exec(configuration: &Value) -> Option<ExecConfiguration> {
    configuration.get("executeCommandConfiguration").filter(|exec| exec.is_object())?;
    ClusterConfiguration::parse(configuration.to_string()).ok().map(|configuration| configuration.exec())
}

/// A call of AssumeRole: the person that received an access key.
#[derive(Clone, Debug, PartialEq)]
pub struct AssumedRole {
    /// The access key of the new session.
    pub issued: String,
    pub person: Person,
    /// The access key that signed the call of AssumeRole.
    pub access_key: Option<String>,
}

impl AssumedRole {
    /// Reads a record of AssumeRole. Returns `None` for a role that a service assumed, such as the role of a function
    /// or of an instance. The session of the role says more about its principal than the name of the service.
    pub(super) fn read(record: &Record<'_>, view: &Value) -> Option<Self> {
        let issued = text(&view["responseElements"]["credentials"]["accessKeyId"])?;
        let person = person(&record.identity);
        let access_key = shown(&record.identity.access_key);
        (person.how != How::Service).then_some(Self { issued, person, access_key })
    }
}

/// A task that RunTask or StartTask started.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedTask {
    /// The ID of the task.
    pub task: String,
    /// The ARN of the revision.
    pub definition: String,
}

impl StartedTask {
    /// The largest number of tasks that one call starts (source: ECS API reference, RunTask).
    const MOST: usize = 10;

    pub(super) fn read(view: &Value) -> Vec<Self> {
        let tasks = view["responseElements"]["tasks"].as_array().into_iter().flatten().take(Self::MOST);
        let read = |task: &Value| {
            let (arn, definition) = (task["taskArn"].as_str()?, task["taskDefinitionArn"].as_str()?);
            Some(Self { task: plain(last_part(arn), LONGEST), definition: plain(definition, LONGEST) })
        };
        tasks.filter_map(read).collect()
    }
}
