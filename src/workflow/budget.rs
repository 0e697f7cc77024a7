//! The budget for registering, which an event takes from before its record is opened. What people ask for by name does not
//! wait for it, nor does what was begun; withdrawing never does.

use jiff::Timestamp;

use super::claim::Halt;
use super::family::LOOKS;
use super::remediate::{Order, Origin};
use crate::domain::baseline::Subject;
use crate::domain::budget::{Budget, BudgetName, Slot, Wait};
use crate::domain::revision::RevisionArn;
use crate::ports::{Clock, CommitError, Described, Journal, Ports};

/// Why a corrected revision of this source cannot be registered now; none: it can.
pub(super) async fn wait<P: Ports>(ports: &P, order: &Order<'_>, source: &Described) -> Result<Option<Wait>, Halt> {
    let now = ports.clock().now();
    match order.origin {
        Origin::Event => {}
        Origin::Delayed { slot } => match Slot::at(slot, now) {
            Slot::Good => return Ok(None),
            Slot::ToCome => return Ok(Some(Wait::Until(slot))),
            Slot::Worthless => {}
        },
        Origin::Replay | Origin::Resume | Origin::Apply { .. } => return Ok(None),
    }
    let name = BudgetName::of(&source.arn);
    let tags: Vec<_> = source.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let rollout = order.baseline.rollout(&Subject {
        family: Some(&source.arn.family),
        account: Some(&name.account),
        region: Some(&name.region),
        tags: &tags,
        ..Subject::default()
    });
    let try_take = || take(ports, &source.arn, &order.worker, rollout.registers_per_second, now);
    for _ in 1..LOOKS {
        match try_take().await {
            Err(CommitError::Lost) => {}
            taken => return Ok(taken?),
        }
    }
    Ok(try_take().await?)
}

async fn take<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    worker: &str,
    rate: f64,
    now: Timestamp,
) -> Result<Option<Wait>, CommitError> {
    let name = BudgetName::of(source);
    let standing = ports.journal().budget(&name).await?;
    if let Some(slot) = standing.as_ref().and_then(|standing| standing.slot_of(source, now)) {
        return Ok(Some(Wait::Until(slot)));
    }
    let Some((budget, slot)) = Budget::take(standing, &name, worker, rate, now) else { return Ok(Some(Wait::Full)) };
    let waits = slot > now;
    let budget = if waits { budget.remembers(source, slot) } else { budget };
    ports.journal().put_budget(&budget).await?;
    Ok(waits.then_some(Wait::Until(slot)))
}
