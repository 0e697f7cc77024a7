//! The text of a plan: the blockers first, then the diff, the rights, the files and the changes of behaviour.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use crate::domain::firelens::migration::{RoleChange, RoleName, Statement};
use crate::domain::text::count;
use crate::domain::text::plain::plain;
use crate::render::json::FirelensPlan;

const HEADING: Style = Style::new().bold();
const BLOCKER: Style = AnsiColor::Red.on_default().bold();

/// The longest message of a plan, in characters.
const LONGEST: usize = 2000;

/// The longest line of a patch or a file that lost characters, in characters.
const LONGEST_LINE: usize = 100_000;

/// A plan, and what only its text needs.
pub struct ShownPlan {
    pub plan: FirelensPlan,
    /// Whether the task definition needs no migration.
    pub is_done: bool,
    /// The patch for people.
    pub shown_diff: String,
}

pub fn text(shown: &ShownPlan) -> String {
    let ShownPlan { plan, is_done, shown_diff } = shown;
    let target = plain(&plan.target, 300);
    if *is_done {
        let messages = plan.changes.iter().map(|change| plain(&change.message, LONGEST));
        return messages.map(|message| format!("{target}: {message}\n")).collect();
    }
    let mut text = String::new();
    for blocker in &plan.blockers {
        let _ = writeln!(text, "{BLOCKER}blocked{BLOCKER:#}[{}] {}", blocker.rule, plain(&blocker.message, LONGEST));
    }
    if !plan.blockers.is_empty() {
        let blockers = count(plan.blockers.len() as u64, "blocker");
        let _ =
            writeln!(text, "\n{target}: {blockers}, so there is no migrated task definition (style {})\n", plan.style);
    }
    text += &shown_lines(shown_diff);
    for role in &plan.iam {
        rights(role, &mut text);
    }
    for file in &plan.files {
        let _ = writeln!(
            text,
            "\n{HEADING}File {}{HEADING:#}\n{}",
            plain(&file.path, 300),
            shown_lines(&file.content).trim_end()
        );
    }
    if !plan.changes.is_empty() {
        let _ = writeln!(text, "\n{HEADING}What changes{HEADING:#}");
    }
    for change in &plan.changes {
        let _ = writeln!(text, "- {}: {}", change.what, plain(&change.message, LONGEST));
    }
    text
}

/// Returns lines of the target for a terminal: a line with characters that could change the terminal loses them.
fn shown_lines(text: &str) -> String {
    let shown = |line: &str| plain(&line.replace('\t', "    "), LONGEST_LINE);
    let is_safe = |line: &str| !line.chars().any(|c| c != '\t' && plain(c.encode_utf8(&mut [0; 4]), 1).is_empty());
    let lines = text.lines().map(|line| if is_safe(line) { line.to_owned() } else { shown(line) });
    lines.map(|line| line + "\n").collect()
}

fn rights(change: &RoleChange, text: &mut String) {
    if change.add.is_empty() && change.remove.is_empty() {
        return;
    }
    let role = match change.role {
        RoleName::Task => "Task role",
        RoleName::Execution => "Execution role",
    };
    let arn = change.arn.as_deref().map_or_else(|| "none".to_owned(), |arn| plain(arn, 300));
    let _ = writeln!(text, "\n{HEADING}{role} ({arn}){HEADING:#}");
    for (what, statements) in [("add", &change.add), ("remove", &change.remove)] {
        if !statements.is_empty() {
            let _ = writeln!(text, "{what}:\n{}", policy(statements));
        }
    }
}

/// Returns the statements as a policy document.
fn policy(statements: &[Statement]) -> String {
    format!("{:#}", json!({"Version": "2012-10-17", "Statement": statements}))
}
