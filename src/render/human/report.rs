//! The text output of a report (`logweir.report/1`).

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::domain::text::plain::{plain, shortened};

/// The maximum length of a text in the output, in characters. The report of a deployed function may contain texts of
/// any length.
const LONGEST: usize = 2000;

/// The JSON report that a deployed function returned.
pub struct FunctionAnswer(pub Value);

/// Returns the text for the JSON of a report.
pub fn text(report: &Value) -> String {
    let word = |name: &str| word(report, name);
    let mut out = headline(report);
    for (name, member) in
        [("why", "error"), ("corrected", "corrected"), ("restored", "restored"), ("migrated", "migrated")]
    {
        word(member).into_iter().for_each(|value| line(&mut out, name, &value));
    }
    let rules: Vec<&str> = texts(report, "rules").collect();
    if !rules.is_empty() {
        line(&mut out, "found", &plain(&rules.join(", "), LONGEST));
    }
    let label = changes_label(report);
    items(report, "changes").for_each(|item| line(&mut out, label, &change(item)));
    items(report, "log_groups").for_each(|item| line(&mut out, "log group", &log_group(item)));
    changed(report, "cluster").into_iter().for_each(|text| line(&mut out, "sessions", &text));
    changed(report, "setting").into_iter().for_each(|text| line(&mut out, "setting", &text));
    items(report, "services").for_each(|item| line(&mut out, "service", &service(item)));
    let error = report["error"].as_str();
    for note in texts(report, "notes").filter(|note| Some(*note) != error) {
        line(&mut out, "note", &shortened(note, LONGEST));
    }
    if let Some(actor) = word("actor") {
        let name =
            if matches!(word("mode").as_deref(), Some("backout" | "hold")) { "requested by" } else { "caused by" };
        line(&mut out, name, &actor);
    }
    word("backout").into_iter().for_each(|backout| line(&mut out, "undo", &backout));
    out
}

/// Returns the first line of the text, such as `web:1: refused (access-denied)`.
fn headline(report: &Value) -> String {
    let word = |name: &str| word(report, name);
    let outcome = word("outcome").unwrap_or_default();
    let colour = match outcome.as_str() {
        "compliant" | "remediated" | "rolled-out" | "backed-out" | "migrated" | "held" | "released" => AnsiColor::Green,
        "observed" | "skipped" | "superseded" | "refused" => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let style: Style = colour.on_default().bold();
    let service = self::word(&report["services"][0], "service");
    let about = word("record").or(word("family")).or(service).unwrap_or_else(|| "the event".into());
    let reason = word("reason").map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{about}: {style}{outcome}{style:#}{reason}\n")
}

/// Returns the label of the changes in the report, which the report lists also if Logweir only planned them.
fn changes_label(report: &Value) -> &'static str {
    match report["outcome"].as_str().unwrap_or_default() {
        "observed" => "would change",
        "failed" | "refused" | "skipped" | "superseded" | "needs-operator" if report["corrected"].is_null() => {
            "not changed"
        }
        _ => "change",
    }
}

fn change(change: &Value) -> String {
    let value = |name: &str| word(change, name).unwrap_or_else(|| "(unset)".into());
    let (container, option) = (word(change, "container"), word(change, "option"));
    let (container, option) = (container.unwrap_or_default(), option.unwrap_or_default());
    format!("{container}: {option} {} → {}", value("from"), value("to"))
}

fn log_group(group: &Value) -> String {
    let (name, action) = (word(group, "name").unwrap_or_default(), word(group, "action").unwrap_or_default());
    let says = match group["retention_days"].as_u64() {
        // The text shows no retention for a log group that a backout kept, because the retention may have changed since
        // the correction.
        _ if action == "kept" => "because it may contain log data".to_owned(),
        Some(days) => format!("retention {days} days"),
        None => "no retention".to_owned(),
    };
    format!("{name} {action}, {says}")
}

/// Returns the change in a member of the report, such as `blocking → non-blocking`. Returns `None` without this member.
fn changed(report: &Value, name: &str) -> Option<String> {
    let change = report.get(name)?;
    let (from, to) = (word(change, "from")?, word(change, "to")?);
    Some(match word(change, "action")?.as_str() {
        "configured" | "changed" | "restored" => format!("{from} → {to}"),
        "configure" | "change" | "restore" => format!("{from}, would become {to}"),
        _ => format!("{from} → {to}: not changed"),
    })
}

fn service(service: &Value) -> String {
    let (name, action) = (word(service, "service").unwrap_or_default(), word(service, "action").unwrap_or_default());
    let why = [word(service, "reason"), word(service, "note")].into_iter().flatten();
    let why = why.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    let why = if why.is_empty() { why } else { format!(" ({why})") };
    format!("{name} {action}{why}")
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:<12} {value}");
}

/// Returns the text of a JSON member, in a form that is safe to print.
fn word(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(|text| shortened(text, LONGEST))
}

fn texts<'r>(report: &'r Value, name: &str) -> impl Iterator<Item = &'r str> {
    items(report, name).filter_map(Value::as_str)
}

fn items<'r>(report: &'r Value, name: &str) -> impl Iterator<Item = &'r Value> {
    report[name].as_array().into_iter().flatten()
}
