//! The head of a record, which every commit compares and swaps, and the record as it is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Ending, Entry, EntryKind, NotUndone, Opening, SCHEMA};
use super::step::{Done, Undo};
use super::topic::{RecordEntry, RevisionEntry, ServiceEntry, StepEntry, Topic, UndoEntry};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Conclusion;

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
    pub closing: Option<Conclusion>,
    pub corrected: Option<RevisionArn>,
    pub actor: Option<String>,
    /// Whether somebody wanted it taken back: it is not corrected again before somebody asks for that by name.
    #[serde(default)]
    pub suppressed: bool,
    /// Whether the work that remains is to take back.
    #[serde(default)]
    pub backing_out: bool,
    /// How often somebody took it over since anything was done.
    #[serde(default)]
    pub tries: u32,
    /// The revision that stands for a source that was deregistered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<RevisionArn>,
    /// The services that are about to follow to our revision, or on their way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub following: Vec<ServiceArn>,
    /// What became of the services that followed, the gravest of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled: Option<Conclusion>,
}

impl Head {
    /// The head of a record that is about to be opened.
    pub fn new(opening: &Opening, now: Timestamp) -> Self {
        Self {
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
            suppressed: false,
            backing_out: false,
            tries: 0,
            restored: None,
            following: Vec::new(),
            rolled: None,
        }
    }

    /// Whether something remains to be done: about the revision, or about services.
    pub fn has_work(&self) -> bool {
        self.open || !self.following.is_empty()
    }

    /// Whether somebody is at it.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.has_work() && self.lease_until > now
    }

    /// How it ended last: a backout ends more than services do.
    pub fn ending(&self) -> Option<&Conclusion> {
        if self.suppressed {
            return self.closing.as_ref();
        }
        self.rolled.as_ref().or(self.closing.as_ref())
    }

    /// Writes the next entry, which follows `before`: counts it, and keeps of it what the head tells.
    pub fn write(&mut self, at: Timestamp, what: EntryKind, before: &[Entry]) -> Entry {
        let topic = what.topic();
        match topic {
            Topic::Record(entry) => self.take_in_record(at, entry),
            Topic::Step(_, entry) => match entry {
                StepEntry::Done(Done::Registered { corrected }) => {
                    let lower = self.corrected.take().filter(|standing| standing.revision < corrected.revision);
                    self.corrected = Some(lower.unwrap_or_else(|| corrected.clone()));
                }
                StepEntry::Started
                | StepEntry::Done(Done::LogGroup { .. } | Done::Retention { .. })
                | StepEntry::Failed { .. } => {}
            },
            Topic::Revision(revision, entry) => match entry {
                RevisionEntry::Withdrawn | RevisionEntry::Vanished => self.gone(revision),
                RevisionEntry::Withdrawing(_) => {}
            },
            Topic::Undo(step, entry) => match entry {
                UndoEntry::Undone | UndoEntry::Kept(NotUndone { open: false, .. }) => {
                    if let Some(Undo::Deregister { corrected, .. }) = undo(before).get(step) {
                        self.gone(corrected);
                    }
                }
                UndoEntry::Restored(restored) => self.restored = Some(restored.clone()),
                UndoEntry::Undoing | UndoEntry::Restoring | UndoEntry::Kept(NotUndone { open: true, .. }) => {}
            },
            Topic::Service(service, entry) if !self.suppressed => {
                self.rolled = rolled(before.iter().map(|entry| &entry.what).chain([&what]));
                self.follow(at, service, entry);
            }
            Topic::Service(..) => {}
        }
        if topic.is_progress() {
            self.tries = 0;
        }
        let entry = Entry { schema: SCHEMA, sequence: self.next, at, by: self.owner.clone(), what };
        self.next += 1;
        self.at = at;
        entry
    }

    fn take_in_record(&mut self, at: Timestamp, entry: RecordEntry<'_>) {
        match entry {
            RecordEntry::Opened(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, false, false);
                (self.corrected, self.rolled) = (None, None);
                self.following.clear();
            }
            RecordEntry::BackoutAsked(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, true, true);
                self.following.clear();
            }
            RecordEntry::Resumed { .. } => self.tries += 1,
            RecordEntry::Released { .. } => self.lease_until = at,
            RecordEntry::Closed(closing) => {
                (self.open, self.backing_out) = (false, false);
                self.closing = Some(closing.clone());
            }
        }
    }

    /// Keeps which services are on their way. One that waits, or whose deployment is under way, needs nobody for now.
    fn follow(&mut self, at: Timestamp, service: &ServiceArn, entry: ServiceEntry<'_>) {
        let (is_over, needs_worker) = match entry {
            ServiceEntry::Waiting(_) | ServiceEntry::Pointed { .. } => (false, false),
            ServiceEntry::Pointing(_)
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::Returning { .. }
            | ServiceEntry::PointedBack { .. } => (false, true),
            ServiceEntry::Followed(_) => (true, false),
        };
        if is_over {
            self.following.retain(|other| other != service);
        } else if !self.following.contains(service) {
            self.following.push(service.clone());
        }
        if !needs_worker {
            self.lease_until = at;
        }
    }

    fn gone(&mut self, revision: &RevisionArn) {
        self.corrected = self.corrected.take().filter(|corrected| corrected != revision);
        self.restored = self.restored.take().filter(|restored| restored != revision);
    }
}

/// A record as it is read: its head and its entries, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub head: Head,
    pub entries: Vec<Entry>,
}

/// What the newest backout undoes.
fn undo(before: &[Entry]) -> &[Undo] {
    let asked = before.iter().rev().filter_map(|entry| entry.what.topic().of_record()).find_map(|entry| match entry {
        RecordEntry::BackoutAsked(asked) => Some(asked),
        RecordEntry::Opened(_)
        | RecordEntry::Released { .. }
        | RecordEntry::Resumed { .. }
        | RecordEntry::Closed(_) => None,
    });
    asked.map_or(&[], |asked| &asked.steps)
}

/// What became of the services that followed since the newest opening: of how each of them ended the gravest. One that is
/// pointed once more has not ended.
fn rolled<'r>(entries: impl Iterator<Item = &'r EntryKind>) -> Option<Conclusion> {
    let mut ends: Vec<(&ServiceArn, Option<&Ending>)> = Vec::new();
    for what in entries {
        let (service, ending) = match what.topic() {
            Topic::Record(RecordEntry::Opened(_)) => {
                ends.clear();
                continue;
            }
            Topic::Service(service, entry) => match entry {
                ServiceEntry::Pointing(_) => (service, None),
                ServiceEntry::Followed(ending) => (service, Some(ending)),
                ServiceEntry::Waiting(_)
                | ServiceEntry::Pointed { .. }
                | ServiceEntry::Yielding { .. }
                | ServiceEntry::Returning { .. }
                | ServiceEntry::PointedBack { .. } => continue,
            },
            Topic::Record(
                RecordEntry::Released { .. }
                | RecordEntry::Resumed { .. }
                | RecordEntry::BackoutAsked(_)
                | RecordEntry::Closed(_),
            )
            | Topic::Step(..)
            | Topic::Revision(..)
            | Topic::Undo(..) => continue,
        };
        ends.retain(|(other, _)| *other != service);
        ends.push((service, ending));
    }
    ends.into_iter()
        .filter_map(|(_, ending)| ending.map(|ending| ending.conclusion().without_words()))
        .max_by_key(|closing| closing.outcome.gravity())
}
