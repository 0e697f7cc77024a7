//! The lines of the Lambda function's log. This module only returns the lines, and does not write them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::metrics::{Dimension, Unit, line};
use crate::domain::limits::reconciliation::Counts;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::Report;
use crate::domain::report::gauges::Gauges;
use crate::domain::rule_name::RuleName;
use crate::domain::text::plain::{plain, shortened};

/// The maximum length of an error in a log line, in characters.
const LONGEST: usize = 512;

/// Returns the log lines of a decision: one line with the report, and further lines with metrics. The caller must have
/// shortened the report with `Report::bounded`.
pub fn reported(report: &Report, function: &str) -> String {
    let outcome = Dimension { name: "Outcome", value: report.outcome.name(), sums: true };
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut metrics = vec![("Decisions", Unit::Count, 1)];
    // The age of an event is negative if CloudTrail's clock is ahead of Logweir's clock.
    metrics.extend(report.event_age_ms.map(|age| ("EventAge", Unit::Milliseconds, age.max(0))));
    metrics.push(("Duration", Unit::Milliseconds, report.duration_ms.max(0)));
    metrics.push(("AwsCalls", Unit::Count, number(report.aws_calls)));
    let mut lines = one(report) + &one(&line(report.timestamp, function, Some(&outcome), &metrics));
    let found = report.rules.iter().map(String::as_str).filter(|rule| rule.parse::<RuleName>().is_ok());
    let found: BTreeSet<&str> = found.collect();
    for rule in found {
        let rule = Dimension { name: "Rule", value: rule, sums: false };
        lines += &one(&line(report.timestamp, function, Some(&rule), &[("Found", Unit::Count, 1)]));
    }
    // A session counts once when it is opened and once when it is judged, and not at each look in between.
    let is_new = report.outcome == Outcome::Reported && report.reason != Some(Reason::SessionPending);
    if let Some(session) = report.session.as_ref().filter(|_| is_new) {
        let verdict = Dimension { name: "Verdict", value: session.verdict.name(), sums: false };
        lines += &one(&line(report.timestamp, function, Some(&verdict), &[("Sessions", Unit::Count, 1)]));
    }
    lines
}

/// Returns the log line with the metrics of unfinished work.
pub fn counted(gauges: Gauges, function: &str, now: Timestamp) -> String {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let metrics = [
        ("Unfinished", Unit::Count, count(gauges.unfinished)),
        ("UnfinishedAge", Unit::Seconds, gauges.oldest.as_secs()),
        ("FusesOpen", Unit::Count, count(gauges.fuses_open)),
    ];
    one(&line(now, function, None, &metrics))
}

/// Returns the log line that warns that Logweir could not count the unfinished work. An alarm fires if the metrics of
/// unfinished work are missing.
pub fn not_counted(error: &str, now: Timestamp) -> String {
    warning("gauges.failed", "unfinished work not counted", error, None, now)
}

/// Returns the log line that warns that the command line cannot read the baseline of the function.
pub fn not_published(error: &str, now: Timestamp) -> String {
    warning("baseline.not-published", "baseline not copied to the journal", error, None, now)
}

/// Returns the log line with the metrics of a reconciliation that has ended.
pub fn reconciled(counts: Counts, function: &str, now: Timestamp) -> String {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let metrics = [
        ("ReconciledPages", Unit::Count, count(counts.pages)),
        ("ReconciledFamilies", Unit::Count, count(counts.families)),
        ("FaultyFamilies", Unit::Count, count(counts.faulty)),
        ("OverdueFamilies", Unit::Count, count(counts.overdue)),
        ("StandingFamilies", Unit::Count, count(counts.standing)),
        ("WithdrawnFamilies", Unit::Count, count(counts.withdrawn)),
        ("UnreadFamilies", Unit::Count, count(counts.unread)),
    ];
    one(&line(now, function, None, &metrics))
}

/// Returns the log line that warns that a reconciliation could not read a page or a family.
pub fn not_reconciled(error: &str, now: Timestamp) -> String {
    warning("reconciliation.failed", "a part of the reconciliation failed", error, None, now)
}

/// A notification that could not be sent.
#[derive(Clone, Copy, Debug)]
pub struct FailedNotification<'u> {
    pub family: Option<&'u str>,
    pub error: &'u str,
}

/// Returns a log line with a warning for each failed channel, and a log line with the number of failed channels as a
/// metric. A failed notification does not change the decision that it reports.
pub fn not_notified(not_notified: &[FailedNotification<'_>], function: &str, now: Timestamp) -> String {
    let say =
        |it: &FailedNotification<'_>| warning("notification.failed", "notification not sent", it.error, it.family, now);
    let count = i64::try_from(not_notified.len()).unwrap_or(i64::MAX);
    let lines: String = not_notified.iter().map(say).collect();
    lines + &one(&line(now, function, None, &[("NotNotified", Unit::Count, count)]))
}

fn warning(event: &str, message: &str, error: &str, family: Option<&str>, now: Timestamp) -> String {
    one(&json!({
        "timestamp": format!("{now:.3}"), "level": "WARN", "message": message, "event": event,
        "family": family.map(|family| plain(family, LONGEST)), "error": shortened(error, LONGEST),
    }))
}

/// Returns the value as one line of JSON. Also escapes the characters U+2028 and U+2029, because JSON permits these
/// characters in strings, but some programs treat them as line ends.
fn one(value: &impl Serialize) -> String {
    let line = serde_json::to_string(value).unwrap_or_default();
    line.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029") + "\n"
}
