//! The page of `logweir runbook` for an auditor. The page needs no network, and no script to be read. The script only
//! searches and filters.

mod coverage;
mod requirement;
mod results;
mod summary;

use crate::domain::runbook::Verdict;
use crate::render::html::Frame;
use crate::render::runbook::RunbookRun;
use results::Rows;

const STYLE: &str = concat!(include_str!("../../html/report.css"), include_str!("page.css"));
const SCRIPT: &str = include_str!("page.js");

/// The maximum number of results that the page shows with their evidence. The JSON and the CSV output have all results.
const MOST: usize = 2000;

/// Returns the page.
pub(super) fn page(run: &RunbookRun<'_>) -> String {
    let output = run.output;
    let mut rows = Rows::new(MOST);
    let requirements: String = output.requirements.iter().map(|of| requirement::section(of, &mut rows)).collect();
    let body = [
        summary::banner(run),
        toolbar(),
        "<main id=\"main\">\n".to_owned(),
        summary::cards(output),
        coverage::section(output),
        summary::requirements(output),
        requirements,
        summary::meanings(),
        "</main>\n".to_owned(),
        summary::footer(run),
    ];
    let frame = Frame { title: "Logweir runbook", style: STYLE, script: SCRIPT, skip: ("main", "the results") };
    frame.around(&body.concat())
}

/// Returns the bar with the links and the search. The script shows the search, because it has no function without it.
fn toolbar() -> String {
    let options: String = Verdict::ALL.iter().map(|verdict| format!("<option>{}</option>", verdict.name())).collect();
    format!(
        "<div class=\"toolbar\">\n<nav aria-label=\"Sections\">\n<a href=\"#coverage\">Coverage</a>\n\
         <a href=\"#requirements\">Requirements</a>\n<a href=\"#meanings\">Verdicts</a>\n</nav>\n\
         <form id=\"filters\" hidden>\n<label><span class=\"unseen\">Search all results</span><input type=\"search\" \
         name=\"text\" placeholder=\"Search all results\" autocomplete=\"off\"></label>\n<label><span class=\"unseen\">\
         Verdict</span><select name=\"verdict\"><option value=\"\">all verdicts</option>{options}</select></label>\n\
         <output id=\"shown\" aria-live=\"polite\"></output>\n</form>\n</div>\n"
    )
}

/// Returns the class of a verdict, which selects its colour.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "error",
        Verdict::Advice => "warning",
        Verdict::Undecidable => "unknown",
        Verdict::NotChecked => "unread",
        Verdict::Pass => "fine",
        Verdict::NotApplicable => "void",
    }
}

fn badge(verdict: Verdict) -> String {
    format!("<span class=\"badge {}\">{}</span>", class(verdict), verdict.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_style_do_not_end_their_elements() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "the element would end early");
        }
    }
}
