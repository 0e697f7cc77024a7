//! Checks every act through the ports: a record must have announced it, and it must not be a forbidden act.

use std::collections::BTreeMap;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::record::{BackoutRequest, ClusterStep, Done, Entry, EntryKind, Record, Step, Undo};

use super::{Account, LOGWEIR, LiveService};

/// What the process has read about services, on which its decisions depend. Pictures of the account ignore it.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadResult(BTreeMap<ServiceArn, Vec<RevisionArn>>);

impl PartialEq for ReadResult {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ReadResult {
    pub(super) fn saw(&mut self, service: &ServiceArn, runs: &RevisionArn) {
        self.0.entry(service.clone()).or_default().push(runs.clone());
    }

    fn has_seen(&self, service: &ServiceArn, run: &RevisionArn) -> bool {
        self.0.get(service).is_some_and(|seen| seen.contains(run))
    }
}

impl Account {
    /// Checks a registration: a record of the family must have announced it.
    pub(super) fn watch_register(&mut self, family: &str) {
        let says_so = |record: &Record| {
            record.head.source.family == family
                && (intends(record, Step::registers)
                    || record.entries.iter().any(|entry| matches!(entry.what, EntryKind::Restoring { .. })))
        };
        self.must(says_so, format!("a revision of {family} was registered, and no record says so before"));
    }

    /// Checks a deregistration: only of Logweir's own revision, and announced unless no record knows the revision.
    pub(super) fn watch_deregister(&mut self, revision: &RevisionArn) {
        if self.revision(revision).is_some_and(|found| found.by != LOGWEIR) {
            self.wrongs.push(format!("{} was registered by another principal, and was deregistered", revision.short()));
        }
        let is_withdrawn = |record: &Record| {
            record.entries.iter().any(|entry| match &entry.what {
                EntryKind::Withdrawing { corrected, .. } => corrected == revision,
                EntryKind::Unclaimed { registered } => registered == revision,
                _ => false,
            })
        };
        let is_retired = |record: &Record| {
            let retires = |what: &EntryKind| matches!(what, EntryKind::Retiring { corrected } if corrected == revision);
            record.entries.iter().any(|entry| retires(&entry.what))
        };
        let says_so = |record: &Record| {
            is_withdrawn(record)
                || is_retired(record)
                || undoes(record, |undo| matches!(undo, Undo::Deregister { corrected, .. } if corrected == revision))
        };
        self.must(says_so, format!("{} was deregistered, and no record says so before", revision.short()));
        let ignores_pins = |what: &EntryKind| matches!(what, EntryKind::BackoutRequested(asked) if asked.ignore_pins);
        // An event that is delivered again has stored only one of the two.
        let holders = self.pins.get(revision).into_iter().flat_map(|pins| &pins.holders);
        let is_pinned = holders.filter_map(|name| self.pin_holders.get(name)).any(|holder| holder.pins(revision));
        let may = |record: &Record| is_withdrawn(record) || record.entries.iter().any(|it| ignores_pins(&it.what));
        if is_pinned && !self.all_records().any(may) {
            self.wrongs.push(format!("{} is pinned, and was deregistered", revision.short()));
        }
        // A draining user ends by itself.
        let is_run = self.users_of(revision).iter().any(|user| !user.draining);
        if is_run && !self.all_records().any(is_withdrawn) {
            self.wrongs.push(format!("{} was backed out, and something runs it", revision.short()));
        }
    }

    pub(super) fn watch_create(&mut self, group: &str) {
        let says_so =
            |record: &Record| intends(record, |step| matches!(step, Step::EnsureLogGroup(new) if new.name == group));
        if !self.cluster_intends(|step| matches!(step, ClusterStep::EnsureLogGroup(new) if new.name == group)) {
            self.must(says_so, format!("{group} was made, and no record says so before"));
        }
    }

    /// Whether the record of a cluster says that a worker is about to take such a step.
    pub(super) fn cluster_intends(&self, is_meant: impl Fn(&ClusterStep) -> bool) -> bool {
        self.cluster_records.values().any(|record| {
            let Some(attempt) = record.attempt() else { return false };
            let steps = attempt.opening.steps.iter().zip(&attempt.started);
            steps.into_iter().any(|(step, started)| *started && is_meant(step))
        })
    }

    /// Checks a new retention: announced, never shorter, and never on third-party data unless the group is adopted.
    pub(super) fn watch_retain(&mut self, group: &str, days: u32) {
        let says_so = |record: &Record| {
            intends(
                record,
                |step| matches!(step, Step::SetRetention { name, new, .. } if (name.as_str(), *new) == (group, days)),
            )
        };
        let of_cluster = |step: &ClusterStep| matches!(step, ClusterStep::SetRetention { name, new } if (name.as_str(), *new) == (group, days));
        if !self.cluster_intends(of_cluster) {
            self.must(says_so, format!("{group} was given {days} days, and no record says so before"));
        }
        let Some(found) = self.groups.get(group) else { return };
        if found.retention.is_some_and(|standing| days < standing) {
            self.wrongs.push(format!("the retention of {group} was shortened to {days}"));
        } else if found.retention.is_none() && found.streams > 0 && !found.by_logweir && !self.adopted.contains(group) {
            self.wrongs.push(format!("{group} contains third-party data, and was given a retention"));
        }
    }

