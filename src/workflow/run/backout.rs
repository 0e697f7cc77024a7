//! The backout of a run: backs out each record that the run opened, newest first.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::journal::moved;
use super::line::{left, of};
use super::watch::{RunEvent, RunWatch};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{Effects, Ending, Entry, EntryKind, Record, RolloutPhase};
use crate::domain::report::Decision;
use crate::domain::run::{Fate, Run, RunItem, RunLine, RunPlan, RunResult, RunState};
use crate::ports::{Answer, Clock, Journal, Ports, Timer};
use crate::workflow::backout::{BackoutOptions, BackoutOrder, back_out_correction};
use crate::workflow::registration_state::read;

/// The first and the longest pause between two tries.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);

/// The backout of one run.
pub struct RunBackout<'r, 'o, W> {
    pub order: &'r BackoutOrder<'o>,
    pub run: Run,
    pub plan: &'r RunPlan,
    pub watch: &'r W,
    /// How long the backout waits in total for locked records and for services that are being rolled back.
    pub patience: SignedDuration,
    /// Whether to report only what would be undone.
    pub is_preview: bool,
}

/// Backs out every record that the run opened, the newest record first. A backout of the same run again undoes only
/// what is left. Returns a line for each item that the run may have changed.
///
/// The record of the run says that an operator backs out the run before this function reads the records of the items.
/// A worker that still applies the run claims the record of an item before it reads the record of the run. Either the
/// worker therefore leaves the item alone, or the backout finds the worker's claim.
pub async fn back_out_run<P: Ports, W: RunWatch>(ports: &P, backout: &RunBackout<'_, '_, W>) -> Answer<RunResult>
where
    P::Clock: Timer,
{
    let mut run = backout.run.clone();
    if !backout.is_preview {
        run = moved(ports, run, RunState::BackingOut, &backout.order.worker).await?;
    }
    let (mut opened, mut lines) = (Vec::new(), Vec::new());
    for item in &backout.plan.items {
        match found(ports, backout.order, &backout.run, item).await {
            Ok(Found::Nothing) => {}
            Ok(Found::Opened(at, restores)) => opened.push((at, item.source.clone(), restores)),
            Ok(Found::Others(line)) => lines.push(line),
            // A record that Logweir cannot read keeps no other record from its backout.
            Err(error) => {
                let unread = Conclusion::new(Outcome::Failed, error.reason, Some(error.to_string()));
                lines.push(of(item.source.short(), &unread));
            }
        }
    }
    opened.sort_by(|one, other| other.cmp(one));
    let sources = opened.into_iter().map(|(_, source, restores)| (source, restores)).collect();
    undo(ports, backout, sources, &mut lines).await;
    let is_done = lines.iter().all(|line| matches!(line.fate, Fate::Done | Fate::Skipped));
    if is_done && !backout.is_preview {
        run = moved(ports, run, RunState::BackedOut, &backout.order.worker).await?;
    }
    Ok(RunResult { run: run.name.id, state: run.state, lines })
}

/// What the journal says about an item.
enum Found {
    Nothing,
    /// The run opened the record at this time. The flag says whether the backout restores the source as requested.
    Opened(Timestamp, bool),
    /// Another request opened the record.
    Others(RunLine),
}

async fn found<P: Ports>(ports: &P, order: &BackoutOrder<'_>, run: &Run, item: &RunItem) -> Answer<Found> {
    let Some(record) = ports.journal().read(&item.source).await? else { return Ok(Found::Nothing) };
    let attempt = match record.attempt() {
        Ok(attempt) => attempt,
        Err(illegal) => {
            let damaged = Outcome::Failed.because(Reason::Unreadable).saying(illegal.to_string());
            return Ok(Found::Others(of(item.source.short(), &damaged)));
        }
    };
    let cause = attempt.as_ref().map(|attempt| &attempt.opening.cause);
    if cause.is_some_and(|cause| cause.run.as_deref() == Some(run.name.id.as_str())) {
        return Ok(Found::Opened(record.head.opened_at, restores(ports, order, &record).await));
    }
    if is_opened_again(&record, run) {
        let name = item.source.short();
        let why = format!("another request has opened the record since; `logweir backout {name}` undoes both");
        return Ok(Found::Others(of(name, &Conclusion::from(Outcome::Refused).saying(why))));
    }
    let rollout = |service| attempt.as_ref().and_then(|attempt| attempt.rollout(service));
    let updates = |phase: &RolloutPhase<'_>| !matches!(phase, RolloutPhase::Ended(Ending::NotDone { .. }));
    let follows = |service| rollout(service).is_some_and(|rollout| updates(&rollout.state));
    if item.corrected.is_some() && !record.head.suppressed && item.services.iter().any(follows) {
        let name = item.source.short();
        let why = format!(
            "the run updated services to the corrected revision of an earlier correction; `logweir backout {name}` undoes \
             both"
        );
        return Ok(Found::Others(of(name, &Conclusion::from(Outcome::Refused).saying(why))));
    }
    Ok(Found::Nothing)
}

