//! Stores in the journal which EventBridge rules and schedules pin a corrected revision, and finds the pins of a
//! revision.

use std::collections::BTreeSet;

use super::family_state::LOOKS;
use super::lease::Halt;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::pins::{HolderName, PinChange, PinHolder, RevisionPins, TargetChange};
use crate::ports::{Answer, Clock, CommitError, Journal, Ports};

/// Records the change of a rule or schedule. Stores only the pins of revisions that Logweir registered.
pub(super) async fn remember<P: Ports>(ports: &P, change: &PinChange) -> Result<(), Halt> {
    let mut corrected = BTreeSet::new();
    if let TargetChange::Set(targets) = &change.what {
        for revision in targets.values().flatten() {
            if ports.journal().record_of(revision).await?.is_some() {
                corrected.insert(revision.clone());
            }
        }
    }
    let holder = store(ports, change, &corrected).await?;
    // The state of the holder comes first, so that a worker that makes room in the list finds the pin.
    for revision in corrected.iter().filter(|revision| holder.pins(revision)) {
        list(ports, revision, change).await?;
    }
    Ok(())
}

/// Stores and returns the state of the rule or schedule after the change.
async fn store<P: Ports>(ports: &P, change: &PinChange, corrected: &BTreeSet<RevisionArn>) -> Result<PinHolder, Halt> {
    let now = ports.clock().now();
    for _ in 0..LOOKS {
        let standing = ports.journal().read_state::<PinHolder>(&change.holder).await?;
        let standing = standing.unwrap_or_else(|| PinHolder::new(change.holder.clone(), now));
        let after = standing.after(change, |revision| corrected.contains(revision), now);
        if after.says_the_same(&standing) {
            return Ok(standing);
        }
        match ports.journal().put_state(&after).await {
            Err(CommitError::Lost) => {}
            put => return Ok(put.map(|()| after)?),
        }
    }
    Err(Halt::LeaseLost)
}

/// Adds the rule or schedule to the list of those that have pinned the revision.
async fn list<P: Ports>(ports: &P, revision: &RevisionArn, change: &PinChange) -> Result<(), Halt> {
    let now = ports.clock().now();
    for _ in 0..LOOKS {
        let standing = ports.journal().read_state::<RevisionPins>(revision).await?;
        let mut standing = standing.unwrap_or_else(|| RevisionPins::new(revision.clone(), now));
        if standing.lacks_room_for(&change.holder) {
            standing.holders = pinning(ports, &standing).await?;
        }
        let Some(after) = standing.with(&change.holder, now) else { return Ok(()) };
        match ports.journal().put_state(&after).await {
            Err(CommitError::Lost) => {}
            put => return Ok(put?),
        }
    }
    Err(Halt::LeaseLost)
}

/// Returns the listed rules and schedules that still pin the revision.
async fn pinning<P: Ports>(ports: &P, pins: &RevisionPins) -> Answer<Vec<HolderName>> {
    let mut pinning = Vec::new();
    for holder in &pins.holders {
        let standing = ports.journal().read_state::<PinHolder>(holder).await?;
        if standing.is_some_and(|standing| standing.pins(&pins.revision)) {
            pinning.push(holder.clone());
        }
    }
    Ok(pinning)
}

/// Returns the names of the rules and schedules that pin a revision, as far as events have reported them.
pub(super) async fn pins_of<P: Ports>(ports: &P, revision: &RevisionArn) -> Answer<Vec<String>> {
    let Some(pins) = ports.journal().read_state::<RevisionPins>(revision).await? else { return Ok(Vec::new()) };
    let mut names: Vec<String> = pinning(ports, &pins).await?.iter().map(HolderName::spoken).collect();
    if pins.incomplete {
        names.push("more EventBridge rules and schedules than the journal lists".into());
    }
    Ok(names)
}
