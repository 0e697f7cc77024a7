//! The lines of the log. Pure: what is written when something happened, and nothing of how.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::metrics::{Dimension, Unit, line};
use crate::domain::report::Report;
use crate::domain::report::gauges::Gauges;
use crate::domain::rules::packs;
use crate::domain::text::plain::plain;

/// The longest error.
const LONGEST: usize = 512;

/// The one line that every decision ends in, and its metrics. The report is bounded.
pub fn reported(report: &Report, function: &str) -> String {
    let outcome = Dimension { name: "Outcome", value: report.outcome.name(), sums: true };
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut metrics = vec![("Decisions", Unit::Count, 1)];
    // A clock that goes ahead of ours says nothing of an age.
    metrics.extend(report.event_age_ms.map(|age| ("EventAge", Unit::Milliseconds, age.max(0))));
    metrics.push(("Duration", Unit::Milliseconds, report.duration_ms.max(0)));
    metrics.push(("AwsCalls", Unit::Count, number(report.aws_calls)));
    let mut lines = one(report) + &one(&line(report.timestamp, function, Some(&outcome), &metrics));
    let known = packs::names();
    let found = report.rules.iter().map(String::as_str).filter(|rule| known.contains(rule));
    let found: BTreeSet<&str> = found.collect();
    for rule in found {
        let rule = Dimension { name: "Rule", value: rule, sums: false };
        lines += &one(&line(report.timestamp, function, Some(&rule), &[("Found", Unit::Count, 1)]));
    }
    lines
}

/// How much is unfinished.
pub fn counted(gauges: Gauges, function: &str, now: Timestamp) -> String {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let metrics = [
        ("Unfinished", Unit::Count, count(gauges.unfinished)),
        ("UnfinishedAge", Unit::Seconds, gauges.oldest.as_secs()),
        ("FusesOpen", Unit::Count, count(gauges.fuses_open)),
    ];
    one(&line(now, function, None, &metrics))
}

/// Why nobody knows how much is unfinished. No metric is written, and an alarm takes that for what it is.
pub fn not_counted(error: &str, now: Timestamp) -> String {
    warning("gauges.failed", "what is unfinished could not be counted", error, None, now)
}

/// What somebody was to be told of, and was not.
#[derive(Clone, Copy, Debug)]
pub struct Untold<'u> {
    pub family: Option<&'u str>,
    pub error: &'u str,
}

/// Who was to be told has not been, and how many channels that is. The decision stands.
pub fn untold(untold: &[Untold<'_>], function: &str, now: Timestamp) -> String {
    let say = |it: &Untold<'_>| warning("notification.failed", "nobody was told", it.error, it.family, now);
    let count = i64::try_from(untold.len()).unwrap_or(i64::MAX);
    let lines: String = untold.iter().map(say).collect();
    lines + &one(&line(now, function, None, &[("NotNotified", Unit::Count, count)]))
}

fn warning(event: &str, message: &str, error: &str, family: Option<&str>, now: Timestamp) -> String {
    one(&json!({
        "timestamp": format!("{now:.3}"), "level": "WARN", "message": message, "event": event,
        "family": family.map(|family| plain(family, LONGEST)), "error": plain(error, LONGEST),
    }))
}

/// One line. JSON escapes what would end it, but for two ends of lines that only some programs know.
fn one(value: &impl Serialize) -> String {
    let line = serde_json::to_string(value).unwrap_or_default();
    line.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029") + "\n"
}
