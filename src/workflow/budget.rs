//! The budget for registering, which an event takes from before its record is opened. What people ask for by name does not
//! wait for it, nor does what was begun; withdrawing never does.

use jiff::Timestamp;

use super::claim::Halt;
use super::family::LOOKS;
use super::remediate::{Order, Origin};
use crate::domain::baseline::Subject;
use crate::domain::budget::{Asks, Budget, BudgetName, Slot, Wait};
use crate::domain::revision::RevisionArn;
use crate::ports::{Clock, CommitError, Described, Journal, Ports};

/// Why a corrected revision of this source cannot be registered now; none: it can.
pub(super) async fn wait<P: Ports>(ports: &P, order: &Order<'_>, source: &Described) -> Result<Option<Wait>, Halt> {
    let now = ports.clock().now();
    let asks = match order.origin {
        Origin::Event => Asks::ForTheFirstTime,
        Origin::Delayed { slot } => match Slot::at(slot, now) {
            Slot::Come => Asks::InTurn,
            Slot::ToCome => return Ok(Some(Wait::Until(slot))),
            Slot::Worthless => Asks::ForTheFirstTime,
        },
        Origin::Replay | Origin::Resume | Origin::Apply { .. } => return Ok(None),
    };
    let name = BudgetName::of(&source.arn);
    let tags: Vec<_> = source.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let rollout = order.baseline.rollout(&Subject {
        family: Some(&source.arn.family),
        account: Some(&name.account),
        region: Some(&name.region),
        tags: &tags,
        ..Subject::default()
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
    asks: Asks,
    rate: f64,
    now: Timestamp,
) -> Result<Option<Wait>, CommitError> {
    let (journal, name) = (ports.journal(), BudgetName::of(source));
    let budget = Budget::after(journal.budget(&name).await?, &name, worker, now);
    if let Some(budget) = budget.lets_through(asks, rate) {
        journal.put_budget(&budget).await?;
        return Ok(None);
    }
    if let Some(slot) = budget.slot_of(source) {
        return Ok(Some(Wait::Until(slot)));
    }
    let Some((budget, slot)) = budget.promises(source, rate) else { return Ok(Some(Wait::Full)) };
    journal.put_budget(&budget).await?;
    Ok(Some(Wait::Until(slot)))
}
