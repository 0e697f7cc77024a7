//! The record of one source revision: its entries in order, and what follows from them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::step::{Done, Step};
use crate::domain::event::Cause;
use crate::domain::report::{Outcome, Reason};
use crate::domain::revision::RevisionArn;

/// The form of entries that this version writes.
pub const SCHEMA: u32 = 1;

/// One line of the journal. Entries are appended and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub schema: u32,
    /// Counts from 0 within its record.
    pub sequence: u32,
    pub at: Timestamp,
    /// Which worker wrote it.
    pub by: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum What {
    /// The claim on the source, and all that is intended.
    Opened(Box<Opening>),
    /// Step number `step` is about to be taken. Without a `Done` it counts as possibly done.
    Started {
        step: usize,
    },
    Done {
        step: usize,
        #[serde(flatten)]
        done: Done,
    },
    /// The step was not taken, or not to its end, and will not be.
    Failed {
        step: usize,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The worker stops for now and gives its lease back: another try can help.
    Released {
        why: String,
    },
    /// Another worker goes on where the last one stopped.
    Resumed,
    /// Our own revision is about to be taken back.
    Withdrawing {
        corrected: RevisionArn,
        why: Reason,
    },
    Withdrawn {
        corrected: RevisionArn,
    },
    /// Our revision is not ACTIVE any more, and it was not us.
    Vanished {
        corrected: RevisionArn,
    },
    Closed(Closing),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub source: RevisionArn,
    pub mode: String,
    pub trigger: String,
    pub baseline_digest: String,
    pub rules: Vec<String>,
    pub cause: Cause,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The state of a record that every commit compares and swaps: who works on it, until when, and what comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub source: RevisionArn,
    /// The sequence of the next entry.
    pub next: u32,
    pub owner: String,
    pub lease_until: Timestamp,
    /// Whether work remains.
    pub open: bool,
    pub opened_at: Timestamp,
    pub at: Timestamp,
    /// The last outcome, a cache of what the entries say; `None` while the first attempt is under way.
    pub closing: Option<Closing>,
    pub corrected: Option<RevisionArn>,
    pub actor: Option<String>,
}

/// A record as it is read: its head and its entries, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub head: Head,
    pub entries: Vec<Entry>,
}

/// What the entries of the newest attempt say. Repeats say nothing new.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt<'r> {
    pub opening: &'r Opening,
    pub started: Vec<bool>,
    pub done: Vec<Option<&'r Done>>,
    pub failed: Option<(usize, &'r str, Option<Reason>)>,
    /// The revisions of ours that this attempt registered or found, in that order.
    pub registered: Vec<&'r RevisionArn>,
    /// Those of them that are being taken back, why, and whether they were.
    pub withdrawals: Vec<(&'r RevisionArn, Reason, bool)>,
    /// Those of them that somebody else took away.
    pub vanished: Vec<&'r RevisionArn>,
    pub closing: Option<&'r Closing>,
}

/// An entry that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("entry {0} comes before any opening")]
    BeforeOpening(u32),
    #[error("entry {0} is about step {1}, and there is none")]
    NoSuchStep(u32, usize),
    #[error("entry {0} says that step {1} is done, which was never started")]
    NotStarted(u32, usize),
    #[error("entry {0} follows a closing")]
    AfterClosing(u32),
    #[error("entry {0} says that a revision was withdrawn, and none was being")]
    NothingWithdrawn(u32),
}

