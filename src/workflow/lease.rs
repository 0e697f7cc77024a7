//! The claim on a record, and writing to it as its owner.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Outcome};
use crate::domain::record::{EntryKind, Head, Opening, Record, Rollout};
use crate::ports::{Clock, CommitError, ErrorKind, Expected, Journal, PortError, Ports};

/// Who works, and for how long nobody else may.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) lease: SignedDuration,
}

/// What there is to claim.
#[derive(Debug)]
pub(super) enum ClaimState {
    /// No record: one may be opened.
    New,
    /// A record that ended, and may be opened again.
    Again(Record),
    /// Somebody left it unfinished.
    GoOn(Record),
    /// Somebody left it unfinished while taking it back, which goes on as such.
    BackingOut(Record),
    /// Somebody else is at it.
    Held,
    /// It is done already.
    Finished(Box<Head>, Conclusion),
}

impl ClaimState {
    /// What can be done about a source that has this record; `again` opens even what was done or taken back.
    pub(super) fn to(standing: Option<Record>, again: bool, now: Timestamp) -> Self {
        let Some(record) = standing else { return Self::New };
        let head = &record.head;
        match &head.closing {
            _ if head.open && head.lease_until > now => Self::Held,
            _ if head.open && head.backing_out => Self::BackingOut(record),
            // A service is on its way to the revision that stands.
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

/// Whether a record that ended so is opened again by a redelivery.
fn may_end_otherwise(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused | Outcome::Failed | Outcome::Partial | Outcome::Superseded)
}

/// A record that this worker owns.
#[derive(Debug)]
pub(super) struct Claimed<'p, J, C> {
    journal: &'p J,
    clock: &'p C,
    lease: SignedDuration,
    pub(super) record: Record,
}

/// A record whose lease this worker holds.
pub(super) type Claim<'p, P> = Claimed<'p, <P as Ports>::Journal, <P as Ports>::Clock>;

/// Why a worker stops writing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    #[error("the lease on the record ran out or was taken")]
    LeaseLost,
    #[error(transparent)]
    Port(#[from] PortError),
    /// Only a human can go on.
    #[error("{0}")]
    Stuck(String),
    /// ECS has something to finish first.
    #[error("{0}")]
    Waiting(String),
    #[error("the record cannot be followed: {0}")]
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

/// Opens a record. [`Halt::LeaseLost`]: somebody else was faster.
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

/// Takes a record over with `what` as the first entry. [`Halt::LeaseLost`]: somebody else was faster.
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

    /// Writes one entry, durably, if nobody else has taken the record over, and begins the lease anew: the act that
    /// follows has the whole of it.
    pub(super) async fn append(&mut self, what: EntryKind) -> Result<(), Halt> {
        let now = self.clock.now();
        let mut head = self.record.head.clone();
        head.lease_until = now.saturating_add(self.lease).unwrap_or(now);
        let entry = head.write(now, what, &self.record.entries);
        self.journal.commit(&Expected::of(&self.record.head), &head, &entry).await?;
        self.record.head = head;
        self.record.entries.push(entry);
        Ok(())
    }

    /// Gives the lease back. If even that fails, the lease runs out by itself.
    pub(super) async fn release(&mut self, why: &str) {
        let _ = self.append(EntryKind::Released { why: why.to_owned() }).await;
    }
}

/// Stops for now and gives the lease back. What will be refused again needs a human.
pub(super) async fn give_up<J: Journal, C: Clock>(
    claimed: &mut Claimed<'_, J, C>,
    error: PortError,
    about: &str,
) -> Halt {
    let why = if about.is_empty() { error.to_string() } else { format!("{about}: {error}") };
    claimed.release(&why).await;
    match error.kind {
        ErrorKind::Retry => Halt::Port(error),
        ErrorKind::Refused | ErrorKind::Missing => Halt::Stuck(why),
    }
}
