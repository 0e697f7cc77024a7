//! Finds the events and the sessions of Systems Manager that describe the same session.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::events::Events;
use super::execute::{ExecuteCall, Outcome};
use super::other_calls::StartCall;
use super::owner::of_owner;
use super::person::NamedPerson;
use super::ssm::{SsmSession, SsmSessions};
use super::target::Target;
use super::task::Tasks;

/// The largest difference between the time of an event and the start of its session, if no ID joins them.
const NEAR: SignedDuration = SignedDuration::from_secs(60);

/// The account and Region whose sessions Systems Manager listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    pub account: String,
    pub region: String,
}

impl Home {
    fn is(&self, account: &str, region: &str) -> bool {
        (self.account.as_str(), self.region.as_str()) == (account, region)
    }
}

/// The source that names a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A call of ExecuteCommand.
    Execute(ExecuteCall),
    /// A call of StartSession by a principal other than ECS.
    Direct(StartCall),
    /// Systems Manager alone.
    Listed,
}

/// A session or an attempt to open one: an event, the session of Systems Manager, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub origin: Origin,
    pub ssm: Option<SsmSession>,
    pub person: NamedPerson,
    pub account: String,
    pub region: String,
    /// The name of the cluster. `None` if the target cannot be parsed.
    pub cluster: Option<String>,
    /// The ID of the task.
    pub task: Option<String>,
    pub container: Option<String>,
}

impl Case {
    /// Returns the ID of the session. An attempt that opened no session has none.
    pub fn id(&self) -> Option<&str> {
        let of_event = match &self.origin {
            Origin::Execute(call) => call.session.as_deref(),
            Origin::Direct(call) => call.session.as_deref(),
            Origin::Listed => None,
        };
        of_event.or(self.ssm.as_ref().map(|session| session.id.as_str()))
    }

    /// Returns the start of the session, or the time of the attempt.
    pub fn start(&self) -> Timestamp {
        let of_event = match &self.origin {
            Origin::Execute(call) => call.time,
            Origin::Direct(call) => call.time,
            Origin::Listed => Timestamp::UNIX_EPOCH,
        };
        self.ssm.as_ref().map_or(of_event, |session| session.start)
    }

    /// Whether a principal opened the session directly, without ECS.
    pub fn is_direct(&self) -> bool {
        match &self.origin {
            Origin::Execute(_) => false,
            Origin::Direct(_) => true,
            Origin::Listed => self.ssm.as_ref().is_some_and(|session| session.is_of_ecs() == Some(false)),
        }
    }

    pub fn outcome(&self) -> &Outcome {
        match &self.origin {
            Origin::Execute(call) => &call.outcome,
            Origin::Direct(call) => &call.outcome,
            Origin::Listed => &Outcome::Succeeded,
        }
    }

    /// Whether the session was in this account and Region.
    pub fn is_in(&self, home: &Home) -> bool {
        home.is(&self.account, &self.region)
    }
}

