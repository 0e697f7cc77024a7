//! The release of deferred revisions. After the hold, Logweir sends the event of a deferred revision to the event queue
//! again. The usual checks, limits and retries then apply to the message.

use super::family_state;
use super::order::Order;
use super::resume::begin_elsewhere;
use crate::domain::limits::deferred::Deferred;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Mode;
use crate::ports::{Answer, Clock, CommitError, Journal, Ports};

/// The maximum number of families that one scheduled run releases.
const MOST: usize = 20;

/// Returns the deferred revisions whose hold has ended, each with the services of its next portion. Returns none in mode
/// `observe`, in which Logweir corrects no revision.
pub async fn due_releases<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<Vec<Deferred>> {
    let (journal, now) = (ports.journal(), ports.clock().now());
    if order.mode == Mode::Observe {
        return Ok(Vec::new());
    }
    let mut listed = journal.stopped().await?.readable;
    listed.retain(|family| !family.due(now).is_empty());
    begin_elsewhere(&mut listed, &order.worker);
    let mut due = Vec::new();
    for Family { name, .. } in listed.into_iter().take(MOST) {
        // The list may lag behind the state of the family.
        let family = journal.read_state::<Family>(&name).await?;
        due.extend(family.into_iter().flat_map(|family| family.due(now)));
    }
    Ok(due)
}

/// Records that the event queue contains the messages about a portion of a deferred revision. If a worker dies before it
/// records this, the next run sends the messages again. A second message about a revision changes nothing.
pub async fn record_release<P: Ports>(ports: &P, portion: &Deferred) -> Answer<()> {
    match family_state::released(ports, portion).await {
        // Another worker changed the family's state meanwhile, so the next run decides again.
        Ok(()) | Err(CommitError::Lost) => Ok(()),
        Err(CommitError::Port(error)) => Err(error),
    }
}
