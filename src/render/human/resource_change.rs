//! The output about the changes of clusters and services by `logweir runbook apply`, and about their backouts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::outcome::Outcome;
use crate::domain::report::{ResourceReport, schema};
use crate::domain::text::names;
use crate::domain::text::plain::{plain, shortened};
use crate::render::Output;

/// The maximum length, in characters, of a text in the output.
const LONGEST: usize = 512;

/// The reports on all resources of one run.
pub struct ResourceChangeOutput(pub Vec<ResourceReport>);

impl ResourceChangeOutput {
    pub fn to_text(&self) -> String {
        if self.0.is_empty() {
            return "no cluster and no service lacks what the options name\n".into();
        }
        self.0.iter().map(text).collect()
    }
}

impl Output for ResourceChangeOutput {
    fn text(&self) -> String {
        self.to_text()
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RUNBOOK_APPLY, "changes": self.0})
    }
}

fn text(report: &ResourceReport) -> String {
    let mut out = String::new();
    let reason = report.reason.map(|reason| format!(" ({})", reason.name())).unwrap_or_default();
    let why = report.why.as_deref().map(|why| format!(": {}", shortened(why, LONGEST))).unwrap_or_default();
    let _ = writeln!(out, "{}  {}{reason}{why}", report.name, report.outcome.name());
    let is_backout = report.outcome == Outcome::BackedOut;
    if let Some(insights) = &report.insights {
        let from = insights.from.as_deref().unwrap_or("not set");
        let account = insights.account.as_deref().map(|value| format!(" (account setting: {value})"));
        let _ = writeln!(out, "  containerInsights: {from} → {}{}", insights.to, account.unwrap_or_default());
    }
    for (key, value) in &report.tags {
        let sign = if is_backout { "-" } else { "+" };
        let _ = writeln!(out, "  {sign} tag {}={}", plain(key, LONGEST), plain(value, LONGEST));
    }
    if !report.kept_tags.is_empty() {
        let _ =
            writeln!(out, "  not changed, another value: tags {}", names(report.kept_tags.iter().map(String::as_str)));
    }
    for note in &report.notes {
        let _ = writeln!(out, "  note: {}", shortened(note, LONGEST));
    }
    if let Some(backout) = &report.backout {
        let _ = writeln!(out, "  undo {backout}");
    }
    out
}
