//! The checked targets with their verdicts, and the parts that their texts do not show.

use super::message;
use crate::render::formats::shown::{place, resource, shown};
use crate::render::html::{code, escaped};
use crate::render::json::{CheckOutput, FindingLine, Scope, TargetOutput, UnknownLine};

pub(super) fn sections(check: &CheckOutput) -> String {
    unknown(check) + &targets(check)
}

fn unknown(check: &CheckOutput) -> String {
    let parts = check.targets.iter().flat_map(|target| target.unknown.iter().map(move |unknown| (target, unknown)));
    let row = |(target, unknown): (&TargetOutput, &UnknownLine)| {
        let rules = if unknown.rules.is_empty() { "all rules".into() } else { unknown.rules.join(", ") };
        format!(
            "<tr><td>{}</td><td>{}</td><td>{rules}</td></tr>\n",
            code(&place(target, unknown.place)),
            message(&unknown.why)
        )
    };
    let rows: String = parts.map(row).collect();
    table("Unknown values", "A value that the text does not show is no fault.", ["Place", "Why", "Not decided"], &rows)
}

fn targets(check: &CheckOutput) -> String {
    let rows: String = check.targets.iter().map(row).collect();
    table("Task definitions", "", ["Task definition", "Verdict", "Details"], &rows)
}

fn table(title: &str, text: &str, header: [&str; 3], rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let text = if text.is_empty() { String::new() } else { format!("<p>{text}</p>\n") };
    let [a, b, c] = header;
    format!(
        "<section>\n<h2>{title}</h2>\n{text}<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\n\
         <table>\n<thead><tr><th scope=\"col\">{a}</th><th scope=\"col\">{b}</th><th scope=\"col\">{c}</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n"
    )
}

fn row(target: &TargetOutput) -> String {
    let (class, verdict) = match (&target.error, target.compliant) {
        (Some(_), _) => ("error", "no verdict"),
        (None, Some(true)) => ("fine", "compliant"),
        (None, Some(false)) => ("warning", "not compliant"),
        (None, None) => ("unknown", "unknown"),
    };
    let name = resource(target).filter(|name| *name != target.target);
    let name = name.map(|name| format!("<br><span class=\"of\">{}</span>", escaped(&name))).unwrap_or_default();
    let scope = if target.scope == Scope::Live { "<br><span class=\"of\">registered revision</span>" } else { "" };
    format!(
        "<tr><td>{}{name}{scope}</td><td><span class=\"badge {class}\">{verdict}</span></td><td>{}</td></tr>\n",
        code(&target.target),
        facts(target)
    )
}

/// Returns the facts about a target: its error, the number of its findings, and the rules that were not checked.
fn facts(target: &TargetOutput) -> String {
    let counted =
        target.findings.iter().filter(|finding| finding.exempt.is_none()).filter(|f| FindingLine::is_decided(f));
    let count = counted.count();
    let findings = match count {
        0 => None,
        1 => Some("1 finding".to_owned()),
        _ => Some(format!("{count} findings")),
    };
    let error = target.error.as_deref().map(|error| escaped(&shown(error)));
    let unchecked = (!target.not_checked.is_empty()).then(|| format!("not checked: {}", target.not_checked.join(", ")));
    [error, findings, unchecked].into_iter().flatten().collect::<Vec<_>>().join("<br>")
}
