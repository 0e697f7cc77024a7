//! The budget for registering, which an event takes from before its record is opened. What people ask for by name does not
//! wait for it, nor does what was begun; withdrawing never does.

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

/// How an order stands to the budget.
pub(in crate::workflow) enum SlotClaim {
    /// It needs nothing of it.
    Free,
    /// It has to ask, and may.
    Asks(Arrival),
    /// It was promised a slot, and comes before it.
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

/// The report on an event that comes before its turn, as a queue delays for a quarter of an hour at most. No call is made
/// for it. None: it is to be decided about.
pub fn put_off<P: Ports>(ports: &P, order: &Order<'_>, trigger: &Trigger) -> Option<Decision> {
    let SlotClaim::ToCome(slot) = SlotClaim::of(order, ports.clock().now()) else { return None };
    let mut decision = unseen(ports, order, trigger);
    let conclusion = waits(&mut decision, Wait::Until(slot));
    Some(decision.ends(conclusion))
}

/// Takes what one corrected revision of this source needs. Some: there is too little, and what is to be waited for.
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

/// The event is to come again: whoever has it knows how, or it fails as what a later try can help.
pub(in crate::workflow) fn waits(decision: &mut Decision, wait: Wait) -> Conclusion {
    decision.report.changes.clear();
    decision.next = FollowUp::Wait(wait);
    let why = match wait {
        Wait::Until(slot) => {
            format!("as many revisions were registered as the budget allows: its turn is at {slot:.0}")
        }
        Wait::Full => "the budget for registering is spent for a day ahead".to_owned(),
    };
    Outcome::Skipped.because(Reason::BudgetExhausted).saying(why)
}
