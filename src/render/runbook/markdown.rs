//! The sheet of the runbook in Markdown: the numbers of each requirement, what was not checked, and the results that a
//! person should read.

use std::io::{self, Write};

use super::resource::{place, subject};
use super::unchecked::unchecked;
use super::{RunbookRun, catalogues, page, resource};
use crate::domain::runbook::Verdict;
use crate::render::formats::markdown_tables::{head, line};
use crate::render::formats::markdown_text::{code, text};
use crate::render::json::{RequirementLine, ResultLine, RunbookOutput};

pub(super) fn sheet(run: &RunbookRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    let output = run.output;
    let (fail, not_checked) = (output.count(Verdict::Fail), output.count(Verdict::NotChecked));
    let mark = if fail > 0 || !output.is_read() { "❌" } else { "✅" };
    writeln!(
        out,
        "# ECS security runbook\n\n{mark} {fail} results fail, and {not_checked} results were not checked. Time of the \
         run: {:.0}",
        run.now
    )?;
    table(out, "Requirements", &requirement_header(), output.requirements.iter().map(requirement))?;
    let errors = output.coverage.errors.iter().map(|error| vec![code(&error.target), text(&error.message)]);
    table(out, "Not read", &["target", "error"], errors)?;
    let rights = output.missing_rights().iter().map(|missing| vec![code(missing.right), text(&missing.message)]);
    table(out, "Missing rights", &["right", "error"], rights)?;
    let failed = output.failed_reads().iter().map(|read| vec![code(read.operation), text(&read.message)]);
    table(out, "Failed reads", &["operation", "error"], failed)?;
    table(out, "Not checked", &["rule", "results", "why"], unchecked_rules(output).into_iter())?;
    for (verdict, title) in
        [(Verdict::Fail, "Failures"), (Verdict::Advice, "Advice"), (Verdict::Undecidable, "Undecidable")]
    {
        let header = ["requirement", "rule", "resource", "place", "finding", "evidence", "what to do"];
        table(out, title, &header, output.with(verdict).map(|(of, line)| row(of, &line)))?;
    }
    let all = output.requirements.iter().flat_map(|of| of.results.exempt().map(move |line| (of, line)));
    let exempt = all.filter_map(|(of, line)| {
        let why = resource::exemption(&line)?;
        Some(vec![of.id.to_owned(), line.result.rule.to_owned(), code(&subject(&line.result)), text(&why)])
    });
    table(out, "Exempt", &["requirement", "rule", "resource", "exemption"], exempt)?;
    match &output.baseline {
        Some(baseline) => writeln!(out, "\nBaseline: {}", code(&baseline.name())),
        None => Ok(()),
    }
}

/// Writes a table under a heading. Writes nothing if there is no row.
fn table(out: &mut dyn Write, title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    out.write_all(head(title, header).as_bytes())?;
    rows.try_for_each(|cells| out.write_all(line(&cells).as_bytes()))
}

fn requirement_header() -> Vec<&'static str> {
    let verdicts = Verdict::ALL.into_iter().map(Verdict::name);
    ["requirement", "verdict"].into_iter().chain(verdicts).chain(["controls"]).collect()
}

fn requirement(of: &RequirementLine) -> Vec<String> {
    let verdict = of.verdict().map_or("no result", Verdict::name);
    let counts = Verdict::ALL.into_iter().map(|verdict| of.count(verdict).to_string());
    let title = format!("[{} {}]({})", of.id, of.title, page::documentation(of));
    [title, verdict.to_owned()].into_iter().chain(counts).chain([catalogues::line(&of.controls)]).collect()
}

/// Returns a row for each rule that was not checked for a resource.
fn unchecked_rules(output: &RunbookOutput) -> Vec<Vec<String>> {
    unchecked(output).into_iter().map(|rule| vec![code(rule.rule), rule.results.to_string(), text(&rule.why)]).collect()
}

fn row(of: &RequirementLine, line: &ResultLine) -> Vec<String> {
    let result = &line.result;
    vec![
        of.id.to_owned(),
        result.rule.to_owned(),
        code(&subject(result)),
        place(line).map(|place| code(&place)).unwrap_or_default(),
        text(&result.message),
        resource::evidence(result).map(|evidence| code(&evidence)).unwrap_or_default(),
        text(of.remedy),
    ]
}
