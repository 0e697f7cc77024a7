//! A report for a human.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::domain::report::{Outcome, Report};

/// What was decided, in a few lines.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let colour = match report.outcome {
        Outcome::Compliant | Outcome::Remediated => AnsiColor::Green,
        Outcome::Observed | Outcome::Skipped | Outcome::Superseded | Outcome::Refused => AnsiColor::Yellow,
        Outcome::Partial | Outcome::Failed | Outcome::NeedsOperator => AnsiColor::Red,
    };
    let style: Style = colour.on_default().bold();
    let about = report.record.as_deref().or(report.family.as_deref()).unwrap_or("the event");
    let _ = write!(out, "{about}: {style}{}{style:#}", report.outcome.name());
    if let Some(reason) = report.reason {
        let word =
            serde_json::to_value(reason).ok().and_then(|word| word.as_str().map(String::from)).unwrap_or_default();
        let _ = write!(out, " ({word})");
    }
    out.push('\n');
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<12} {value}");
    };
    if let Some(error) = &report.error {
        line("why", error);
    }
    if let Some(corrected) = &report.corrected {
        line("corrected", corrected);
    }
    if !report.rules.is_empty() {
        line("found", &report.rules.join(", "));
    }
    for change in &report.changes {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "(unset)".into());
        line(
            "change",
            &format!("{}: {} {} → {}", change.container, change.option, side(&change.from), side(&change.to)),
        );
    }
    for group in &report.log_groups {
        let days =
            group.retention_days.map_or("without a retention".to_owned(), |days| format!("retention {days} days"));
        line("log group", &format!("{} {}, {days}", group.name, group.action));
    }
    if let Some(actor) = &report.actor {
        line("caused by", actor);
    }
    if let Some(backout) = &report.backout {
        line("undo", backout);
    }
    out
}
