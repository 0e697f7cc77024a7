//! Records: as a table, and one in full.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use jiff::Timestamp;

use crate::domain::limits::family::{Family, Stopped};
use crate::domain::record::{Ending, EntryKind, Head, NotUndone, Record, Step, Undo};
use crate::domain::text::plain::plain;

/// The longest text of a line that somebody else may have written.
const LONGEST: usize = 512;

fn outcome(head: &Head) -> String {
    match head.ending() {
        _ if head.open && head.backing_out => "being taken back".into(),
        _ if head.open => "open".into(),
        _ if !head.following.is_empty() => "rolling out".into(),
        Some(closing) => match closing.reason {
            Some(reason) => format!("{} ({})", closing.outcome.name(), reason.name()),
            None => closing.outcome.name().into(),
        },
        None => "open".into(),
    }
}

/// A family that is stopped, and the command that has it corrected again.
pub struct StoppedFamily {
    pub family: Family,
    pub again: String,
}

/// The records of a journal.
pub struct RecordsOutput {
    pub records: Vec<ListedRecord>,
    pub stopped: Vec<StoppedFamily>,
    pub now: Timestamp,
}

pub struct ListedRecord {
    pub head: Head,
    /// The command that takes it back, if there is something to take back. Only JSON shows the command.
    pub backout: Option<String>,
}

/// A record, and facts from outside the record.
pub struct RecordOutput {
    pub record: Record,
    pub stopped: Option<StoppedFamily>,
    /// The command that takes it back, if there is something to take back.
    pub backout: Option<String>,
    /// The command that corrects its source again.
    pub again: String,
    pub now: Timestamp,
}

pub fn table(RecordsOutput { records, stopped, now }: &RecordsOutput) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["RECORD", "OUTCOME", "CORRECTED", "WHEN", "CAUSED BY"]);
    for ListedRecord { head, .. } in records {
        let corrected = head.corrected.as_ref().map_or_else(|| "-".into(), |corrected| corrected.short());
        let actor = head.actor.as_deref().map_or("-", |arn| arn.rsplit_once(":").map_or(arn, |(_, name)| name));
        let (when, actor) = (format!("{:.0}", head.at), plain(actor, LONGEST));
        table.add_row([head.source.short(), outcome(head), corrected, when, actor]);
    }
    let mut out = String::new();
    if !records.is_empty() {
        let _ = writeln!(out, "{}", table.trim_fmt());
    }
    stopped.iter().for_each(|family| stops(&mut out, family, *now));
    out
}

/// A family that is not corrected, and why.
fn stops(out: &mut String, StoppedFamily { family, again }: &StoppedFamily, now: Timestamp) {
    if let Some(stopped) = family.stopped(now) {
        let name = &family.name.family;
        let _ = writeln!(out, "! {name}: {}", plain(&stopped.to_string(), LONGEST));
        if matches!(stopped, Stopped::FuseOpen(_)) {
            let _ = writeln!(out, "  mend it where it comes from, then: {again}");
        }
    }
}

/// One record with its entries, oldest first.
pub fn text(RecordOutput { record, stopped, backout, again, now }: &RecordOutput) -> String {
    let head = &record.head;
    let mut out = String::new();
    let _ = writeln!(out, "{}  {}", head.source, outcome(head));
    if let Some(corrected) = &head.corrected {
        let _ = writeln!(out, "corrected  {corrected}");
    }
    if let Some(restored) = &head.restored {
        let _ = writeln!(out, "restored   {restored}");
    }
    if let Some(actor) = &head.actor {
        let _ = writeln!(out, "caused by  {}", plain(actor, LONGEST));
    }
    if head.suppressed {
        let _ = writeln!(out, "suppressed until: {again}");
    }
    if let Some(backout) = backout {
        let _ = writeln!(out, "undo       {backout}");
    }
    if let Some(family) = stopped {
        stops(&mut out, family, *now);
    }
    let (mut steps, mut undo): (&[Step], &[Undo]) = (&[], &[]);
    for entry in &record.entries {
        match &entry.what {
            EntryKind::Opened(opening) => steps = &opening.steps,
            EntryKind::BackoutAsked(asked) => undo = &asked.steps,
            _ => {}
        }
        let _ = writeln!(
            out,
            "{:>4}  {:.3}  {}",
            entry.sequence,
            entry.at,
            plain(&said(&entry.what, steps, undo), LONGEST)
        );
    }
    out
}

