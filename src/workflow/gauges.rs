//! Counting what is unfinished.

use crate::domain::report::gauges::Gauges;
use crate::ports::{Answer, Clock, Filter, Journal, Ports};

/// What the journal says is open. Reads alone, so it is for every mode.
pub async fn gauges<P: Ports>(ports: &P) -> Answer<Gauges> {
    let (journal, now) = (ports.journal(), ports.clock().now());
    let heads = journal.list(&Filter { open: true, ..Filter::all(now) }, usize::MAX).await?;
    let families = journal.stopped().await?;
    Ok(Gauges::of(&heads, &families, now))
}
