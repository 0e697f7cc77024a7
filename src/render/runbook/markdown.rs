//! The sheet of the runbook in Markdown: the numbers of each requirement, what was not checked, and the results that a
//! person should read.

use std::fmt::Write as _;

use super::resource::{place, subject};
use super::unchecked::unchecked;
use super::{RunbookRun, catalogues, page, resource};
use crate::domain::runbook::Verdict;
use crate::render::formats::markdown_tables::Tables;
use crate::render::formats::markdown_text::{code, text};
use crate::render::json::{RequirementLine, ResultLine, RunbookOutput};

pub(super) fn sheet(run: &RunbookRun<'_>) -> String {
    let output = run.output;
    let (fail, not_checked) = (output.count(Verdict::Fail), output.count(Verdict::NotChecked));
    let mark = if fail > 0 || !output.is_read() { "❌" } else { "✅" };
    let mut tables = Tables::new(
        format!(
            "# ECS security runbook\n\n{mark} {fail} results fail, and {not_checked} results were not checked. Time of the \
             run: {:.0}\n",
            run.now
        ),
        usize::MAX,
    );
    tables.table("Requirements", &requirement_header(), output.requirements.iter().map(requirement));
    let errors = output.coverage.errors.iter().map(|error| vec![code(&error.target), text(&error.message)]);
    tables.table("Not read", &["target", "error"], errors);
    let rights = output.missing_rights().iter().map(|missing| vec![code(missing.right), text(&missing.message)]);
    tables.table("Missing rights", &["right", "error"], rights);
    let failed = output.failed_reads().iter().map(|read| vec![code(read.operation), text(&read.message)]);
    tables.table("Failed reads", &["operation", "error"], failed);
    tables.table("Not checked", &["rule", "results", "why"], unchecked_rules(output).into_iter());
    for (verdict, title) in
        [(Verdict::Fail, "Failures"), (Verdict::Advice, "Advice"), (Verdict::Undecidable, "Undecidable")]
    {
        let of_verdict = output.results().filter(|(_, line)| line.result.counts_as(verdict));
        let header = ["requirement", "rule", "resource", "place", "finding", "evidence", "what to do"];
        tables.table(title, &header, of_verdict.map(|(of, line)| row(of, line)));
    }
    let exempt = output.results().filter_map(|(of, line)| {
        let why = resource::exemption(line)?;
        Some(vec![of.id.to_owned(), line.result.rule.to_owned(), code(&subject(&line.result)), text(&why)])
    });
    tables.table("Exempt", &["requirement", "rule", "resource", "exemption"], exempt);
    let mut out = tables.end();
    if let Some(baseline) = &output.baseline {
        let _ = writeln!(out, "\nBaseline: {}", code(&baseline.name()));
    }
    out
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
    unchecked(output).into_iter().map(|rule| vec![code(rule.rule), rule.results.to_string(), text(rule.why)]).collect()
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
