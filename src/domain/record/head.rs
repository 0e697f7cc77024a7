//! The head of a record, which every commit compares and swaps, and the record as it is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Ending, Entry, EntryKind, NotUndone, Opening, SCHEMA};
use super::step::{Done, Undo};
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
        match self.suppressed {
            true => self.closing.as_ref(),
            false => self.rolled.as_ref().or(self.closing.as_ref()),
        }
    }

    /// Writes the next entry, which follows `before`: counts it, and keeps of it what the head tells.
    pub fn write(&mut self, at: Timestamp, what: EntryKind, before: &[Entry]) -> Entry {
        match &what {
            EntryKind::Opened(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, false, false);
                (self.corrected, self.rolled) = (None, None);
                self.following.clear();
            }
            EntryKind::Resumed { .. } => self.tries += 1,
            EntryKind::BackoutAsked(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, true, true);
                self.following.clear();
            }
            EntryKind::Done { done: Done::Registered { corrected }, .. } => {
                let lower = self.corrected.take().filter(|standing| standing.revision < corrected.revision);
                self.corrected = Some(lower.unwrap_or_else(|| corrected.clone()));
            }
            EntryKind::Withdrawn { corrected } | EntryKind::Vanished { corrected } => self.gone(corrected),
            EntryKind::Undone { step } | EntryKind::Kept(NotUndone { step, open: false, .. }) => {
                if let Some(Undo::Deregister { corrected, .. }) = undo(before).get(*step) {
                    self.gone(corrected);
                }
            }
            EntryKind::Restored { restored, .. } => self.restored = Some(restored.clone()),
            EntryKind::Closed(closing) => {
                (self.open, self.backing_out) = (false, false);
                self.closing = Some(closing.clone());
            }
            EntryKind::Released { .. } => self.lease_until = at,
            _ if what.service().is_some() && !self.suppressed => self.follow(at, &what, before),
            _ => {}
        }
        if !matches!(
            what,
            EntryKind::Resumed { .. }
                | EntryKind::Released { .. }
                | EntryKind::Started { .. }
                | EntryKind::Undoing { .. }
        ) {
            self.tries = 0;
        }
        let entry = Entry { schema: SCHEMA, sequence: self.next, at, by: self.owner.clone(), what };
        self.next += 1;
        self.at = at;
        entry
    }

    /// Keeps which services are on their way. One that waits, or whose deployment is under way, needs nobody for now.
    fn follow(&mut self, at: Timestamp, what: &EntryKind, before: &[Entry]) {
        let Some(service) = what.service() else { return };
        match what {
            EntryKind::Followed { .. } => self.following.retain(|other| other != service),
            _ if self.following.contains(service) => {}
            _ => self.following.push(service.clone()),
        }
        self.rolled = rolled(before.iter().map(|entry| &entry.what).chain([what]));
        if matches!(what, EntryKind::Waiting { .. } | EntryKind::Pointed { .. } | EntryKind::Followed { .. }) {
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

impl Record {
    /// As whom the workers at this record registered.
    pub fn registrars(&self) -> Vec<String> {
        let of = |entry: &Entry| match &entry.what {
            EntryKind::Opened(opening) => opening.registrars.clone(),
            EntryKind::Resumed { registrars } => registrars.clone(),
            EntryKind::BackoutAsked(asked) => asked.registrars.clone(),
            _ => Vec::new(),
        };
        self.entries.iter().flat_map(of).collect()
    }

    /// Whether the last that we were about to do for a service was found not to be done, or was refused.
    pub fn came_to_nothing(&self, service: &ServiceArn) -> bool {
        let of_it = self.entries.iter().rev().map(|entry| &entry.what).filter(|what| what.service() == Some(service));
        let mut before = of_it.skip_while(|what| matches!(what, EntryKind::Waiting { .. }));
        matches!(
            before.next(),
            Some(EntryKind::Pointing(_) | EntryKind::Followed { ending: Ending::NotDone { .. }, .. })
        )
    }

    /// The deployment that we made last of a service.
    pub fn last_deployment(&self, service: &ServiceArn) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match &entry.what {
            EntryKind::Pointed { service: of, deployment } | EntryKind::PointedBack { service: of, deployment } => {
                (of == service).then_some(deployment.as_str())
            }
            _ => None,
        })
    }
}

/// What the newest backout takes back.
fn undo(before: &[Entry]) -> &[Undo] {
    let asked = before.iter().rev().find_map(|entry| match &entry.what {
        EntryKind::BackoutAsked(asked) => Some(asked),
        _ => None,
    });
    asked.map_or(&[], |asked| &asked.steps)
}

/// What became of the services that followed since the newest opening: of how each of them ended the gravest. One that is
/// pointed once more has not ended.
fn rolled<'r>(entries: impl Iterator<Item = &'r EntryKind>) -> Option<Conclusion> {
    let mut ends: Vec<(&ServiceArn, Option<&Ending>)> = Vec::new();
    for what in entries {
        let (service, ending) = match what {
            EntryKind::Opened(_) => {
                ends.clear();
                continue;
            }
            EntryKind::Pointing(pointing) => (&pointing.service, None),
            EntryKind::Followed { service, ending } => (service, Some(ending)),
            _ => continue,
        };
        ends.retain(|(other, _)| *other != service);
        ends.push((service, ending));
    }
    ends.into_iter()
        .filter_map(|(_, ending)| ending.map(|ending| ending.conclusion().without_words()))
        .max_by_key(|closing| closing.outcome.gravity())
}
