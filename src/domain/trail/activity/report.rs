//! Turns the counts into the report: names the rows, sorts them, and classifies the addresses.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use super::collector::{Before, Collector, QUARTER};
use super::question::Question;
use super::rows::{
    AddressRow, AgentRow, Bar, CountryRow, ErrorRow, EventRow, PrincipalRow, Seen, Share, TargetRow, UnreadableFile,
    Watched,
};
use super::table::{MOST_ROWS, Pairs, Table};
use super::tally::{Tally, moment};
use super::watched::Watch;
use super::{Activity, EXAMPLES, Files, New, Period, SCHEMA, Step, targets, watched};
use crate::domain::country::database::CountryDatabase;
use crate::domain::trail::Person;
use crate::domain::trail::address::{Places, classify};

/// The longest period whose timeline has a bar for each hour, in seconds. A longer one has a bar for each day.
const LONGEST_BY_HOUR: i64 = 7 * 24 * 3600;

/// The facts about a run that the records do not contain.
pub struct Run {
    pub files: Files,
    pub unreadable_files: Vec<UnreadableFile>,
    /// Sentences about the run.
    pub notes: Vec<String>,
    /// The IANA name of the time zone.
    pub time_zone: String,
    /// The maximum number of rows of each list. Zero is no limit.
    pub top: usize,
    /// The database of the countries.
    pub geography: Option<CountryDatabase>,
    /// Whether duplicates were found by day.
    pub is_by_day: bool,
}

impl Collector {
    /// Makes the report. The time zone is that of `run.time_zone`.
    pub fn report(self, question: &Question, run: Run, zone: &TimeZone, places: &impl Places) -> Activity {
        let notes = notes(&self, &run, question);
        let step = step(self.first, self.last);
        let (timeline, week) = over_time(&self.quarters, step, zone);
        let principal_names: Vec<&str> =
            self.principals.keys().iter().map(|key| key.map_or("", |person| &person.name)).collect();
        let agent_names = names(&self.agents);
        let addresses = addresses(&self, &principal_names, &agent_names, places);
        let countries = countries(&self, &addresses);
        let new = (self.before.records > 0).then(|| new(&self, &self.before));
        let period = Period {
            since: question.since.or(self.first.map(moment)),
            until: question.until.or(self.last.map(moment)),
            first: self.first.map(moment),
            last: self.last.map(moment),
        };
        let (principals, events, agents) = (principals(&self.principals), events(&self.events), agents(&self));
        let errors = errors(&self, &principal_names);
        let targets = targets(&self.targets);
        let Watch { root, without_mfa, old_tls, exec, logging } = self.watch;
        let sorted = |table: &Table<Box<str>>| {
            let mut rows = watched::rows(table);
            let key =
                |row: &Watched| (row.principal.clone(), row.source.clone(), row.event.clone(), row.detail.clone());
            rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| key(one).cmp(&key(other))));
            rows
        };
        let mut activity = Activity {
            schema: SCHEMA,
            period,
            filters: question.filters.clone(),
            records: self.records,
            files: run.files,
            unreadable_files: run.unreadable_files,
            notes,
            timeline,
            timeline_step: step,
            time_zone: run.time_zone,
            week,
            addresses,
            countries,
            principals,
            events,
            errors,
            agents,
            targets,
            new,
            root: sorted(&root),
            without_mfa: sorted(&without_mfa),
            old_tls: sorted(&old_tls),
            exec: exec.listed(),
            logging: logging.listed(),
            geography: run.geography,
            left_out: BTreeMap::new(),
            verification: None,
        };
        activity.cut(run.top);
        activity
    }
}

impl Activity {
    /// Keeps the first rows of each list, and says how many rows are left out.
    fn cut(&mut self, top: usize) {
        if top == 0 {
            return;
        }
        let left_out = &mut self.left_out;
        let mut note = |list, length: usize| {
            if length > top {
                left_out.insert(list, (length - top) as u64);
            }
        };
        macro_rules! cut {
            ($($name:literal => $list:expr,)+) => {
                $(note($name, $list.len()); $list.truncate(top);)+
            };
        }
        cut! {
            "addresses" => self.addresses,
            "countries" => self.countries,
            "principals" => self.principals,
            "events" => self.events,
            "errors" => self.errors,
            "agents" => self.agents,
            "targets" => self.targets,
            "root" => self.root,
            "without_mfa" => self.without_mfa,
            "old_tls" => self.old_tls,
        }
        if let Some(new) = &mut self.new {
            cut! {
                "new.principals" => new.principals,
                "new.addresses" => new.addresses,
                "new.agents" => new.agents,
            }
        }
        for (list, calls) in [("exec", &mut self.exec), ("logging", &mut self.logging)] {
            calls.calls.truncate(top);
            if calls.count > calls.calls.len() as u64 {
                self.left_out.insert(list, calls.count - calls.calls.len() as u64);
            }
        }
    }
}

fn step(first: Option<i64>, last: Option<i64>) -> Step {
    match (first, last) {
        (Some(first), Some(last)) if last.saturating_sub(first) > LONGEST_BY_HOUR => Step::Day,
        _ => Step::Hour,
    }
}

