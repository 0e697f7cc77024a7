//! The claim of a worker on the record of an account setting, and the writes of the worker that has claimed it.

use jiff::SignedDuration;

use crate::domain::outcome::Reason;
use crate::domain::record::{SettingEntryKind, SettingRecord};
use crate::ports::{Clock, ErrorKind, Journal, PortError, Ports};
use crate::workflow::lease::{Halt, halted};

/// A record on which this worker holds the lease.
pub(super) struct SettingClaim<'p, P> {
    ports: &'p P,
    worker: String,
    lease: SignedDuration,
    pub(super) record: SettingRecord,
}

impl<'p, P: Ports> SettingClaim<'p, P> {
    /// Claims a record by writing the entry `what`. Returns [`Halt::LeaseLost`] if another worker wrote to the record
    /// first.
    pub(super) async fn take(
        ports: &'p P,
        worker: &str,
        lease: SignedDuration,
        standing: &SettingRecord,
        what: SettingEntryKind,
    ) -> Result<Self, Halt> {
        let mut claim = Self { ports, worker: worker.to_owned(), lease, record: standing.clone() };
        claim.append(what).await?;
        Ok(claim)
    }

    /// Appends one entry durably, unless another worker has taken over the record. Also renews the lease.
    pub(super) async fn append(&mut self, what: SettingEntryKind) -> Result<(), Halt> {
        let next = self.record.with(self.ports.clock().now(), &self.worker, self.lease, what);
        self.ports.journal().put_state(&next).await?;
        self.record = next;
        Ok(())
    }

    /// Releases the lease after an error. If the release fails, the lease expires automatically. Returns [`Halt::Port`]
    /// if a retry can succeed, and otherwise [`Halt::Stuck`].
    pub(super) async fn give_up(&mut self, error: PortError) -> Halt {
        let why = error.to_string();
        let _ = self.append(SettingEntryKind::Released { why: why.clone() }).await;
        halted(why, error)
    }
}

/// Returns the error with which a worker waits until a read shows an earlier write.
pub(super) fn not_visible_yet(call: &'static str, message: &str) -> PortError {
    let (kind, reason) = (ErrorKind::Retry, Some(Reason::NotVisibleYet));
    PortError { kind, call, message: message.to_owned(), reason }
}
