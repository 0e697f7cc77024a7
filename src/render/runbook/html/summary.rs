//! The head of the page: what was judged and when, the numbers of all verdicts, and the table of the requirements.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{badge, class};
use crate::domain::ecs::arn::Arn;
use crate::domain::runbook::Verdict;
use crate::render::formats::shown::shown;
use crate::render::html::number::{grouped, plural};
use crate::render::html::{code, escaped, text};
use crate::render::json::{RequirementLine, RunbookOutput};
use crate::render::runbook::{RunbookRun, catalogues};

pub(super) fn banner(run: &RunbookRun<'_>) -> String {
    let output = run.output;
    let (fail, unread) = (output.count(Verdict::Fail), output.count(Verdict::NotChecked));
    let broken = output.requirements.iter().filter(|of| of.count(Verdict::Fail) > 0).count();
    let (tone, mark) = match (fail, output.is_read()) {
        (0, true) => ("fine", "✔"),
        (0, false) => ("unread", "?"),
        _ => ("error", "✖"),
    };
    let failures = match fail {
        0 => "No result fails".to_owned(),
        _ => format!("{} of {} fail", plural(broken as u64, "requirement"), output.requirements.len()),
    };
    let unread = match unread {
        0 => "every rule was checked".to_owned(),
        1 => "1 result was not checked".to_owned(),
        _ => format!("{} results were not checked", grouped(unread as u64)),
    };
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>ECS security runbook</h1>\n<p class=\"verdict {tone}\"><span \
         aria-hidden=\"true\">{mark}</span> {failures}; {unread}.</p>\n{}</header>\n",
        facts(run)
    )
}

/// Returns the facts about the run that an auditor asks for first.
fn facts(run: &RunbookRun<'_>) -> String {
    let output = run.output;
    let baseline = output.baseline.as_ref().map(|baseline| text(&baseline.path) + "<br>" + &code(&baseline.digest));
    let (accounts, regions) = scope(run);
    let facts = [
        ("Time of the run", format!("<time>{:.0}</time>", run.now)),
        ("Accounts", accounts),
        ("Regions", regions),
        ("Task definitions", grouped(output.coverage.task_definitions as u64)),
        ("Baseline", baseline.unwrap_or_default()),
    ];
    let mut out = String::from("<dl class=\"facts\">\n");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    out + "</dl>\n"
}

/// Returns the accounts and the Regions of the results.
fn scope(run: &RunbookRun<'_>) -> (String, String) {
    let (mut accounts, mut regions): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    let mut is_file = false;
    let note = |names: &mut BTreeSet<String>, name: &str| {
        if !name.is_empty() && !names.contains(name) {
            names.insert(name.to_owned());
        }
    };
    if let Some(account) = &run.output.coverage.account {
        accounts.insert(account.account.clone());
        regions.insert(account.region.clone());
    }
    for (_, line) in run.output.results() {
        match line.result.resource.arn.as_deref().and_then(Arn::parse) {
            Some(arn) => {
                note(&mut accounts, arn.account);
                note(&mut regions, arn.region);
            }
            None => is_file |= line.path.is_some(),
        }
    }
    let list = |names: BTreeSet<String>| names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    let files = if is_file && accounts.is_empty() { "none: the run judged files" } else { "" };
    (list(accounts) + files, list(regions))
}

