//! The results of a requirement, in groups with the same rule and the same message, each with its evidence.

use std::fmt::Write as _;

use super::{badge, class};
use crate::domain::runbook::{Evidence, Verdict};
use crate::render::html::number::plural;
use crate::render::html::{code, text};
use crate::render::json::{Kept, RequirementLine, ResultLine};
use crate::render::runbook::html_message;
use crate::render::runbook::resource::{place, subject};

/// The maximum number of results of a group that the page shows.
const MOST: usize = 50;

/// The largest group that is open at first.
const OPEN: usize = 3;

/// How many results the page may still show.
pub(super) struct Rows {
    left: usize,
}

impl Rows {
    pub(super) fn new(most: usize) -> Self {
        Self { left: most }
    }

    /// Returns how many of the results the page shows.
    fn take(&mut self, wanted: usize) -> usize {
        let taken = wanted.min(MOST).min(self.left);
        self.left -= taken;
        taken
    }
}

/// Results with the same verdict, rule and message.
pub(super) struct Group {
    verdict: Verdict,
    rule: &'static str,
    message: String,
    lines: Vec<Kept>,
}

/// Returns the groups with the verdict, the largest group first.
pub(super) fn groups(of: &RequirementLine, verdict: Verdict) -> Vec<Group> {
    let mut known = std::collections::HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (kept, line) in of.results.with(verdict) {
        let (rule, message) = (line.result.rule, line.result.message);
        let index = *known.entry((rule, message.clone())).or_insert(groups.len());
        if index == groups.len() {
            groups.push(Group { verdict, rule, message, lines: Vec::new() });
        }
        groups[index].lines.push(kept);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.lines.len()));
    groups
}

/// Returns the row of a group, which opens to its resources.
pub(super) fn group(of: &RequirementLine, group: &Group, rows: &mut Rows) -> String {
    let Group { verdict, rule, message, lines } = group;
    let number = lines.len();
    let shown = rows.take(number);
    let results: Vec<ResultLine> = lines[..shown].iter().filter_map(|kept| of.results.get(*kept)).collect();
    let has_evidence = results.iter().any(|line| line.result.evidence.is_some());
    let evidence = if has_evidence { evidence_table(&results) } else { names(&results) };
    let others = match number - shown {
        0 => String::new(),
        others => format!(
            "<p class=\"others\">and {}; the JSON and the CSV output contain all</p>\n",
            plural(others as u64, "other")
        ),
    };
    let is_open = if *verdict == Verdict::Fail && number <= OPEN { " open" } else { "" };
    format!(
        "<tr data-verdict=\"{name}\" class=\"{class}\"><td data-l=\"verdict\">{badge}</td><td class=\"rule\" \
         data-l=\"rule\">{rule}</td><td class=\"what\">{message}\n<details{is_open}><summary>{count}</summary>\n{evidence}\
         {others}</details></td></tr>\n",
        name = verdict.name(),
        class = class(*verdict),
        badge = badge(*verdict),
        message = html_message(message),
        count = plural(number as u64, "resource"),
    )
}

/// Returns the names of resources without evidence.
fn names(lines: &[ResultLine]) -> String {
    let name = |line: &ResultLine| format!("<li>{}</li>\n", text(&subject(&line.result)));
    format!("<ul class=\"names\">\n{}</ul>\n", lines.iter().map(name).collect::<String>())
}

/// Returns the resources with what decided about them.
fn evidence_table(lines: &[ResultLine]) -> String {
    let mut out = String::from(
        "<table class=\"evidence\">\n<thead><tr><th scope=\"col\">Resource</th><th scope=\"col\">Read from</th>\
         <th scope=\"col\">Member and value</th></tr></thead>\n<tbody>\n",
    );
    for line in lines {
        let result = &line.result;
        let place = place(line).map(|place| format!("<br><span class=\"of\">{}</span>", text(&place)));
        let (source, member) = result.evidence.as_ref().map(evidence).unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr><td>{}{}</td><td data-l=\"read from\">{source}</td><td data-l=\"evidence\">{member}</td></tr>",
            text(&subject(result)),
            place.unwrap_or_default()
        );
    }
    out + "</tbody>\n</table>\n"
}

/// Returns where and when Logweir read a fact, and the fact.
fn evidence(evidence: &Evidence) -> (String, String) {
    let Evidence { source, member, value, time } = evidence;
    let time = time.map(|time| format!("<br><time class=\"of\">{time:.0}</time>")).unwrap_or_default();
    let value = match value {
        Some(value) => format!(" = {}", code(value)),
        None => " <span class=\"quiet\">(absent or not shown)</span>".to_owned(),
    };
    (text(source) + &time, code(member) + &value)
}
