//! The state of the newest attempt in the record of an account setting, and the next action of a worker, computed from
//! the entries alone.

use jiff::Timestamp;

use super::{SettingEntryKind, SettingOpening, SettingRecord};
use crate::domain::baseline::Delivery;
use crate::domain::outcome::{Conclusion, Reason};

/// The newest attempt of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingAttempt<'r> {
    pub opening: &'r SettingOpening,
    pub started: bool,
    pub done: bool,
    pub failed: Option<(&'r str, Option<Reason>)>,
    /// The requested backout of the record. `None` if no backout was requested since the attempt began.
    pub backout: Option<SettingBackout<'r>>,
    pub closing: Option<&'r Conclusion>,
}

/// The progress of a requested backout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingBackout<'r> {
    pub started: bool,
    pub undone: bool,
    /// Why the worker left the value as it is, whether another request may still undo it, and the reason.
    pub kept: Option<(&'r str, bool, Option<Reason>)>,
}

/// A change of the setting that is in place as far as the record says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingEffect {
    pub before: Option<Delivery>,
    pub after: Delivery,
    /// Whether an entry says that ECS shows the new value. `false` if the answer to the call was lost.
    pub is_certain: bool,
}

/// The next action that a worker takes for a record.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingNext<'r> {
    /// Set the value. The flag says whether a worker has started to set it, so that it may be set already.
    Take(bool),
    /// Set the former value. The flag says whether a worker has started to set it.
    Undo(bool),
    /// Record the conclusion.
    Close,
    /// The attempt or backout has ended with this conclusion, and no work remains.
    Finished(&'r Conclusion),
}

impl SettingRecord {
    /// Computes the newest attempt from the entries. Returns `None` if the record has no attempt.
    pub fn attempt(&self) -> Option<SettingAttempt<'_>> {
        let mut attempt: Option<SettingAttempt<'_>> = None;
        for entry in &self.entries {
            match (&entry.what, &mut attempt) {
                (SettingEntryKind::Opened(opening), _) => attempt = Some(SettingAttempt::new(opening)),
                (what, Some(attempt)) => attempt.add(what),
                (_, None) => {}
            }
        }
        attempt
    }

    /// Returns the newest change of the setting that no backout has undone. Returns `None` if there is none.
    pub fn effect(&self) -> Option<SettingEffect> {
        let (mut effect, mut opening) = (None, None);
        let of = |opening: Option<&SettingOpening>, is_certain| {
            opening.map(|it| SettingEffect { before: it.before, after: it.after, is_certain })
        };
        for entry in &self.entries {
            match &entry.what {
                SettingEntryKind::Opened(opened) => opening = Some(&**opened),
                SettingEntryKind::Started => effect = of(opening, false),
                SettingEntryKind::Done => effect = of(opening, true),
                // Another principal's value is in place.
                SettingEntryKind::Failed { reason: Some(Reason::SettingChanged), .. }
                | SettingEntryKind::Undone
                | SettingEntryKind::Kept { open: false, .. } => effect = None,
                SettingEntryKind::Resumed
                | SettingEntryKind::Failed { .. }
                | SettingEntryKind::Released { .. }
                | SettingEntryKind::BackoutRequested { .. }
                | SettingEntryKind::Undoing
                | SettingEntryKind::Kept { open: true, .. }
                | SettingEntryKind::Closed(_) => {}
            }
        }
        effect
    }

    /// Returns when a worker last began or finished to set the value.
    pub fn set_at(&self) -> Option<Timestamp> {
        let sets = |what: &SettingEntryKind| matches!(what, SettingEntryKind::Started | SettingEntryKind::Done);
        self.entries.iter().rev().find(|entry| sets(&entry.what)).map(|entry| entry.at)
    }
}

impl<'r> SettingAttempt<'r> {
    fn new(opening: &'r SettingOpening) -> Self {
        Self { opening, started: false, done: false, failed: None, backout: None, closing: None }
    }

