//! Facts about the history of a record, computed from the entries of all attempts of the record.

use jiff::Timestamp;

use super::entry::{Ending, Entry, EntryKind};
use super::head::Record;
use super::step::{Done, Step};
use super::topic::{RecordEntry, ServiceEntry, StepEntry, Topic};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::Edit;
use crate::domain::outcome::{Conclusion, Outcome};

/// A revision that Logweir registered according to an entry of the record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registered<'r> {
    pub revision: &'r RevisionArn,
    /// The edits that distinguish the revision from the source. Empty for a restored or a migrated revision.
    pub edits: &'r [Edit],
    /// The time of the entry that records the registration.
    pub at: Timestamp,
}

impl Record {
    /// Returns every revision that Logweir registered according to any entry of the record, even if later entries say
    /// that the revision is no longer ACTIVE.
    pub fn registered(&self) -> Vec<Registered<'_>> {
        let mut steps: &[Step] = &[];
        let mut registered: Vec<Registered<'_>> = Vec::new();
        for entry in &self.entries {
            let topic = entry.what.topic();
            if let Topic::Record(RecordEntry::Opened(opening)) = topic {
                steps = &opening.steps;
            }
            let Some(revision) = entry.what.registered() else { continue };
            let edits: &[Edit] = match topic {
                Topic::Step(step, _) => match steps.get(step) {
                    Some(Step::Register { edits }) => edits,
                    Some(Step::EnsureLogGroup(_) | Step::SetRetention { .. } | Step::Migrate { .. }) | None => &[],
                },
                Topic::Record(_)
                | Topic::Revision(..)
                | Topic::Undo(..)
                | Topic::Service(..)
                | Topic::Retirement(..) => &[],
            };
            if registered.iter().all(|other| other.revision != revision) {
                registered.push(Registered { revision, edits, at: entry.at });
            }
        }
        registered
    }

    /// Whether the record says that the source was deregistered or deleted, or that this happened to the revision that
    /// Logweir corrected with the source. A deregistered revision never becomes ACTIVE again, so a later read that
    /// shows it as ACTIVE lags.
    pub fn source_is_withdrawn(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.what, EntryKind::SourceWithdrawn(_)))
    }

    /// Returns the time of the request to restore the source in the unfinished backout. A request repeated while reads may
    /// still lag says nothing new. A later one does, because the source may have been deregistered since.
    pub fn restoration_requested_at(&self) -> Option<Timestamp> {
        let is_request =
            |entry: &&Entry| matches!(&entry.what, EntryKind::BackoutRequested(asked) if asked.restore_source);
        let unfinished = self.entries.iter().rev().take_while(|entry| !matches!(entry.what, EntryKind::Closed(_)));
        unfinished.filter(is_request).map(|entry| entry.at).reduce(|new, old| if may_lag(old, new) { old } else { new })
    }

    /// Whether Logweir has seen that the source is deregistered, and has begun to restore it or recorded what it saw.
    pub fn is_restoring_source(&self) -> bool {
        let begins = |entry: &Entry| matches!(entry.what, EntryKind::Restoring { .. });
        self.head.restored.is_some() || self.source_is_withdrawn() || self.entries.iter().any(begins)
    }

    fn topics(&self) -> impl DoubleEndedIterator<Item = Topic<'_>> {
        self.entries.iter().map(|entry| entry.what.topic())
    }

    /// Returns the principals under which the record's workers registered revisions.
    pub fn registrars(&self) -> Vec<String> {
        let of = |entry: RecordEntry<'_>| match entry {
            RecordEntry::Opened(opening) => opening.registrars.clone(),
            RecordEntry::Resumed { registrars } => registrars.to_vec(),
            RecordEntry::BackoutRequested(asked) => asked.registrars.clone(),
            RecordEntry::Released { .. } | RecordEntry::Closed(_) => Vec::new(),
        };
        self.topics().filter_map(Topic::of_record).flat_map(of).collect()
    }

    /// Whether the last try to finish the record stopped for the same reason as the try before it, without progress in
    /// between. A worker that recorded no reason could not interpret the record's entries, so the next worker stops for
    /// the same reason.
    pub fn repeats(&self) -> bool {
        let mut said = self.topics().rev().filter(|topic| !topic.is_intent());
        match said.next().and_then(Topic::of_record) {
            Some(released @ RecordEntry::Released { .. }) => said.next() == Some(Topic::Record(released)),
            Some(RecordEntry::Closed(_)) => self.is_repeated_failure(),
            Some(RecordEntry::Opened(_) | RecordEntry::Resumed { .. } | RecordEntry::BackoutRequested(_)) | None => {
                self.head.tries > 1
            }
        }
    }

    /// Whether the newest attempt failed in the same way as the attempt before it.
    fn is_repeated_failure(&self) -> bool {
        let fails = |closing: &Conclusion| matches!(closing.outcome, Outcome::Failed | Outcome::Refused);
        let mut attempts = self.entries.rsplit(|entry| matches!(entry.what, EntryKind::Opened(_))).map(|entries| {
            let topics = entries.iter().map(|entry| entry.what.topic());
            topics.filter(|topic| says_how_it_ended(*topic)).collect::<Vec<_>>()
        });
        self.head.closing.as_ref().is_some_and(fails) && attempts.next() == attempts.next()
    }

    /// Returns the name of the log group that the newest attempt could not create. Returns `None` if the attempt did
    /// not fail, or failed at another step.
    pub fn group_not_created(&self) -> Option<&str> {
        let attempt = self.attempt().ok().flatten()?;
        let (failed, ..) = attempt.failed?;
        match attempt.opening.steps.get(failed)? {
            Step::EnsureLogGroup(group) => Some(&group.name),
            Step::SetRetention { .. } | Step::Register { .. } | Step::Migrate { .. } => None,
        }
    }

    /// Returns when the newest attempt created the log group. Returns `None` if the newest attempt did not create the
    /// group.
    pub fn made_at(&self, group: &str) -> Option<Timestamp> {
        let mut steps: &[Step] = &[];
        let mut made = None;
        for entry in &self.entries {
            match entry.what.topic() {
                Topic::Record(RecordEntry::Opened(opening)) => (steps, made) = (&opening.steps, None),
                Topic::Step(step, StepEntry::Done(Done::LogGroup { made: true })) => {
                    if matches!(steps.get(step), Some(Step::EnsureLogGroup(new)) if new.name == group) {
                        made = Some(entry.at);
                    }
                }
                Topic::Step(_, StepEntry::Started { .. } | StepEntry::Done(_) | StepEntry::Failed { .. })
                | Topic::Record(
                    RecordEntry::Released { .. }
                    | RecordEntry::Resumed { .. }
                    | RecordEntry::BackoutRequested(_)
                    | RecordEntry::Closed(_),
                )
                | Topic::Revision(..)
                | Topic::Undo(..)
                | Topic::Service(..)
                | Topic::Retirement(..) => {}
            }
        }
        made
    }

    /// Returns when the journal recorded that Logweir registered the revision. Returns `None` if the record does not say
    /// that Logweir registered the revision.
    pub fn registered_at(&self, revision: &RevisionArn) -> Option<Timestamp> {
        self.entries.iter().find(|entry| entry.what.registered() == Some(revision)).map(|entry| entry.at)
    }

    /// Whether Logweir's last update of the service had no effect, because ECS refused the update or did not carry the
    /// update out.
    pub fn came_to_nothing(&self, service: &ServiceArn) -> bool {
        let mut of_it = self.of_service(service).skip_while(|entry| matches!(entry, ServiceEntry::Waiting(_)));
        of_it.next().is_some_and(|entry| match entry {
            ServiceEntry::UpdatingService(_) | ServiceEntry::RolloutEnded(Ending::NotDone { .. }) => true,
            ServiceEntry::RolloutEnded(
                Ending::Completed
                | Ending::Failed { .. }
                | Ending::ServiceChanged
                | Ending::RolledBack
                | Ending::Yielded { .. }
                | Ending::Overdue
                | Ending::Stuck { .. },
            )
            | ServiceEntry::Waiting(_)
            | ServiceEntry::ServiceUpdated { .. }
            | ServiceEntry::DeploymentPaused
            | ServiceEntry::DeploymentContinued
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::RollingBack { .. }
            | ServiceEntry::ServiceRolledBack { .. } => false,
        })
    }

    /// Returns the id of Logweir's last deployment of the service.
    pub fn last_deployment(&self, service: &ServiceArn) -> Option<&str> {
        self.of_service(service).find_map(|entry| match entry {
            ServiceEntry::ServiceUpdated { deployment, .. } | ServiceEntry::ServiceRolledBack { deployment } => {
                Some(deployment)
            }
            ServiceEntry::Waiting(_)
            | ServiceEntry::UpdatingService(_)
            | ServiceEntry::DeploymentPaused
            | ServiceEntry::DeploymentContinued
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::RollingBack { .. }
            | ServiceEntry::RolloutEnded(_) => None,
        })
    }

    /// Whether the deployment of the corrected revision to the service is paused, according to the newest attempt.
    pub fn is_paused(&self, service: &ServiceArn) -> bool {
        let attempt = self.attempt().ok().flatten();
        attempt.and_then(|attempt| attempt.rollout(service)).is_some_and(|rollout| rollout.paused.is_some())
    }

    /// Returns the id of Logweir's deployment of the service that a backout may let ECS roll back. Returns `None` if
    /// Logweir may not have started the service's last known deployment, or if ECS's rollback might also undo a change
    /// of another principal.
    pub fn stoppable_deployment(&self, service: &ServiceArn) -> Option<&str> {
        let mut updates = self.of_service(service).filter_map(|entry| match entry {
            ServiceEntry::ServiceUpdated { deployment, stoppable } => Some(stoppable.then_some(deployment)),
            ServiceEntry::UpdatingService(_)
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::RollingBack { .. }
            | ServiceEntry::ServiceRolledBack { .. } => Some(None),
            ServiceEntry::Waiting(_)
            | ServiceEntry::DeploymentPaused
            | ServiceEntry::DeploymentContinued
            | ServiceEntry::RolloutEnded(_) => None,
        });
        updates.next().flatten()
    }

    /// Returns the entries about one service, the newest first.
    fn of_service<'r>(&'r self, service: &ServiceArn) -> impl Iterator<Item = ServiceEntry<'r>> {
        let entries = self.topics().rev().filter_map(Topic::of_service);
        entries.filter(move |(other, _)| *other == service).map(|(_, entry)| entry)
    }
}

fn says_how_it_ended(topic: Topic<'_>) -> bool {
    match topic {
        Topic::Record(entry) => match entry {
            RecordEntry::Closed(_) => true,
            RecordEntry::Opened(_)
            | RecordEntry::Released { .. }
            | RecordEntry::Resumed { .. }
            | RecordEntry::BackoutRequested(_) => false,
        },
        Topic::Step(_, entry) => match entry {
            StepEntry::Failed { .. } => true,
            StepEntry::Started { .. } | StepEntry::Done(_) => false,
        },
        Topic::Revision(..) | Topic::Undo(..) | Topic::Service(..) | Topic::Retirement(..) => false,
    }
}
