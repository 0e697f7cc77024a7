//! The backout of the changes of a resource: Logweir removes the tags that it added, and restores the former setting of
//! Container Insights. What another principal has changed since stays.

use jiff::Timestamp;

use super::ResourceClaim;
use super::reasons::changed;
use super::steps::{TAG, UPDATE, closing};
use super::{end, report};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::resource::{ResourceArn, ResourceState};
use crate::domain::limits::family::{FamilyName, Hold};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{
    InsightsChange, ResourceEffects, ResourceEntryKind, ResourceNext, ResourceRecord, ResourceUndo, WholeRecord,
};
use crate::domain::report::ResourceReport;
use crate::ports::{Clock, ErrorKind, Journal, PortError, ResourcePorts, Resources};
use crate::workflow::backout::BackoutOrder;
use crate::workflow::family_state::change_named;
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;
use crate::workflow::request_text::bounded;

/// Undoes the changes in the record of a resource. This function returns no error, because the report contains every
/// error.
pub async fn back_out_resource<P: ResourcePorts>(
    ports: &P,
    order: &BackoutOrder<'_>,
    resource: &ResourceArn,
) -> ResourceReport {
    let mut report = ResourceReport::new(resource);
    let ended = match found(ports, order, resource).await {
        Ok(Ok(record)) => back_out(ports, order, &mut report, record).await,
        Ok(Err(refused)) => Ok(refused),
        Err(halt) => Err(halt),
    };
    end(report, ended)
}

/// Reports what [`back_out_resource`] would undo. Writes nothing.
pub async fn preview_resource<P: ResourcePorts>(
    ports: &P,
    order: &BackoutOrder<'_>,
    resource: &ResourceArn,
) -> ResourceReport {
    let mut report = ResourceReport::new(resource);
    let ended = found(ports, order, resource).await.map(|found| match found {
        Ok(record) => {
            let effects = record.effects();
            report::undone(&mut report, &effects);
            if effects.is_nothing() {
                report.notes.push(format!("there is nothing to undo in the record {}", record.short()));
            }
            Outcome::Observed.into()
        }
        Err(refused) => refused,
    });
    end(report, ended)
}

/// Returns the record. Returns the conclusion if the record is of another account or Region, or does not exist.
async fn found<P: ResourcePorts>(
    ports: &P,
    order: &BackoutOrder<'_>,
    resource: &ResourceArn,
) -> Result<Result<ResourceRecord, Conclusion>, Halt> {
    let refused = |reason, what: &str, named: &str, own: &str| {
        let why = format!("the record belongs to {what} {named}, but the current {what} is {own}");
        Ok(Err(Outcome::Refused.because(reason).saying(why)))
    };
    if resource.account() != order.home.account {
        return refused(Reason::ForeignAccount, "account", resource.account(), &order.home.account);
    }
    if resource.region() != order.home.region {
        return refused(Reason::ForeignRegion, "Region", resource.region(), &order.home.region);
    }
    let record = ports.journal().read_state::<ResourceRecord>(resource).await?;
    Ok(record.ok_or_else(|| {
        let why = format!("the journal has no record of settings and tags of {}", resource.short());
        Outcome::Failed.because(Reason::NoRecord).saying(why)
    }))
}

async fn back_out<P: ResourcePorts>(
    ports: &P,
    order: &BackoutOrder<'_>,
    report: &mut ResourceReport,
    record: ResourceRecord,
) -> Result<Conclusion, Halt> {
    if let Some(until) = order.ask.hold_until {
        let (reason, by) = (bounded(order.ask.reason.as_ref()), bounded(order.ask.requested_by.as_ref()));
        let name = FamilyName::of_cluster(&record.resource.cluster());
        change_named(ports, &name, |family| family.hold = Some(Hold { until, reason, by })).await?;
        report.notes.push(format!("{} is on hold until {until:.0}", name.family));
    }
    if record.is_held(ports.clock().now()) {
        let why = "another worker holds the lease on this record";
        return Ok(Outcome::Skipped.because(Reason::Locked).saying(why));
    }
    let effects = record.effects();
    if !record.is_open() && record.is_suppressed() && effects.is_nothing() {
        report.notes.push(format!("the record was backed out before, at {:.0}", record.at));
        return Ok(Outcome::BackedOut.because(Reason::Duplicate));
    }
    let (reason, requested_by) = (bounded(order.ask.reason.as_ref()), bounded(order.ask.requested_by.as_ref()));
    let asked = ResourceEntryKind::BackoutRequested { reason, requested_by };
    let mut claim = ResourceClaim::take(ports, &order.worker, order.lease, &record, asked).await?;
    report::undone(report, &effects);
    let driven = Undoer { ports, resource: &record.resource }.to_the_end(&mut claim).await;
    let why = report::tell(report, &claim.record, order.backout);
    Ok(Conclusion { why, ..driven? })
}

struct Undoer<'u, P> {
    ports: &'u P,
    resource: &'u ResourceArn,
}

