//! The count of a row: how many calls, when, and examples.

use jiff::Timestamp;

use super::EXAMPLES;
use super::event_id::EventId;

/// The number of calls of a row, the times of the first and the last one, and the newest event IDs. The order of the
/// calls does not matter.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) writes: u64,
    pub(super) errors: u64,
    first: i64,
    last: i64,
    /// The newest calls, the newest first.
    examples: Vec<(i64, EventId)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { count: 0, writes: 0, errors: 0, first: i64::MAX, last: i64::MIN, examples: Vec::new() }
    }
}

/// A call, as the rows count it.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The time of the call, or of the last call of a group.
    pub(super) time: i64,
    pub(super) id: &'a EventId,
    pub(super) is_write: bool,
    pub(super) is_error: bool,
    /// The number of calls: one, or the calls of a group.
    pub(super) calls: u64,
    /// The time of the first call of a group.
    pub(super) first: i64,
}

impl Tally {
    pub(super) fn add(&mut self, call: Call<'_>) {
        self.count += call.calls;
        self.writes += u64::from(call.is_write) * call.calls;
        self.errors += u64::from(call.is_error) * call.calls;
        self.first = self.first.min(call.first);
        self.last = self.last.max(call.time);
        self.remember(call.time, call.id);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.writes += other.writes;
        self.errors += other.errors;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        other.examples.iter().for_each(|(time, id)| self.remember(*time, id));
    }

    fn remember(&mut self, time: i64, id: &EventId) {
        let is_full = self.examples.len() == EXAMPLES;
        let is_newer = |(other_time, other): &(i64, EventId)| (*other_time, other) < (time, id);
        if is_full && !self.examples.last().is_some_and(is_newer) {
            return;
        }
        let at = self.examples.iter().position(is_newer).unwrap_or(self.examples.len());
        if self.examples.get(at.wrapping_sub(1)).is_some_and(|before| *before == (time, id.clone())) {
            return;
        }
        self.examples.truncate(EXAMPLES - 1);
        self.examples.insert(at, (time, id.clone()));
    }

    pub(super) fn first(&self) -> Timestamp {
        moment(self.first)
    }

    pub(super) fn last(&self) -> Timestamp {
        moment(self.last)
    }

    pub(super) fn examples(&self) -> Vec<String> {
        self.examples.iter().map(|(_, id)| id.to_string()).collect()
    }
}

/// Returns the moment of a number of seconds since 1970. A moment outside of the calendar becomes the nearest moment.
pub(super) fn moment(seconds: i64) -> Timestamp {
    let (earliest, latest) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds.clamp(earliest, latest)).unwrap_or(Timestamp::MAX)
}
