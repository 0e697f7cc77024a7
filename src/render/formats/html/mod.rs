//! One HTML page for people, with the findings as a table that can be filtered.

mod findings;
mod targets;

use std::fmt::Write as _;

use super::shown::{marked, shown};
use super::{Emitter, Run};
use crate::render::html::{Frame, code, escaped};
use crate::render::human::exemptions;
use crate::render::json::{CheckOutput, Summary};

const SCRIPT: &str = include_str!("page.js");

pub(super) struct Html;

impl Emitter for Html {
    fn emit(&self, run: &Run<'_>) -> String {
        let frame = Frame { title: "Logweir check", style: "", script: SCRIPT, skip: ("findings", "the findings") };
        let mut out = banner(run);
        out += "<main id=\"main\">\n";
        out += &totals(&run.check.summary);
        out += &findings::section(run.check);
        out += &targets::sections(run.check);
        out += &attention(run.check);
        out += "</main>\n";
        out += &footer(run);
        frame.around(&out)
    }
}

fn banner(run: &Run<'_>) -> String {
    let Summary { checked, compliant, findings, unknown, errors, known, .. } = run.check.summary;
    let (class, mark, sentence) = match (errors, findings - known.unwrap_or_default(), unknown) {
        (1.., ..) => ("error", "✖", "Some task definitions could not be checked"),
        (_, 1.., _) if known.is_some() => ("error", "✖", "There are new findings"),
        (_, 1.., _) => ("error", "✖", "There are findings"),
        (_, _, 1..) => ("unknown", "?", "No findings, but some values are unknown"),
        _ => ("fine", "✔", "No findings"),
    };
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>Log configurations of Amazon ECS task definitions</h1>\n\
         <p class=\"verdict {class}\"><span aria-hidden=\"true\">{mark}</span> {sentence}: {compliant} of {checked} \
         comply with the baseline.</p>\n</header>\n"
    )
}

fn totals(summary: &Summary) -> String {
    let Summary { checked, compliant, exempt, unknown, errors, severities, known, .. } = *summary;
    let mut cards = vec![
        ("", "checked", checked),
        ("fine", "compliant", compliant),
        ("error", "errors", severities.error),
        ("warning", "warnings", severities.warning),
        ("note", "notes", severities.note),
        ("exempt", "exempt", exempt),
        ("unknown", "unknown", unknown),
        ("error", "without a verdict", errors),
    ];
    cards.extend(known.map(|known| ("exempt", "known before", known)));
    let card = |(class, name, number): (&str, &str, usize)| {
        let class = if number == 0 { "" } else { class };
        format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{number}</dd></div>\n")
    };
    let cards: String = cards.into_iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Totals</h2>\n<dl class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

fn attention(check: &CheckOutput) -> String {
    if check.exemptions.is_empty() {
        return String::new();
    }
    let item = |exemption| {
        let (message, help) = exemptions::message(exemption);
        format!("<li>{}: {}</li>\n", escaped(&shown(&message)), escaped(&shown(&help)))
    };
    let items: String = check.exemptions.iter().map(item).collect();
    format!("<section>\n<h2>Exemptions that need attention</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

fn footer(run: &Run<'_>) -> String {
    let mut baseline = format!("Baseline: {}", code(&run.check.baseline.name()));
    if let Some(live) = &run.check.live_baseline {
        let _ = write!(baseline, "<br>Baseline of the registered revisions: {}", code(&live.name()));
    }
    format!(
        "<footer>\n<p>{baseline}</p>\n<p>Logweir {}, <time>{:.0}</time></p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        run.now
    )
}

/// Returns a message, in which the names between backticks become code.
fn message(text: &str) -> String {
    marked(text, code, escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_does_not_end_its_element() {
        assert!(!SCRIPT.contains("</"), "the element would end early");
    }
}
