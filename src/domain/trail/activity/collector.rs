//! Counts records. Each thread has its own collector, and the collectors are merged at the end. The result does not
//! depend on the order of the records, as long as no table is full.

use std::collections::{HashMap, HashSet};

use super::agent::family;
use super::duplicates::Duplicates;
use super::event_id::EventId;
use super::event_time::seconds;
use super::question::{Question, When};
use super::rows::AgentKind;
use super::table::{LONGEST, MOST_ROWS, Pairs, Table, neutral};
use super::tally::Call;
use super::watched::Watch;
use super::{Records, targets};
use crate::domain::trail::{Person, Record, person};

/// The length of the parts of a day that are counted, in seconds. Every time zone begins its hours at such a part.
pub(super) const QUARTER: i64 = 15 * 60;

/// The number of user agents whose names are remembered.
const MOST_AGENTS: usize = 4096;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounted {
    Kept,
    Filtered,
    Duplicate,
    Unreadable,
}

/// The counts of the records that one thread has read.
#[derive(Debug, Default)]
pub struct Collector {
    pub(super) records: Records,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    /// The reads and writes of each quarter of an hour.
    pub(super) quarters: HashMap<i64, [u64; 2]>,
    pub(super) quarters_beyond: u64,
    pub(super) addresses: Table<Box<str>>,
    /// The VPC endpoint of an address.
    pub(super) endpoints: HashMap<Box<str>, Box<str>>,
    pub(super) principals: Table<Person>,
    pub(super) events: Table<Box<str>>,
    pub(super) errors: Table<Box<str>>,
    pub(super) agents: Table<Box<str>>,
    pub(super) agent_kinds: HashMap<Box<str>, AgentKind>,
    pub(super) targets: Table<Box<str>>,
    pub(super) address_principals: Pairs,
    pub(super) address_agents: Pairs,
    pub(super) error_principals: Pairs,
    pub(super) error_events: Pairs,
    pub(super) watch: Watch,
    pub(super) before: Before,
    families: HashMap<Box<str>, (AgentKind, Box<str>)>,
    key: String,
}

/// What was seen before the period.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) records: u64,
    pub(super) first: Option<i64>,
    pub(super) principals: HashSet<Box<str>>,
    pub(super) addresses: HashSet<Box<str>>,
    pub(super) agents: HashSet<Box<str>>,
}

impl Before {
    pub(super) fn add(&mut self, seconds: i64, records: u64, person: &str, address: &str, agent: &str) {
        self.records += records;
        self.first = Some(self.first.map_or(seconds, |first| first.min(seconds)));
        remember(&mut self.principals, person);
        remember(&mut self.addresses, address);
        remember(&mut self.agents, agent);
    }

    fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.first = self.first.into_iter().chain(other.first).min();
        other.principals.iter().for_each(|name| remember(&mut self.principals, name));
        other.addresses.iter().for_each(|name| remember(&mut self.addresses, name));
        other.agents.iter().for_each(|name| remember(&mut self.agents, name));
    }

    pub(super) fn is_full(&self) -> bool {
        [&self.principals, &self.addresses, &self.agents].iter().any(|names| names.len() >= MOST_ROWS)
    }
}

fn remember(names: &mut HashSet<Box<str>>, name: &str) {
    if names.len() < MOST_ROWS && !names.contains(name) {
        names.insert(name.into());
    }
}

impl Collector {
    /// Counts an element of a file that is no record.
    pub fn unreadable(&mut self) -> Accounted {
        self.records.read += 1;
        self.records.unreadable += 1;
        Accounted::Unreadable
    }

    /// Counts a record that cannot pass the filters. Only its ID and time are read.
    pub fn passed_over(&mut self, id: Option<&str>, time: &str) -> Accounted {
        if id.is_none() || seconds(time).is_none() {
            return self.unreadable();
        }
        self.filtered()
    }

    fn filtered(&mut self) -> Accounted {
        self.records.read += 1;
        self.records.filtered += 1;
        Accounted::Filtered
    }

    /// Counts a record: as unreadable without an ID or a time, else as filtered, else as a duplicate, else as kept.
    pub fn take(&mut self, record: &Record<'_>, question: &Question, kept: &Duplicates) -> Accounted {
        let (Some(id), Some(time)) = (record.id.some(), seconds(&record.time)) else {
            return self.unreadable();
        };
        let when = question.when(time);
        if when == When::After || !question.accepts(record) {
            return self.filtered();
        }
        let person = person(&record.identity);
        if !question.accepts_principal(&person, record) {
            return self.filtered();
        }
        if when == When::Before {
            let (_, agent) = self.agent(record);
            self.before.add(time, 1, &person.name, &neutral(&record.address, LONGEST), &agent);
            return self.filtered();
        }
        let id = EventId::new(id);
        self.records.read += 1;
        if !kept.is_first(&id, time) {
            self.records.duplicate += 1;
            return Accounted::Duplicate;
        }
        self.records.kept += 1;
        let (is_write, is_error) = (record.is_write(), !record.error.is_empty());
        self.count(record, &person, Call { time, id: &id, is_write, is_error, calls: 1, first: time });
        Accounted::Kept
    }

