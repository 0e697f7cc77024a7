//! A report for a human.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::domain::report::Report;
use crate::domain::text::plain::plain;

/// The longest text of a line; a report that a function answered may hold anything.
const LONGEST: usize = 2000;

/// What was decided, in a few lines.
pub fn text(report: &Report) -> String {
    text_of(&json!(report))
}

/// The same of a report as JSON, which a function has answered.
pub fn text_of(report: &Value) -> String {
    let word = |name: &str| report[name].as_str().map(|text| plain(text, LONGEST));
    let outcome = word("outcome").unwrap_or_default();
    let colour = match outcome.as_str() {
        "compliant" | "remediated" | "rolled-out" | "backed-out" => AnsiColor::Green,
        "observed" | "skipped" | "superseded" | "refused" => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let style: Style = colour.on_default().bold();
    let service = report["services"][0]["service"].as_str().map(|text| plain(text, LONGEST));
    let about = word("record").or(word("family")).or(service).unwrap_or_else(|| "the event".into());
    let mut out = format!("{about}: {style}{outcome}{style:#}");
    if let Some(reason) = word("reason") {
        let _ = write!(out, " ({reason})");
    }
    out.push('\n');
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<12} {value}");
    };
    for (name, member) in [("why", "error"), ("corrected", "corrected"), ("restored", "restored")] {
        if let Some(value) = word(member) {
            line(name, &value);
        }
    }
    let texts =
        |name: &str| report[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let rules = texts("rules");
    if !rules.is_empty() {
        line("found", &plain(&rules.join(", "), LONGEST));
    }
    let items = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let of = |item: &Value, name: &str, absent: &str| plain(item[name].as_str().unwrap_or(absent), LONGEST);
    for change in items("changes") {
        let (container, option) = (of(&change, "container", ""), of(&change, "option", ""));
        let (from, to) = (of(&change, "from", "(unset)"), of(&change, "to", "(unset)"));
        line("change", &format!("{container}: {option} {from} → {to}"));
    }
    for group in items("log_groups") {
        let days = group["retention_days"].as_u64();
        let days = days.map_or("without a retention".to_owned(), |days| format!("retention {days} days"));
        let (name, action) = (of(&group, "name", ""), of(&group, "action", ""));
        // What is kept may have any retention by now.
        let days = if action == "kept" { "it may hold log data".to_owned() } else { days };
        line("log group", &format!("{name} {action}, {days}"));
    }
    for service in items("services") {
        let (name, action) = (of(&service, "service", ""), of(&service, "action", ""));
        let why = [of(&service, "reason", ""), of(&service, "note", "")];
        let why = why.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
        let why = if why.is_empty() { why } else { format!(" ({why})") };
        line("service", &format!("{name} {action}{why}"));
    }
    let error = report["error"].as_str();
    for note in texts("notes").into_iter().filter(|note| Some(*note) != error) {
        line("note", &plain(note, LONGEST));
    }
    if let Some(actor) = word("actor") {
        line(if word("mode").as_deref() == Some("backout") { "requested by" } else { "caused by" }, &actor);
    }
    if let Some(backout) = word("backout") {
        line("undo", &backout);
    }
    out
}
