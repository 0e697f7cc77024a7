//! The claim of a worker on a record, and the writes of the worker that has claimed a record.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{EntryKind, Head, Opening, Record, RecordKey, Rollout};
use crate::ports::{Answer, Clock, CommitError, ErrorKind, Expected, Journal, PortError, Ports};

/// The name of a worker, and the length of its leases.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) lease: SignedDuration,
}

/// The state of a record that a worker wants to claim.
#[derive(Debug)]
pub(super) enum ClaimState {
    /// The source revision has no record yet, so the worker may open a new record.
    New,
    /// The last attempt of the record has ended, and the worker may open the record again.
    Again(Record),
    /// Another worker left the record unfinished, and this worker may finish the record.
    GoOn(Record),
    /// Another worker left the backout of the record unfinished, and a worker may only continue that backout.
    BackingOut(Record),
    /// The worker cannot claim the record now, because another worker holds the lease on the record, or because Logweir
    /// is updating a service to the corrected revision.
    Held,
    /// The last attempt of the record has ended with this conclusion, and the worker may not open the record again.
    Finished(Box<Head>, Conclusion),
}

impl ClaimState {
    /// Returns the state of the record `standing` for a worker that wants to claim this record. If `again` is `true`,
    /// the worker may also open a completed or backed-out record again.
    pub(super) fn to(standing: Option<Record>, again: bool, now: Timestamp) -> Self {
        let Some(record) = standing else { return Self::New };
        let head = &record.head;
        match &head.closing {
            _ if head.open && head.lease_until > now => Self::Held,
            _ if head.open && head.backing_out => Self::BackingOut(record),
            // Logweir is updating a service to the corrected revision, so the worker must not open the record again.
            Some(_) if again && is_on_its_way(&record) => Self::Held,
            Some(closing) if !head.open => {
                if again || (may_end_otherwise(closing.outcome) && !head.suppressed) {
                    Self::Again(record)
                } else {
                    Self::Finished(Box::new(head.clone()), closing.clone())
                }
            }
            _ => Self::GoOn(record),
        }
    }
}

fn is_on_its_way(record: &Record) -> bool {
    let attempt = record.attempt().ok().flatten();
    attempt.is_some_and(|attempt| attempt.rollouts.iter().any(Rollout::is_in_flight))
}

/// Returns whether a second delivery of an event may open a record with this outcome again.
fn may_end_otherwise(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused | Outcome::Failed | Outcome::Partial | Outcome::Superseded)
}

/// A record on which this worker holds the lease, so that the worker may write entries to the record.
#[derive(Debug)]
pub(super) struct Claimed<'p, J, C> {
    journal: &'p J,
    clock: &'p C,
    lease: SignedDuration,
    pub(super) record: Record,
}

/// A [`Claimed`] record, with the journal and the clock of the ports `P`.
pub(super) type Claim<'p, P> = Claimed<'p, <P as Ports>::Journal, <P as Ports>::Clock>;

/// The reason why a worker stops writing to a record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    #[error("the lease on the record expired, or another worker holds it")]
    LeaseLost,
    #[error(transparent)]
    Port(#[from] PortError),
    /// An operator has to act before Logweir can continue. The text is the reason.
    #[error("{0}")]
    Stuck(String),
    /// ECS has to finish a rollback, or stop tasks, before Logweir can continue. The text is the reason.
    #[error("{0}")]
    Waiting(String),
    #[error("the record is inconsistent: {0}")]
    Illegal(#[from] crate::domain::record::Illegal),
}

impl From<CommitError> for Halt {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost => Self::LeaseLost,
            CommitError::Port(error) => Self::Port(error),
        }
    }
}

/// Opens a new record of a correction or a migration. Returns [`Halt::LeaseLost`] if another worker opened the record first.
pub(super) async fn open<'p, J: Journal, C: Clock>(
    journal: &'p J,
    clock: &'p C,
    worker: &Worker,
    opening: Opening,
) -> Result<Claimed<'p, J, C>, Halt> {
    let head = Head::new(&opening, clock.now());
    let record = Record { head, entries: Vec::new() };
    commit(journal, clock, worker, Expected::Nothing, record, EntryKind::Opened(Box::new(opening))).await
}

/// Claims a record by writing the entry `what`. Returns [`Halt::LeaseLost`] if another worker claimed the record first.
pub(super) async fn take<'p, J: Journal, C: Clock>(
    journal: &'p J,
    clock: &'p C,
    worker: &Worker,
    record: Record,
    what: EntryKind,
) -> Result<Claimed<'p, J, C>, Halt> {
    commit(journal, clock, worker, Expected::of(&record.head), record, what).await
}

