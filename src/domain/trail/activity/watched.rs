//! The calls that deserve attention: root users, writes without multi-factor authentication, old TLS, sessions in
//! containers, and changes of what is logged.

use std::collections::BTreeSet;

use super::question::account;
use super::rows::{Listed, Occurrence, OccurrenceKind, Watched};
use super::table::{LONGEST, Table, neutral};
use super::tally::{Call, moment};
use super::targets::last_part;
use crate::domain::trail::{How, Person, Record};

/// The maximum number of calls in a list of single calls. The newest calls are listed.
const MOST: usize = 1000;

const ECS: &str = "ecs.amazonaws.com";

#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) root: Table<Box<str>>,
    pub(super) without_mfa: Table<Box<str>>,
    pub(super) old_tls: Table<Box<str>>,
    pub(super) exec: Calls,
    pub(super) logging: Calls,
}

/// The newest calls, and the number of all calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    count: u64,
    newest: BTreeSet<Occurrence>,
}

impl Calls {
    fn add(&mut self, call: Occurrence) {
        self.count += 1;
        self.keep(call);
    }

    fn keep(&mut self, call: Occurrence) {
        self.newest.insert(call);
        if self.newest.len() > MOST {
            self.newest.pop_first();
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        other.newest.into_iter().for_each(|call| self.keep(call));
    }

    pub(super) fn listed(self) -> Listed {
        Listed { count: self.count, calls: self.newest.into_iter().rev().collect() }
    }
}

impl Watch {
    pub(super) fn add(&mut self, record: &Record<'_>, person: &Person, call: Call<'_>) {
        let is_root = record.identity.kind.as_str() == "Root";
        if is_root {
            self.root.add(key(person, record, "").as_str(), call);
        }
        let is_user = is_root || record.identity.kind.as_str() == "IAMUser";
        if is_user && call.is_write && record.identity.session.attributes.mfa.as_str() != "true" {
            self.without_mfa.add(key(person, record, "").as_str(), call);
        }
        if is_old(&record.tls.version) {
            self.old_tls.add(key(person, record, &record.tls.version).as_str(), call);
        }
    }