/// Whether the run opened the record, and another request opened it again, so that a backout undoes the effects of both.
fn is_opened_again(record: &Record, run: &Run) -> bool {
    let is_of_run = |entry: &Entry| match &entry.what {
        EntryKind::Opened(opening) => opening.cause.run.as_deref() == Some(run.name.id.as_str()),
        _ => false,
    };
    let Some(opened) = record.entries.iter().rposition(is_of_run) else { return false };
    let is_asked = |entry: &Entry| matches!(entry.what, EntryKind::BackoutRequested(_));
    let is_in_place = record.head.open || !Effects::of(record).is_nothing();
    is_in_place && !record.entries[opened..].iter().any(is_asked)
}

/// Whether the backout restores the source of the record. A request for a whole run is about the sources that are
/// deregistered: the caller does not say that each source is. The backout of a source that ECS shows as ACTIVE therefore
/// waits for no later read. If the read fails, the backout of the record reads the source again.
async fn restores<P: Ports>(ports: &P, order: &BackoutOrder<'_>, record: &Record) -> bool {
    if !order.ask.restore_source || record.is_restoring_source() {
        return order.ask.restore_source;
    }
    let found = read(ports, &record.head.source, Some(record.head.opened_at)).await;
    found.map_or(true, |found| !found.is_active())
}

async fn undo<P: Ports, W: RunWatch>(
    ports: &P,
    backout: &RunBackout<'_, '_, W>,
    mut sources: VecDeque<(RevisionArn, bool)>,
    lines: &mut Vec<RunLine>,
) where
    P::Clock: Timer,
{
    let (begun, mut pause) = (ports.clock().now(), SHORTEST);
    let ask = BackoutOptions { restore_source: false, ..backout.order.ask.clone() };
    let without = BackoutOrder { worker: backout.order.worker.clone(), ask, ..*backout.order };
    // The records that a later try may back out.
    let mut again = Vec::new();
    loop {
        while let Some((source, restores)) = sources.pop_front() {
            if backout.watch.is_stopped() {
                lines.push(left(source.short(), "the backout was interrupted"));
                continue;
            }
            backout.watch.sees(RunEvent::Begins { about: &source.short() });
            let order = if restores { backout.order } else { &without };
            let decision = back_out_correction(ports, order, &source, backout.is_preview).await;
            let mut line = line(&source, &decision);
            if backout.order.ask.restore_source && !restores && line.fate == Fate::Done {
                line.why.get_or_insert_with(|| still_active(&source));
            }
            if decision.is_retried() || line.fate == Fate::UnderWay {
                again.push((source, restores, line));
            } else {
                backout.watch.sees(RunEvent::Ends(&line));
                lines.push(line);
            }
        }
        let waited = ports.clock().now().duration_since(begun);
        let is_over = waited + SignedDuration::try_from(pause).unwrap_or_default() > backout.patience;
        if again.is_empty() || is_over || backout.watch.is_stopped() {
            break;
        }
        let (about, why) = (again[0].0.short(), again[0].2.why.clone());
        backout.watch.sees(RunEvent::Waits { about: &about, why: why.as_deref().unwrap_or("not finished yet") });
        ports.clock().wait(pause).await;
        pause = (pause * 2).min(LONGEST);
        sources = again.drain(..).map(|(source, restores, _)| (source, restores)).collect();
    }
    for (_, _, line) in again {
        backout.watch.sees(RunEvent::Ends(&line));
        lines.push(line);
    }
}

fn still_active(source: &RevisionArn) -> String {
    let name = source.short();
    format!("{name} is ACTIVE, so --restore-source restores nothing; if it was just deregistered, back out again")
}

fn line(source: &RevisionArn, decision: &Decision) -> RunLine {
    let conclusion = Conclusion::new(decision.outcome, decision.reason, decision.error.clone());
    let line = of(source.short(), &conclusion);
    let fate = match (decision.outcome, decision.reason) {
        (Outcome::Observed, _) => Fate::Done,
        (Outcome::Failed, Some(Reason::NoRecord)) => Fate::Skipped,
        _ => line.fate,
    };
    RunLine { fate, ..line }
}
