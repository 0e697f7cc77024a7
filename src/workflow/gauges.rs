//! The counts of unfinished work.

use super::order::Order;
use super::reporting::fresh;
use crate::domain::event::Cause;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::Decision;
use crate::domain::report::gauges::Gauges;
use crate::domain::text::{count, names};
use crate::ports::{Answer, Clock, Filter, Journal, Ports};

/// The counts of unfinished work, and the names of the records and families that this version of Logweir cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub gauges: Gauges,
    pub unreadable: Vec<String>,
}

/// Counts the unfinished records and the open fuses in the journal. This function only reads the journal, so Logweir
/// may call the function in any mode.
pub async fn gauges<P: Ports>(ports: &P) -> Answer<Counted> {
    let (journal, now) = (ports.journal(), ports.clock().now());
    let heads = journal.list(&Filter { open: true, ..Filter::all(now) }, usize::MAX).await?;
    let families = journal.stopped().await?;
    let gauges = Gauges::of(&heads.readable, &families.readable, now);
    Ok(Counted { gauges, unreadable: [heads.unreadable, families.unreadable].concat() })
}

/// Returns one decision about all records and families that this version of Logweir cannot read, or `None` if Logweir
/// can read all of them. Each scheduled run makes the same decision again, so Logweir sends no notification about the
/// decision. The metric of the decision triggers the alarm `OperatorNeeded`.
pub fn not_read<P: Ports>(ports: &P, order: &Order<'_>, unreadable: &[String]) -> Option<Decision> {
    if unreadable.is_empty() {
        return None;
    }
    let why = format!(
        "this version of Logweir cannot read and left out {} of the journal: {}; deploy the newest version of \
         Logweir that has used this journal, or restore the items (docs/operations.md)",
        count(unreadable.len() as u64, "item"),
        names(unreadable.iter().map(String::as_str))
    );
    let mut decision = fresh(order, &Cause::default(), ports.clock().now());
    decision.notify.repeats = Some(true);
    Some(decision.ends(Outcome::NeedsOperator.because(Reason::Unreadable).saying(why)))
}
