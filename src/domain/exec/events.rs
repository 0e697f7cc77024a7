//! The records of CloudTrail that say something about sessions.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::execute::ExecuteCall;
use super::other_calls::{AssumedRole, ClusterChange, StartCall, StartedTask};
use super::person::NamedPerson;
use crate::domain::trail::{Person, Record};

/// The longest role chain that Logweir follows.
const LONGEST_CHAIN: usize = 5;

/// The records of a run, read and without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Events {
    pub executes: Vec<ExecuteCall>,
    pub starts: Vec<StartCall>,
    pub changes: Vec<ClusterChange>,
    /// The calls of AssumeRole, by the access key that each issued.
    roles: BTreeMap<String, AssumedRole>,
    /// The revisions of the tasks that RunTask and StartTask started.
    definitions: BTreeMap<String, String>,
    seen: HashSet<(String, String)>,
    /// The number of records that were there more than once.
    pub duplicates: u64,
    /// The number of records of these calls that Logweir could not read.
    pub unreadable: u64,
}

impl Events {
    /// The names of the events to look up in CloudTrail's event history. Role chains and the revisions of tasks are only
    /// read from the files of a trail, because AssumeRole and RunTask are frequent events.
    pub const LOOKED_UP: [&'static str; 4] = ["ExecuteCommand", "StartSession", "UpdateCluster", "CreateCluster"];

    /// The names of the events that Logweir reads from the files of a trail. The names of the calls with SAML and with a
    /// web identity begin with `AssumeRole`.
    pub const NAMES: [&'static str; 7] =
        ["ExecuteCommand", "StartSession", "UpdateCluster", "CreateCluster", "AssumeRole", "RunTask", "StartTask"];

    /// Adds a record, as JSON. Ignores the records of other calls, and a record that was added before.
    pub fn add(&mut self, text: &str) {
        // A text with an escape may have the name in another form.
        if !Self::NAMES.iter().any(|name| text.contains(name)) && !text.contains("\\u") {
            return;
        }
        let (Ok(record), Ok(view)) = (serde_json::from_str::<Record<'_>>(text), serde_json::from_str::<Value>(text))
        else {
            self.unreadable += 1;
            return;
        };
        self.add_record(&record, &view);
    }

    /// Adds the events of another thread.
    pub fn merge(&mut self, other: Self) {
        for call in other.executes {
            let is_new = self.is_new(&call.account, &call.event);
            self.executes.extend(is_new.then_some(call));
        }
        for call in other.starts {
            let is_new = self.is_new(&call.account, &call.event);
            self.starts.extend(is_new.then_some(call));
        }
        for change in other.changes {
            let is_new = self.is_new(&change.account, &change.event);
            self.changes.extend(is_new.then_some(change));
        }
        self.roles.extend(other.roles);
        self.definitions.extend(other.definitions);
        self.duplicates += other.duplicates;
        self.unreadable += other.unreadable;
    }

    fn is_new(&mut self, account: &str, id: &str) -> bool {
        let is_new = id.is_empty() || self.seen.insert((account.to_owned(), id.to_owned()));
        self.duplicates += u64::from(!is_new);
        is_new
    }

    fn add_record(&mut self, record: &Record<'_>, view: &Value) {
        let call = (&*record.source, &*record.name);
        let is_wanted = matches!(
            call,
            ("ecs.amazonaws.com", "ExecuteCommand" | "UpdateCluster" | "CreateCluster" | "RunTask" | "StartTask")
                | ("ssm.amazonaws.com", "StartSession")
                | ("sts.amazonaws.com", "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity")
        );
        // A second record of a role or of a started task changes nothing. These records are frequent, so Logweir does
        // not keep their IDs.
        let is_kept_once = !matches!(call, ("sts.amazonaws.com", _) | (_, "RunTask" | "StartTask"));
        if !is_wanted || is_kept_once && !self.is_new(&record.account, &record.id) {
            return;
        }
        let is_read = match call.1 {
            "ExecuteCommand" => push(&mut self.executes, ExecuteCall::read(record, view)),
            // The targets of most sessions are instances.
            "StartSession" => {
                push(&mut self.starts, StartCall::read(record, view));
                true
            }
            "UpdateCluster" | "CreateCluster" => {
                push(&mut self.changes, ClusterChange::read(record, view));
                true
            }
            "RunTask" | "StartTask" => {
                let started = StartedTask::read(view).into_iter();
                self.definitions.extend(started.map(|StartedTask { task, definition }| (task, definition)));
                true
            }
            _ => {
                let role = AssumedRole::read(record, view).map(|role| (role.issued.clone(), role));
                self.roles.extend(role);
                true
            }
        };
        self.unreadable += u64::from(!is_read);
    }

    /// Fills in the account and the Region of the source into the records that do not name them.
    pub fn fill_in(&mut self, account: &str, region: &str) {
        let fill = |text: &mut String, home: &str| {
            if text.is_empty() {
                home.clone_into(text);
            }
        };
        for call in &mut self.executes {
            fill(&mut call.account, account);
            fill(&mut call.region, region);
        }
        for call in &mut self.starts {
            fill(&mut call.account, account);
            fill(&mut call.region, region);
        }
        for change in &mut self.changes {
            fill(&mut change.account, account);
            fill(&mut change.region, region);
        }
    }

    /// Returns the number of events about sessions and clusters.
    pub fn count(&self) -> u64 {
        (self.executes.len() + self.starts.len() + self.changes.len()) as u64
    }

    /// Returns the ARN of the revision that a task runs, if an event of this run tells it.
    pub fn definition_of(&self, task: &str) -> Option<&str> {
        self.definitions.get(task).map(String::as_str)
    }

    /// Names the person behind a call. If an event shows who assumed the role of the caller, and this person is more
    /// certain, names this person.
    pub(super) fn person(&self, caller: &Person, access_key: Option<&str>) -> NamedPerson {
        let (mut named, mut key) = (NamedPerson::from(caller), access_key);
        let mut strength = caller.strength;
        for _ in 0..LONGEST_CHAIN {
            let Some(role) = key.and_then(|key| self.roles.get(key)) else { break };
            if role.person.strength < strength {
                strength = role.person.strength;
                named = NamedPerson::by_role(&role.person);
            }
            key = role.access_key.as_deref();
        }
        named
    }
}

fn push<T>(list: &mut Vec<T>, item: Option<T>) -> bool {
    let is_read = item.is_some();
    list.extend(item);
    is_read
}
