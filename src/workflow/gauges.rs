//! The counts of unfinished work.

use crate::domain::report::gauges::Gauges;
use crate::ports::{Answer, Clock, Filter, Journal, Ports};

/// Counts the unfinished records and the open fuses in the journal. This function only reads the journal, so Logweir
/// may call the function in any mode.
pub async fn gauges<P: Ports>(ports: &P) -> Answer<Gauges> {
    let (journal, now) = (ports.journal(), ports.clock().now());
    let heads = journal.list(&Filter { open: true, ..Filter::all(now) }, usize::MAX).await?;
    let families = journal.stopped().await?;
    Ok(Gauges::of(&heads, &families, now))
}
