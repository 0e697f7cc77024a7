//! The statistics of a run, in the form of `docs/reliability.md`.

use std::collections::BTreeMap;
use std::fmt;

use crate::emulated::proxy::{Call, Fate};

/// The number of calls for each operation and fate.
pub struct Tally<'c>(BTreeMap<&'c str, Row>);

#[derive(Clone, Copy, Default)]
struct Row {
    calls: usize,
    throttled: usize,
    refused: usize,
    reset: usize,
    truncated: usize,
    late: usize,
    stale: usize,
}

impl Row {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.stale += usize::from(call.stale);
        match call.fate {
            Fate::Passed => {}
            Fate::Throttled => self.throttled += 1,
            Fate::Refused => self.refused += 1,
            Fate::Reset => self.reset += 1,
            Fate::Truncated => self.truncated += 1,
            Fate::Late => self.late += 1,
        }
    }
}

impl<'c> Tally<'c> {
    pub fn of(calls: &'c [Call]) -> Self {
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        for call in calls {
            rows.entry(&call.operation).or_default().add(call);
            rows.entry(ALL).or_default().add(call);
        }
        Self(rows)
    }

    /// The percentage of calls that did not get their answer.
    pub fn percent_spoiled(&self) -> usize {
        let all = self.0[ALL];
        (all.throttled + all.refused + all.reset + all.truncated) * 100 / all.calls
    }

    /// The number of answers that missed a write.
    pub fn stale(&self) -> usize {
        self.0[ALL].stale
    }
}

/// The percentage of the answered reads of task definitions that missed one to three writes. No other read lags.
pub fn percent_stale_reads(calls: &[Call]) -> usize {
    let is_read = |call: &&Call| ["DescribeTaskDefinition", "ListTaskDefinitions"].contains(&call.operation.as_str());
    let is_answered = |call: &&Call| matches!(call.fate, Fate::Passed | Fate::Late) && call.done().is_some();
    let reads: Vec<&Call> = calls.iter().filter(is_read).filter(is_answered).collect();
    reads.iter().filter(|call| call.stale).count() * 100 / reads.len().max(1)
}

/// Sorts after every operation's name.
const ALL: &str = "all";

impl fmt::Display for Tally<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| call | calls | throttled | refused | taken, then reset | truncated | late | stale |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
        for (name, Row { calls, throttled, refused, reset, truncated, late, stale }) in &self.0 {
            writeln!(f, "| {name} | {calls} | {throttled} | {refused} | {reset} | {truncated} | {late} | {stale} |")?;
        }
        Ok(())
    }
}
