//! The text output of `logweir records`: the records as a table, or one record in full.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{cluster_records, resource_records, setting_records};
use crate::domain::limits::family::{Family, Stopped};
use crate::domain::record::{
    ClusterRecord, Ending, EntryKind, Head, NotUndone, Record, RecordKind, ResourceRecord, SettingRecord, Step, Undo,
};
use crate::domain::text::count;
use crate::domain::text::plain::{plain, shortened};

/// The maximum length, in characters, of a text in the output that another principal may have written.
const LONGEST: usize = 512;

fn outcome(head: &Head) -> String {
    match head.kind {
        RecordKind::Correction => state(head),
        RecordKind::Migration => format!("migration: {}", state(head)),
    }
}

fn state(head: &Head) -> String {
    match head.ending() {
        _ if head.open && head.backing_out => "backing out".into(),
        _ if head.open => "open".into(),
        _ if !head.following.is_empty() => "rolling out".into(),
        Some(closing) => match closing.reason {
            Some(reason) => format!("{} ({})", closing.outcome.name(), reason.name()),
            None => closing.outcome.name().into(),
        },
        None => "open".into(),
    }
}

/// A family with a hold or an open fuse, and the command that corrects the family anyway.
pub struct StoppedFamily {
    pub family: Family,
    pub again: String,
    /// The command that ends the hold of the family.
    pub release: String,
}

/// The result of `logweir records`, which lists records and stopped families.
pub struct RecordsOutput {
    pub records: Vec<ListedRecord>,
    pub stopped: Vec<StoppedFamily>,
    /// The records of clusters.
    pub clusters: Vec<ClusterRecord>,
    /// The records of the settings and tags of clusters and services.
    pub resources: Vec<ResourceRecord>,
    /// The records of account settings.
    pub settings: Vec<SettingRecord>,
    /// The names of the records and families that this version of Logweir cannot read. Only the JSON output contains
    /// these names.
    pub unreadable: Vec<String>,
    pub now: Timestamp,
}

pub struct ListedRecord {
    pub head: Head,
    /// The command that backs out the correction of the record. `None` if there is nothing to undo. Always `None` with
    /// `--format text`, because the text does not show the command.
    pub backout: Option<String>,
}

/// The result of `logweir records RECORD`: the record, the stopped family of the record, and commands for the operator.
pub struct RecordOutput {
    pub record: Record,
    pub stopped: Option<StoppedFamily>,
    /// The command that backs out the correction of the record. `None` if there is nothing to undo.
    pub backout: Option<String>,
    /// The command that corrects the source revision again.
    pub again: String,
    pub now: Timestamp,
}

pub fn table(RecordsOutput { records, stopped, clusters, resources, settings, now, .. }: &RecordsOutput) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "RECORD",
        "OUTCOME",
        "CORRECTED",
        "WHEN",
        "ACCOUNT",
        "REGION",
        "CAUSED BY",
    ]);
    for ListedRecord { head, .. } in records {
        let corrected = head.corrected.as_ref().map_or_else(|| "-".into(), |corrected| corrected.short());
        let actor = head.actor.as_deref().map_or("-", |arn| arn.rsplit_once(":").map_or(arn, |(_, name)| name));
        let (when, actor) = (format!("{:.0}", head.at), plain(actor, LONGEST));
        let (account, region) = (head.source.account.clone(), head.source.region.clone());
        table.add_row([head.source.short(), outcome(head), corrected, when, account, region, actor]);
    }
    for record in clusters {
        table.add_row(cluster_records::row(record));
    }
    for record in resources {
        table.add_row(resource_records::row(record));
    }
    for record in settings {
        table.add_row(setting_records::row(record));
    }
    let mut out = String::new();
    if [records.len(), clusters.len(), resources.len(), settings.len()] != [0; 4] {
        let _ = writeln!(out, "{}", table.trim_fmt());
    }
    stopped.iter().for_each(|family| stops(&mut out, family, *now));
    out
}

