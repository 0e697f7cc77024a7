//! The page of `logweir audit`: what runs with a fault, who owns it, and a line for each family. The page needs no
//! network, and no script to be read. The script only searches and filters.

mod coverage;
mod families;
mod summary;

#[cfg(test)]
mod tests;

use super::AuditRun;
use crate::render::html::Frame;

const STYLE: &str = concat!(include_str!("../../html/report.css"), include_str!("page.css"));
const SCRIPT: &str = include_str!("page.js");

/// Returns the page.
pub(super) fn page(run: &AuditRun<'_>) -> String {
    let is_complete = run.output.accounts.iter().all(|account| account.is_complete);
    let coverage = coverage::section(run);
    // What is missing stands before the numbers, because the numbers are too low without it.
    let (before, after) = if is_complete { (String::new(), coverage) } else { (coverage, String::new()) };
    let body = [
        summary::banner(run, is_complete),
        toolbar(run),
        "<main id=\"main\">\n".to_owned(),
        before,
        summary::cards(&run.output.summary),
        summary::rules(&run.output.summary),
        summary::worst(&run.output.summary, run.output.accounts.len() > 1),
        summary::owners(&run.output.summary),
        families::section(run),
        after,
        "</main>\n".to_owned(),
        summary::footer(run),
    ];
    let frame = Frame { title: "Logweir audit", style: STYLE, script: SCRIPT, skip: ("main", "the results") };
    frame.around(&body.concat())
}

/// Returns the bar with the links and the search. The script shows the search, because it has no function without it.
fn toolbar(run: &AuditRun<'_>) -> String {
    let rules: String =
        run.output.summary.rules.iter().map(|count| format!("<option>{}</option>", count.rule)).collect();
    format!(
        "<div class=\"toolbar\">\n<nav aria-label=\"Sections\">\n<a href=\"#rules\">Rules</a>\n<a href=\"#owners\">Owners\
         </a>\n<a href=\"#families\">Families</a>\n<a href=\"#coverage\">Coverage</a>\n</nav>\n<form id=\"filters\" \
         hidden>\n<label><span class=\"unseen\">Search the families</span><input type=\"search\" name=\"text\" \
         placeholder=\"Search the families\" autocomplete=\"off\"></label>\n<label><span class=\"unseen\">Rule</span>\
         <select name=\"rule\"><option value=\"\">all rules</option>{rules}</select></label>\n<label><span \
         class=\"unseen\">Scope</span><select name=\"scope\"><option value=\"\">all scopes</option><option>running\
         </option><option>next</option><option>stale</option></select></label>\n<output id=\"shown\" \
         aria-live=\"polite\"></output>\n</form>\n</div>\n"
    )
}
