//! Records: as a table, and one in full.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::domain::saga::{Head, Record, Step, What};

fn outcome(head: &Head) -> String {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    match &head.closing {
        _ if head.open => "open".into(),
        Some(closing) => match closing.reason.map(|reason| word(json!(reason))) {
            Some(reason) => format!("{} ({reason})", closing.outcome.name()),
            None => closing.outcome.name().into(),
        },
        None => "open".into(),
    }
}

pub fn table(heads: &[Head]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["RECORD", "OUTCOME", "CORRECTED", "WHEN", "CAUSED BY"]);
    for head in heads {
        let corrected = head.corrected.as_ref().map_or_else(|| "-".into(), |corrected| corrected.short());
        let actor = head.actor.as_deref().map_or("-", |arn| arn.rsplit_once(":").map_or(arn, |(_, name)| name));
        table.add_row([&head.source.short(), &outcome(head), &corrected, &format!("{:.0}", head.at), actor]);
    }
    format!("{}\n", table.trim_fmt())
}

pub fn list_json(heads: &[Head]) -> Value {
    json!({"schema": "logweir.records/1", "records": heads})
}

pub fn record_json(record: &Record) -> Value {
    json!({"schema": "logweir.record/1", "record": record.head, "entries": record.entries})
}

/// One record with its entries, oldest first.
pub fn text(record: &Record) -> String {
    let head = &record.head;
    let mut out = String::new();
    let _ = writeln!(out, "{}  {}", head.source, outcome(head));
    if let Some(corrected) = &head.corrected {
        let _ = writeln!(out, "corrected  {corrected}");
    }
    if let Some(actor) = &head.actor {
        let _ = writeln!(out, "caused by  {actor}");
    }
    let mut steps: &[Step] = &[];
    for entry in &record.entries {
        let what = match &entry.what {
            What::Opened(opening) => {
                steps = &opening.steps;
                format!(
                    "opened: {} steps, mode {}, for {}",
                    opening.steps.len(),
                    opening.mode,
                    opening.rules.join(", ")
                )
            }
            What::Started { step } => format!("started: {}", steps.get(*step).map_or_else(String::new, name)),
            What::Done { step, .. } => {
                format!("done: {}", steps.get(*step).map_or_else(String::new, name))
            }
            What::Failed { step, why, .. } => {
                format!("failed: {}: {why}", steps.get(*step).map_or_else(String::new, name))
            }
            What::Withdrawing { corrected, .. } => format!("withdrawing {}", corrected.short()),
            What::Withdrawn { corrected } => format!("withdrawn {}", corrected.short()),
            What::Vanished { corrected } => format!("vanished {}", corrected.short()),
            What::Released { why } => format!("released: {why}"),
            What::Resumed => "resumed".into(),
            What::Closed(closing) => format!("closed: {}", closing.outcome.name()),
        };
        let _ = writeln!(out, "{:>4}  {:.3}  {what}", entry.sequence, entry.at);
    }
    out
}

fn name(step: &Step) -> String {
    match step {
        Step::EnsureLogGroup(group) => format!("make log group {}", group.name),
        Step::SetRetention { name, new, .. } => format!("set retention of {name} to {new} days"),
        Step::Register { edits } => {
            let containers: Vec<&str> = edits.iter().map(|edit| edit.container.as_str()).collect();
            format!("register with edits of {}", containers.join(", "))
        }
    }
}
