//! The claim on a record, and writing to it as its owner.

use jiff::{SignedDuration, Timestamp};

use crate::domain::report::Outcome;
use crate::domain::revision::RevisionArn;
use crate::domain::saga::{Closing, Done, Entry, Head, Opening, Record, SCHEMA, What};
use crate::ports::{Clock, CommitError, Expected, Journal, PortError};

/// How long one act may take, retries included: a worker with less left of its lease does not begin one.
const LONGEST_ACT: SignedDuration = SignedDuration::from_secs(30);

/// Who works, and for how long nobody else may.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) lease: SignedDuration,
}

/// What trying to claim a source came to.
#[derive(Debug)]
pub(super) enum Claim<'p, J, C> {
    /// Ours, new or taken over.
    Won(Box<Claimed<'p, J, C>>),
    /// Somebody else is at it.
    Held,
    /// It is done already.
    Finished(Box<Head>, Closing),
    /// There is no record to go on with.
    Nothing,
}

/// A record that this worker owns.
#[derive(Debug)]
pub(super) struct Claimed<'p, J, C> {
    journal: &'p J,
    clock: &'p C,
    pub(super) record: Record,
}

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
    #[error("the record cannot be followed: {0}")]
    Illegal(#[from] crate::domain::saga::Illegal),
}

impl From<CommitError> for Halt {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost => Self::LeaseLost,
            CommitError::Port(error) => Self::Port(error),
        }
    }
}

/// Claims the source for `worker`: goes on with a record that somebody left; with an `opening`, also opens one, or opens
/// one again that ended with nothing corrected and may end otherwise now.
pub(super) async fn claim<'p, J: Journal, C: Clock>(
    journal: &'p J,
    clock: &'p C,
    worker: Worker,
    source: &RevisionArn,
    opening: Option<Opening>,
) -> Result<Claim<'p, J, C>, PortError> {
    let now = clock.now();
    let standing = journal.read(source).await?;
    let (expected, entries, what, mut head) = match (standing, opening) {
        (None, None) => return Ok(Claim::Nothing),
        (None, Some(opening)) => {
            let head = fresh(&opening, now);
            (Expected::Nothing, Vec::new(), What::Opened(Box::new(opening)), head)
        }
        (Some(Record { head, entries }), opening) => {
            let expected = Expected::of(&head);
            match (&head.closing, opening) {
                (Some(closing), opening) if !head.open => match opening {
                    Some(opening) if may_end_otherwise(closing.outcome) => {
                        (expected, entries, What::Opened(Box::new(opening)), head)
                    }
                    _ => return Ok(Claim::Finished(Box::new(head.clone()), closing.clone())),
                },
                _ if head.lease_until > now => return Ok(Claim::Held),
                _ => (expected, entries, What::Resumed, head),
            }
        }
    };
    head.owner = worker.name.clone();
    head.lease_until = now.saturating_add(worker.lease).unwrap_or(now);
    head.open = true;
    let entry = entry(&mut head, now, what);
    match journal.commit(&expected, &head, &entry).await {
        Ok(()) => {}
        Err(CommitError::Lost) => return Ok(Claim::Held),
        Err(CommitError::Port(error)) => return Err(error),
    }
    let mut record = Record { head, entries };
    record.entries.push(entry);
    Ok(Claim::Won(Box::new(Claimed { journal, clock, record })))
}

/// Whether a record that ended so is opened again by a redelivery.
fn may_end_otherwise(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused | Outcome::Failed | Outcome::Partial | Outcome::Superseded)
}

fn fresh(opening: &Opening, now: Timestamp) -> Head {
    Head {
        source: opening.source.clone(),
        next: 0,
        owner: String::new(),
        lease_until: now,
        open: true,
        opened_at: now,
        at: now,
        closing: None,
        corrected: None,
        actor: opening.cause.actor.clone(),
    }
}

/// The next entry of `head`, which counts it.
fn entry(head: &mut Head, at: Timestamp, what: What) -> Entry {
    let entry = Entry { schema: SCHEMA, sequence: head.next, at, by: head.owner.clone(), what };
    head.next += 1;
    head.at = at;
    entry
}

impl<J: Journal, C: Clock> Claimed<'_, J, C> {
    pub(super) fn source(&self) -> &RevisionArn {
        &self.record.head.source
    }

    /// Writes one entry, durably, if the record is still ours. Before an act, enough of the lease has to be left for it;
    /// what has happened is written as long as nobody else has taken over.
    pub(super) async fn append(&mut self, what: What) -> Result<(), Halt> {
        let now = self.clock.now();
        let before_an_act = matches!(what, What::Started { .. } | What::Withdrawing { .. });
        if before_an_act && self.record.head.lease_until.duration_since(now) < LONGEST_ACT {
            return Err(Halt::LeaseLost);
        }
        let mut head = self.record.head.clone();
        match &what {
            What::Done { done: Done::Registered { corrected }, .. } => {
                let lower = head.corrected.take().filter(|standing| standing.revision < corrected.revision);
                head.corrected = Some(lower.unwrap_or_else(|| corrected.clone()));
            }
            What::Withdrawn { corrected } | What::Vanished { corrected }
                if head.corrected.as_ref() == Some(corrected) =>
            {
                head.corrected = None;
            }
            What::Closed(closing) => {
                head.open = false;
                head.closing = Some(closing.clone());
            }
            What::Released { .. } => head.lease_until = now,
            _ => {}
        }
        let entry = entry(&mut head, now, what);
        self.journal.commit(&Expected::of(&self.record.head), &head, &entry).await?;
        self.record.head = head;
        self.record.entries.push(entry);
        Ok(())
    }

    /// Gives the lease back. If even that fails, the lease runs out by itself.
    pub(super) async fn release(&mut self, why: &str) {
        let _ = self.append(What::Released { why: why.to_owned() }).await;
    }
}