fn said(what: &EntryKind, steps: &[Step], undo: &[Undo]) -> String {
    let step = |number: &usize| steps.get(*number).map_or_else(String::new, name);
    let back = |number: &usize| undo.get(*number).map_or_else(String::new, undo_name);
    match what {
        EntryKind::Opened(opening) => {
            let (steps, mode) = (opening.steps.len(), opening.mode.name());
            format!("opened: {steps} steps, mode {mode}, for {}", opening.rules.join(", "))
        }
        EntryKind::Started { step: number } => format!("started: {}", step(number)),
        EntryKind::Done { step: number, .. } => match what.registered() {
            Some(corrected) => format!("done: registered {}", corrected.short()),
            None => format!("done: {}", step(number)),
        },
        EntryKind::Failed { step: number, why, .. } => format!("failed: {}: {why}", step(number)),
        EntryKind::Withdrawing { corrected, .. } => format!("withdrawing {}", corrected.short()),
        EntryKind::Withdrawn { corrected } => format!("withdrawn {}", corrected.short()),
        EntryKind::Vanished { corrected } => format!("vanished {}", corrected.short()),
        EntryKind::Released { why } => format!("released: {why}"),
        EntryKind::Resumed { .. } => "resumed".into(),
        EntryKind::BackoutAsked(asked) => {
            let who = asked.requested_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
            let why = asked.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("to be taken back{who}{why}")
        }
        EntryKind::Undoing { step } => format!("undoing: {}", back(step)),
        EntryKind::Undone { step } => format!("undone: {}", back(step)),
        EntryKind::Kept(NotUndone { why, .. }) => format!("kept: {why}"),
        EntryKind::Restoring { .. } => "restoring the source".into(),
        EntryKind::Restored { restored, .. } => format!("restored as {}", restored.short()),
        EntryKind::Waiting { service, why } => format!("{} is to follow: {}", service.short(), why.name()),
        EntryKind::Pointing(pointing) => {
            format!("pointing {} from {} at {}", pointing.service.short(), pointing.from.short(), pointing.to.short())
        }
        EntryKind::Pointed { service, deployment } => format!("pointed {}: deployment {deployment}", service.short()),
        EntryKind::Yielding { service, to } => {
            format!("somebody's deployment came between: pointing {} at {}", service.short(), to.short())
        }
        EntryKind::Returning { service, why } => {
            format!("our deployment failed, pointing {} back: {why}", service.short())
        }
        EntryKind::PointedBack { service, deployment } => {
            format!("pointed {} back: deployment {deployment}", service.short())
        }
        EntryKind::Followed { service, ending } => format!("{}: {}", service.short(), ended(ending)),
        EntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "rolled out".into(),
        Ending::Failed { why } => format!("our deployment failed: {why}"),
        Ending::MovedOn => "somebody has deployed something else".into(),
        Ending::Returned => "somebody has returned it to the source".into(),
        Ending::Yielded { to } => format!("left with {}, which somebody had deployed", to.short()),
        Ending::NotDone { why, .. } => format!("not pointed: {why}"),
        Ending::Stuck { why } => format!("our deployment failed, and it could not be pointed back: {why}"),
        Ending::Overdue => "our deployment neither completed nor failed in its time".into(),
    }
}

fn undo_name(undo: &Undo) -> String {
    match undo {
        Undo::Deregister { corrected, .. } => format!("deregister {}", corrected.short()),
        Undo::PointBack { service, from, .. } => format!("point {} back at {}", service.short(), from.short()),
        Undo::RestoreRetention { name, old: None, .. } => format!("let {name} never expire again"),
        Undo::RestoreRetention { name, old: Some(days), .. } => format!("set retention of {name} back to {days} days"),
    }
}

fn name(step: &Step) -> String {
    match step {
        Step::EnsureLogGroup(group) => format!("make log group {}", group.name),
        Step::SetRetention { name, new, .. } => format!("set retention of {name} to {new} days"),
        Step::Register { edits } => {
            let containers: Vec<&str> = edits.iter().map(|edit| edit.container.as_str()).collect();
            format!("register with edits of {}", containers.join(", "))
        }
    }
}