/// Returns the bars of the timeline, and the calls of each weekday and hour.
fn over_time(quarters: &HashMap<i64, [u64; 2]>, step: Step, zone: &TimeZone) -> (Vec<Bar>, [[u64; 24]; 7]) {
    let mut bars: BTreeMap<i64, [u64; 2]> = BTreeMap::new();
    let mut week = [[0; 24]; 7];
    for (quarter, [reads, writes]) in quarters {
        let time = moment(quarter.saturating_mul(QUARTER)).to_zoned(zone.clone());
        let day = time.weekday().to_monday_zero_offset() as usize;
        week[day][time.hour() as usize] += reads + writes;
        let start = match step {
            Step::Hour => time.timestamp().as_second() - i64::from(time.minute()) * 60,
            Step::Day => time.start_of_day().map_or(time.timestamp(), |day| day.timestamp()).as_second(),
        };
        let bar = bars.entry(start).or_default();
        *bar = [bar[0] + reads, bar[1] + writes];
    }
    let bar = |(start, [read, write]): (i64, [u64; 2])| Bar { start: moment(start), read, write };
    (bars.into_iter().map(bar).collect(), week)
}

fn names(table: &Table<Box<str>>) -> Vec<&str> {
    table.keys().iter().map(|key| key.map_or("", AsRef::as_ref)).collect()
}

/// Returns the names with the highest counts. Equal names, which differ only in how they are known, are one name.
fn shares(pairs: &[(u32, u64)], names: &[&str]) -> Vec<Share> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    pairs.iter().for_each(|(number, count)| *counts.entry(names[*number as usize]).or_default() += count);
    let mut shares: Vec<Share> = counts.into_iter().map(|(name, count)| Share { name: name.into(), count }).collect();
    shares.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.name.cmp(&other.name)));
    shares.truncate(EXAMPLES);
    shares
}

fn addresses(all: &Collector, principals: &[&str], agents: &[&str], places: &impl Places) -> Vec<AddressRow> {
    let callers = all.address_principals.of_each(all.addresses.len());
    let with = all.address_agents.of_each(all.addresses.len());
    let row = |(address, number, tally): (&str, u32, &Tally)| {
        let class = classify(address, all.endpoints.get(address).map(AsRef::as_ref), places);
        AddressRow {
            address: address.to_string(),
            kind: class.kind,
            owner: class.owner,
            country: class.country,
            count: tally.count,
            errors: tally.errors,
            first: tally.first(),
            last: tally.last(),
            principals: shares(&callers[number as usize], principals),
            agents: shares(&with[number as usize], agents),
            examples: tally.examples(),
        }
    };
    let mut rows: Vec<AddressRow> = all.addresses.texts().map(row).collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.address.cmp(&other.address)));
    rows
}

fn countries(all: &Collector, addresses: &[AddressRow]) -> Vec<CountryRow> {
    let tallies: HashMap<&str, &Tally> = all.addresses.rows().map(|(key, _, tally)| (key.as_ref(), tally)).collect();
    let mut countries: BTreeMap<&str, (u64, Tally)> = BTreeMap::new();
    for row in addresses {
        let Some(country) = row.country.as_deref() else { continue };
        let (count, sum) = countries.entry(country).or_default();
        *count += 1;
        if let Some(tally) = tallies.get(row.address.as_str()) {
            sum.merge(tally);
        }
    }
    let mut rows: Vec<CountryRow> = countries
        .into_iter()
        .map(|(country, (addresses, tally))| CountryRow {
            country: country.to_owned(),
            count: tally.count,
            addresses,
            examples: tally.examples(),
        })
        .collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.country.cmp(&other.country)));
    rows
}

fn principals(table: &Table<Person>) -> Vec<PrincipalRow> {
    let mut rows: Vec<(&Person, &Tally)> = table.rows().map(|(person, _, tally)| (person, tally)).collect();
    rows.sort_by(|(one, of_one), (other, of_other)| of_other.count.cmp(&of_one.count).then_with(|| one.cmp(other)));
    rows.into_iter()
        .map(|(person, tally)| PrincipalRow {
            name: person.name.clone(),
            how: person.how,
            strength: person.strength,
            count: tally.count,
            writes: tally.writes,
            errors: tally.errors,
            first: tally.first(),
            last: tally.last(),
            examples: tally.examples(),
        })
        .collect()
}

fn events(table: &Table<Box<str>>) -> Vec<EventRow> {
    let row = |(key, _, tally): (&str, u32, &Tally)| {
        let (source, name) = key.split_once('\n').unwrap_or(("", key));
        EventRow {
            source: source.to_owned(),
            name: name.to_owned(),
            count: tally.count,
            write: tally.writes > 0,
            errors: tally.errors,
            examples: tally.examples(),
        }
    };
    let mut rows: Vec<EventRow> = table.texts().map(row).collect();
    let key = |row: &EventRow| (row.name.clone(), row.source.clone());
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| key(one).cmp(&key(other))));
    rows
}

