//! The text of `logweir exec sessions`.

use std::fmt::Write as _;

use comfy_table::{Table, presets};

use super::SessionsOutput;
use crate::domain::exec::{Session, Verdict};
use crate::domain::text::plain::{plain, shortened};

/// The longest text in a cell, in characters.
const LONGEST: usize = 80;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 512;

/// The number of characters of the ID of a task in the table.
const TASK: usize = 8;

pub(super) fn text(output: &SessionsOutput) -> String {
    let mut out = String::new();
    if !output.sessions.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "VERDICT",
            "START",
            "TIME",
            "PERSON",
            "HOW",
            "FROM",
            "CLUSTER/SERVICE/TASK/CONTAINER",
            "PROGRAM",
            "TRANSCRIPT",
        ]);
        output.sessions.iter().for_each(|session| _ = table.add_row(row(session)));
        let _ = writeln!(out, "{}\n", table.trim_fmt());
    }
    for session in &output.sessions {
        reason(&mut out, session);
    }
    let _ = writeln!(out, "{}", total(output));
    out
}

fn row(session: &Session) -> [String; 9] {
    let cell = |text: Option<&str>| text.map_or_else(|| "-".into(), |text| plain(text, LONGEST));
    let place = |text: &Option<String>| text.as_deref().map_or("-", |text| text).to_owned();
    let task = session.task.as_deref().map_or_else(|| "-".into(), |task| plain(task, TASK));
    let place = [place(&session.cluster), place(&session.service), task, place(&session.container)].join("/");
    let program = session.command.as_deref().or(session.program.as_deref());
    [
        session.verdict.name().into(),
        format!("{:.0}", session.start),
        length(session),
        plain(&session.person.name, LONGEST),
        format!("{} ({})", plain(&session.person.how, LONGEST), session.person.strength),
        cell(session.source_ip.as_deref()),
        plain(&place, LONGEST * 2),
        cell(program),
        cell(session.transcript.place.as_deref()),
    ]
}

/// Returns the length of a session that has ended, such as `12 min`.
fn length(session: &Session) -> String {
    let Some(end) = session.end else { return "-".into() };
    match end.duration_since(session.start).as_secs().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn reason(out: &mut String, session: &Session) {
    let needs_reason = !matches!(session.verdict, Verdict::Denied | Verdict::DryRun);
    let Some(why) = session.why.as_deref().filter(|_| needs_reason) else { return };
    let name = session.session_id.as_deref().unwrap_or("a call");
    let (name, why) = (plain(name, LONGEST), shortened(why, LONGEST_REASON));
    let _ = writeln!(out, "{}: {name} of {:.0}: {why}", session.verdict.name(), session.start);
}

fn total(output: &SessionsOutput) -> String {
    let sessions = match output.sessions.len() {
        1 => "1 session or attempt".to_owned(),
        count => format!("{count} sessions and attempts"),
    };
    let counts: Vec<String> =
        output.counts().into_iter().map(|(verdict, count)| format!("{count} {}", verdict.name())).collect();
    let coverage = &output.coverage;
    let period = format!("{:.0} – {:.0}", coverage.since, coverage.until);
    let (account, region) = (plain(&coverage.account, LONGEST), plain(&coverage.region, LONGEST));
    match counts.is_empty() {
        true => format!("no sessions of ECS Exec in {account}, {region}, {period}"),
        false => format!("{sessions} in {account}, {region}, {period}: {}", counts.join(", ")),
    }
}
