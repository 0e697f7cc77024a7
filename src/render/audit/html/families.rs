//! A line for each family, which opens to its revisions and their findings.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::AuditRun;
use crate::domain::audit::{Audit, AuditedFinding, AuditedRevision, Scopes, User, owner};
use crate::domain::baseline::Exempted;
use crate::domain::rules::finding::Safety;
use crate::domain::severity::Severity;
use crate::render::formats::shown::marked;
use crate::render::html::number::{grouped, plural};
use crate::render::html::section::Section;
use crate::render::html::{code, escaped, text};

/// The maximum number of families, of findings on the page, and of the users of a revision.
const MOST: usize = 1_000;
const MOST_FINDINGS: usize = 4_000;
const MOST_USERS: usize = 8;

const SECTION: Section = Section {
    id: "families",
    name: "Families",
    about: "The families with most running tasks of a revision with a fault come first. A line opens to its findings.",
};

/// The audited revisions of a family.
struct Family<'a> {
    audit: &'a Audit,
    name: &'a str,
    revisions: Vec<&'a AuditedRevision>,
}

/// The totals of a family's line.
struct Line<'a> {
    /// The highest severity of the findings that count.
    worst: Option<Severity>,
    /// The running tasks of revisions with a fault.
    affected: u64,
    tasks: u64,
    services: usize,
    findings: usize,
    scopes: Scopes,
    owner: Option<&'a str>,
    is_unread: bool,
}

pub(super) fn section(run: &AuditRun<'_>) -> String {
    let mut families: Vec<(Family<'_>, Line<'_>)> =
        run.audits.iter().flat_map(families).map(|family| line(family, run)).collect();
    if families.is_empty() {
        return SECTION.around("<p class=\"none\">No revision was audited.</p>\n");
    }
    families.sort_by_key(|(family, line)| {
        let Line { worst, affected, findings, is_unread, .. } = *line;
        (Reverse((affected, worst, findings, is_unread)), family.name, &family.audit.home)
    });
    let (mut left, has_accounts) = (MOST_FINDINGS, run.audits.len() > 1);
    let lines: String =
        families.iter().take(MOST).map(|(family, line)| details(family, line, has_accounts, &mut left)).collect();
    let others = families.len().saturating_sub(MOST) as u64;
    let others = match others {
        0 => String::new(),
        others => format!(
            "<p class=\"others\">and {}; the JSON and the CSV output contain all</p>\n",
            plural(others, "other family")
        ),
    };
    SECTION.with_count(
        families.len() as u64,
        &format!(
            "<div class=\"families\">\n<div class=\"head\" aria-hidden=\"true\"><span>Family</span><span>Severity</span>\
             <span>Scope</span><span class=\"n\">Tasks</span><span class=\"n\">Services</span><span class=\"n\">Findings\
             </span><span>Owner</span></div>\n<div id=\"rows\">\n{lines}</div>\n</div>\n{others}"
        ),
    )
}

/// Returns the families of an audit, whose revisions are sorted by family.
fn families(audit: &Audit) -> Vec<Family<'_>> {
    let chunks = audit.revisions.chunk_by(|one, other| one.family == other.family);
    chunks.map(|all| Family { audit, name: &all[0].family, revisions: all.iter().collect() }).collect()
}

fn line<'a>(family: Family<'a>, run: &AuditRun<'_>) -> (Family<'a>, Line<'a>) {
    let all = &family.revisions;
    let counted = || all.iter().flat_map(|one| &one.findings).filter(|finding| finding.exempt.is_none());
    let faulty = all.iter().filter(|one| one.compliant() == Some(false));
    let line = Line {
        worst: counted().map(|finding| finding.severity).max(),
        affected: faulty.map(|one| one.running_tasks()).sum(),
        tasks: all.iter().map(|one| one.running_tasks()).sum(),
        services: all.iter().map(|one| one.services().count()).sum(),
        findings: counted().count(),
        scopes: Scopes::of(all.iter().flat_map(|one| one.scopes.iter())),
        owner: all.iter().find_map(|one| owner(one, run.owner_tags)),
        is_unread: all.iter().any(|one| one.unread.is_some()),
    };
    (family, line)
}

