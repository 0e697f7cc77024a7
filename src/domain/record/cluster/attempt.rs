//! The state of the newest attempt in the record of a cluster, and the next action of a worker, computed from the
//! entries alone.

use jiff::Timestamp;

use super::{ClusterEntryKind, ClusterOpening, ClusterRecord, ClusterStep};
use crate::domain::ecs::cluster::ClusterConfiguration;
use crate::domain::outcome::{Conclusion, Reason};

/// The newest attempt of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterAttempt<'r> {
    pub opening: &'r ClusterOpening,
    pub started: Vec<bool>,
    /// For each step that is done, whether Logweir changed something.
    pub done: Vec<Option<bool>>,
    pub failed: Option<(usize, &'r str, Option<Reason>)>,
    /// The requested backout of the record. `None` if no backout was requested since the attempt began.
    pub backout: Option<ClusterBackout<'r>>,
    pub closing: Option<&'r Conclusion>,
}

/// A requested backout, with its progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterBackout<'r> {
    pub reason: Option<&'r str>,
    pub requested_by: Option<&'r str>,
    pub started: bool,
    pub undone: bool,
    /// Why the worker left the configuration as it is, whether another request may still undo it, and the reason.
    pub kept: Option<(&'r str, bool, Option<Reason>)>,
}

/// A change of a cluster's configuration that is in place as far as the record says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterEffect<'r> {
    pub before: &'r ClusterConfiguration,
    pub after: &'r ClusterConfiguration,
    /// Whether an entry says that ECS changed the cluster. `false` if the answer to the call was lost.
    pub is_certain: bool,
}

/// The next action that a worker takes for a record.
#[derive(Clone, Debug, PartialEq)]
pub enum ClusterNext<'r> {
    /// Take this step. The flag says whether a worker has started the step, so that the step may be done already.
    Take(usize, &'r ClusterStep, bool),
    /// Restore the former configuration. The flag says whether a worker has started to restore it.
    Undo(bool),
    /// Record the conclusion.
    Close,
    /// The attempt or backout has ended with this conclusion, and no work remains.
    Finished(&'r Conclusion),
}

impl ClusterRecord {
    /// Computes the newest attempt from the entries. Returns `None` if the record has no attempt.
    pub fn attempt(&self) -> Option<ClusterAttempt<'_>> {
        let mut attempt: Option<ClusterAttempt<'_>> = None;
        for entry in &self.entries {
            match (&entry.what, &mut attempt) {
                (ClusterEntryKind::Opened(opening), _) => attempt = Some(ClusterAttempt::new(opening)),
                (what, Some(attempt)) => attempt.add(what),
                (_, None) => {}
            }
        }
        attempt
    }

    /// Returns the newest change of the configuration that no backout has undone. Returns `None` if there is none.
    pub fn effect(&self) -> Option<ClusterEffect<'_>> {
        let mut effect = None;
        let mut steps: &[ClusterStep] = &[];
        for entry in &self.entries {
            match &entry.what {
                ClusterEntryKind::Opened(opening) => steps = &opening.steps,
                ClusterEntryKind::Started { step } if configures(steps, *step) => effect = of(steps, *step, false),
                ClusterEntryKind::Done { step, changed: true } if configures(steps, *step) => {
                    effect = of(steps, *step, true);
                }
                // Another principal's configuration is in place.
                ClusterEntryKind::Failed { reason: Some(Reason::ClusterChanged | Reason::ClusterInactive), .. }
                | ClusterEntryKind::Undone
                | ClusterEntryKind::Kept { open: false, .. } => effect = None,
                ClusterEntryKind::Resumed
                | ClusterEntryKind::Started { .. }
                | ClusterEntryKind::Done { .. }
                | ClusterEntryKind::Failed { .. }
                | ClusterEntryKind::Released { .. }
                | ClusterEntryKind::BackoutRequested { .. }
                | ClusterEntryKind::Undoing
                | ClusterEntryKind::Kept { open: true, .. }
                | ClusterEntryKind::Closed(_) => {}
            }
        }
        effect
    }

    /// Returns when a worker last began or finished a change of the configuration of the cluster.
    pub fn configured_at(&self) -> Option<Timestamp> {
        let mut steps: &[ClusterStep] = &[];
        let mut at = None;
        for entry in &self.entries {
            match &entry.what {
                ClusterEntryKind::Opened(opening) => steps = &opening.steps,
                ClusterEntryKind::Started { step } | ClusterEntryKind::Done { step, .. }
                    if configures(steps, *step) =>
                {
                    at = Some(entry.at);
                }
                ClusterEntryKind::Resumed
                | ClusterEntryKind::Started { .. }
                | ClusterEntryKind::Done { .. }
                | ClusterEntryKind::Failed { .. }
                | ClusterEntryKind::Released { .. }
                | ClusterEntryKind::BackoutRequested { .. }
                | ClusterEntryKind::Undoing
                | ClusterEntryKind::Undone
                | ClusterEntryKind::Kept { .. }
                | ClusterEntryKind::Closed(_) => {}
            }
        }
        at
    }
}

