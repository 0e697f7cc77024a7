//! The head of the page: when and where the audit ran, the totals, and the charts by rule, family and owner.

use std::fmt::Write as _;

use super::AuditRun;
use crate::domain::audit::{AuditSummary, FamilyImpact, OwnerCount, RuleCount};
use crate::render::html::number::{grouped, plural};
use crate::render::html::section::Section;
use crate::render::html::{code, escaped, text};
use crate::render::json::{AccountLine, documentation};

/// The maximum number of owners in the table.
const MOST_OWNERS: usize = 20;

/// The maximum number of accounts and Regions that the head names.
const MOST_ACCOUNTS: usize = 12;

pub(super) fn banner(run: &AuditRun<'_>, is_complete: bool) -> String {
    let AuditSummary { revisions, faulty, tasks_affected, .. } = run.output.summary;
    let (tone, mark, verdict) = match (faulty, is_complete) {
        (0, true) => ("fine", "✔", "No audited revision has a fault".to_owned()),
        (0, false) => ("unknown", "?", "No fault is known".to_owned()),
        _ => ("error", "✖", format!("{} of {} have a fault", grouped(faulty), plural(revisions, "revision"))),
    };
    let tasks = match tasks_affected {
        0 => String::new(),
        tasks => format!("; {} run from them", plural(tasks, "task")),
    };
    let missing = if is_complete { "" } else { ". The audit is incomplete" };
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>Audit of Amazon ECS log configurations</h1>\n<p class=\"verdict \
         {tone}\"><span aria-hidden=\"true\">{mark}</span> {verdict}{tasks}{missing}.</p>\n{}</header>\n",
        facts(run)
    )
}

fn facts(run: &AuditRun<'_>) -> String {
    let baseline = &run.output.baseline;
    let home = |account: &AccountLine| format!("{} {}", code(&account.account), escaped(&account.region));
    let accounts = &run.output.accounts;
    let mut homes: Vec<String> = accounts.iter().take(MOST_ACCOUNTS).map(home).collect();
    if accounts.len() > MOST_ACCOUNTS {
        homes.push(format!("and {}", plural((accounts.len() - MOST_ACCOUNTS) as u64, "other")));
    }
    format!(
        "<dl class=\"facts\">\n<div><dt>Time of the run</dt><dd><time>{:.0}</time></dd></div>\n<div><dt>Accounts and \
         Regions</dt><dd>{}</dd></div>\n<div><dt>Baseline</dt><dd>{}<br>{}</dd></div>\n</dl>\n",
        run.now,
        homes.join("<br>"),
        text(&baseline.path),
        code(&baseline.digest)
    )
}

