//! A report in Markdown, for comments and pages.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::markdown_tables::Tables;
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
    let mut tables = Tables::new(out, most);
    findings(&mut tables, check);
    exempt(&mut tables, check);
    unknown(&mut tables, check);
    errors(&mut tables, check);
    let mut out = tables.end();
    let _ = writeln!(out, "\nBaseline: {}", code(&check.baseline.name()));
    out
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

fn findings(tables: &mut Tables, check: &CheckOutput) {
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
    let mut header = vec!["severity", "rule", "place", "container", "finding", "fix"];
    if check.verb != "audit" {
        return tables.table("Findings", &header, found.into_iter().map(row));
    }
    header.push("use");
    let with_use = |(target, finding): (&TargetOutput, &FindingLine)| {
        let usage = target.usage.as_ref().map(|usage| text(&usage.phrase())).unwrap_or_default();
        [row((target, finding)), vec![usage]].concat()
    };
    tables.table("Findings", &header, found.into_iter().map(with_use));
}

fn exempt(tables: &mut Tables, check: &CheckOutput) {
    let row = |(target, finding): (&TargetOutput, &FindingLine)| {
        let why = exemption(finding)?;
        Some(vec![
            format!("[{}]({})", finding.rule, documentation(finding.rule)),
            code(&place(target, finding.place)),
            finding.container.as_deref().map(code).unwrap_or_default(),
            text(&why),
        ])
    };
    tables.table("Exempt", &["rule", "place", "container", "exemption"], check.findings().filter_map(row));
}

fn unknown(tables: &mut Tables, check: &CheckOutput) {
    let undecided = check.findings().filter(|(_, finding)| !finding.is_decided()).map(|(target, finding)| {
        vec![code(&place(target, finding.place)), text(&finding.message), code(finding.rule.name())]
    });
    let parts = check.targets.iter().flat_map(|target| target.unknown.iter().map(move |unknown| (target, unknown)));
    let parts = parts.map(|(target, unknown)| {
        let rules: Vec<String> = unknown.rules.iter().map(|rule| code(rule.name())).collect();
        vec![code(&place(target, unknown.place)), text(&unknown.why), rules.join(", ")]
    });
    tables.table("Unknown", &["place", "why", "rules not decided"], undecided.chain(parts));
}

fn errors(tables: &mut Tables, check: &CheckOutput) {
    let row = |target: &TargetOutput| Some(vec![code(&target.target), text(target.error.as_deref()?)]);
    tables.table("Without a verdict", &["target", "error"], check.targets.iter().filter_map(row));
}
