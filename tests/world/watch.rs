//! Looks at every act that comes through the ports: was it written down before, and is it one that is never done?

use logweir::domain::revision::RevisionArn;
use logweir::domain::saga::{Record, Step, Undo, What};

use super::{Account, LOGWEIR};

impl Account {
    /// Registering: a record of the family has said that it is about to.
    pub(super) fn watch_register(&mut self, family: &str) {
        let says_so = |record: &Record| {
            record.head.source.family == family
                && (intends(record, |step| matches!(step, Step::Register { .. }))
                    || record.entries.iter().any(|entry| matches!(entry.what, What::Restoring { .. })))
        };
        self.must(says_so, format!("a revision of {family} was registered, and no record says so before"));
    }

    /// Deregistering: ours alone, and written down, unless no record knows it.
    pub(super) fn watch_deregister(&mut self, revision: &RevisionArn) {
        if self.revision(revision).is_some_and(|found| found.by != LOGWEIR) {
            self.wrongs.push(format!("{} is somebody else's, and was deregistered", revision.short()));
        }
        let is_known = |record: &Record| record.entries.iter().any(|entry| entry.what.registered() == Some(revision));
        if !self.records.values().any(is_known) {
            // One that a worker registered after it had lost the record.
            return;
        }
        let says_so = |record: &Record| {
            let withdraws = |what: &What| matches!(what, What::Withdrawing { corrected, .. } if corrected == revision);
            record.entries.iter().any(|entry| withdraws(&entry.what))
                || undoes(record, |undo| matches!(undo, Undo::Deregister { corrected, .. } if corrected == revision))
        };
        self.must(says_so, format!("{} was deregistered, and no record says so before", revision.short()));
        let is_withdrawn = |record: &Record| {
            let withdraws = |what: &What| matches!(what, What::Withdrawing { corrected, .. } if corrected == revision);
            record.entries.iter().any(|entry| withdraws(&entry.what))
        };
        if self.running.values().any(|runs| runs == revision) && !self.records.values().any(is_withdrawn) {
            self.wrongs.push(format!("{} was taken back, and something runs it", revision.short()));
        }
    }

    pub(super) fn watch_create(&mut self, group: &str) {
        let says_so =
            |record: &Record| intends(record, |step| matches!(step, Step::EnsureLogGroup(new) if new.name == group));
        self.must(says_so, format!("{group} was made, and no record says so before"));
    }

    /// Setting a retention: written down, never shorter, and never on the data of others unless they are adopted.
    pub(super) fn watch_retain(&mut self, group: &str, days: u32) {
        let says_so = |record: &Record| {
            intends(
                record,
                |step| matches!(step, Step::SetRetention { name, new, .. } if (name.as_str(), *new) == (group, days)),
            )
        };
        self.must(says_so, format!("{group} was given {days} days, and no record says so before"));
        let Some(found) = self.groups.get(group) else { return };
        if found.retention.is_some_and(|standing| days < standing) {
            self.wrongs.push(format!("the retention of {group} was shortened to {days}"));
        } else if found.retention.is_none() && found.streams > 0 && !found.ours && !self.adopted.contains(group) {
            self.wrongs.push(format!("{group} holds data of others, and was given a retention"));
        }
    }

    /// Taking a retention away: written down, and only the one that we gave.
    pub(super) fn watch_unretain(&mut self, group: &str) {
        let standing = self.groups.get(group).and_then(|found| found.retention);
        let says_so = |record: &Record| {
            undoes(record, |undo| {
                matches!(undo, Undo::RestoreRetention { name, new, .. }
                    if name == group && standing.is_none_or(|standing| standing == *new))
            })
        };
        self.must(
            says_so,
            format!("the retention of {group}, {standing:?}, was deleted, and no record says so before"),
        );
    }

    fn must(&mut self, says_so: impl Fn(&Record) -> bool, wrong: String) {
        if !self.records.values().any(says_so) {
            self.wrongs.push(wrong);
        }
    }
}

/// Whether the record says that such a step was started.
fn intends(record: &Record, is_it: impl Fn(&Step) -> bool) -> bool {
    let mut steps: &[Step] = &[];
    record.entries.iter().any(|entry| match &entry.what {
        What::Opened(opening) => {
            steps = &opening.steps;
            false
        }
        What::Started { step } => steps.get(*step).is_some_and(&is_it),
        _ => false,
    })
}

/// Whether the record says that such an undo was begun.
fn undoes(record: &Record, is_it: impl Fn(&Undo) -> bool) -> bool {
    let mut undo: &[Undo] = &[];
    record.entries.iter().any(|entry| match &entry.what {
        What::BackoutAsked(asked) => {
            undo = &asked.steps;
            false
        }
        What::Undoing { step } => undo.get(*step).is_some_and(&is_it),
        _ => false,
    })
}