    fn count(&mut self, record: &Record<'_>, person: &Person, call: Call<'_>) {
        self.count_quarter(call.time.div_euclid(QUARTER), call.is_write, call.calls);
        self.count_rows(record, person, call);
        self.watch.list(record, person, call);
    }

    /// Counts a call, or the calls of a group, in the rows of the tables.
    pub(super) fn count_rows(&mut self, record: &Record<'_>, person: &Person, call: Call<'_>) {
        self.first = Some(self.first.map_or(call.first, |first| first.min(call.first)));
        self.last = Some(self.last.map_or(call.time, |last| last.max(call.time)));
        let address = self.count_address(record, call);
        let principal = self.principals.add(person, call);
        let (kind, agent) = self.agent(record);
        let agent_row = self.agents.add(agent.as_ref(), call);
        if agent_row.is_some() && !self.agent_kinds.contains_key(&agent) {
            self.agent_kinds.insert(agent, kind);
        }
        self.key.clear();
        self.key.push_str(&neutral(&record.source, LONGEST));
        self.key.push('\n');
        self.key.push_str(&neutral(&record.name, LONGEST));
        let event = self.events.add(self.key.as_str(), call);
        self.address_principals.add(address, principal, call.calls);
        self.address_agents.add(address, agent_row, call.calls);
        if call.is_error {
            let error = self.errors.add(neutral(&record.error, LONGEST).as_ref(), call);
            self.error_principals.add(error, principal, call.calls);
            self.error_events.add(error, event, call.calls);
        }
        targets::count(&mut self.targets, record, call);
        self.watch.add(record, person, call);
    }

    pub(super) fn count_quarter(&mut self, quarter: i64, is_write: bool, calls: u64) {
        let is_full = self.quarters.len() >= MOST_ROWS * 4;
        match self.quarters.get_mut(&quarter) {
            Some(counts) => counts[usize::from(is_write)] += calls,
            None if is_full => self.quarters_beyond += calls,
            None => self.quarters.entry(quarter).or_default()[usize::from(is_write)] += calls,
        }
    }

    fn count_address(&mut self, record: &Record<'_>, call: Call<'_>) -> Option<u32> {
        let address = neutral(&record.address, LONGEST);
        let row = self.addresses.add(address.as_ref(), call);
        if let (Some(_), Some(endpoint)) = (row, record.vpc_endpoint.some()) {
            self.remember_endpoint(&address, &neutral(endpoint, LONGEST));
        }
        row
    }

    /// Remembers one endpoint for each address: the first one in the order of the alphabet.
    fn remember_endpoint(&mut self, address: &str, endpoint: &str) {
        match self.endpoints.get_mut(address) {
            Some(before) if endpoint < before.as_ref() => *before = endpoint.into(),
            Some(_) => {}
            None => _ = self.endpoints.insert(address.into(), endpoint.into()),
        }
    }

    /// Returns the kind and the name of the record's user agent. A session of the console counts as the console.
    pub(super) fn agent(&mut self, record: &Record<'_>) -> (AgentKind, Box<str>) {
        if record.from_console.as_str() == "true" {
            return (AgentKind::Console, "AWS console".into());
        }
        if let Some(known) = self.families.get(record.agent.as_str()) {
            return known.clone();
        }
        let (kind, name) = family(&record.agent);
        let name: Box<str> = name.into();
        if self.families.len() >= MOST_AGENTS {
            self.families.clear();
        }
        if record.agent.len() <= 1024 {
            self.families.insert(record.agent.as_str().into(), (kind, name.clone()));
        }
        (kind, name)
    }

    /// Adds the counts of another thread.
    pub fn merge(&mut self, other: Self) {
        let Records { read, kept, filtered, duplicate, unreadable } = other.records;
        self.records.read += read;
        self.records.kept += kept;
        self.records.filtered += filtered;
        self.records.duplicate += duplicate;
        self.records.unreadable += unreadable;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
        for (quarter, [reads, writes]) in other.quarters {
            let counts = self.quarters.entry(quarter).or_default();
            *counts = [counts[0] + reads, counts[1] + writes];
        }
        self.quarters_beyond += other.quarters_beyond;
        for (address, endpoint) in &other.endpoints {
            self.remember_endpoint(address, endpoint);
        }
        for (agent, kind) in other.agent_kinds {
            let known = self.agent_kinds.entry(agent).or_insert(kind);
            *known = kind.min(*known);
        }
        let addresses = self.addresses.merge::<str>(other.addresses);
        let principals = self.principals.merge::<Person>(other.principals);
        let events = self.events.merge::<str>(other.events);
        let errors = self.errors.merge::<str>(other.errors);
        let agents = self.agents.merge::<str>(other.agents);
        self.targets.merge::<str>(other.targets);
        self.address_principals.merge(other.address_principals, &addresses, &principals);
        self.address_agents.merge(other.address_agents, &addresses, &agents);
        self.error_principals.merge(other.error_principals, &errors, &principals);
        self.error_events.merge(other.error_events, &errors, &events);
        self.watch.merge(other.watch);
        self.before.merge(other.before);
    }
}
