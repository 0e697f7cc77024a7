//! Looks at every act that comes through the ports: was it written down before, and is it one that is never done?

use std::collections::BTreeMap;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::record::{Done, Entry, EntryKind, Record, Step, Undo};

use super::{Account, LOGWEIR};

/// What a process was shown of services: it cannot help deciding upon that. No part of a picture of the account.
#[derive(Clone, Debug, Default)]
pub(super) struct Looked(BTreeMap<ServiceArn, Vec<RevisionArn>>);

impl PartialEq for Looked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Looked {
    pub(super) fn saw(&mut self, service: &ServiceArn, runs: &RevisionArn) {
        self.0.entry(service.clone()).or_default().push(runs.clone());
    }

    fn has_seen(&self, service: &ServiceArn, run: &RevisionArn) -> bool {
        self.0.get(service).is_some_and(|seen| seen.contains(run))
    }
}

impl Account {
    /// Registering: a record of the family has said that it is about to.
    pub(super) fn watch_register(&mut self, family: &str) {
        let says_so = |record: &Record| {
            record.head.source.family == family
                && (intends(record, |step| matches!(step, Step::Register { .. }))
                    || record.entries.iter().any(|entry| matches!(entry.what, EntryKind::Restoring { .. })))
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
            let withdraws =
                |what: &EntryKind| matches!(what, EntryKind::Withdrawing { corrected, .. } if corrected == revision);
            record.entries.iter().any(|entry| withdraws(&entry.what))
                || undoes(record, |undo| matches!(undo, Undo::Deregister { corrected, .. } if corrected == revision))
        };
        self.must(says_so, format!("{} was deregistered, and no record says so before", revision.short()));
        let is_withdrawn = |record: &Record| {
            let withdraws =
                |what: &EntryKind| matches!(what, EntryKind::Withdrawing { corrected, .. } if corrected == revision);
            record.entries.iter().any(|entry| withdraws(&entry.what))
        };
        // What drains ends by itself.
        let is_run = self.users_of(revision).iter().any(|user| !user.draining);
        if is_run && !self.records.values().any(is_withdrawn) {
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

    /// Pointing a service: written down, never one that has an API of its own, and never at what nobody had it run.
    pub(super) fn watch_point(&mut self, service: &ServiceArn, to: &RevisionArn) {
        let act = format!("service {} was pointed at {}", service.short(), to.short());
        self.must(|record| says_pointing(record, service, to), format!("{act}, and no record says so before"));
        let Some(live) = self.services.get(service) else { return };
        let wrong = match live.managed {
            true => Some(format!("{act}, and it is an Express service")),
            false => (!self.may_run(service, to)).then(|| format!("{act}, which nobody ever had it run")),
        };
        self.wrongs.extend(wrong);
    }

    /// Whether Logweir may have a service run a revision: one that somebody else had it run; ours of a source that it
    /// runs, or that was decided last, or that it was seen to run by the process that points it; or, where a record
    /// points it, that record's source or what stands for it.
    fn may_run(&self, service: &ServiceArn, to: &RevisionArn) -> bool {
        let live = &self.services[service];
        let is_run = |source: &RevisionArn| {
            live.revision == *source || live.asked.last() == Some(source) || self.looked.has_seen(service, source)
        };
        let corrects = |record: &Record| {
            let is_ours = |entry: &Entry| match &entry.what {
                EntryKind::Done { done: Done::Registered { corrected }, .. } => corrected == to,
                _ => false,
            };
            is_run(&record.head.source) && record.entries.iter().any(is_ours)
        };
        let goes_back = |record: &Record| {
            let points =
                |what: &EntryKind| matches!(what, EntryKind::Pointing(pointing) if pointing.service == *service);
            (record.head.source == *to || restores(record, to))
                && record.entries.iter().any(|entry| points(&entry.what))
        };
        live.asked.contains(to) || self.records.values().any(|record| corrects(record) || goes_back(record))
    }

    /// Rolling a deployment back: written down, and one of the revision that is to be taken back.
    pub(super) fn watch_stop(&mut self, deployment: &str) {
        let Some(progress) = self.service_deployments.get(deployment).cloned() else { return };
        let says_so = |record: &Record| {
            undoes(record, |undo| {
                matches!(undo, Undo::PointBack { service, to, .. }
                    if *service == progress.service && *to == progress.revision)
            })
        };
        let (service, revision) = (progress.service.short(), progress.revision.short());
        self.must(says_so, format!("{service}'s deployment of {revision} was stopped, and no record says so before"));
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
        EntryKind::Opened(opening) => {
            steps = &opening.steps;
            false
        }
        EntryKind::Started { step } => steps.get(*step).is_some_and(&is_it),
        _ => false,
    })
}

/// Whether the record says that such an undo was begun.
fn undoes(record: &Record, is_it: impl Fn(&Undo) -> bool) -> bool {
    let mut undo: &[Undo] = &[];
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::BackoutAsked(asked) => {
            undo = &asked.steps;
            false
        }
        EntryKind::Undoing { step } => undo.get(*step).is_some_and(&is_it),
        _ => false,
    })
}

/// Whether the record says that the service is about to be pointed there: at ours, at what we had overtaken, or back.
fn says_pointing(record: &Record, service: &ServiceArn, to: &RevisionArn) -> bool {
    let (mut from, mut undo): (Option<&RevisionArn>, &[Undo]) = (None, &[]);
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::Pointing(pointing) if pointing.service == *service => {
            from = Some(&pointing.from);
            pointing.to == *to
        }
        EntryKind::Yielding { service: other, to: theirs } => other == service && theirs == to,
        EntryKind::Returning { service: other, .. } => other == service && from == Some(to),
        EntryKind::BackoutAsked(asked) => {
            undo = &asked.steps;
            false
        }
        EntryKind::Undoing { step } => matches!(undo.get(*step), Some(Undo::PointBack { service: other, from, .. })
            if other == service && (from == to || restores(record, to))),
        _ => false,
    })
}

fn restores(record: &Record, revision: &RevisionArn) -> bool {
    record
        .entries
        .iter()
        .any(|entry| matches!(&entry.what, EntryKind::Restored { restored, .. } if restored == revision))
}
