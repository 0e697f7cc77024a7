//! The text output of `logweir doctor`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::letter::LetterReport;
use crate::domain::doctor::{Check, State};
use crate::domain::text::count;
use crate::domain::text::plain::plain;

/// The maximum length of a name in the output, in characters.
const LONGEST: usize = 256;

/// The results of all checks of `logweir doctor`.
pub struct Diagnosis {
    pub account: String,
    pub region: String,
    /// The Logweir stack. `None` if no stack is deployed, or if the description of the stack cannot be read.
    pub deployment: Option<StackDeployment>,
    pub checks: Vec<Check>,
    /// The dead letters that Logweir has read.
    pub dead_letters: Vec<LetterReport>,
    /// The result of the redrive. `None` if there was no redrive.
    pub redriven: Option<Redriven>,
}

/// The number of redriven dead letters, of deleted messages of the schedules, and of messages left in the dead-letter
/// queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Redriven {
    pub moved: u64,
    pub deleted: u64,
    pub left: u64,
}

pub fn text(diagnosis: &Diagnosis) -> String {
    let Diagnosis { account, region, deployment, checks, dead_letters, .. } = diagnosis;
    let mut out = String::new();
    if let Some(deployment) = deployment {
        let (stack, mode) = (plain(&deployment.stack, LONGEST), plain(&deployment.mode, LONGEST));
        let _ = writeln!(out, "{stack} in account {account}, {region}, mode {mode}\n");
    }
    checks.iter().for_each(|check| out.push_str(&line(check)));
    for report in dead_letters {
        letter(&mut out, report);
    }
    let _ = writeln!(out, "\n{}", sum(checks));
    out
}

/// Returns the line for one check, and the help of the check on a second line.
pub fn line(check: &Check) -> String {
    let (word, colour) = match check.state {
        State::Ok => ("ok", AnsiColor::Green),
        State::Problem => ("problem", AnsiColor::Red),
        State::Unknown => ("unknown", AnsiColor::Yellow),
    };
    let style: Style = colour.on_default().bold();
    let mut out = format!("{style}{word:<7}{style:#}  {:<12}  {}\n", check.check, check.says);
    if let Some(help) = &check.help {
        let _ = writeln!(out, "{:<7}  {:<12}  → {help}", "", "");
    }
    out
}

fn letter(out: &mut String, report: &LetterReport) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "\n{bold}dead letter{bold:#} {}", report.about);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<7}  {value}");
    };
    line("message", &report.message);
    if let Some(id) = &report.event_id {
        line("event", id);
    }
    let times = count(u64::try_from(report.receives).unwrap_or_default(), "time");
    let sent = report.sent.map(|at| format!("{at:.0}, ")).unwrap_or_default();
    line("sent", &format!("{sent}received {times}"));
    line("why", &report.why);
    if let Some(now) = &report.now {
        line("now", now);
    }
}

fn sum(checks: &[Check]) -> String {
    let of = |state| checks.iter().filter(|check| check.state == state).count();
    let mut parts = vec![format!("{} ok", of(State::Ok))];
    if of(State::Problem) > 0 {
        parts.push(count(of(State::Problem) as u64, "problem"));
    }
    if of(State::Unknown) > 0 {
        parts.push(format!("{} unknown", of(State::Unknown)));
    }
    parts.join(", ")
}
