//! The results of the runbook as CSV (RFC 4180): a row for each result, for each target that Logweir could not read,
//! and for each read of the account that failed.

use std::io::{self, Write};

use super::{catalogues, resource};
use crate::render::formats::csv::line as row_line;
use crate::render::formats::shown::shown;
use crate::render::json::{RequirementLine, ResultLine, RunbookOutput};

const HEADER: [&str; 21] = [
    "row",
    "requirement",
    "title",
    "verdict",
    "rule",
    "kind",
    "resource",
    "container",
    "arn",
    "scope",
    "exemption",
    "message",
    "source",
    "member",
    "value",
    "time",
    "file",
    "line",
    "controls",
    "remedy",
    "fingerprint",
];

type Row = [String; HEADER.len()];

pub(super) fn rows(output: &RunbookOutput, out: &mut dyn Write) -> io::Result<()> {
    let errors = output.coverage.errors.iter().map(|error| {
        let mut row = Row::default();
        row[0] = "error".to_owned();
        row[6] = shown(&error.target);
        row[11] = shown(&error.message);
        row
    });
    let rights = output.missing_rights().iter().map(|missing| {
        let mut row = Row::default();
        row[0] = "missing-right".to_owned();
        row[11] = shown(&missing.message);
        row[12] = missing.right.to_owned();
        row
    });
    let failed = output.failed_reads().iter().map(|read| {
        let mut row = Row::default();
        row[0] = "failed-read".to_owned();
        row[11] = shown(&read.message);
        row[12] = read.operation.to_owned();
        row
    });
    let results = output.results().map(|(of, line)| result(of, &line));
    let mut rows = [HEADER.map(String::from)].into_iter().chain(errors).chain(rights).chain(failed).chain(results);
    rows.try_for_each(|row| out.write_all(row_line(&row).as_bytes()))
}

fn result(of: &RequirementLine, line: &ResultLine) -> Row {
    let result = &line.result;
    let optional = |text: Option<&String>| text.map(|text| shown(text)).unwrap_or_default();
    let evidence = result.evidence.as_ref();
    let scope = result.scope.map(resource::scope);
    [
        "result".to_owned(),
        of.id.to_owned(),
        of.title.to_owned(),
        result.verdict.name().to_owned(),
        result.rule.to_owned(),
        result.resource.kind.name().to_owned(),
        shown(&result.resource.name),
        optional(result.resource.container.as_ref()),
        optional(result.resource.arn.as_ref()),
        scope.unwrap_or_default().to_owned(),
        resource::exemption(line).unwrap_or_default(),
        shown(&result.message),
        optional(evidence.map(|evidence| &evidence.source)),
        optional(evidence.map(|evidence| &evidence.member)),
        optional(evidence.and_then(|evidence| evidence.value.as_ref())),
        evidence.and_then(|evidence| evidence.time).map(|time| format!("{time:.0}")).unwrap_or_default(),
        optional(line.path.as_ref()),
        line.place.map(|place| place.line.to_string()).unwrap_or_default(),
        catalogues::line(&of.controls),
        of.remedy.to_owned(),
        line.fingerprint.clone(),
    ]
}
