//! CSV (RFC 4180) for spreadsheets: one row for each finding, for each unknown part, and for each target that Logweir
//! could not read. No field starts a formula in a spreadsheet.

use super::shown::{exemption, resource, shown};
use super::{Emitter, Run};
use crate::render::json::{FindingLine, Place, TargetOutput, UnknownLine, UsageLine};

pub(super) struct Csv;

const HEADER: [&str; 18] = [
    "kind",
    "target",
    "line",
    "column",
    "scope",
    "resource",
    "family",
    "revision",
    "container",
    "rule",
    "severity",
    "decided",
    "state",
    "message",
    "effective",
    "fix_safety",
    "fix",
    "fingerprint",
];

/// The columns that only an audit has.
const USAGE: [&str; 5] = ["scopes", "users", "desired", "running", "owner"];

type Row = [String; HEADER.len()];

impl Emitter for Csv {
    fn emit(&self, run: &Run<'_>) -> String {
        let is_audit = run.check.verb == "audit";
        let rows = run.check.targets.iter().flat_map(|target| {
            let error = target.error.as_deref().map(|error| error_row(target, error));
            let findings = target.findings.iter().map(|finding| finding_row(target, finding));
            let unknown = target.unknown.iter().map(|unknown| unknown_row(target, unknown));
            let usage = if is_audit { usage(target) } else { Vec::new() };
            let rows = error.into_iter().chain(findings).chain(unknown);
            rows.map(|row| line(&[&row[..], &usage].concat())).collect::<Vec<_>>()
        });
        let usage = if is_audit { &USAGE[..] } else { &[] };
        let header: Vec<String> = HEADER.iter().chain(usage).map(ToString::to_string).collect();
        [line(&header)].into_iter().chain(rows).collect()
    }
}

/// Returns the fields of the columns that only an audit has.
fn usage(target: &TargetOutput) -> Vec<String> {
    let Some(UsageLine { scopes, users, desired, running, owner }) = &target.usage else {
        return vec![String::new(); USAGE.len()];
    };
    let owner = owner.as_deref().map(shown).unwrap_or_default();
    vec![scopes.names(), shown(&users.join(" ")), desired.to_string(), running.to_string(), owner]
}

/// Returns a row with the facts about the target, and with empty fields after them.
fn row(kind: &str, target: &TargetOutput, line: Option<usize>, column: Option<usize>) -> Row {
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut row = Row::default();
    row[0] = kind.into();
    row[1] = shown(&target.target);
    row[2] = number(line);
    row[3] = number(column);
    row[4] = if target.live.is_some() { "live" } else { "file" }.into();
    row[5] = target.resource.as_ref().and_then(|_| resource(target)).unwrap_or_default();
    row[6] = target.family.as_deref().map(shown).unwrap_or_default();
    row[7] = number(target.revision.map(|revision| revision as usize));
    row
}

fn finding_row(target: &TargetOutput, finding: &FindingLine) -> Row {
    let (line, column) = (finding.place.map(|place| place.line), finding.place.map(|place| place.column));
    let state = match (exemption(finding), finding.state) {
        (Some(exempt), _) => exempt,
        (None, Some(state)) => format!("{state:?}").to_lowercase(),
        (None, None) => String::new(),
    };
    let rest = [
        finding.container.as_deref().map(shown).unwrap_or_default(),
        finding.rule.name().into(),
        finding.severity.name().into(),
        finding.decided.name().into(),
        state,
        shown(&finding.message),
        finding.effective.as_deref().map(shown).unwrap_or_default(),
        finding.fix.safety.name().into(),
        shown(&finding.fix.text),
        finding.fingerprint.clone(),
    ];
    let mut row = row("finding", target, line, column);
    row[8..].clone_from_slice(&rest);
    row
}

fn unknown_row(target: &TargetOutput, unknown: &UnknownLine) -> Row {
    let place: Option<Place> = unknown.place;
    let mut row = row("unknown", target, place.map(|place| place.line), place.map(|place| place.column));
    row[9] = unknown.rules.join(" ");
    row[11] = "unknown".into();
    row[13] = shown(&unknown.why);
    row
}

fn error_row(target: &TargetOutput, error: &str) -> Row {
    let mut row = row("error", target, target.line, target.column);
    row[13] = shown(error);
    row
}

/// Returns a row of a CSV file.
pub(in crate::render) fn line(row: &[String]) -> String {
    let fields: Vec<String> = row.iter().map(|text| field(text)).collect();
    fields.join(",") + "\r\n"
}

/// Returns a field in quotes. A field that a spreadsheet would read as a formula begins with an apostrophe.
pub(in crate::render) fn field(text: &str) -> String {
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{3000}']).chars().next();
    // Some spreadsheets read the wide forms of these characters in the same way.
    let is_formula =
        first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'));
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula() {
        for (text, expected) in [
            ("=cmd()", "\"'=cmd()\""),
            ("  +1", "\"'  +1\""),
            ("-1", "\"'-1\""),
            ("@a", "\"'@a\""),
            ("＝1", "\"'＝1\""),
            ("a=\"b\"", "\"a=\"\"b\"\"\""),
            ("", "\"\""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