/// Writes why Logweir does not correct a family.
fn stops(out: &mut String, StoppedFamily { family, again, release }: &StoppedFamily, now: Timestamp) {
    if let Some(stopped) = family.stopped(now) {
        let name = &family.name.family;
        let _ = writeln!(out, "! {name}: {}", shortened(&stopped.to_string(), LONGEST));
        if let Stopped::Held(hold) = &stopped {
            if let Some(by) = &hold.by {
                let _ = writeln!(out, "  requested by {}", plain(by, LONGEST));
            }
            let _ = writeln!(out, "  to end the hold, run: {release}");
        }
        match (stopped, family.deferred.newest()) {
            (Stopped::FuseOpen(_), _) => _ = writeln!(out, "  resolve the cause, then run: {again}"),
            (Stopped::Held(_), Some(deferred)) => {
                let source = deferred.source.short();
                let _ = writeln!(
                    out,
                    "  after the hold, Logweir corrects {source}, if it is still the newest of its family"
                );
                let left_out = family.deferred.left_out();
                if left_out > 0 {
                    let _ =
                        writeln!(out, "  Logweir had no room for {} about other services", count(left_out, "event"));
                }
            }
            (Stopped::Held(_), None) => {}
        }
    }
}

/// Returns the text of one record, with the oldest entry of the record first.
pub fn text(RecordOutput { record, stopped, backout, again, now }: &RecordOutput) -> String {
    let head = &record.head;
    let mut out = String::new();
    let _ = writeln!(out, "{}  {}", head.source, outcome(head));
    if let Some(corrected) = &head.corrected {
        let name = match head.kind {
            RecordKind::Correction => "corrected",
            RecordKind::Migration => "migrated",
        };
        let _ = writeln!(out, "{name:<10} {corrected}");
    }
    if let Some(restored) = &head.restored {
        let _ = writeln!(out, "restored   {restored}");
    }
    if let Some(actor) = &head.actor {
        let _ = writeln!(out, "caused by  {}", plain(actor, LONGEST));
    }
    let mut runs = record.entries.iter().filter_map(|entry| match &entry.what {
        EntryKind::Opened(opening) => opening.cause.run.as_deref(),
        _ => None,
    });
    if let Some(run) = runs.next_back() {
        let _ = writeln!(out, "run        {}", plain(run, LONGEST));
    }
    if head.suppressed && head.kind.is_correction() {
        let _ = writeln!(out, "a backout was requested; to correct the revision again, run: {again}");
    }
    if let Some(backout) = backout {
        let _ = writeln!(out, "undo       {backout}");
    }
    if let Some(family) = stopped {
        stops(&mut out, family, *now);
    }
    let (mut steps, mut undo): (&[Step], Vec<&Undo>) = (&[], Vec::new());
    for entry in &record.entries {
        match &entry.what {
            EntryKind::Opened(opening) => steps = &opening.steps,
            EntryKind::BackoutRequested(asked) => {
                if !asked.continues {
                    undo.clear();
                }
                undo.extend(&asked.steps);
            }
            _ => {}
        }
        let _ = writeln!(
            out,
            "{:>4}  {:.3}  {}",
            entry.sequence,
            entry.at,
            shortened(&said(&entry.what, steps, &undo), LONGEST)
        );
    }
    out
}

