//! Counts groups of calls. A query engine groups the records, and each group is equal in everything that the rows show.

use super::collector::{Collector, QUARTER};
use super::event_id::EventId;
use super::event_time::seconds;
use super::table::{LONGEST, neutral};
use super::tally::Call;
use super::{Question, Records};
use crate::domain::trail::{Record, person};

/// A group of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'r> {
    pub calls: u64,
    /// The times of the first and the last call, and the ID of the last one.
    pub first: &'r str,
    pub last: &'r str,
    pub newest: &'r str,
}

impl Group<'_> {
    fn times(&self) -> Option<(i64, i64)> {
        Some((seconds(self.first)?, seconds(self.last)?))
    }
}

impl Collector {
    /// Takes the totals of all records: how many there are, how many are unreadable, how many match the question, and
    /// how many different records match.
    pub fn take_accounts(&mut self, [read, unreadable, matching, kept]: [u64; 4]) {
        self.records = Records {
            read,
            kept,
            unreadable,
            duplicate: matching.saturating_sub(kept),
            filtered: read.saturating_sub(unreadable).saturating_sub(matching),
        };
    }

    /// Counts a group of the period. Returns false if the group has no times.
    pub fn take_group(&mut self, record: &Record<'_>, group: Group<'_>) -> bool {
        let Some((first, last)) = group.times() else { return false };
        let id = EventId::new(group.newest);
        let (is_write, is_error) = (record.is_write(), !record.error.is_empty());
        let call = Call { time: last, id: &id, is_write, is_error, calls: group.calls, first };
        self.count_rows(record, &person(&record.identity), call);
        true
    }

    /// Remembers a group of the time before the period. Returns false if the group has no times.
    pub fn take_group_before(&mut self, record: &Record<'_>, group: Group<'_>) -> bool {
        let Some((first, _)) = group.times() else { return false };
        let person = person(&record.identity);
        let (_, agent) = self.agent(record);
        self.before.add(first, group.calls, &person.name, &neutral(&record.address, LONGEST), &agent);
        true
    }

    /// Counts the calls of a quarter of an hour. The record says whether the calls are writes. Returns false if the
    /// start of the quarter is no time.
    pub fn take_quarter(&mut self, start: &str, record: &Record<'_>, calls: u64) -> bool {
        let Some(start) = seconds(start) else { return false };
        self.count_quarter(start.div_euclid(QUARTER), record.is_write(), calls);
        true
    }

    /// Lists a call if the report lists calls of its kind. Returns false if the call has no ID or no time.
    pub fn take_call(&mut self, record: &Record<'_>, question: &Question) -> bool {
        let (Some(id), Some(time)) = (record.id.some(), seconds(&record.time)) else { return false };
        if question.accepts(record) {
            let id = EventId::new(id);
            let (is_write, is_error) = (record.is_write(), !record.error.is_empty());
            let call = Call { time, id: &id, is_write, is_error, calls: 1, first: time };
            self.watch.list(record, &person(&record.identity), call);
        }
        true
    }
}
