//! The diagnosis of a deployment.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::letter::Told;
use crate::domain::doctor::{Check, State};
use crate::domain::text::count;
use crate::domain::text::plain::plain;

/// The longest name of a deployment's part.
const LONGEST: usize = 256;

/// All that was found out.
pub struct Diagnosis {
    pub account: String,
    pub region: String,
    /// None: nothing is deployed, or nobody can say.
    pub deployment: Option<StackDeployment>,
    pub checks: Vec<Check>,
    /// Those of the dead letters that were looked at.
    pub dead_letters: Vec<Told>,
    /// The result of the redrive, if the caller requested one.
    pub redriven: Option<Redriven>,
}

/// How many dead letters were put back, and how many no try can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Redriven {
    pub moved: u64,
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
    for told in dead_letters {
        letter(&mut out, told);
    }
    let _ = writeln!(out, "\n{}", sum(checks));
    out
}

/// One check, with what to do below it.
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

fn letter(out: &mut String, told: &Told) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "\n{bold}dead letter{bold:#} {}", told.about);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<7}  {value}");
    };
    line("message", &told.message);
    if let Some(id) = &told.event_id {
        line("event", id);
    }
    let times = count(u64::try_from(told.receives).unwrap_or_default(), "time");
    let sent = told.sent.map(|at| format!("{at:.0}, ")).unwrap_or_default();
    line("sent", &format!("{sent}received {times}"));
    line("why", &told.why);
    if let Some(now) = &told.now {
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
        parts.push(format!("{} could not be told", of(State::Unknown)));
    }
    parts.join(", ")
}
