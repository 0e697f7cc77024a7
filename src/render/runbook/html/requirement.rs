//! The section of a requirement: its controls, what to do, and its results.

use std::fmt::Write as _;

use super::results::{Rows, group, groups};
use super::{badge, class, summary};
use crate::domain::runbook::Verdict;
use crate::render::html::number::plural;
use crate::render::html::{code, escaped};
use crate::render::json::RequirementLine;
use crate::render::runbook::resource::subject;
use crate::render::runbook::{html_message, page, resource};

/// The verdicts whose results the page shows with their evidence, in the order of the page.
const SHOWN: [Verdict; 4] = [Verdict::Fail, Verdict::Advice, Verdict::Undecidable, Verdict::NotChecked];

/// The maximum number of groups of a requirement.
const MOST_GROUPS: usize = 40;

/// The maximum number of resources that the page names for a rule that passes.
const MOST_NAMES: usize = 20;

pub(super) fn section(of: &RequirementLine, rows: &mut Rows) -> String {
    let verdict = of.verdict().map(badge).unwrap_or_default();
    let mut out = format!(
        "<section class=\"requirement\" id=\"r-{id}\" aria-labelledby=\"r-{id}-name\">\n<h3 id=\"r-{id}-name\"><span \
         class=\"id\">{id}</span> {title} {verdict}</h3>\n",
        id = of.id,
        title = escaped(of.title)
    );
    out += &about(of);
    if of.results.is_empty() {
        return out + "<p class=\"none\">No result.</p>\n</section>\n";
    }
    let groups: Vec<_> = SHOWN.into_iter().flat_map(|verdict| groups(of, verdict)).collect();
    if !groups.is_empty() {
        out += &format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Requirement {}\">\n<table \
             class=\"results\">\n<caption class=\"unseen\">Results of requirement {}</caption>\n<thead><tr><th \
             scope=\"col\">Verdict</th><th scope=\"col\">Rule</th><th scope=\"col\">Finding and evidence</th></tr></thead>\n\
             <tbody>\n",
            of.id, of.id
        );
        groups.iter().take(MOST_GROUPS).for_each(|one| out += &group(of, one, rows));
        out += "</tbody>\n</table>\n</div>\n";
        if groups.len() > MOST_GROUPS {
            let _ = writeln!(
                out,
                "<p class=\"others\">and {}</p>",
                plural((groups.len() - MOST_GROUPS) as u64, "other finding")
            );
        }
    }
    out += &exempt(of);
    out += &fulfilled(of);
    out + "</section>\n"
}

fn about(of: &RequirementLine) -> String {
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(|verdict| of.count(*verdict) > 0)
        .map(|verdict| format!("<span class=\"{}\">{} {}</span>", class(verdict), of.count(verdict), verdict.name()))
        .collect();
    let mut list = String::new();
    let mut item = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(list, "<dt>{name}</dt><dd>{value}</dd>");
        }
    };
    item("Results", &counts.join(", "));
    item("Controls", &summary::controls(of));
    if of.count(Verdict::Fail) + of.count(Verdict::Advice) + of.count(Verdict::Undecidable) > 0 {
        let link = escaped(&page::documentation(of));
        let remedy = html_message(of.remedy);
        item("What to do", &format!("{remedy} <a href=\"{link}\" rel=\"noopener noreferrer\">How it is decided</a>"));
    }
    format!("<dl class=\"about\">\n{list}</dl>\n")
}

/// Returns the results that an exemption covers.
fn exempt(of: &RequirementLine) -> String {
    let mut items: Vec<String> = of
        .results
        .exempt()
        .take(MOST_NAMES)
        .map(|line| {
            let why = resource::exemption(&line).unwrap_or_default();
            let name = code(&subject(&line.result));
            format!("<li>{} {}: {}</li>\n", code(line.result.rule), name, escaped(&why))
        })
        .collect();
    let others = of.exempt().saturating_sub(MOST_NAMES);
    if others > 0 {
        items.push(format!("<li>and {}</li>\n", plural(others as u64, "other")));
    }
    list("exempt", &items)
}

/// Returns the rules that the resources fulfil, and those that are not about them.
fn fulfilled(of: &RequirementLine) -> String {
    let mut out = String::new();
    for verdict in [Verdict::Pass, Verdict::NotApplicable] {
        // The first names of each rule, and the number of the others.
        let mut rules: Vec<(&str, Vec<String>, usize)> = Vec::new();
        for (_, line) in of.results.with(verdict) {
            if rules.last().is_none_or(|(rule, ..)| *rule != line.result.rule) {
                rules.push((line.result.rule, Vec::new(), 0));
            }
            match rules.last_mut() {
                Some((_, names, _)) if names.len() < MOST_NAMES => names.push(code(&subject(&line.result))),
                Some((.., others)) => *others += 1,
                None => {}
            }
        }
        let item = |(rule, names, others): &(&str, Vec<String>, usize)| {
            let others = if *others > 0 { format!(" and {others} others") } else { String::new() };
            format!("<li><b>{rule}</b> {}{others}</li>\n", names.join(" "))
        };
        let title = format!("{} {}", of.count(verdict), verdict.name());
        out += &list(&title, &rules.iter().map(item).collect::<Vec<_>>());
    }
    out
}

fn list(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    format!("<details class=\"fulfilled\"><summary>{title}</summary>\n<ul>\n{}</ul></details>\n", items.concat())
}
