//! The claim of a worker on a record that the journal stores as a whole, and the writes of this worker to the record.

use jiff::SignedDuration;

use super::lease::{Halt, halted};
use crate::domain::record::{WholeEntryKind, WholeRecord};
use crate::ports::{Clock, Journal, PortError, Ports, StoredState};

/// A record on which this worker holds the lease.
pub(super) struct WholeClaim<'p, P, R> {
    ports: &'p P,
    worker: String,
    lease: SignedDuration,
    pub(super) record: R,
}

impl<'p, P: Ports, R: WholeRecord + StoredState> WholeClaim<'p, P, R> {
    /// Claims a record by writing the entry `what`. Returns [`Halt::LeaseLost`] if another worker wrote to the record
    /// first.
    pub(super) async fn take(
        ports: &'p P,
        worker: &str,
        lease: SignedDuration,
        standing: &R,
        what: R::Kind,
    ) -> Result<Self, Halt> {
        let mut claim = Self { ports, worker: worker.to_owned(), lease, record: standing.clone() };
        claim.append(what).await?;
        Ok(claim)
    }

    /// Appends one entry durably, unless another worker has taken over the record. Also renews the lease.
    pub(super) async fn append(&mut self, what: R::Kind) -> Result<(), Halt> {
        let next = self.record.with(self.ports.clock().now(), &self.worker, self.lease, what);
        self.ports.journal().put_state(&next).await?;
        self.record = next;
        Ok(())
    }

    /// Releases the lease after an error. If the release fails, the lease expires automatically. Returns [`Halt::Port`]
    /// if a retry can succeed, and otherwise [`Halt::Stuck`].
    pub(super) async fn give_up(&mut self, error: PortError) -> Halt {
        let why = error.to_string();
        let _ = self.append(R::Kind::released(why.clone())).await;
        halted(why, error)
    }
}