impl<P: ResourcePorts> Undoer<'_, P> {
    async fn to_the_end(&self, claim: &mut ResourceClaim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let record = claim.record.clone();
            let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
            match attempt.next() {
                ResourceNext::Finished(closing) => return Ok(closing.clone()),
                ResourceNext::Close => claim.append(ResourceEntryKind::Closed(closing(&attempt))).await?,
                ResourceNext::Take(..) => return Err(Halt::LeaseLost),
                ResourceNext::Undo(what, started) => {
                    let undo = Undo { effects: &attempt.effects, started, changed_at: attempt.changed_at };
                    let entry = match self.undo(claim, what, &undo).await {
                        Ok(entry) => entry,
                        Err(Halt::Port(error)) if error.kind != ErrorKind::Retry => {
                            let (why, reason) = (error.to_string(), error.reason);
                            ResourceEntryKind::Kept { what, why, open: true, reason }
                        }
                        Err(Halt::Port(error)) => return Err(claim.give_up(error).await),
                        Err(halt) => return Err(halt),
                    };
                    claim.append(entry).await?;
                }
            }
        }
    }

    /// Undoes an effect, and returns the entry about the result.
    async fn undo(
        &self,
        claim: &mut ResourceClaim<'_, P>,
        what: ResourceUndo,
        undo: &Undo<'_>,
    ) -> Result<ResourceEntryKind, Halt> {
        let Some(found) = self.ports.resources().resource(self.resource).await? else {
            let why = format!("{} no longer exists", self.resource.short());
            return Ok(ResourceEntryKind::Kept { what, why, open: false, reason: None });
        };
        match (what, &undo.effects.insights) {
            (ResourceUndo::Tags, _) => self.untag(claim, undo, &found).await,
            (ResourceUndo::Insights, Some(change)) => self.restore(claim, undo, change, &found).await,
            (ResourceUndo::Insights, None) => Ok(ResourceEntryKind::Undone { what, kept: Vec::new() }),
        }
    }

    /// Removes the tags whose values are still Logweir's.
    async fn untag(
        &self,
        claim: &mut ResourceClaim<'_, P>,
        undo: &Undo<'_>,
        found: &ResourceState,
    ) -> Result<ResourceEntryKind, Halt> {
        let tags = &undo.effects.tags;
        let own = |found: &ResourceState| -> Vec<String> {
            tags.iter().filter(|(key, value)| found.tags.get(*key) == Some(value)).map(|(key, _)| key.clone()).collect()
        };
        let keys = own(found);
        let is_hidden = tags.keys().any(|key| !found.tags.contains_key(key));
        if is_hidden && self.may_be_stale(undo) {
            return Err(self.not_visible(TAG));
        }
        let is_others = |key: &&String| found.tags.contains_key(*key) && !keys.contains(*key);
        let kept: Vec<String> = tags.keys().filter(is_others).cloned().collect();
        let undone = ResourceEntryKind::Undone { what: ResourceUndo::Tags, kept };
        if keys.is_empty() {
            return Ok(undone);
        }
        claim.append(ResourceEntryKind::Undoing { what: ResourceUndo::Tags }).await?;
        // Nothing but this read comes right before the write.
        let again = self.ports.resources().resource(self.resource).await?;
        if again.is_none_or(|again| own(&again) != keys) {
            return Err(self.moved("UntagResource"));
        }
        self.ports.resources().untag(self.resource, &keys).await?;
        Ok(undone)
    }

    /// Restores the former value of the setting `containerInsights`.
    async fn restore(
        &self,
        claim: &mut ResourceClaim<'_, P>,
        undo: &Undo<'_>,
        change: &InsightsChange,
        found: &ResourceState,
    ) -> Result<ResourceEntryKind, Halt> {
        let (what, name) = (ResourceUndo::Insights, self.resource.short());
        let undone = || Ok(ResourceEntryKind::Undone { what, kept: Vec::new() });
        let (now, former) = (found.insights.as_deref(), change.former());
        if now != Some(change.after.name()) {
            let looks_like_before = now == change.before.as_deref() || now == Some(former);
            return match (looks_like_before, undo.started) {
                (true, _) if self.may_be_stale(undo) => Err(self.not_visible(UPDATE)),
                (true, true) => undone(),
                (true, false) => {
                    let why = format!("{name} has its former setting of Container Insights already");
                    Ok(ResourceEntryKind::Kept { what, why, open: false, reason: None })
                }
                (false, _) => {
                    let why =
                        format!("another principal has since changed Container Insights of {name}; Logweir keeps them");
                    let reason = Some(changed(self.resource));
                    Ok(ResourceEntryKind::Kept { what, why, open: false, reason })
                }
            };
        }
        if former == change.after.name() {
            return undone();
        }
        claim.append(ResourceEntryKind::Undoing { what }).await?;
        // Nothing but this read comes right before the write.
        let again = self.ports.resources().resource(self.resource).await?;
        if again.is_none_or(|again| again.insights != found.insights) {
            return Err(self.moved(UPDATE));
        }
        self.ports.resources().set_insights(&self.resource.cluster(), former).await?;
        undone()
    }

    /// Whether the change is so recent that ECS may not show it yet.
    fn may_be_stale(&self, undo: &Undo<'_>) -> bool {
        may_lag(undo.changed_at, self.ports.clock().now())
    }

    fn not_visible(&self, call: &'static str) -> Halt {
        let message = format!("ECS may not show the change of {} yet; try again in ten minutes", self.resource.short());
        Halt::Port(not_visible_to(call, message))
    }

    fn moved(&self, call: &'static str) -> Halt {
        let name = self.resource.short();
        let message = format!("another principal changed {name} while Logweir restored it; try again");
        Halt::Port(PortError { kind: ErrorKind::Retry, call, message, reason: Some(changed(self.resource)) })
    }
}

/// What a backout undoes, and what the record says about it.
struct Undo<'u> {
    effects: &'u ResourceEffects,
    /// Whether a worker has begun to undo the effect.
    started: bool,
    /// When a worker last changed the resource.
    changed_at: Timestamp,
}