/// Joins events and sessions. The ID of a session joins them. An event without an ID belongs to the only session in the
/// same container that started within 60 seconds.
pub fn join(events: &Events, ssm: &SsmSessions, tasks: &Tasks, home: &Home) -> Vec<Case> {
    let mut open: BTreeMap<&str, &SsmSession> =
        ssm.list().iter().map(|session| (session.id.as_str(), session)).collect();
    let mut known = BTreeSet::new();
    let mut cases = Vec::new();
    let mut without_id = Vec::new();
    for call in &events.executes {
        let is_home = home.is(&call.account, &call.region);
        match &call.session {
            // Two events with the same session are one session.
            Some(id) if !known.insert((call.account.clone(), id.clone())) => {}
            Some(id) => {
                let session = if is_home { open.remove(id.as_str()) } else { None };
                cases.push(executed(events, call, session, tasks));
            }
            None if is_home && call.outcome == Outcome::Succeeded => without_id.push(call),
            None => cases.push(executed(events, call, None, tasks)),
        }
    }
    for call in &events.starts {
        let is_known = |id: &String| known.contains(&(call.account.clone(), id.clone()));
        if !call.is_by_ecs && !call.session.as_ref().is_some_and(is_known) {
            let is_home = home.is(&call.account, &call.region);
            let session = call.session.as_deref().filter(|_| is_home).and_then(|id| open.remove(id));
            cases.push(direct(events, call, session, tasks));
        }
    }
    let near: Vec<Vec<&str>> = without_id.iter().map(|call| nearby(call, &open, tasks)).collect();
    for (call, found) in without_id.iter().zip(&near) {
        let is_taken = |id: &str| near.iter().filter(|other| other.contains(&id)).count() > 1;
        let session = match found.as_slice() {
            [id] if !is_taken(id) => open.remove(id),
            _ => None,
        };
        cases.push(executed(events, call, session, tasks));
    }
    cases.extend(open.into_values().map(|session| listed(session, tasks, home)));
    cases.sort_by(|a, b| (a.start(), a.id()).cmp(&(b.start(), b.id())));
    cases
}

/// Returns the IDs of the sessions in the container of a call that started within 60 seconds.
fn nearby<'s>(call: &ExecuteCall, open: &BTreeMap<&'s str, &'s SsmSession>, tasks: &Tasks) -> Vec<&'s str> {
    let fits = |session: &&&SsmSession| {
        let target = &session.target;
        let container = container(target, tasks);
        let is_near = session.start.duration_since(call.time).abs() <= NEAR;
        let is_same = container.is_none() || call.container.is_none() || container == call.container;
        is_near && is_same && target.cluster == call.cluster && call.task.as_ref() == Some(&target.task)
    };
    open.values().filter(fits).map(|session| session.id.as_str()).collect()
}

/// Returns the name of the container that a target names by its runtime ID.
fn container(target: &Target, tasks: &Tasks) -> Option<String> {
    tasks.get(&(target.cluster.clone(), target.task.clone()))?.containers.get(&target.runtime).cloned()
}

fn executed(events: &Events, call: &ExecuteCall, session: Option<&SsmSession>, tasks: &Tasks) -> Case {
    let of_task = || {
        let key = (call.cluster.clone(), call.task.clone()?);
        tasks.get(&key)?.only_container().map(String::from)
    };
    Case {
        person: events.person(&call.person, call.access_key.as_deref()),
        account: call.account.clone(),
        region: call.region.clone(),
        cluster: Some(call.cluster.clone()),
        task: call.task.clone(),
        container: call.container.clone().or_else(|| container(&session?.target, tasks)).or_else(of_task),
        origin: Origin::Execute(call.clone()),
        ssm: session.cloned(),
    }
}

fn direct(events: &Events, call: &StartCall, session: Option<&SsmSession>, tasks: &Tasks) -> Case {
    let target = call.target.as_ref();
    Case {
        person: events.person(&call.person, call.access_key.as_deref()),
        account: call.account.clone(),
        region: call.region.clone(),
        cluster: target.map(|target| target.cluster.clone()),
        task: target.map(|target| target.task.clone()),
        container: target.and_then(|target| container(target, tasks)),
        origin: Origin::Direct(call.clone()),
        ssm: session.cloned(),
    }
}

fn listed(session: &SsmSession, tasks: &Tasks, home: &Home) -> Case {
    let person = match (session.is_of_ecs(), &session.owner) {
        (Some(false), Some(owner)) => NamedPerson::from(&of_owner(owner)),
        _ => NamedPerson::unknown(),
    };
    Case {
        person,
        account: home.account.clone(),
        region: home.region.clone(),
        cluster: Some(session.target.cluster.clone()),
        task: Some(session.target.task.clone()),
        container: container(&session.target, tasks),
        origin: Origin::Listed,
        ssm: Some(session.clone()),
    }
}