pub(super) fn cards(summary: &AuditSummary) -> String {
    let cards = [
        ("", "revisions", summary.revisions),
        ("fine", "compliant", summary.compliant),
        ("error", "with a fault", summary.faulty),
        ("unknown", "unknown", summary.unknown),
        ("warning", "findings", summary.findings),
        ("exempt", "exempt findings", summary.exempt),
        ("error", "tasks affected", summary.tasks_affected),
    ];
    let card = |(class, name, number): (&str, &str, u64)| {
        let class = if number == 0 { "" } else { class };
        format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{}</dd></div>\n", grouped(number))
    };
    let cards: String = cards.into_iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Totals</h2>\n<dl \
         class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

/// Returns the findings by rule and scope. The bar of a row shows what the numbers of the row say.
pub(super) fn rules(summary: &AuditSummary) -> String {
    const SECTION: Section = Section {
        id: "rules",
        name: "Rules",
        about: "Findings by the scope of their revision. A revision that runs and is the newest one counts in both scopes.",
    };
    let most = summary.rules.iter().map(|count| count.running + count.next + count.stale).max().unwrap_or_default();
    let row = |count: &RuleCount| {
        let RuleCount { rule, severity, findings, running, next, stale } = *count;
        vec![
            format!("<a href=\"{}\" rel=\"noopener noreferrer\">{rule}</a>", escaped(&documentation(rule))),
            format!("<span class=\"badge {0}\">{0}</span>", severity.name()),
            grouped(findings),
            number(running),
            number(next),
            number(stale),
            stack(&[("running", running), ("next", next), ("stale", stale)], most),
        ]
    };
    let rows: Vec<Vec<String>> = summary.rules.iter().map(row).collect();
    let legend = "<p class=\"legend\"><span class=\"key running\"></span>running <span class=\"key next\"></span>next \
                  <span class=\"key stale\"></span>stale</p>\n";
    let header = ["Rule", "Severity", "#Findings", "#Running", "#Next", "#Stale", "Chart"];
    let table = table("Findings by rule", &header, &rows, "There is no finding.");
    SECTION.around(&if rows.is_empty() { table } else { legend.to_owned() + &table })
}

/// Returns the families whose faulty revisions have most running tasks.
pub(super) fn worst(summary: &AuditSummary, has_accounts: bool) -> String {
    const SECTION: Section = Section {
        id: "worst",
        name: "Most running tasks affected",
        about: "Families whose running revisions have a fault.",
    };
    let most = summary.worst.iter().map(|family| family.tasks).max().unwrap_or_default();
    let row = |impact: &FamilyImpact| {
        let FamilyImpact { account, region, family, tasks, services, findings } = impact;
        let home = format!("<br><span class=\"of\">{} {}</span>", escaped(account), escaped(region));
        vec![
            code(family) + if has_accounts { &home } else { "" },
            grouped(*tasks),
            grouped(*services),
            grouped(*findings),
            stack(&[("running", *tasks)], most),
        ]
    };
    let rows: Vec<Vec<String>> = summary.worst.iter().map(row).collect();
    let header = ["Family", "#Tasks", "#Services", "#Findings", "Chart"];
    SECTION.around(&table("Families by running tasks", &header, &rows, "No revision with a fault runs."))
}

pub(super) fn owners(summary: &AuditSummary) -> String {
    const SECTION: Section = Section {
        id: "owners",
        name: "Owners",
        about: "The owner that a tag of the revision names. Any principal that registers a revision can set its tags.",
    };
    let most = summary.owners.iter().map(|owner| owner.findings).max().unwrap_or_default();
    let row = |count: &OwnerCount| {
        let OwnerCount { owner, revisions, faulty, findings, tasks } = count;
        vec![
            owner.as_deref().map_or_else(|| "<span class=\"quiet\">no owner tag</span>".to_owned(), text),
            grouped(*revisions),
            number(*faulty),
            number(*findings),
            number(*tasks),
            stack(&[("running", *findings)], most),
        ]
    };
    let rows: Vec<Vec<String>> = summary.owners.iter().take(MOST_OWNERS).map(row).collect();
    let header = ["Owner", "#Revisions", "#With a fault", "#Findings", "#Tasks", "Chart"];
    let mut inner = table("Owners", &header, &rows, "No revision was audited.");
    if summary.owners.len() > MOST_OWNERS {
        let others = plural((summary.owners.len() - MOST_OWNERS) as u64, "other owner");
        let _ = writeln!(inner, "<p class=\"others\">and {others}</p>");
    }
    SECTION.around(&inner)
}

/// Returns a table. The name of a column with numbers begins with `#`, and the column `Chart` has no text.
fn table(name: &str, header: &[&str], rows: &[Vec<String>], empty: &str) -> String {
    if rows.is_empty() {
        return format!("<p class=\"none\">{empty}</p>\n");
    }
    let class = |name: &str| match name {
        "Chart" => " class=\"chart\"",
        name if name.starts_with('#') => " class=\"n\"",
        _ => "",
    };
    let label = |name: &str| name.trim_start_matches('#').to_lowercase();
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: {name}\">\n<table>\n<caption \
         class=\"unseen\">{name}</caption>\n<thead><tr>"
    );
    for name in header {
        let hidden = if *name == "Chart" { " aria-hidden=\"true\"" } else { "" };
        let text = if *name == "Chart" { "" } else { name.trim_start_matches('#') };
        let _ = write!(out, "<th scope=\"col\"{}{hidden}>{text}</th>", class(name));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (name, cell) in header.iter().zip(row) {
            let _ = write!(out, "<td{} data-l=\"{}\">{cell}</td>", class(name), label(name));
        }
        out += "</tr>\n";
    }
    out + "</tbody>\n</table>\n</div>\n"
}

/// Returns a number. Zero is quiet.
fn number(number: u64) -> String {
    if number == 0 { "<span class=\"quiet\">0</span>".to_owned() } else { grouped(number) }
}

/// Returns a bar with a part for each number. The longest bar has the sum `most`.
fn stack(parts: &[(&str, u64)], most: u64) -> String {
    let scale = 100.0 / most.max(1) as f64;
    let (mut out, mut start) = (String::new(), 0.0);
    for (class, number) in parts.iter().filter(|(_, number)| *number > 0) {
        let width = *number as f64 * scale;
        let _ = write!(out, "<rect class=\"{class}\" x=\"{start:.2}\" width=\"{width:.2}\" height=\"4\"/>");
        start += width;
    }
    format!("<svg class=\"stack\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{out}</svg>")
}

pub(super) fn footer(run: &AuditRun<'_>) -> String {
    format!(
        "<footer>\n<p>Baseline: {}</p>\n<p>Logweir {}, <time>{:.0}</time></p>\n</footer>\n",
        code(&run.output.baseline.name()),
        env!("CARGO_PKG_VERSION"),
        run.now
    )
}