async fn commit<'p, J: Journal, C: Clock>(
    journal: &'p J,
    clock: &'p C,
    worker: &Worker,
    expected: Expected,
    mut record: Record,
    what: EntryKind,
) -> Result<Claimed<'p, J, C>, Halt> {
    let now = clock.now();
    let head = &mut record.head;
    head.owner = worker.name.clone();
    head.lease_until = now.saturating_add(worker.lease).unwrap_or(now);
    let entry = head.write(now, what, &record.entries);
    journal.commit(&expected, head, &entry).await?;
    record.entries.push(entry);
    Ok(Claimed { journal, clock, lease: worker.lease, record })
}

impl<J: Journal, C: Clock> Claimed<'_, J, C> {
    pub(super) fn source(&self) -> &RevisionArn {
        &self.record.head.source
    }

    /// Appends one entry to the record durably, unless another worker has taken over the record. Also renews the lease,
    /// so that the worker's next action starts with a lease of full length.
    pub(super) async fn append(&mut self, mut what: EntryKind) -> Result<(), Halt> {
        loop {
            let now = self.clock.now();
            let mut head = self.record.head.clone();
            head.lease_until = now.saturating_add(self.lease).unwrap_or(now);
            let entry = head.write(now, what, &self.record.entries);
            match self.journal.commit(&Expected::of(&self.record.head), &head, &entry).await {
                Ok(()) => {
                    self.record.head = head;
                    self.record.entries.push(entry);
                    return Ok(());
                }
                Err(CommitError::Lost) => what = entry.what,
                Err(error) => return Err(error.into()),
            }
            if !self.has_caught_up(&what).await {
                return Err(Halt::LeaseLost);
            }
        }
    }

    /// Reads the record again. Returns `true` if this worker still holds the lease, because workers without the lease
    /// have only written that they registered or deregistered a revision (see [`note`]). Returns `false` if `what`
    /// records the registration of such a revision.
    async fn has_caught_up(&mut self, what: &EntryKind) -> bool {
        let Ok(Some(record)) = self.journal.read_record(&self.record.head.key()).await else { return false };
        let known = self.record.head.next;
        let holds_lease = record.head.owner == self.record.head.owner && record.head.next > known;
        let claims = what.registered().is_some_and(|registered| record.head.unclaimed.contains(registered));
        if holds_lease && !claims {
            self.record = record;
        }
        holds_lease && !claims
    }

    /// Releases the lease on the record. If the release fails, the lease expires automatically.
    pub(super) async fn release(&mut self, why: &str) {
        let _ = self.append(EntryKind::Released { why: why.to_owned(), refused: None }).await;
    }
}

/// The maximum number of times that a worker without the lease tries to append an entry.
const NOTES: usize = 10;

/// Appends an entry to a record without the lease on the record, as `worker`. Does not change which worker holds the
/// lease. Writes nothing if `is_needed` is `false` for the record.
pub(super) async fn note<P: Ports>(
    ports: &P,
    worker: &str,
    key: &RecordKey,
    what: EntryKind,
    is_needed: impl Fn(&Record) -> bool,
) -> Answer<()> {
    for _ in 0..NOTES {
        let Some(record) = ports.journal().read_record(key).await?.filter(&is_needed) else { return Ok(()) };
        let mut head = record.head.clone();
        let mut entry = head.write(ports.clock().now(), what.clone(), &record.entries);
        worker.clone_into(&mut entry.by);
        match ports.journal().commit(&Expected::of(&record.head), &head, &entry).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost) => {}
            Err(CommitError::Port(error)) => return Err(error),
        }
    }
    let message = format!("other workers write to the record of {} all the time", key.source.short());
    Err(PortError { kind: ErrorKind::Retry, call: "write the journal", message, reason: Some(Reason::Locked) })
}

/// Releases the lease on a record after RegisterTaskDefinition failed in the step, or the undo step, `step`. If ECS
/// certainly registered no revision, the entry says so, and the next worker need not search for a revision.
pub(super) async fn give_up_registration<J: Journal, C: Clock>(
    claimed: &mut Claimed<'_, J, C>,
    step: usize,
    error: PortError,
) -> Halt {
    let refused = error.is_refusal().then_some(step);
    let _ = claimed.append(EntryKind::Released { why: error.to_string(), refused }).await;
    halted(error.to_string(), error)
}

/// Releases the lease on a record after an error. Returns [`Halt::Port`] if a retry can succeed, and otherwise
/// [`Halt::Stuck`].
pub(super) async fn give_up<J: Journal, C: Clock>(
    claimed: &mut Claimed<'_, J, C>,
    error: PortError,
    about: &str,
) -> Halt {
    let why = if about.is_empty() { error.to_string() } else { format!("{about}: {error}") };
    claimed.release(&why).await;
    halted(why, error)
}

pub(super) fn halted(why: String, error: PortError) -> Halt {
    match error.kind {
        ErrorKind::Retry => Halt::Port(error),
        ErrorKind::Refused | ErrorKind::Missing => Halt::Stuck(why),
    }
}
