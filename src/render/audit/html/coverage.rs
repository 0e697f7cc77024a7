//! What the audit read in each account and Region, and what it could not read.

use std::fmt::Write as _;

use super::AuditRun;
use crate::domain::audit::{Coverage, UnjudgedDaemon, UnreadPart};
use crate::render::html::number::{grouped, plural};
use crate::render::html::section::Section;
use crate::render::html::{code, escaped, text};
use crate::render::json::AccountLine;

/// The maximum number of accounts and Regions, and of parts of each that could not be read.
const MOST: usize = 100;
const MOST_PARTS: usize = 30;

const SECTION: Section = Section {
    id: "coverage",
    name: "Coverage",
    about: "The audit did not judge the parts that it could not read. They may have further faults.",
};

pub(super) fn section(run: &AuditRun<'_>) -> String {
    let mut accounts: Vec<&AccountLine> = run.output.accounts.iter().collect();
    accounts.sort_by_key(|account| account.is_complete);
    let missing: String =
        accounts.iter().filter(|account| !account.is_complete).take(MOST).map(|one| notice(one)).collect();
    let rows: String = accounts.iter().take(MOST).map(|one| row(one)).collect();
    let others = accounts.len().saturating_sub(MOST) as u64;
    let others =
        if others > 0 { format!("<p class=\"others\">and {}</p>\n", plural(others, "other")) } else { String::new() };
    let daemons: String = accounts.iter().take(MOST).map(|one| daemons(one)).collect();
    SECTION.around(&format!(
        "{missing}{daemons}<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Coverage\">\n<table>\n<caption \
         class=\"unseen\">What the audit read</caption>\n<thead><tr><th scope=\"col\">Account and Region</th><th \
         scope=\"col\">Read</th><th scope=\"col\" class=\"n\">Clusters</th><th scope=\"col\" class=\"n\">Services</th><th \
         scope=\"col\" class=\"n\">Tasks</th><th scope=\"col\" class=\"n\">Families</th><th scope=\"col\" \
         class=\"n\">Revisions</th><th scope=\"col\" class=\"n\">Calls</th><th scope=\"col\" class=\"n\">Denied</th><th \
         scope=\"col\">Default mode</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n{others}"
    ))
}

fn row(account: &AccountLine) -> String {
    let Coverage { clusters, services, tasks, families, revisions, .. } = &account.coverage;
    let read = match account.is_complete {
        true => "<span class=\"badge fine\">complete</span>",
        false => "<span class=\"badge error\">incomplete</span>",
    };
    let number = |name: &str, number: u64| format!("<td class=\"n\" data-l=\"{name}\">{}</td>", grouped(number));
    let numbers = [
        number("clusters", *clusters),
        number("services", *services),
        number("tasks", *tasks),
        number("families", *families),
        number("revisions", *revisions),
        number("calls", account.coverage.calls_made()),
        number("denied", account.coverage.calls_denied()),
    ];
    format!(
        "<tr><td>{} {}</td><td data-l=\"read\">{read}</td>{}<td data-l=\"default mode\">{}</td></tr>\n",
        code(&account.account),
        escaped(&account.region),
        numbers.concat(),
        account.default_mode.map_or_else(|| "<span class=\"quiet\">not read</span>".to_owned(), text),
    )
}

/// Returns the managed daemons that run in an account and Region, which the audit does not judge.
fn daemons(account: &AccountLine) -> String {
    let all = &account.coverage.daemons;
    if all.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    for UnjudgedDaemon { cluster, definition, tasks } in all.iter().take(MOST_PARTS) {
        let tasks = plural(*tasks, "running task");
        let _ = writeln!(items, "<li>{} in cluster {}: {tasks}</li>", code(definition), code(cluster));
    }
    let others = all.len().saturating_sub(MOST_PARTS) as u64;
    if others > 0 {
        let _ = writeln!(items, "<li>and {}</li>", plural(others, "other"));
    }
    format!(
        "<div class=\"notice\">\n<h3>{} {} has managed daemons, which the audit does not judge</h3>\n<ul>\n{items}</ul>\n\
         </div>\n",
        code(&account.account),
        escaped(&account.region)
    )
}

/// Returns what could not be read in an account and Region.
fn notice(account: &AccountLine) -> String {
    let Coverage { unread, more_unread, is_interrupted, .. } = &account.coverage;
    let mut items = String::new();
    if *is_interrupted {
        let _ = writeln!(items, "<li>The audit was interrupted: {}.</li>", account.coverage.interruption());
    }
    for UnreadPart { what, call, message, is_denied, count } in unread.iter().take(MOST_PARTS) {
        let denied = if *is_denied { "<span class=\"badge error\">denied</span> " } else { "" };
        let times = if *count > 1 { format!(" ({} times)", grouped(*count)) } else { String::new() };
        let _ = writeln!(items, "<li>{denied}{}: {} {}{times}</li>", text(what), code(call), text(message));
    }
    let others = unread.len().saturating_sub(MOST_PARTS) as u64 + more_unread;
    if others > 0 {
        let _ = writeln!(items, "<li>and {}</li>", plural(others, "other part"));
    }
    format!(
        "<div class=\"notice error\">\n<h3>{} {} was not read completely</h3>\n<ul>\n{items}</ul>\n</div>\n",
        code(&account.account),
        escaped(&account.region)
    )
}