fn said(what: &EntryKind, steps: &[Step], undo: &[&Undo]) -> String {
    let step = |number: &usize| steps.get(*number).map_or_else(String::new, name);
    let back = |number: &usize| undo.get(*number).map_or_else(String::new, |undo| undo_name(undo));
    match what {
        EntryKind::Opened(opening) => {
            let (steps, mode) = (count(opening.steps.len() as u64, "step"), opening.mode.name());
            match opening.kind() {
                RecordKind::Correction => {
                    format!("opened: {steps} in mode {mode}, to correct {}", opening.rules.join(", "))
                }
                RecordKind::Migration => "opened: a migration".into(),
            }
        }
        EntryKind::Started { step: number, .. } => format!("started: {}", step(number)),
        EntryKind::Done { step: number, .. } => match what.registered() {
            Some(corrected) => format!("done: registered {}", corrected.short()),
            None => format!("done: {}", step(number)),
        },
        EntryKind::Failed { step: number, why, .. } => format!("failed: {}: {why}", step(number)),
        EntryKind::Withdrawing { corrected, .. } => format!("withdrawing {}", corrected.short()),
        EntryKind::Withdrawn { corrected } => format!("withdrawn {}", corrected.short()),
        EntryKind::Vanished { corrected } => format!("{} was deregistered by another principal", corrected.short()),
        EntryKind::Unclaimed { registered } => {
            format!(
                "a worker without the lease registered {}, so Logweir deregisters this revision",
                registered.short()
            )
        }
        EntryKind::Released { why, .. } => format!("paused: {why}"),
        EntryKind::Resumed { .. } => "resumed".into(),
        EntryKind::BackoutRequested(asked) if asked.continues => {
            format!("backout continued: {} more undo steps", asked.steps.len())
        }
        EntryKind::BackoutRequested(asked) => {
            let who = asked.requested_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
            let why = asked.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("backout requested{who}{why}")
        }
        EntryKind::Undoing { step, .. } => format!("undoing: {}", back(step)),
        EntryKind::Undone { step } => format!("undone: {}", back(step)),
        EntryKind::Kept(NotUndone { why, .. }) => format!("not undone: {why}"),
        EntryKind::Restoring { .. } => "restoring the source revision".into(),
        EntryKind::Restored { restored, .. } => format!("restored as {}", restored.short()),
        EntryKind::Waiting { service, why } => format!("{} waits: {}", service.short(), why.name()),
        EntryKind::UpdatingService(update) => {
            format!("updating {} from {} to {}", update.service.short(), update.from.short(), update.to.short())
        }
        EntryKind::ServiceUpdated { service, deployment, .. } => {
            format!("updated {}: deployment {deployment}", service.short())
        }
        EntryKind::DeploymentPaused { service } => format!("a hook paused the deployment of {}", service.short()),
        EntryKind::DeploymentContinued { service } => format!("the deployment of {} continued", service.short()),
        EntryKind::Yielding { service, to } => {
            format!("updating {} to {}, which another principal had just deployed", service.short(), to.short())
        }
        EntryKind::RollingBack { service, why } => {
            format!("rolling {} back, because its deployment failed: {why}", service.short())
        }
        EntryKind::ServiceRolledBack { service, deployment } => {
            format!("rolled {} back: deployment {deployment}", service.short())
        }
        EntryKind::RolloutEnded { service, ending } => format!("{}: {}", service.short(), ended(ending)),
        EntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
        EntryKind::SourceWithdrawn(withdrawn) => {
            let how = if withdrawn.deleted { "deleted" } else { "deregistered" };
            format!(
                "source {how} at {:.0}; the retirement of {} is due",
                withdrawn.withdrawn_at,
                withdrawn.corrected.short()
            )
        }
        EntryKind::RetirementDelayed { corrected, until, users, .. } if !users.is_empty() => {
            format!("{} is kept until {until:.0} at least, because of: {}", corrected.short(), users.join(", "))
        }
        EntryKind::RetirementDelayed { corrected, until, .. } => {
            format!("the next search for users of {} is at {until:.0}", corrected.short())
        }
        EntryKind::RetirementForbidden { corrected } => {
            format!("{} is kept, because the baseline sets retire = \"never\"", corrected.short())
        }
        EntryKind::Retiring { corrected } => format!("retiring {}", corrected.short()),
        EntryKind::Retired { corrected, users } if users.is_empty() => format!("retired {}", corrected.short()),
        EntryKind::Retired { corrected, users } => {
            format!(
                "retired {}, although these services and tasks began to use it at the same time: {}",
                corrected.short(),
                users.join(", ")
            )
        }
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "rolled out".into(),
        Ending::Failed { why } => format!("deployment of the corrected revision failed: {why}"),
        Ending::ServiceChanged => "changed by another principal".into(),
        Ending::RolledBack => "rolled back to the source revision by another principal".into(),
        Ending::Yielded { to } => format!("updated to {}, which another principal had just deployed", to.short()),
        Ending::NotDone { why, .. } => format!("not updated: {why}"),
        Ending::Stuck { why } => format!("deployment of the corrected revision failed, and so did the rollback: {why}"),
        Ending::Overdue => "deployment of the corrected revision neither completed nor failed in time".into(),
    }
}

fn undo_name(undo: &Undo) -> String {
    match undo {
        Undo::Deregister { corrected, .. } => format!("deregister {}", corrected.short()),
        Undo::RollBackService { service, from, .. } => format!("roll {} back to {}", service.short(), from.short()),
        Undo::RestoreRetention { name, old: None, .. } => format!("remove retention of {name}"),
        Undo::RestoreRetention { name, old: Some(days), .. } => format!("restore retention of {name} to {days} days"),
    }
}

fn name(step: &Step) -> String {
    match step {
        Step::EnsureLogGroup(group) => format!("create log group {}", group.name),
        Step::SetRetention { name, new, .. } => format!("set retention of {name} to {new} days"),
        Step::Register { edits } => {
            let containers: Vec<&str> = edits.iter().map(|edit| edit.container.as_str()).collect();
            format!("register a corrected revision (containers: {})", containers.join(", "))
        }
        Step::Migrate { digest } => format!("register the migrated revision (document {digest})"),
    }
}
