//! A report in Markdown, for comments and pages.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::markdown_text::{code, text};
use super::shown::{exemption, fix, place};
use super::{Emitter, Run};
use crate::render::json::{CheckOutput, FindingLine, Summary, TargetOutput, documentation};

pub(super) struct Markdown;

impl Emitter for Markdown {
    fn emit(&self, run: &Run<'_>) -> String {
        report(run.check, usize::MAX)
    }
}

/// Returns the report with at most `most` bytes of tables. The report says how many rows it leaves out.
pub(super) fn report(check: &CheckOutput, most: usize) -> String {
    let mut out = String::from("# Logweir\n\n");
    out += &verdict(check);
    out += &totals(&check.summary);
    let mut rows = Rows { out, most, omitted: 0 };
    findings(&mut rows, check);
    exempt(&mut rows, check);
    unknown(&mut rows, check);
    errors(&mut rows, check);
    let Rows { mut out, omitted, .. } = rows;
    if omitted > 0 {
        let _ = writeln!(out, "\n{omitted} rows are omitted, because this page would be too long.");
    }
    let _ = writeln!(out, "\nBaseline: {}", code(&check.baseline.name()));
    out
}

/// The text of the report, and its limit.
struct Rows {
    out: String,
    most: usize,
    omitted: usize,
}

impl Rows {
    fn table(&mut self, title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let _ = write!(self.out, "\n## {title}\n\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len()));
        for row in rows {
            let line = format!("| {} |\n", row.join(" | "));
            if self.out.len() + line.len() > self.most {
                self.omitted += 1;
            } else {
                self.out += &line;
            }
        }
    }
}

fn verdict(check: &CheckOutput) -> String {
    let Summary { checked, compliant, findings, unknown, errors, known, .. } = check.summary;
    let sentence = match (errors, findings - known.unwrap_or_default(), unknown) {
        (1.., ..) => "❌ Logweir could not check every task definition.",
        (_, 1.., _) if known.is_some() => "❌ There are new findings.",
        (_, 1.., _) => "❌ There are findings.",
        (_, _, 1..) => "❔ There are no findings, but some values are unknown.",
        _ => "✅ There are no findings.",
    };
    format!("{sentence} {compliant} of {checked} checked task definitions comply with the baseline.\n\n")
}

fn totals(summary: &Summary) -> String {
    let Summary { checked, compliant, findings, exempt, unknown, errors, severities, known, .. } = *summary;
    let mut cells = vec![
        ("checked", checked),
        ("compliant", compliant),
        ("findings", findings),
        ("errors", severities.error),
        ("warnings", severities.warning),
        ("notes", severities.note),
        ("exempt", exempt),
        ("unknown", unknown),
        ("without a verdict", errors),
    ];
    cells.extend(known.map(|known| ("known", known)));
    let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    let numbers: Vec<String> = cells.iter().map(|(_, number)| number.to_string()).collect();
    format!("| {} |\n|{}\n| {} |\n", names.join(" | "), " ---: |".repeat(cells.len()), numbers.join(" | "))
}

fn findings(rows: &mut Rows, check: &CheckOutput) {
    let mut found: Vec<_> = check.findings().filter(|(_, finding)| finding.is_news()).collect();
    found.sort_by_key(|(_, finding)| Reverse(finding.severity));
    let row = |(target, finding): (&TargetOutput, &FindingLine)| {
        vec![
            finding.severity.name().to_owned(),
            format!("[{}]({})", finding.rule, documentation(finding.rule)),
            code(&place(target, finding.place)),
            finding.container.as_deref().map(code).unwrap_or_default(),
            text(&super::shown::message(finding)),
            text(&fix(finding)),
        ]
    };
    let header = ["severity", "rule", "place", "container", "finding", "fix"];
    rows.table("Findings", &header, found.into_iter().map(row));
}

fn exempt(rows: &mut Rows, check: &CheckOutput) {
    let row = |(target, finding): (&TargetOutput, &FindingLine)| {
        let why = exemption(finding)?;
        Some(vec![
            format!("[{}]({})", finding.rule, documentation(finding.rule)),
            code(&place(target, finding.place)),
            finding.container.as_deref().map(code).unwrap_or_default(),
            text(&why),
        ])
    };
    rows.table("Exempt", &["rule", "place", "container", "exemption"], check.findings().filter_map(row));
}

fn unknown(rows: &mut Rows, check: &CheckOutput) {
    let undecided = check.findings().filter(|(_, finding)| !finding.is_decided()).map(|(target, finding)| {
        vec![code(&place(target, finding.place)), text(&finding.message), code(finding.rule.name())]
    });
    let parts = check.targets.iter().flat_map(|target| target.unknown.iter().map(move |unknown| (target, unknown)));
    let parts = parts.map(|(target, unknown)| {
        let rules: Vec<String> = unknown.rules.iter().map(|rule| code(rule.name())).collect();
        vec![code(&place(target, unknown.place)), text(&unknown.why), rules.join(", ")]
    });
    rows.table("Unknown", &["place", "why", "rules not decided"], undecided.chain(parts));
}

fn errors(rows: &mut Rows, check: &CheckOutput) {
    let row = |target: &TargetOutput| Some(vec![code(&target.target), text(target.error.as_deref()?)]);
    rows.table("Without a verdict", &["target", "error"], check.targets.iter().filter_map(row));
}
