//! The registration rate limit, which limits how many revisions Logweir registers per second. Before Logweir opens a
//! record for an event, it takes a slot of this limit. Logweir needs no slot for a request of an operator, for a record
//! that it opened earlier, or for a withdrawal.

use jiff::Timestamp;

use crate::domain::baseline::Workload;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Trigger;
use crate::domain::limits::rate::{Arrival, RateLimit, RateLimitName, Slot, Wait};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::report::{Decision, FollowUp};
use crate::ports::{Clock, CommitError, Described, Journal, Ports};
use crate::workflow::family_state::LOOKS;
use crate::workflow::lease::Halt;
use crate::workflow::order::{Order, Origin};
use crate::workflow::reporting::unseen;

/// How the registration rate limit applies to a correction.
pub(in crate::workflow) enum SlotClaim {
    /// The correction needs no slot of the rate limit.
    Free,
    /// The correction needs a slot of the rate limit, and Logweir may request the slot now.
    Asks(Arrival),
    /// The rate limit reserved this time for the correction, and the time has not come yet.
    ToCome(Timestamp),
}

impl SlotClaim {
    pub(in crate::workflow) fn of(order: &Order<'_>, now: Timestamp) -> Self {
        match order.origin {
            Origin::Event => Self::Asks(Arrival::First),
            Origin::Delayed { slot } => match Slot::at(slot, now) {
                Slot::Come => Self::Asks(Arrival::InSlot),
                Slot::ToCome => Self::ToCome(slot),
                Slot::Worthless => Self::Asks(Arrival::First),
            },
            Origin::Replay | Origin::Resume | Origin::Apply { .. } => Self::Free,
        }
    }
}

/// Returns a decision if the event arrived before the time that the registration rate limit reserved for the event. An
/// event can arrive early, because SQS delays a message by at most 15 minutes. Returns `None` if Logweir has to handle
/// the event now. Makes no AWS call.
pub fn put_off<P: Ports>(ports: &P, order: &Order<'_>, trigger: &Trigger) -> Option<Decision> {
    let SlotClaim::ToCome(slot) = SlotClaim::of(order, ports.clock().now()) else { return None };
    let mut decision = unseen(ports, order, trigger);
    let conclusion = waits(&mut decision, Wait::Until(slot));
    Some(decision.ends(conclusion))
}

/// Takes a slot of the registration rate limit for one corrected revision of `source`. Returns how long the
/// registration has to wait if no slot is free now. Returns `None` if the registration may start now.
pub(in crate::workflow) async fn take<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &Described,
    asks: Arrival,
) -> Result<Option<Wait>, Halt> {
    let now = ports.clock().now();
    let name = RateLimitName::of(&source.arn);
    let tags: Vec<_> = source.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let rollout = order.baseline.rollout(&Workload {
        family: Some(&source.arn.family),
        account: Some(&name.account),
        region: Some(&name.region),
        tags: &tags,
        ..Workload::default()
    });
    let ask = || ask(ports, &source.arn, &order.worker, asks, rollout.registers_per_second, now);
    for _ in 1..LOOKS {
        match ask().await {
            Err(CommitError::Lost) => {}
            answer => return Ok(answer?),
        }
    }
    Ok(ask().await?)
}

/// Takes a slot of the registration rate limit for the deregistration of a revision. ECS counts registrations and
/// deregistrations together (source: the ECS developer guide on request throttling). Returns `false` if no slot is free
/// now. Reserves no later slot.
pub(in crate::workflow) async fn admits<P: Ports>(
    ports: &P,
    revision: &RevisionArn,
    worker: &str,
    rate: f64,
) -> Result<bool, Halt> {
    admits_name(ports, &RateLimitName::of(revision), worker, rate).await
}

/// Takes a slot of the rate limit with this name. Returns `false` if no slot is free now. Reserves no later slot.
pub(in crate::workflow) async fn admits_name<P: Ports>(
    ports: &P,
    name: &RateLimitName,
    worker: &str,
    rate: f64,
) -> Result<bool, Halt> {
    let journal = ports.journal();
    for _ in 0..LOOKS {
        let standing = journal.read_state::<RateLimit>(name).await?;
        let budget = RateLimit::after(standing, name, worker, ports.clock().now());
        let Some(budget) = budget.admit(Arrival::First, rate) else { return Ok(false) };
        match journal.put_state(&budget).await {
            Err(CommitError::Lost) => {}
            put => return Ok(put.map(|()| true)?),
        }
    }
    Ok(false)
}

async fn ask<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    worker: &str,
    asks: Arrival,
    rate: f64,
    now: Timestamp,
) -> Result<Option<Wait>, CommitError> {
    let (journal, name) = (ports.journal(), RateLimitName::of(source));
    let budget = RateLimit::after(journal.read_state::<RateLimit>(&name).await?, &name, worker, now);
    if let Some(budget) = budget.admit(asks, rate) {
        journal.put_state(&budget).await?;
        return Ok(None);
    }
    if let Some(slot) = budget.slot_of(source) {
        return Ok(Some(Wait::Until(slot)));
    }
    let Some((budget, slot)) = budget.reserve(source, rate) else { return Ok(Some(Wait::Full)) };
    journal.put_state(&budget).await?;
    Ok(Some(Wait::Until(slot)))
}

/// Returns the conclusion of an event that has to wait for the registration rate limit. The caller sends the event to
/// the queue again, or lets the event fail so that AWS delivers the event again.
pub(in crate::workflow) fn waits(decision: &mut Decision, wait: Wait) -> Conclusion {
    decision.report.changes.clear();
    decision.next = FollowUp::Wait(wait);
    let why = match wait {
        Wait::Until(slot) => {
            format!("the registration rate limit is reached; the time reserved for this revision is {slot:.0}")
        }
        Wait::Full => "all slots of the registration rate limit in the next 24 hours are reserved".to_owned(),
    };
    Outcome::Skipped.because(Reason::RateLimited).saying(why)
}
