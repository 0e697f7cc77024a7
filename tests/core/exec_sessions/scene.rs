//! Events and sessions for the tests, and the judgement as the command line makes it.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::cluster::{ClusterConfiguration, ExecConfiguration};
use logweir::domain::exec::{
    ContainerLogs, Destination, Events, Facts, GRACE, Home, Look, Place, Seen, Session, SsmSession, SsmSessions,
    Target, Tasks, destination, join, life, session, setting_at,
};
use serde_json::{Value, json};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const TASK: &str = "4b2c4b2c4b2c4b2c4b2c4b2c4b2c4b2c";
pub(super) const ID: &str = "ecs-execute-command-s9y89par6quf78pcbnoko32g28";
pub(super) const ECS_ROLE: &str = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-execute-command";

pub(super) fn now() -> Timestamp {
    "2026-12-01T10:00:00Z".parse().unwrap()
}

pub(super) fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

pub(super) fn home() -> Home {
    Home { account: ACCOUNT.into(), region: "eu-west-1".into() }
}

pub(super) fn alice() -> Value {
    json!({"type": "IAMUser", "userName": "alice", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": ACCOUNT})
}

/// A record of ExecuteCommand that opened the session `id`.
pub(super) fn execute(event: &str, id: &str, at: Timestamp) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": event, "eventTime": format!("{at:.0}"), "awsRegion": "eu-west-1",
        "eventSource": "ecs.amazonaws.com", "eventName": "ExecuteCommand", "recipientAccountId": ACCOUNT,
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2", "userIdentity": alice(),
        "requestParameters": {
            "cluster": "prod", "task": TASK, "container": "app", "command": "/bin/sh -c 'psql password=CANARY'",
            "interactive": true
        },
        "responseElements": {
            "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "containerName": "app",
            "taskArn": format!("arn:aws:ecs:eu-west-1:111122223333:task/prod/{TASK}"),
            "session": {"sessionId": id, "streamUrl": "wss://…", "tokenValue": "HIDDEN_DUE_TO_SECURITY_REASONS"}
        }
    })
}

/// The session of Systems Manager for [`execute`], which lasted ten minutes.
pub(super) fn ended(id: &str, start: Timestamp) -> SsmSession {
    SsmSession {
        id: id.into(),
        target: Target { cluster: "prod".into(), task: TASK.into(), runtime: format!("{TASK}-0123456789") },
        start,
        end: Some(start + SignedDuration::from_mins(10)),
        has_failed: false,
        is_active: false,
        owner: Some(ECS_ROLE.into()),
    }
}

pub(super) fn active(id: &str, start: Timestamp) -> SsmSession {
    SsmSession { end: None, is_active: true, ..ended(id, start) }
}

pub(super) fn events(records: &[Value]) -> Events {
    let mut events = Events::default();
    records.iter().for_each(|record| events.add(&record.to_string()));
    events
}

/// The configuration of a cluster as JSON, such as `{"logging": "NONE"}`.
pub(super) fn setting(exec: &Value) -> ExecConfiguration {
    ClusterConfiguration::parse(json!({"executeCommandConfiguration": exec}).to_string()).unwrap().exec()
}

/// What Logweir finds in the account beside the events and the sessions.
pub(super) struct Found {
    /// The present configuration of every cluster.
    pub(super) today: Result<ExecConfiguration, String>,
    pub(super) logs: Result<ContainerLogs, String>,
    pub(super) seen: fn(&Place) -> Seen,
}

/// Judges all sessions, as the command line does.
pub(super) fn judged(events: &Events, ssm: &SsmSessions, found: &Found) -> Vec<Session> {
    let cases = join(events, ssm, &Tasks::new(), &home());
    let judge = |case: &logweir::domain::exec::Case| {
        let changes = events.changes.iter().filter(|change| Some(&change.cluster) == case.cluster.as_ref());
        let today = found.today.as_ref().map_err(String::as_str);
        let setting = setting_at(case.start(), changes, today);
        let to = case.id().map(|id| destination(id, &setting, || found.logs.clone(), &case.region));
        let to = to.unwrap_or_else(|| Destination::Unknown("the event names no session".into()));
        let places = match &to {
            Destination::Places(places, _) => places.clone(),
            _ => Vec::new(),
        };
        let looks: Vec<Look> = places.into_iter().map(|place| Look { seen: (found.seen)(&place), place }).collect();
        let life = life(case, ssm, now());
        let facts = Facts { case, life: &life, destination: &to, looks: &looks, now: now(), grace: GRACE };
        session(&facts, None, false)
    };
    cases.iter().map(judge).collect()
}

pub(super) fn found_everywhere(_: &Place) -> Seen {
    Seen::Found { bytes: Some(42), first: None, last: None }
}

pub(super) fn absent(place: &Place) -> Seen {
    Seen::Absent { what: format!("nothing at {place}"), retention_days: None }
}

/// The log group keeps events for one day.
pub(super) fn absent_with_short_retention(place: &Place) -> Seen {
    let retention_days = matches!(place, Place::Stream { .. }).then_some(1);
    Seen::Absent { what: format!("nothing at {place}"), retention_days }
}

pub(super) fn awslogs() -> Result<ContainerLogs, String> {
    Ok(ContainerLogs::Awslogs { group: "/ecs/web".into(), region: Some("eu-west-1".into()) })
}