/// Returns a card for each verdict. There is no percentage, because it would hide what was not checked.
pub(super) fn cards(output: &RunbookOutput) -> String {
    let mut cards: Vec<(&str, &str, usize)> =
        Verdict::ALL.into_iter().map(|verdict| (class(verdict), verdict.name(), output.count(verdict))).collect();
    let exempt: usize = output.requirements.iter().map(RequirementLine::exempt).sum();
    if exempt > 0 {
        cards.push(("exempt", "exempt", exempt));
    }
    let card = |(class, name, number): (&str, &str, usize)| {
        let class = if number == 0 { "none" } else { class };
        format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{}</dd></div>\n", grouped(number as u64))
    };
    let cards: String = cards.into_iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Results by verdict</h2>\n\
         <dl class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

/// Returns the table of the requirements. The bar of a row shows what the numbers of the row say.
pub(super) fn requirements(output: &RunbookOutput) -> String {
    let most = output.requirements.iter().map(|of| of.results.len()).max().unwrap_or_default();
    let heads: String =
        Verdict::ALL.iter().map(|verdict| format!("<th scope=\"col\" class=\"n\">{}</th>", verdict.name())).collect();
    let rows: String = output.requirements.iter().map(|of| row(of, most)).collect();
    format!(
        "<section id=\"requirements\" aria-labelledby=\"requirements-name\">\n<h2 id=\"requirements-name\">\
         Requirements</h2>\n<p class=\"about\">The numbers are results: one for each rule and resource.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Requirements\">\n<table \
         class=\"sheet\">\n<caption class=\"unseen\">The results of each requirement by verdict</caption>\n<thead><tr>\
         <th scope=\"col\">Requirement</th><th scope=\"col\">Verdict</th>{heads}<th scope=\"col\">Controls</th></tr>\
         </thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n"
    )
}

fn row(of: &RequirementLine, most: usize) -> String {
    let verdict = of.verdict().map_or_else(|| "<span class=\"quiet\">no result</span>".to_owned(), badge);
    let number = |verdict: Verdict| {
        let (count, name) = (of.count(verdict), verdict.name());
        let class = if count == 0 { "quiet" } else { class(verdict) };
        format!("<td class=\"n\" data-l=\"{name}\"><span class=\"{class}\">{}</span></td>", grouped(count as u64))
    };
    let numbers: String = Verdict::ALL.into_iter().map(number).collect();
    format!(
        "<tr><td class=\"of\"><a href=\"#r-{id}\"><b>{id}</b> {title}</a>{bar}</td><td data-l=\"verdict\">{verdict}</td>\
         {numbers}<td class=\"controls\" data-l=\"controls\">{controls}</td></tr>\n",
        id = of.id,
        title = escaped(of.title),
        bar = bar(of, most),
        controls = controls(of),
    )
}

/// Returns the controls of a requirement, with a line for each catalogue.
pub(super) fn controls(of: &RequirementLine) -> String {
    let id = |id: &&str| format!("<span class=\"whole\">{}</span>", escaped(id));
    let line = |catalogue: &catalogues::Catalogue| {
        let ids: Vec<String> = catalogue.ids.iter().map(id).collect();
        format!("<span class=\"catalogue\"><i>{}</i> {}</span>", catalogue.name, ids.join(", "))
    };
    catalogues::catalogues(&of.controls).iter().map(line).collect::<Vec<_>>().join(" ")
}

/// Returns a bar with a part for each verdict. The longest bar has the requirement with the most results.
fn bar(of: &RequirementLine, most: usize) -> String {
    let scale = 100.0 / most.max(1) as f64;
    let (mut parts, mut start) = (String::new(), 0.0);
    for verdict in Verdict::ALL {
        let width = of.count(verdict) as f64 * scale;
        if width > 0.0 {
            let _ = write!(
                parts,
                "<rect class=\"{}\" x=\"{start:.2}\" width=\"{width:.2}\" height=\"4\"/>",
                class(verdict)
            );
        }
        start += width;
    }
    format!(
        "<svg class=\"stack\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{parts}</svg>"
    )
}

/// Returns what each verdict means.
pub(super) fn meanings() -> String {
    let meaning = |verdict: Verdict| match verdict {
        Verdict::Fail => "The evidence shows that the resource breaks the requirement.",
        Verdict::Advice => "The setting is no fault, but a person should decide about it.",
        Verdict::Undecidable => "No API of AWS shows the fact, or a variable is in its place. A person has to decide.",
        Verdict::NotChecked => "Logweir did not read the fact, so it says nothing about the resource.",
        Verdict::Pass => "The evidence shows that the resource fulfils the rule.",
        Verdict::NotApplicable => "The rule is not about resources of this kind.",
    };
    let items: String =
        Verdict::ALL.iter().map(|one| format!("<dt>{}</dt><dd>{}</dd>\n", badge(*one), meaning(*one))).collect();
    format!(
        "<section id=\"meanings\" aria-labelledby=\"meanings-name\">\n<h2 id=\"meanings-name\">What the verdicts \
         mean</h2>\n<dl class=\"meanings\">\n{items}</dl>\n</section>\n"
    )
}

pub(super) fn footer(run: &RunbookRun<'_>) -> String {
    let baseline = run.output.baseline.as_ref();
    let baseline = baseline.map(|baseline| format!("<p>Baseline: {}</p>\n", code(&shown(&baseline.name()))));
    format!(
        "<footer>\n{}<p>Logweir {}, <time>{:.0}</time></p>\n</footer>\n",
        baseline.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
        run.now
    )
}
