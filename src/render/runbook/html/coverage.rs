//! What the run did not read and what it did not check, before any result.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::domain::text::count;
use crate::render::html::number::plural;
use crate::render::html::{code, text};
use crate::render::json::{AccountCoverage, FailedRead, MissingRight, RunbookOutput, UnreadTarget};
use crate::render::runbook::unchecked::{Unchecked, unchecked};

/// The maximum number of targets that the page names.
const MOST: usize = 100;

pub(super) fn section(output: &RunbookOutput) -> String {
    let rules = unchecked(output);
    let errors = &output.coverage.errors;
    let inner = match (output.is_read(), rules.is_empty()) {
        (true, true) => "<p class=\"none\">Logweir read every fact that the rules need.</p>\n".to_owned(),
        _ => {
            unread(errors)
                + &missing_rights(output.missing_rights())
                + &failed_reads(output.failed_reads())
                + &not_checked(&rules)
        }
    };
    format!(
        "<section id=\"coverage\" aria-labelledby=\"coverage-name\">\n<h2 id=\"coverage-name\">Coverage</h2>\n\
         <p class=\"about\">Logweir judged {}. A fact that Logweir did not check is no pass.</p>\n\
         {inner}</section>\n",
        judged(output)
    )
}

/// Returns the numbers of the resources that the run judged.
fn judged(output: &RunbookOutput) -> String {
    let definitions = count(output.coverage.task_definitions as u64, "task definition");
    match &output.coverage.account {
        Some(AccountCoverage { depth, clusters, services, tasks, .. }) => format!(
            "{definitions}, {}, {} and {} of the account, at the depth {}",
            count(*clusters as u64, "cluster"),
            count(*services as u64, "service"),
            count(*tasks as u64, "running task"),
            depth.name()
        ),
        None => definitions,
    }
}

/// Returns the reads of the account that AWS denied, with the rights that the caller needs.
fn missing_rights(rights: &[MissingRight]) -> String {
    reads("Missing rights", rights.iter().map(|missing| (missing.right, missing.message.as_str())))
}

/// Returns the reads of the account that failed for another reason.
fn failed_reads(failed: &[FailedRead]) -> String {
    reads("Failed reads", failed.iter().map(|read| (read.operation, read.message.as_str())))
}

fn reads<'o>(title: &str, reads: impl Iterator<Item = (&'static str, &'o str)>) -> String {
    let items: String =
        reads.take(MOST).map(|(action, message)| format!("<li>{}: {}</li>\n", code(action), text(message))).collect();
    if items.is_empty() {
        return items;
    }
    format!("<div class=\"notice error\">\n<h3>{title}</h3>\n<ul>\n{items}</ul>\n</div>\n")
}

/// Returns the targets that Logweir could not read.
fn unread(errors: &[UnreadTarget]) -> String {
    if errors.is_empty() {
        return String::new();
    }
    let mut out =
        format!("<div class=\"notice error\">\n<h3>{} not read</h3>\n<ul>\n", plural(errors.len() as u64, "target"));
    for UnreadTarget { target, message } in errors.iter().take(MOST) {
        let _ = writeln!(out, "<li>{}: {}</li>", code(target), text(message));
    }
    if errors.len() > MOST {
        let _ = writeln!(out, "<li>and {} others</li>", errors.len() - MOST);
    }
    out + "</ul>\n</div>\n"
}

/// Returns the rules that were not checked. Rules with the same reason share a line.
fn not_checked(rules: &[Unchecked<'_>]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let mut reasons: BTreeMap<&str, Vec<&Unchecked<'_>>> = BTreeMap::new();
    for rule in rules {
        reasons.entry(rule.why.as_str()).or_default().push(rule);
    }
    let mut rows: Vec<(&str, Vec<&Unchecked<'_>>)> = reasons.into_iter().collect();
    rows.sort_by_key(|(_, rules)| rules[0].order());
    let mut out = String::from(
        "<div class=\"notice unread\">\n<h3>Not checked</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Table: Not checked\">\n<table>\n<caption class=\"unseen\">The rules that were not checked</caption>\n\
         <thead><tr><th scope=\"col\">Requirement</th><th scope=\"col\">Rule</th><th scope=\"col\" class=\"n\">Results\
         </th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
    );
    for (why, rules) in rows.iter().take(MOST) {
        let link = |rule: &&Unchecked<'_>| format!("<a href=\"#r-{id}\">{id}</a>", id = rule.of.id);
        let mut of: Vec<String> = rules.iter().map(link).collect();
        of.dedup();
        let names: Vec<String> = rules.iter().map(|rule| code(rule.rule)).collect();
        let results: usize = rules.iter().map(|rule| rule.results).sum();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"n\" data-l=\"results\">{results}</td><td>{}</td></tr>",
            of.join(", "),
            names.join("<br>"),
            text(why)
        );
    }
    out += "</tbody>\n</table>\n</div>\n";
    if rows.len() > MOST {
        let _ = writeln!(out, "<p class=\"others\">and {}</p>", plural((rows.len() - MOST) as u64, "other reason"));
    }
    out + "</div>\n"
}
