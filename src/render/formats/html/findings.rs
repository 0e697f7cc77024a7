//! The table of findings, each with its details, and the controls that filter the table.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::message;
use crate::render::formats::shown::{exemption, fix, place, resource, shown};
use crate::render::html::{code, escaped};
use crate::render::json::{CheckOutput, FindingLine, Replacement, State, TargetOutput, documentation};

pub(super) fn section(check: &CheckOutput) -> String {
    let mut found: Vec<_> = check.findings().collect();
    if found.is_empty() {
        return "<section id=\"findings\">\n<h2>Findings</h2>\n<p>There are none.</p>\n</section>\n".to_owned();
    }
    found.sort_by_key(|(_, finding)| (state(finding) != "open", std::cmp::Reverse(finding.severity)));
    let rows: String = found.iter().map(|(target, finding)| row(target, finding)).collect();
    format!(
        "<section id=\"findings\">\n<h2>Findings</h2>\n{}<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Table of findings\">\n<table>\n<caption class=\"unseen\">Findings, the highest severity \
         first</caption>\n<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Rule</th>\
         <th scope=\"col\">Place</th><th scope=\"col\">Container</th><th scope=\"col\">Finding</th></tr></thead>\n\
         <tbody id=\"rows\">\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        filters(&found)
    )
}

/// Returns the controls. The script shows them, because they have no function without it.
fn filters(found: &[(&TargetOutput, &FindingLine)]) -> String {
    let some = |of: fn(&FindingLine) -> &'static str| found.iter().map(|(_, finding)| of(finding)).collect();
    let (severities, rules, states): (BTreeSet<_>, BTreeSet<_>, BTreeSet<_>) =
        (some(|finding| finding.severity.name()), some(|finding| finding.rule.name()), some(state));
    format!(
        "<form id=\"filters\" hidden>\n<label>Search <input type=\"search\" name=\"text\" autocomplete=\"off\"></label>\n\
         {}{}{}<button type=\"reset\">Show all</button>\n<output id=\"shown\" aria-live=\"polite\"></output>\n</form>\n",
        select("Severity", "severity", &severities),
        select("Rule", "rule", &rules),
        select("State", "state", &states)
    )
}

fn select(label: &str, name: &str, values: &BTreeSet<&str>) -> String {
    let options: String = values.iter().map(|value| format!("<option>{value}</option>")).collect();
    format!("<label>{label} <select name=\"{name}\"><option value=\"\">all</option>{options}</select></label>\n")
}

/// Returns whether the finding is open, exempt, known, or about an unknown value.
fn state(finding: &FindingLine) -> &'static str {
    match finding {
        _ if finding.exempt.is_some() => "exempt",
        _ if !finding.is_decided() => "unknown",
        _ if finding.state == Some(State::Known) => "known",
        _ => "open",
    }
}

fn row(target: &TargetOutput, finding: &FindingLine) -> String {
    let (severity, state) = (finding.severity.name(), state(finding));
    let badge =
        if state == "open" { String::new() } else { format!("<br><span class=\"badge {state}\">{state}</span>") };
    let name = resource(target).map(|name| format!("<br><span class=\"of\">{}</span>", escaped(&name)));
    let container = finding.container.as_deref().map(code).unwrap_or_else(|| "–".into());
    format!(
        "<tr data-severity=\"{severity}\" data-rule=\"{rule}\" data-state=\"{state}\">\
         <td><span class=\"badge {severity}\">{severity}</span>{badge}</td><td class=\"rule\">{rule}</td>\
         <td class=\"place\">{place}{name}</td><td>{container}</td>\
         <td class=\"what\"><details><summary>{message}</summary>\n{details}</details></td></tr>\n",
        rule = finding.rule,
        place = code(&place(target, finding.place)),
        name = name.unwrap_or_default(),
        message = message(&finding.message),
        details = details(target, finding),
    )
}

fn details(target: &TargetOutput, finding: &FindingLine) -> String {
    let mut list = String::from("<dl>\n");
    let mut item = |name: &str, value: &str| {
        let _ = writeln!(list, "<dt>{name}</dt><dd>{value}</dd>");
    };
    if let Some(effective) = &finding.effective {
        item("Today", &message(effective));
    }
    item("What to do", &message(&fix(finding)));
    if !finding.fix.replacements.is_empty() {
        item("Changes", &finding.fix.replacements.iter().map(change).collect::<String>());
    }
    for note in &finding.notes {
        item("Note", &message(note));
    }
    if let Some(exempt) = exemption(finding) {
        item("Exemption", &escaped(&exempt));
    }
    if let Some(resource) = &target.resource {
        let name = format!("{} {}", resource.kind, resource.id);
        item("Resource", &code(&name));
    }
    item("Member", &code(&finding.pointer));
    if finding.decided != Default::default() {
        item("Decided", finding.decided.name());
    }
    if !finding.controls.is_empty() {
        item("Controls", &escaped(&shown(&finding.controls.join(", "))));
    }
    let link = |address: &String| {
        let is_own = *address == documentation(finding.rule);
        let name = if is_own { format!("the rule {}", finding.rule) } else { page_name(address) };
        format!("<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>", escaped(address), escaped(&name))
    };
    let links: Vec<String> = finding.references.iter().map(link).collect();
    item("References", &links.join("<br>"));
    item("Fingerprint", &code(&finding.fingerprint));
    list + "</dl>\n"
}

/// Returns the host and the last part of an address, such as `docs.aws.amazon.com: API_LogConfiguration.html`.
fn page_name(address: &str) -> String {
    let path = address.split_once("://").map_or(address, |(_, path)| path).trim_end_matches('/');
    let (host, last) = (path.split('/').next().unwrap_or_default(), path.rsplit('/').next().unwrap_or_default());
    format!("{host}: {last}")
}

/// Returns one change of the file: its place, and the new text with its line breaks.
fn change(replacement: &Replacement) -> String {
    let place = replacement.place;
    let (line, column) = (place.line, place.column);
    let lines: Vec<String> = replacement.text.lines().map(|line| escaped(&shown(line))).collect();
    let verb = match ((place.line, place.column) == (place.end_line, place.end_column), lines.is_empty()) {
        (true, _) => "insert",
        (false, true) => "remove",
        (false, false) => "replace by",
    };
    let text = if lines.is_empty() { String::new() } else { format!("<pre>{}</pre>", lines.join("\n")) };
    format!("<div class=\"change\">line {line}, column {column}: {verb}{text}</div>")
}
