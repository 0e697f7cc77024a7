//! The claim of a worker on the record of a resource, and the writes of the worker that has claimed it.

use jiff::SignedDuration;

use crate::domain::ecs::resource::ResourceArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{ResourceEntryKind, ResourceRecord};
use crate::ports::{Clock, ErrorKind, Journal, PortError, Ports};
use crate::workflow::lease::{Halt, halted};

/// A record on which this worker holds the lease.
pub(super) struct ResourceClaim<'p, P> {
    ports: &'p P,
    worker: String,
    lease: SignedDuration,
    pub(super) record: ResourceRecord,
}

impl<'p, P: Ports> ResourceClaim<'p, P> {
    /// Claims a record by writing the entry `what`. Returns [`Halt::LeaseLost`] if another worker wrote to the record
    /// first.
    pub(super) async fn take(
        ports: &'p P,
        worker: &str,
        lease: SignedDuration,
        standing: &ResourceRecord,
        what: ResourceEntryKind,
    ) -> Result<Self, Halt> {
        let mut claim = Self { ports, worker: worker.to_owned(), lease, record: standing.clone() };
        claim.append(what).await?;
        Ok(claim)
    }

    /// Appends one entry durably, unless another worker has taken over the record. Also renews the lease.
    pub(super) async fn append(&mut self, what: ResourceEntryKind) -> Result<(), Halt> {
        let next = self.record.with(self.ports.clock().now(), &self.worker, self.lease, what);
        self.ports.journal().put_state(&next).await?;
        self.record = next;
        Ok(())
    }

    /// Releases the lease after an error. If the release fails, the lease expires automatically. Returns [`Halt::Port`]
    /// if a retry can succeed, and otherwise [`Halt::Stuck`].
    pub(super) async fn give_up(&mut self, error: PortError) -> Halt {
        let why = error.to_string();
        let _ = self.append(ResourceEntryKind::Released { why: why.clone() }).await;
        halted(why, error)
    }
}

/// Returns the error with which a worker waits until a read shows an earlier write.
pub(super) fn not_visible_yet(call: &'static str, message: String) -> PortError {
    PortError { kind: ErrorKind::Retry, call, message, reason: Some(Reason::NotVisibleYet) }
}

/// Returns the reason for a resource that another principal has changed.
pub(super) fn changed(resource: &ResourceArn) -> Reason {
    match resource {
        ResourceArn::Cluster(_) => Reason::ClusterChanged,
        ResourceArn::Service(_) => Reason::ServiceChanged,
    }
}

/// Returns the reason for a resource that does not exist.
pub(super) fn inactive(resource: &ResourceArn) -> Reason {
    match resource {
        ResourceArn::Cluster(_) => Reason::ClusterInactive,
        ResourceArn::Service(_) => Reason::ServiceInactive,
    }
}