    fn add(&mut self, what: &'r SettingEntryKind) {
        match what {
            SettingEntryKind::Opened(_) | SettingEntryKind::Resumed | SettingEntryKind::Released { .. } => {}
            SettingEntryKind::Started => self.started = true,
            SettingEntryKind::Done => self.done = true,
            SettingEntryKind::Failed { why, reason } => {
                self.failed.get_or_insert((why, *reason));
            }
            SettingEntryKind::BackoutRequested { .. } => {
                (self.closing, self.backout) = (None, Some(SettingBackout::default()));
            }
            SettingEntryKind::Closed(closing) => self.closing = Some(closing),
            SettingEntryKind::Undoing | SettingEntryKind::Undone | SettingEntryKind::Kept { .. } => {
                if let Some(backout) = &mut self.backout {
                    backout.add(what);
                }
            }
        }
    }

    /// Returns the next action for the record.
    pub fn next(&self) -> SettingNext<'r> {
        if let Some(closing) = self.closing {
            return SettingNext::Finished(closing);
        }
        match &self.backout {
            Some(backout) if backout.undone || backout.kept.is_some() => SettingNext::Close,
            Some(backout) => SettingNext::Undo(backout.started),
            None if self.done || self.failed.is_some() => SettingNext::Close,
            None => SettingNext::Take(self.started),
        }
    }
}

impl<'r> SettingBackout<'r> {
    fn add(&mut self, what: &'r SettingEntryKind) {
        match what {
            SettingEntryKind::Undoing => self.started = true,
            SettingEntryKind::Undone => self.undone = true,
            SettingEntryKind::Kept { why, open, reason } => self.kept = Some((why, *open, *reason)),
            SettingEntryKind::Opened(_)
            | SettingEntryKind::Resumed
            | SettingEntryKind::Started
            | SettingEntryKind::Done
            | SettingEntryKind::Failed { .. }
            | SettingEntryKind::Released { .. }
            | SettingEntryKind::BackoutRequested { .. }
            | SettingEntryKind::Closed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;
    use crate::domain::outcome::Outcome;

    fn next(entries: impl IntoIterator<Item = SettingEntryKind>) -> String {
        match record(entries).attempt().unwrap().next() {
            SettingNext::Take(started) => format!("take {started}"),
            SettingNext::Undo(started) => format!("undo {started}"),
            SettingNext::Close => "close".into(),
            SettingNext::Finished(closing) => closing.outcome.name().into(),
        }
    }

    #[test]
    fn the_entries_alone_determine_the_next_action() {
        use SettingEntryKind::{BackoutRequested, Closed, Done, Failed, Kept, Started, Undoing, Undone};
        let asked = || BackoutRequested { reason: None, requested_by: None };
        assert_eq!(next([]), "take false");
        assert_eq!(next([Started]), "take true");
        assert_eq!(next([Started, Done]), "close");
        assert_eq!(next([Started, Failed { why: "no".into(), reason: None }]), "close");
        let closed = || vec![Started, Done, Closed(Outcome::Remediated.into())];
        assert_eq!(next(closed()), "remediated");
        let and = |more: &[SettingEntryKind]| next(closed().into_iter().chain(more.iter().cloned()));
        assert_eq!(and(&[asked()]), "undo false");
        assert_eq!(and(&[asked(), Undoing]), "undo true");
        assert_eq!(and(&[asked(), Undoing, Undone]), "close");
        let kept = || Kept { why: "no".into(), open: true, reason: None };
        assert_eq!(and(&[asked(), kept()]), "close");
        assert_eq!(and(&[asked(), kept(), asked()]), "undo false");
    }

    #[test]
    fn an_effect_stands_until_it_is_undone() {
        use SettingEntryKind::{BackoutRequested, Done, Failed, Started, Undone};
        let certain = |entries: Vec<SettingEntryKind>| record(entries).effect().map(|effect| effect.is_certain);
        assert_eq!(certain(vec![]), None);
        assert_eq!(certain(vec![Started]), Some(false));
        assert_eq!(certain(vec![Started, Done]), Some(true));
        let moved = Failed { why: "no".into(), reason: Some(Reason::SettingChanged) };
        assert_eq!(certain(vec![Started, moved]), None);
        let asked = BackoutRequested { reason: None, requested_by: None };
        assert_eq!(certain(vec![Started, Done, asked.clone()]), Some(true));
        assert_eq!(certain(vec![Started, Done, asked, Undone]), None);
    }
}