fn of(steps: &[ClusterStep], step: usize, is_certain: bool) -> Option<ClusterEffect<'_>> {
    let (before, after) = steps.get(step)?.change()?;
    Some(ClusterEffect { before, after, is_certain })
}

/// Whether step number `step` changes the cluster.
fn configures(steps: &[ClusterStep], step: usize) -> bool {
    of(steps, step, false).is_some()
}

impl<'r> ClusterAttempt<'r> {
    fn new(opening: &'r ClusterOpening) -> Self {
        let steps = opening.steps.len();
        let (started, done) = (vec![false; steps], vec![None; steps]);
        Self { opening, started, done, failed: None, backout: None, closing: None }
    }

    fn add(&mut self, what: &'r ClusterEntryKind) {
        match what {
            ClusterEntryKind::Opened(_) | ClusterEntryKind::Resumed | ClusterEntryKind::Released { .. } => {}
            ClusterEntryKind::Started { step } => {
                if let Some(started) = self.started.get_mut(*step) {
                    *started = true;
                }
            }
            ClusterEntryKind::Done { step, changed } => {
                if let Some(done) = self.done.get_mut(*step) {
                    done.get_or_insert(*changed);
                }
            }
            ClusterEntryKind::Failed { step, why, reason } => {
                self.failed.get_or_insert((*step, why, *reason));
            }
            ClusterEntryKind::BackoutRequested { reason, requested_by } => {
                let (reason, requested_by) = (reason.as_deref(), requested_by.as_deref());
                self.closing = None;
                self.backout = Some(ClusterBackout { reason, requested_by, ..ClusterBackout::default() });
            }
            ClusterEntryKind::Closed(closing) => self.closing = Some(closing),
            ClusterEntryKind::Undoing | ClusterEntryKind::Undone | ClusterEntryKind::Kept { .. } => {
                if let Some(backout) = &mut self.backout {
                    backout.add(what);
                }
            }
        }
    }

    /// Returns whether this attempt created the log group with this name.
    pub fn has_made(&self, name: &str) -> bool {
        let mut steps = self.opening.steps.iter().zip(&self.done);
        steps.any(|(step, done)| {
            matches!(step, ClusterStep::EnsureLogGroup(group) if group.name == name) && *done == Some(true)
        })
    }

    /// Returns the next action for the record.
    pub fn next(&self) -> ClusterNext<'r> {
        if let Some(closing) = self.closing {
            return ClusterNext::Finished(closing);
        }
        if let Some(backout) = &self.backout {
            let is_settled = backout.undone || backout.kept.is_some();
            return if is_settled { ClusterNext::Close } else { ClusterNext::Undo(backout.started) };
        }
        if self.failed.is_some() {
            return ClusterNext::Close;
        }
        match self.done.iter().position(Option::is_none) {
            None => ClusterNext::Close,
            Some(step) => ClusterNext::Take(step, &self.opening.steps[step], self.started[step]),
        }
    }
}