fn details(family: &Family<'_>, line: &Line<'_>, has_accounts: bool, left: &mut usize) -> String {
    let hides_fault = family.revisions.iter().any(|one| one.hides_fault);
    let severity = match (line.worst, line.is_unread) {
        (Some(worst), _) => format!("<span class=\"badge {0}\">{0}</span>", worst.name()),
        (None, _) if hides_fault => "<span class=\"badge unknown\">faults hidden</span>".to_owned(),
        (None, true) => "<span class=\"badge unknown\">unknown</span>".to_owned(),
        (None, false) => "<span class=\"badge fine\">compliant</span>".to_owned(),
    };
    let home = &family.audit.home;
    let home = format!("<span class=\"of\">{} {}</span>", escaped(&home.account), escaped(&home.region));
    let rules: std::collections::BTreeSet<&str> =
        family.revisions.iter().flat_map(|one| &one.findings).map(|finding| finding.rule.name()).collect();
    let mut out = format!(
        "<details class=\"family\" data-scope=\"{scopes}\" data-rule=\"{rules}\"><summary><span class=\"of-family\">{name}\
         {home}</span><span>{severity}</span><span>{scopes}</span>{tasks}{services}\
         {findings}<span>{owner}</span></summary>\n",
        scopes = line.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" "),
        rules = rules.into_iter().collect::<Vec<_>>().join(" "),
        name = code(family.name),
        home = if has_accounts { &home } else { "" },
        tasks = number("tasks", line.tasks),
        services = number("services", line.services as u64),
        findings = number("findings", line.findings as u64),
        owner = line.owner.map(text).unwrap_or_default(),
    );
    for one in &family.revisions {
        out += &revision(one, left);
    }
    out + "</details>\n"
}

/// Returns a number in the line of a family. The narrow page shows the name as a label, and a wide one has heads.
fn number(name: &str, number: u64) -> String {
    format!("<span class=\"n\" data-l=\"{name}\">{}<i class=\"unseen\"> {name}</i></span>", grouped(number))
}

fn revision(one: &AuditedRevision, left: &mut usize) -> String {
    let mut users: Vec<String> = one.users.iter().take(MOST_USERS).map(user).collect();
    if one.users.len() > MOST_USERS {
        users.push(format!("and {}", plural((one.users.len() - MOST_USERS) as u64, "other")));
    }
    let users = if users.is_empty() { String::new() } else { format!("<p class=\"users\">{}</p>\n", users.join(", ")) };
    let mut out = format!(
        "<div class=\"revision\"><h3>{} <span class=\"of\">{}</span></h3>\n{users}",
        if one.revision == 0 { "newest revision".to_owned() } else { text(&one.short()) },
        one.scopes.names()
    );
    if let Some(why) = &one.unread {
        let _ = writeln!(out, "<p class=\"unread\"><span class=\"badge unknown\">not read</span> {}</p>", text(why));
    }
    let shown = one.findings.len().min(*left);
    *left -= shown;
    if one.findings.is_empty() && one.unread.is_none() {
        out += "<p class=\"none\">No finding.</p>\n";
    } else if !one.findings.is_empty() {
        let items: String = one.findings.iter().take(shown).map(finding).collect();
        let _ = writeln!(out, "<ul class=\"findings\">\n{items}</ul>");
    }
    if shown < one.findings.len() {
        let others = plural((one.findings.len() - shown) as u64, "finding");
        let _ = writeln!(out, "<p class=\"others\">{others} not shown; the JSON and the CSV output contain all</p>");
    }
    out + "</div>\n"
}

fn user(user: &User) -> String {
    let User { cluster, name, desired, running, .. } = user;
    format!(
        "{} {} of {} tasks run",
        code(&format!("{cluster}/{name}")),
        grouped(u64::from(*running)),
        grouped(u64::from(*desired))
    )
}

fn finding(finding: &AuditedFinding) -> String {
    let AuditedFinding { rule, severity, container, message, effective, fix, exempt, notes, .. } = finding;
    let container = container.as_deref().map(|name| format!(" {}", code(name))).unwrap_or_default();
    let (class, word) = if exempt.is_some() { ("exempt", "exempt") } else { (severity.name(), severity.name()) };
    let kind = match fix.safety {
        Safety::Safe => "Safe fix",
        Safety::Unsafe => "Unsafe fix",
        Safety::Advice => "Advice",
    };
    let mut lines = vec![html_message(message)];
    lines.extend(effective.as_deref().map(|effective| format!("<i>Today:</i> {}", html_message(effective))));
    lines.push(format!("<i>{kind}:</i> {}", html_message(&fix.text)));
    lines.extend(notes.iter().map(|note| format!("<i>Note:</i> {}", html_message(note))));
    lines.extend(exempt.as_deref().map(|Exempted { until, owner, reason, .. }| {
        format!("<i>Exempt</i> until {until} by {}: {}", text(owner), text(reason))
    }));
    format!("<li><span class=\"badge {class}\">{word}</span> <b>{rule}</b>{container}<br>{}</li>\n", lines.join("<br>"))
}

/// Returns a message in which the names between backticks become code.
fn html_message(text: &str) -> String {
    marked(text, code, escaped)
}