/// What is to be done next about a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<'r> {
    /// Take this step.
    Take(usize, &'r Step),
    /// This step was started and may be done: find out, then take it or say that it is done.
    Resolve(usize, &'r Step),
    /// Take our revision back.
    Withdraw(&'r RevisionArn, Reason),
    /// All steps are done, or one failed, or ours was withdrawn: say how it ended.
    Close,
    /// Nothing.
    Finished(&'r Closing),
}

impl Record {
    /// Folds the entries of the newest attempt. Every prefix of a legal history is legal.
    pub fn attempt(&self) -> Result<Option<Attempt<'_>>, Illegal> {
        let mut attempt: Option<Attempt<'_>> = None;
        for entry in &self.entries {
            if let What::Opened(opening) = &entry.what {
                let steps = opening.steps.len();
                attempt = Some(Attempt {
                    opening,
                    started: vec![false; steps],
                    done: vec![None; steps],
                    failed: None,
                    registered: Vec::new(),
                    withdrawals: Vec::new(),
                    vanished: Vec::new(),
                    closing: None,
                });
                continue;
            }
            let now = attempt.as_mut().ok_or(Illegal::BeforeOpening(entry.sequence))?;
            now.add(entry)?;
        }
        Ok(attempt)
    }
}

impl<'r> Attempt<'r> {
    fn add(&mut self, entry: &'r Entry) -> Result<(), Illegal> {
        let sequence = entry.sequence;
        if self.closing.is_some() && !matches!(entry.what, What::Closed(_)) {
            return Err(Illegal::AfterClosing(sequence));
        }
        let steps = self.started.len();
        let known = |step: usize| {
            if step < steps { Ok(step) } else { Err(Illegal::NoSuchStep(sequence, step)) }
        };
        match &entry.what {
            What::Opened(_) | What::Released { .. } | What::Resumed => {}
            What::Started { step } => self.started[known(*step)?] = true,
            What::Done { step, done } => {
                if !self.started[known(*step)?] {
                    return Err(Illegal::NotStarted(sequence, *step));
                }
                self.done[*step].get_or_insert(done);
                if let Done::Registered { corrected } = done
                    && !self.registered.contains(&corrected)
                {
                    self.registered.push(corrected);
                }
            }
            What::Failed { step, why, reason } => {
                self.failed.get_or_insert((known(*step)?, why, *reason));
            }
            What::Withdrawing { corrected, why } => {
                if self.withdrawals.iter().all(|(other, ..)| *other != corrected) {
                    self.withdrawals.push((corrected, *why, false));
                }
            }
            What::Withdrawn { corrected } => {
                let of_it = self.withdrawals.iter_mut().find(|(other, ..)| *other == corrected);
                of_it.ok_or(Illegal::NothingWithdrawn(sequence))?.2 = true;
            }
            What::Vanished { corrected } => self.vanished.push(corrected),
            What::Closed(closing) => {
                self.closing.get_or_insert(closing);
            }
        }
        Ok(())
    }

    /// The revision of ours that stands: of several the lowest, as the others are taken back.
    pub fn corrected(&self) -> Option<&'r RevisionArn> {
        let stands = |revision: &&&RevisionArn| {
            !self.vanished.contains(revision) && self.withdrawals.iter().all(|(other, ..)| other != *revision)
        };
        self.registered.iter().filter(stands).min_by_key(|revision| revision.revision).copied()
    }

    /// Whether this attempt made the log group.
    pub fn made(&self, group: &str) -> bool {
        self.opening.steps.iter().zip(&self.done).any(|(step, done)| {
            matches!(step, Step::EnsureLogGroup(new) if new.name == group)
                && matches!(done, Some(Done::LogGroup { made: true }))
        })
    }
}

/// The one decision: from what the entries say to what comes next.
pub fn next<'r>(attempt: &Attempt<'r>) -> Next<'r> {
    if let Some(closing) = attempt.closing {
        return Next::Finished(closing);
    }
    if let Some((corrected, why, _)) = attempt.withdrawals.iter().find(|(_, _, withdrawn)| !withdrawn) {
        return Next::Withdraw(corrected, *why);
    }
    if !attempt.withdrawals.is_empty() || !attempt.vanished.is_empty() {
        return Next::Close;
    }
    if attempt.failed.is_some() {
        return Next::Close;
    }
    match attempt.done.iter().position(Option::is_none) {
        None => Next::Close,
        Some(step) if attempt.started[step] => Next::Resolve(step, &attempt.opening.steps[step]),
        Some(step) => Next::Take(step, &attempt.opening.steps[step]),
    }
}