impl<'r> ClusterBackout<'r> {
    fn add(&mut self, what: &'r ClusterEntryKind) {
        match what {
            ClusterEntryKind::Undoing => self.started = true,
            ClusterEntryKind::Undone => self.undone = true,
            ClusterEntryKind::Kept { why, open, reason } => self.kept = Some((why, *open, *reason)),
            ClusterEntryKind::Opened(_)
            | ClusterEntryKind::Resumed
            | ClusterEntryKind::Started { .. }
            | ClusterEntryKind::Done { .. }
            | ClusterEntryKind::Failed { .. }
            | ClusterEntryKind::Released { .. }
            | ClusterEntryKind::BackoutRequested { .. }
            | ClusterEntryKind::Closed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::record::WholeRecord;
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::outcome::Outcome;

    fn record(entries: impl IntoIterator<Item = ClusterEntryKind>) -> ClusterRecord {
        let now = Timestamp::UNIX_EPOCH;
        let new = ClusterRecord::new("arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap(), now);
        let opened = ClusterEntryKind::Opened(Box::new(ClusterOpening::fixture()));
        let add = |record: ClusterRecord, what| record.with(now, "worker", SignedDuration::ZERO, what);
        [opened].into_iter().chain(entries).fold(new, add)
    }

    fn next(entries: impl IntoIterator<Item = ClusterEntryKind>) -> String {
        let record = record(entries);
        match record.attempt().unwrap().next() {
            ClusterNext::Take(step, _, started) => format!("take {step} {started}"),
            ClusterNext::Undo(started) => format!("undo {started}"),
            ClusterNext::Close => "close".into(),
            ClusterNext::Finished(closing) => closing.outcome.name().into(),
        }
    }

    #[test]
    fn the_entries_alone_determine_the_next_action() {
        use ClusterEntryKind::{BackoutRequested, Closed, Done, Failed, Kept, Started, Undoing, Undone};
        let asked = || BackoutRequested { reason: None, requested_by: None };
        assert_eq!(next([]), "take 0 false");
        assert_eq!(next([Started { step: 0 }]), "take 0 true");
        let group = || vec![Started { step: 0 }, Done { step: 0, changed: true }];
        assert_eq!(next(group()), "take 1 false");
        let failed = Failed { step: 1, why: "no".into(), reason: None };
        assert_eq!(next(group().into_iter().chain([failed])), "close");
        let all = || (0..3).flat_map(|step| [Started { step }, Done { step, changed: true }]);
        assert_eq!(next(all()), "close");
        let closed = || all().chain([Closed(Outcome::Remediated.into())]);
        assert_eq!(next(closed()), "remediated");
        assert_eq!(next(closed().chain([asked()])), "undo false");
        assert_eq!(next(closed().chain([asked(), Undoing])), "undo true");
        assert_eq!(next(closed().chain([asked(), Undoing, Undone])), "close");
        let kept = || Kept { why: "no".into(), open: true, reason: None };
        assert_eq!(next(closed().chain([asked(), kept()])), "close");
        assert_eq!(next(closed().chain([asked(), kept(), asked()])), "undo false");
    }

    #[test]
    fn an_effect_stands_until_it_is_undone_even_through_a_later_attempt() {
        use ClusterEntryKind::{BackoutRequested, Closed, Done, Failed, Opened, Started, Undone};
        let certain = |record: &ClusterRecord| record.effect().map(|effect| effect.is_certain);
        assert_eq!(certain(&record([Started { step: 1 }])), None);
        assert_eq!(certain(&record([Started { step: 2 }])), Some(false));
        let done = || vec![Started { step: 2 }, Done { step: 2, changed: true }, Closed(Outcome::Remediated.into())];
        assert_eq!(certain(&record(done())), Some(true));
        let again = [
            Opened(Box::new(ClusterOpening::fixture())),
            Failed { step: 0, why: "no".into(), reason: None },
            Closed(Outcome::Failed.into()),
        ];
        assert_eq!(certain(&record(done().into_iter().chain(again))), Some(true));
        let undone = [BackoutRequested { reason: None, requested_by: None }, Undone];
        assert_eq!(certain(&record(done().into_iter().chain(undone))), None);
    }
}