    /// Lists a call if it is a session in a container or changes what is logged.
    pub(super) fn list(&mut self, record: &Record<'_>, person: &Person, call: Call<'_>) {
        let occurrence = |kind, target: String, detail: &str| occurrence(record, person, call, kind, &target, detail);
        if let Some((kind, target)) = session(record, person) {
            self.exec.add(occurrence(kind, target, ""));
        }
        if let Some((kind, target, detail)) = change_of_logs(record) {
            self.logging.add(occurrence(kind, target, &detail));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.root.merge::<str>(other.root);
        self.without_mfa.merge::<str>(other.without_mfa);
        self.old_tls.merge::<str>(other.old_tls);
        self.exec.merge(other.exec);
        self.logging.merge(other.logging);
    }
}

/// Whether the version of TLS is below 1.2. AWS writes `TLSv1`, `TLSv1.1`, `TLSv1.2` and `TLSv1.3`.
fn is_old(version: &str) -> bool {
    matches!(version, "TLSv1" | "TLSv1.0" | "TLSv1.1") || version.starts_with("SSL")
}

fn key(person: &Person, record: &Record<'_>, detail: &str) -> String {
    let neutral = |text| neutral(text, LONGEST);
    format!("{}\n{}\n{}\n{}", person.name, neutral(&record.source), neutral(&record.name), neutral(detail))
}

/// Returns the rows of a table, without the order of the report.
pub(super) fn rows(table: &Table<Box<str>>) -> Vec<Watched> {
    let row = |key: &str, tally: &super::tally::Tally| {
        let mut parts = key.split('\n').map(String::from);
        let mut part = || parts.next().unwrap_or_default();
        Watched {
            principal: part(),
            source: part(),
            event: part(),
            detail: part(),
            count: tally.count,
            first: tally.first(),
            last: tally.last(),
            examples: tally.examples(),
        }
    };
    table.rows().map(|(key, _, tally)| row(key, tally)).collect()
}

/// Returns the target of a session in a container. ECS itself also calls StartSession for ExecuteCommand.
fn session(record: &Record<'_>, person: &Person) -> Option<(OccurrenceKind, String)> {
    let parameters = &record.parameters;
    match (record.source.as_str(), record.name.as_str()) {
        (ECS, "ExecuteCommand") => {
            let cluster = parameters.cluster.some().map_or("default", last_part);
            let target = format!("{cluster}/{} {}", last_part(&parameters.task), parameters.container.as_str());
            Some((OccurrenceKind::ExecSession, target))
        }
        ("ssm.amazonaws.com", "StartSession") if parameters.target.starts_with("ecs:") => {
            let is_of_ecs = person.how == How::Service || record.identity.invoked_by.as_str() == ECS;
            (!is_of_ecs).then(|| (OccurrenceKind::DirectSession, parameters.target.to_string()))
        }
        _ => None,
    }
}

/// Returns the kind, the target and the detail of a change of what is logged.
fn change_of_logs(record: &Record<'_>) -> Option<(OccurrenceKind, String, String)> {
    let parameters = &record.parameters;
    let group = || parameters.log_group.to_string();
    match (record.source.as_str(), record.name.as_str()) {
        (ECS, "RegisterTaskDefinition") => {
            let without = without_logs(record);
            let detail = format!("without logs: {}", without.join(", "));
            (!without.is_empty()).then(|| (OccurrenceKind::RevisionWithoutLogs, parameters.family.to_string(), detail))
        }
        (ECS, "CreateCluster" | "UpdateCluster") => {
            let logging = parameters.configuration.exec.logging.some()?;
            let cluster = parameters.cluster.some().or(parameters.cluster_name.some()).unwrap_or("default");
            Some((
                OccurrenceKind::ExecSettings,
                last_part(cluster).to_owned(),
                format!("logging of ECS Exec: {logging}"),
            ))
        }
        (ECS, "PutAccountSetting" | "PutAccountSettingDefault")
            if parameters.name.as_str() == "defaultLogDriverMode" =>
        {
            Some((OccurrenceKind::LogDriverDefault, parameters.name.to_string(), parameters.value.to_string()))
        }
        ("logs.amazonaws.com", "DeleteLogGroup") => Some((OccurrenceKind::LogGroupDeleted, group(), String::new())),
        ("logs.amazonaws.com", "DeleteLogStream") => {
            Some((OccurrenceKind::LogStreamDeleted, group(), parameters.log_stream.to_string()))
        }
        ("logs.amazonaws.com", "PutRetentionPolicy") => {
            Some((OccurrenceKind::RetentionChanged, group(), format!("{} days", parameters.retention.as_str())))
        }
        ("logs.amazonaws.com", "DeleteRetentionPolicy") => {
            Some((OccurrenceKind::RetentionChanged, group(), "no retention".to_owned()))
        }
        _ => None,
    }
}

/// Returns the names of the containers that log nowhere.
fn without_logs<'a>(record: &'a Record<'_>) -> Vec<&'a str> {
    let containers = record.parameters.containers.0.iter();
    containers
        .filter(|container| matches!(container.logs.driver.as_str(), "" | "none"))
        .map(|container| container.name.some().unwrap_or("?"))
        .collect()
}

fn occurrence(
    record: &Record<'_>,
    person: &Person,
    call: Call<'_>,
    kind: OccurrenceKind,
    target: &str,
    detail: &str,
) -> Occurrence {
    let text = |text| neutral(text, LONGEST).into_owned();
    Occurrence {
        time: moment(call.time),
        id: call.id.to_string(),
        kind,
        source: text(&record.source),
        event: text(&record.name),
        principal: person.name.clone(),
        strength: person.strength,
        address: text(&record.address),
        account: text(account(record)),
        region: text(&record.region),
        target: neutral(target.trim_end(), 2 * LONGEST).into_owned(),
        detail: neutral(detail, 2 * LONGEST).into_owned(),
        error: record.error.some().map(text),
        record: None,
    }
}
