//! The state of the newest attempt in the record of a resource, and the next action of a worker, computed from the
//! entries alone.

use jiff::Timestamp;

use super::{ResourceEffects, ResourceEntryKind, ResourceOpening, ResourceRecord, ResourceStep, ResourceUndo};
use crate::domain::outcome::{Conclusion, Reason};

/// The newest attempt of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceAttempt<'r> {
    pub opening: &'r ResourceOpening,
    pub started: Vec<bool>,
    pub done: Vec<bool>,
    pub failed: Option<ResourceFailure<'r>>,
    /// The requested backout of the record. `None` if no backout was requested since the attempt began.
    pub backout: Option<ResourceBackout<'r>>,
    pub closing: Option<&'r Conclusion>,
    /// The changes in place.
    pub effects: ResourceEffects,
    /// When a worker last began or finished a step. Before the first step, this is the time when the attempt began.
    pub changed_at: Timestamp,
}

/// The step that failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceFailure<'r> {
    pub step: usize,
    pub why: &'r str,
    pub reason: Option<Reason>,
    pub is_possibly_done: bool,
}

/// A requested backout, with its progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceBackout<'r> {
    /// The effects that a worker began to undo.
    pub started: Vec<ResourceUndo>,
    pub undone: Vec<ResourceUndo>,
    /// The keys of the tags that stay, because their values are no longer Logweir's.
    pub kept_tags: Vec<&'r str>,
    /// Why the worker left an effect in place, and whether another request may still undo it.
    pub kept: Vec<KeptEffect<'r>>,
}

/// An effect that a backout left in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptEffect<'r> {
    pub what: ResourceUndo,
    pub why: &'r str,
    pub open: bool,
    pub reason: Option<Reason>,
}

/// The next action that a worker takes for a record.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceNext<'r> {
    /// Take this step. The flag says whether a worker has started the step, so that the step may be done already.
    Take(usize, &'r ResourceStep, bool),
    /// Undo this effect. The flag says whether a worker has started to undo it.
    Undo(ResourceUndo, bool),
    /// Record the conclusion.
    Close,
    /// The attempt or backout has ended with this conclusion, and no work remains.
    Finished(&'r Conclusion),
}

impl ResourceRecord {
    /// Computes the newest attempt from the entries. Returns `None` if the record has no attempt.
    pub fn attempt(&self) -> Option<ResourceAttempt<'_>> {
        let mut attempt: Option<ResourceAttempt<'_>> = None;
        for entry in &self.entries {
            match (&entry.what, &mut attempt) {
                (ResourceEntryKind::Opened(opening), _) => attempt = Some(ResourceAttempt::new(opening, entry.at)),
                (what, Some(attempt)) => attempt.add(what, entry.at),
                (_, None) => {}
            }
        }
        attempt
    }

    /// Returns the changes of all attempts that are in place.
    pub fn effects(&self) -> ResourceEffects {
        self.attempt().map(|attempt| attempt.effects).unwrap_or_default()
    }
}

impl<'r> ResourceAttempt<'r> {
    fn new(opening: &'r ResourceOpening, at: Timestamp) -> Self {
        let steps = opening.steps.len();
        Self {
            opening,
            started: vec![false; steps],
            done: vec![false; steps],
            failed: None,
            backout: None,
            closing: None,
            effects: opening.standing.clone(),
            changed_at: at,
        }
    }

    fn add(&mut self, what: &'r ResourceEntryKind, at: Timestamp) {
        match what {
            ResourceEntryKind::Opened(_) | ResourceEntryKind::Resumed | ResourceEntryKind::Released { .. } => {}
            ResourceEntryKind::Started { step } => {
                self.changed_at = at;
                if let (Some(started @ false), Some(what)) =
                    (self.started.get_mut(*step), self.opening.steps.get(*step))
                {
                    *started = true;
                    self.effects.add(what);
                }
            }
            ResourceEntryKind::Done { step } => {
                self.changed_at = at;
                self.done.get_mut(*step).into_iter().for_each(|done| *done = true);
            }
            ResourceEntryKind::Failed { step, why, reason, is_possibly_done } => {
                if !is_possibly_done {
                    self.started.get_mut(*step).into_iter().for_each(|started| *started = false);
                    self.effects = self.of_started_steps();
                }
                let failure =
                    ResourceFailure { step: *step, why, reason: *reason, is_possibly_done: *is_possibly_done };
                self.failed.get_or_insert(failure);
            }
            ResourceEntryKind::BackoutRequested { .. } => {
                self.closing = None;
                self.backout = Some(ResourceBackout::default());
            }
            ResourceEntryKind::Closed(closing) => self.closing = Some(closing),
            ResourceEntryKind::Undoing { .. } | ResourceEntryKind::Undone { .. } | ResourceEntryKind::Kept { .. } => {
                if let ResourceEntryKind::Undone { what, .. } | ResourceEntryKind::Kept { what, open: false, .. } = what
                {
                    self.effects.remove(*what);
                }
                self.backout.get_or_insert_default().add(what);
            }
        }
    }

    /// Returns the effects of the earlier attempts and of the steps that a worker has started.
    fn of_started_steps(&self) -> ResourceEffects {
        let mut effects = self.opening.standing.clone();
        let steps = self.opening.steps.iter().zip(&self.started);
        steps.filter(|(_, started)| **started).for_each(|(step, _)| effects.add(step));
        effects
    }

    /// Returns the next action for the record.
    pub fn next(&self) -> ResourceNext<'r> {
        if let Some(closing) = self.closing {
            return ResourceNext::Finished(closing);
        }
        if let Some(backout) = &self.backout {
            let is_left = |what: &ResourceUndo| self.effects.has(*what) && !backout.is_settled(*what);
            let next = ResourceUndo::ALL.into_iter().find(is_left);
            return next.map_or(ResourceNext::Close, |what| ResourceNext::Undo(what, backout.started.contains(&what)));
        }
        if self.failed.is_some() {
            return ResourceNext::Close;
        }
        match self.done.iter().position(|done| !done) {
            None => ResourceNext::Close,
            Some(step) => ResourceNext::Take(step, &self.opening.steps[step], self.started[step]),
        }
    }
}

impl<'r> ResourceBackout<'r> {
    fn add(&mut self, what: &'r ResourceEntryKind) {
        match what {
            ResourceEntryKind::Undoing { what } => self.started.push(*what),
            ResourceEntryKind::Undone { what, kept } => {
                self.undone.push(*what);
                self.kept_tags.extend(kept.iter().map(String::as_str));
            }
            ResourceEntryKind::Kept { what, why, open, reason } => {
                self.kept.push(KeptEffect { what: *what, why, open: *open, reason: *reason });
            }
            ResourceEntryKind::Opened(_)
            | ResourceEntryKind::Resumed
            | ResourceEntryKind::Started { .. }
            | ResourceEntryKind::Done { .. }
            | ResourceEntryKind::Failed { .. }
            | ResourceEntryKind::Released { .. }
            | ResourceEntryKind::BackoutRequested { .. }
            | ResourceEntryKind::Closed(_) => {}
        }
    }

    fn is_settled(&self, what: ResourceUndo) -> bool {
        self.undone.contains(&what) || self.kept.iter().any(|kept| kept.what == what)
    }
}
