//! What the entries of a record say, and what follows from them.

use jiff::Timestamp;

use super::entry::{BackoutRequest, Entry, EntryKind, NotUndone, Opening};
use super::head::Record;
use super::rollout::{self, Rollout, RolloutPhase};
use super::step::{Done, Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};

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
    /// The services that were to follow.
    pub rollouts: Vec<Rollout<'r>>,
    /// What was asked for to be taken back, and how far that is.
    pub backout: Option<Backout<'r>>,
    pub closing: Option<&'r Conclusion>,
}

/// A backout: forward steps are not taken any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Backout<'r> {
    pub asked: &'r BackoutRequest,
    pub started: Vec<bool>,
    pub settled: Vec<Option<Settled<'r>>>,
    /// Whether the source's document may have been registered once more.
    pub restoring: bool,
    pub restored: Option<&'r RevisionArn>,
    /// Why the restored revision had to be withdrawn.
    pub not_restored: Option<Reason>,
    /// Services that are to be pointed at somebody's revision, which we had overtaken.
    pub yielding: Vec<(&'r ServiceArn, &'r RevisionArn)>,
}

/// How the undoing of one step ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'r> {
    Undone,
    Kept(&'r NotUndone),
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
    #[error("entry {0} is about a backout, and nobody asked for one")]
    NotAsked(u32),
    #[error("entry {0} is about taking step {1} back, and there is none")]
    NothingToUndo(u32, usize),
    #[error("entry {0} says that step {1} was undone, which was never begun")]
    UndoNotStarted(u32, usize),
    #[error("entry {0} takes a step, and a backout was asked for")]
    BackingOut(u32),
    #[error("entry {0} is about a service, and the source is not corrected yet")]
    NotCorrected(u32),
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
    /// Take this one back, or find that it was.
    Undo(usize, &'r Undo),
    /// All steps are done, or one failed, or ours was withdrawn, or all is undone that can be: say how it ended.
    Close,
    /// Nothing.
    Finished(&'r Conclusion),
}

impl EntryKind {
    /// Whether it says what is about to be done, or who does it, and nothing of what came of that.
    fn is_intent(&self) -> bool {
        matches!(
            self,
            Self::Resumed { .. }
                | Self::Started { .. }
                | Self::Withdrawing { .. }
                | Self::Undoing { .. }
                | Self::Restoring { .. }
                | Self::Pointing(_)
                | Self::Yielding { .. }
                | Self::Returning { .. }
        )
    }
}

impl Record {
    /// Folds the entries of the newest attempt. Every prefix of a legal history is legal.
    pub fn attempt(&self) -> Result<Option<Attempt<'_>>, Illegal> {
        let mut attempt: Option<Attempt<'_>> = None;
        for entry in &self.entries {
            if let EntryKind::Opened(opening) = &entry.what {
                let steps = opening.steps.len();
                attempt = Some(Attempt {
                    opening,
                    started: vec![false; steps],
                    done: vec![None; steps],
                    failed: None,
                    registered: Vec::new(),
                    withdrawals: Vec::new(),
                    vanished: Vec::new(),
                    rollouts: Vec::new(),
                    backout: None,
                    closing: None,
                });
                continue;
            }
            let now = attempt.as_mut().ok_or(Illegal::BeforeOpening(entry.sequence))?;
            now.add(entry)?;
        }
        Ok(attempt)
    }

    /// Whether the last try ended in the same as the one before it, with nothing done in between. One that did not say why
    /// it stopped stopped at the entries themselves, and so does whoever takes the record over.
    pub fn repeats(&self) -> bool {
        let mut said = self.entries.iter().rev().map(|entry| &entry.what).filter(|what| !what.is_intent());
        match (said.next(), said.next()) {
            (Some(EntryKind::Released { why }), Some(EntryKind::Released { why: before })) => why == before,
            (Some(EntryKind::Released { .. }), _) => false,
            (Some(EntryKind::Closed(_)), _) => self.fails_again(),
            _ => self.head.tries > 1,
        }
    }

    /// Whether the newest attempt failed as the one before it.
    fn fails_again(&self) -> bool {
        let fails = |closing: &Conclusion| matches!(closing.outcome, Outcome::Failed | Outcome::Refused);
        let mut attempts = self.entries.rsplit(|entry| matches!(entry.what, EntryKind::Opened(_))).map(|entries| {
            let ends = |what: &&EntryKind| matches!(what, EntryKind::Failed { .. } | EntryKind::Closed(_));
            entries.iter().map(|entry| &entry.what).filter(ends).collect::<Vec<_>>()
        });
        self.head.closing.as_ref().is_some_and(fails) && attempts.next() == attempts.next()
    }

    /// When the newest attempt made the log group, if it did.
    pub fn made_at(&self, group: &str) -> Option<Timestamp> {
        let mut steps: &[Step] = &[];
        let mut made = None;
        for entry in &self.entries {
            match &entry.what {
                EntryKind::Opened(opening) => (steps, made) = (&opening.steps, None),
                EntryKind::Done { step, done: Done::LogGroup { made: true } } => match steps.get(*step) {
                    Some(Step::EnsureLogGroup(new)) if new.name == group => made = Some(entry.at),
                    _ => {}
                },
                _ => {}
            }
        }
        made
    }
}

impl<'r> Attempt<'r> {
    fn add(&mut self, entry: &'r Entry) -> Result<(), Illegal> {
        let sequence = entry.sequence;
        let goes_on = entry.what.service().is_some()
            || matches!(entry.what, EntryKind::Released { .. } | EntryKind::Resumed { .. });
        if self.closing.is_some()
            && !goes_on
            && !matches!(entry.what, EntryKind::Closed(_) | EntryKind::BackoutAsked(_))
        {
            return Err(Illegal::AfterClosing(sequence));
        }
        if let Some(backout) = &mut self.backout {
            match &entry.what {
                EntryKind::Yielding { service, to } => {
                    backout.yielding.retain(|(other, _)| *other != service);
                    backout.yielding.push((service, to));
                    return Ok(());
                }
                EntryKind::PointedBack { .. } => return Ok(()),
                _ => {}
            }
        }
        match &entry.what {
            EntryKind::Opened(_) | EntryKind::Released { .. } | EntryKind::Resumed { .. } => {}
            EntryKind::Waiting { .. }
            | EntryKind::Pointing(_)
            | EntryKind::Pointed { .. }
            | EntryKind::Yielding { .. }
            | EntryKind::Returning { .. }
            | EntryKind::PointedBack { .. }
            | EntryKind::Followed { .. } => match (&self.backout, self.closing) {
                (None, Some(_)) if !self.may_point_back(&entry.what) => return Err(Illegal::NotAsked(sequence)),
                (None, Some(_)) => rollout::fold(&mut self.rollouts, entry.at, &entry.what),
                (Some(_), _) => return Err(Illegal::BackingOut(sequence)),
                (None, None) => return Err(Illegal::NotCorrected(sequence)),
            },
            EntryKind::Started { .. } | EntryKind::Done { .. } | EntryKind::Failed { .. } if self.backout.is_some() => {
                return Err(Illegal::BackingOut(sequence));
            }
            EntryKind::Started { step } => {
                let step = self.step(sequence, *step)?;
                self.started[step] = true;
            }
            EntryKind::Done { step, done } => {
                if !self.started[self.step(sequence, *step)?] {
                    return Err(Illegal::NotStarted(sequence, *step));
                }
                self.done[*step].get_or_insert(done);
                if let Done::Registered { corrected } = done
                    && !self.registered.contains(&corrected)
                {
                    self.registered.push(corrected);
                }
            }
            EntryKind::Failed { step, why, reason } => {
                let step = self.step(sequence, *step)?;
                self.failed.get_or_insert((step, why, *reason));
            }
            EntryKind::Withdrawing { corrected, why } => {
                if self.withdrawals.iter().all(|(other, ..)| *other != corrected) {
                    self.withdrawals.push((corrected, *why, false));
                }
            }
            EntryKind::Withdrawn { corrected } => {
                let of_it = self.withdrawals.iter_mut().find(|(other, ..)| *other == corrected);
                let (_, why, withdrawn) = of_it.ok_or(Illegal::NothingWithdrawn(sequence))?;
                *withdrawn = true;
                if let Some(backout) = &mut self.backout
                    && backout.restored == Some(corrected)
                {
                    (backout.restored, backout.not_restored) = (None, Some(*why));
                }
            }
            EntryKind::Vanished { corrected } if !self.vanished.contains(&corrected) => self.vanished.push(corrected),
            EntryKind::Vanished { .. } => {}
            EntryKind::BackoutAsked(asked) => self.ask(asked),
            EntryKind::Undoing { .. }
            | EntryKind::Undone { .. }
            | EntryKind::Kept(_)
            | EntryKind::Restoring { .. }
            | EntryKind::Restored { .. } => {
                self.backout.as_mut().ok_or(Illegal::NotAsked(sequence))?.add(sequence, &entry.what)?;
            }
            EntryKind::Closed(closing) => {
                self.closing.get_or_insert(closing);
            }
        }
        Ok(())
    }

    /// Without a backout only a service is pointed back whose deployment failed.
    fn may_point_back(&self, what: &EntryKind) -> bool {
        let EntryKind::PointedBack { service, .. } = what else { return true };
        self.rollout(service).is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Returning(_)))
    }

    fn step(&self, sequence: u32, step: usize) -> Result<usize, Illegal> {
        if step < self.started.len() { Ok(step) } else { Err(Illegal::NoSuchStep(sequence, step)) }
    }

    /// What was asked for before and could not be is asked for anew; a revision that was restored stays so.
    fn ask(&mut self, asked: &'r BackoutRequest) {
        let steps = asked.steps.len();
        let restored = self.backout.as_ref().and_then(|backout| backout.restored);
        let restoring = self.backout.as_ref().is_some_and(|backout| backout.restoring);
        self.backout = Some(Backout {
            asked,
            started: vec![false; steps],
            settled: vec![None; steps],
            restoring,
            restored,
            not_restored: None,
            yielding: Vec::new(),
        });
        self.closing = None;
        self.withdrawals.clear();
    }

    /// The newest word on this service.
    pub fn rollout(&self, service: &ServiceArn) -> Option<Rollout<'r>> {
        self.rollouts.iter().find(|rollout| rollout.service == service).cloned()
    }

    /// The revision of ours that stands: of several the lowest, as the others are taken back.
    pub fn corrected(&self) -> Option<&'r RevisionArn> {
        let stands = |revision: &&&RevisionArn| {
            !self.vanished.contains(revision) && self.withdrawals.iter().all(|(other, ..)| other != *revision)
        };
        self.registered.iter().filter(stands).min_by_key(|revision| revision.revision).copied()
    }
}