fn errors(all: &Collector, principals: &[&str]) -> Vec<ErrorRow> {
    let keys = names(&all.events);
    let actions: Vec<&str> = keys.iter().map(|key| key.split_once('\n').map_or(*key, |(_, name)| name)).collect();
    let of = |pairs: &Pairs| pairs.of_each(all.errors.len());
    let (callers, calls) = (of(&all.error_principals), of(&all.error_events));
    let row = |(code, number, tally): (&str, u32, &Tally)| ErrorRow {
        code: code.to_string(),
        count: tally.count,
        principals: shares(&callers[number as usize], principals),
        events: shares(&calls[number as usize], &actions),
        examples: tally.examples(),
    };
    let mut rows: Vec<ErrorRow> = all.errors.texts().map(row).collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.code.cmp(&other.code)));
    rows
}

fn agents(all: &Collector) -> Vec<AgentRow> {
    let row = |(agent, _, tally): (&str, u32, &Tally)| AgentRow {
        agent: agent.to_string(),
        kind: all.agent_kinds.get(agent).copied().unwrap_or(super::AgentKind::Other),
        count: tally.count,
        first: tally.first(),
        last: tally.last(),
        examples: tally.examples(),
    };
    let mut rows: Vec<AgentRow> = all.agents.texts().map(row).collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.agent.cmp(&other.agent)));
    rows
}

fn targets(table: &Table<Box<str>>) -> Vec<TargetRow> {
    let row = |(key, _, tally): (&str, u32, &Tally)| {
        let (kind, name) = targets::read(key);
        let (count, writes, last) = (tally.count, tally.writes, tally.last());
        TargetRow { kind, name: name.to_owned(), count, writes, last, examples: tally.examples() }
    };
    let mut rows: Vec<TargetRow> = table.texts().map(row).collect();
    let key = |row: &TargetRow| (row.name.clone(), row.kind);
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| key(one).cmp(&key(other))));
    rows
}

fn new(all: &Collector, before: &Before) -> New {
    let mut principals: BTreeMap<&str, Tally> = BTreeMap::new();
    for (person, _, tally) in all.principals.rows() {
        principals.entry(&person.name).or_default().merge(tally);
    }
    let of = |table: &Table<Box<str>>, known: &std::collections::HashSet<Box<str>>| {
        let unknown = table.rows().filter(|(key, ..)| !known.contains(*key));
        seen(unknown.map(|(key, _, tally)| (key.to_string(), tally)))
    };
    let unknown = principals.iter().filter(|(name, _)| !before.principals.contains(**name));
    New {
        records_before: before.records,
        since: before.first.map(moment),
        principals: seen(unknown.map(|(name, tally)| ((*name).to_owned(), tally))),
        addresses: of(&all.addresses, &before.addresses),
        agents: of(&all.agents, &before.agents),
    }
}

fn seen<'a>(rows: impl Iterator<Item = (String, &'a Tally)>) -> Vec<Seen> {
    let row = |(name, tally): (String, &Tally)| Seen {
        name,
        count: tally.count,
        first: tally.first(),
        examples: tally.examples(),
    };
    let mut rows: Vec<Seen> = rows.map(row).collect();
    rows.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.name.cmp(&other.name)));
    rows
}

/// Returns what a reader has to know about the numbers.
fn notes(all: &Collector, run: &Run, question: &Question) -> Vec<String> {
    let mut notes = run.notes.clone();
    if run.is_by_day {
        notes.push(format!(
            "There are more than {} records, so duplicates are only found among records of the same days.",
            super::duplicates::MOST
        ));
    }
    let tables = [
        ("addresses", all.addresses.beyond),
        ("principals", all.principals.beyond),
        ("events", all.events.beyond),
        ("errors", all.errors.beyond),
        ("agents", all.agents.beyond),
        ("targets", all.targets.beyond),
    ];
    for (name, beyond) in tables.into_iter().filter(|(_, beyond)| *beyond > 0) {
        notes.push(format!("The list {name} has {MOST_ROWS} rows. {beyond} calls of further rows are not in it."));
    }
    if all.quarters_beyond > 0 {
        notes
            .push(format!("{} calls are not in the timeline, because the times differ too much.", all.quarters_beyond));
    }
    if [&all.address_principals, &all.address_agents, &all.error_principals, &all.error_events]
        .iter()
        .any(|pairs| pairs.is_full())
    {
        notes.push("The principals and agents beside some rows are incomplete, because there are too many.".to_owned());
    }
    if all.before.is_full() {
        notes.push(
            "Some names are listed as new although they were seen before, because there are too many.".to_owned(),
        );
    }
    if question.since.is_some() && all.before.records == 0 {
        notes.push("No call before the period was read, so the report cannot say what is new.".to_owned());
    }
    let sources = &question.filters.sources;
    if !sources.is_empty() && !sources.iter().any(|source| source == "logs.amazonaws.com") {
        notes.push(
            "Deleted log groups and changed retentions are calls to logs.amazonaws.com, which is not one of \
                    the sources of this report."
                .to_owned(),
        );
    }
    notes
}
