//! Ends the retirements that the baseline forbids since they became due.

use super::due::retire_setting;
use crate::domain::baseline::Retire;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::record::{EntryKind, Head};
use crate::domain::report::Decision;
use crate::ports::{Answer, Clock, Filter, Journal, Ports};
use crate::workflow::Order;
use crate::workflow::assess::described;
use crate::workflow::lease::{Halt, Worker, take};
use crate::workflow::reporting::fresh;
use crate::workflow::resume::finished;

/// Ends each retirement that is due, but that the present baseline forbids (`retire = "never"`). Returns a decision for
/// each of them. The remediator's schedule does this, because the backout function has no baseline. Reads nothing if
/// the baseline forbids no retirement.
pub async fn forbid_retirements<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    if order.finishes == Mode::Observe || !order.baseline.forbids_retirements() {
        return Ok(decisions);
    }
    let started = ports.clock().now();
    let filter = Filter { retiring: true, ..Filter::all(started) };
    for head in ports.journal().list(&filter, usize::MAX).await?.readable {
        let mut decision = fresh(order, &Cause::default(), started);
        decision.report.mode = order.finishes.into();
        decision.report.about(&head.source);
        let ended = forbidden(ports, order, &mut decision, &head).await;
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

async fn forbidden<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    head: &Head,
) -> Result<Option<Conclusion>, Halt> {
    let Some(record) = ports.journal().read(&head.source).await? else { return Ok(None) };
    let now = ports.clock().now();
    // A worker that has begun to deregister the corrected revision completes the retirement.
    let due = record.head.retirement.clone().filter(|due| !due.begun && !record.head.has_work());
    let Some(due) = due.filter(|_| !record.head.is_held(now)) else { return Ok(None) };
    let source = described(ports.task_definitions(), &head.source).await?;
    if retire_setting(order, &head.source, source.as_ref()) != Retire::Never {
        return Ok(None);
    }
    let (corrected, undo) = (due.cause.corrected, order.backout.command(&head.source));
    let name = corrected.short();
    decision.report.corrected = Some(corrected.to_string());
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    take(ports.journal(), ports.clock(), &worker, record, EntryKind::RetirementForbidden { corrected }).await?;
    let why =
        format!("{name} is kept, because the baseline sets retire = \"never\"; to deregister {name}, run: {undo}");
    decision.report.backout = Some(undo);
    Ok(Some(Outcome::Skipped.because(Reason::SourceWithdrawn).saying(why)))
}