    /// Checks the removal of a retention: announced, and only of the retention that Logweir set.
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

    /// Checks the update of a service: announced, never of an Express service, and only to a revision that it may run.
    pub(super) fn watch_point(&mut self, service: &ServiceArn, to: &RevisionArn) {
        let act = format!("service {} was updated to {}", service.short(), to.short());
        self.must(|record| says_pointing(record, service, to), format!("{act}, and no record says so before"));
        let Some(live) = self.services.get(service) else { return };
        let wrong = match live.managed {
            true => Some(format!("{act}, and it is an Express service")),
            false => (!self.may_run(service, to)).then(|| format!("{act}, which no principal deployed to it")),
        };
        self.wrongs.extend(wrong);
    }

    /// Whether Logweir may update a service to a revision. It may be one that another principal deployed to the
    /// service. It may be the correction of a source that the service runs, that was deployed to it last, or that this
    /// process has seen it run. If a record has updated the service, it may be the record's source or its restored
    /// revision.
    fn may_run(&self, service: &ServiceArn, to: &RevisionArn) -> bool {
        let live = &self.services[service];
        let is_run = |source: &RevisionArn| {
            live.revision == *source || live.asked.last() == Some(source) || self.looked.has_seen(service, source)
        };
        let corrects = |record: &Record| {
            let is_correction = |entry: &Entry| match &entry.what {
                EntryKind::Done { done: Done::Registered { corrected }, .. } => corrected == to,
                _ => false,
            };
            is_run(&record.head.source) && record.entries.iter().any(is_correction)
        };
        let goes_back = |record: &Record| {
            let points =
                |what: &EntryKind| matches!(what, EntryKind::UpdatingService(pointing) if pointing.service == *service);
            (record.head.source == *to || restores(record, to))
                && record.entries.iter().any(|entry| points(&entry.what))
        };
        live.asked.contains(to) || self.records.values().any(|record| corrects(record) || goes_back(record))
    }

    /// Checks the rollback of a deployment: Logweir's own, announced, and of the revision that is being backed out.
    pub(super) fn watch_stop(&mut self, deployment: &str) {
        let Some(progress) = self.service_deployments.get(deployment).cloned() else { return };
        let says_so = |record: &Record| {
            undoes(record, |undo| {
                matches!(undo, Undo::RollBackService { service, to, .. }
                    if *service == progress.service && *to == progress.revision)
            })
        };
        let (service, revision) = (progress.service.short(), progress.revision.short());
        self.must(says_so, format!("{service}'s deployment of {revision} was stopped, and no record says so before"));
        if progress.by != LOGWEIR {
            self.wrongs
                .push(format!("{service}'s deployment of {revision}, which {} started, was stopped", progress.by));
        }
    }

    /// Checks that a call of Logweir has not changed the network of a service.
    pub(super) fn watch_network(&mut self, service: &ServiceArn) {
        let LiveService { subnet, network, .. } = &self.services[service];
        if subnet != network {
            self.wrongs.push(format!("service {} is back in {subnet}, and had {network}", service.short()));
        }
    }

    fn must(&mut self, says_so: impl Fn(&Record) -> bool, wrong: String) {
        if !self.all_records().any(says_so) {
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
        EntryKind::Started { step, .. } => steps.get(*step).is_some_and(&is_it),
        _ => false,
    })
}

/// Whether the record says that such an undo was begun.
fn undoes(record: &Record, is_it: impl Fn(&Undo) -> bool) -> bool {
    let mut undo: Vec<&Undo> = Vec::new();
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::BackoutRequested(asked) => {
            requested(&mut undo, asked);
            false
        }
        EntryKind::Undoing { step, .. } => undo.get(*step).is_some_and(|undo| is_it(undo)),
        _ => false,
    })
}

/// Whether the record has announced this update: to the corrected revision, to an overtaken one, or back.
fn says_pointing(record: &Record, service: &ServiceArn, to: &RevisionArn) -> bool {
    let (mut from, mut undo): (Option<&RevisionArn>, Vec<&Undo>) = (None, Vec::new());
    record.entries.iter().any(|entry| match &entry.what {
        EntryKind::UpdatingService(pointing) if pointing.service == *service => {
            from = Some(&pointing.from);
            pointing.to == *to
        }
        EntryKind::Yielding { service: other, to: yielded } => other == service && yielded == to,
        EntryKind::RollingBack { service: other, .. } => other == service && from == Some(to),
        EntryKind::BackoutRequested(asked) => {
            requested(&mut undo, asked);
            false
        }
        EntryKind::Undoing { step, .. } => {
            matches!(undo.get(*step), Some(Undo::RollBackService { service: other, from, .. })
            if other == service && (from == to || restores(record, to)))
        }
        _ => false,
    })
}

fn restores(record: &Record, revision: &RevisionArn) -> bool {
    record
        .entries
        .iter()
        .any(|entry| matches!(&entry.what, EntryKind::Restored { restored, .. } if restored == revision))
}

/// Adds the undo steps of a backout request, which may continue the one before.
fn requested<'r>(undo: &mut Vec<&'r Undo>, asked: &'r BackoutRequest) {
    if !asked.continues {
        undo.clear();
    }
    undo.extend(&asked.steps);
}