impl<'r> Backout<'r> {
    fn add(&mut self, sequence: u32, what: &'r EntryKind) -> Result<(), Illegal> {
        let steps = self.started.len();
        let known = |step: usize| if step < steps { Ok(step) } else { Err(Illegal::NothingToUndo(sequence, step)) };
        match what {
            EntryKind::Undoing { step } => self.started[known(*step)?] = true,
            EntryKind::Undone { step } => {
                if !self.started[known(*step)?] {
                    return Err(Illegal::UndoNotStarted(sequence, *step));
                }
                self.settled[*step].get_or_insert(Settled::Undone);
            }
            EntryKind::Kept(kept) => {
                self.settled[known(kept.step)?].get_or_insert(Settled::Kept(kept));
            }
            EntryKind::Restoring { step } => {
                known(*step)?;
                self.restoring = true;
            }
            EntryKind::Restored { step, restored } => {
                known(*step)?;
                self.restored.get_or_insert(restored);
                self.not_restored = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// What stays although it should have been taken back.
    pub fn kept(&self) -> impl Iterator<Item = &'r NotUndone> {
        self.settled.iter().filter_map(|settled| match settled {
            Some(Settled::Kept(kept)) => Some(*kept),
            _ => None,
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
    if let Some(backout) = &attempt.backout {
        return match backout.settled.iter().position(Option::is_none) {
            Some(step) => Next::Undo(step, &backout.asked.steps[step]),
            None => Next::Close,
        };
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
