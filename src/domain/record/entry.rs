//! The record of one source revision: its entries in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rollout::{Ending, Pointing, rolled};
use super::step::{Done, Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::outcome::{Outcome, Reason};

/// The form of entries that this version writes.
pub const SCHEMA: u32 = 1;

/// One line of the journal. Entries are appended and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub schema: u32,
    /// Counts from 0 within its record.
    pub sequence: u32,
    pub at: Timestamp,
    /// Which worker wrote it.
    pub by: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum What {
    /// The claim on the source, and all that is intended.
    Opened(Box<Opening>),
    /// Step number `step` is about to be taken. Without a `Done` it counts as possibly done.
    Started {
        step: usize,
    },
    Done {
        step: usize,
        #[serde(flatten)]
        done: Done,
    },
    /// The step was not taken, or not to its end, and will not be.
    Failed {
        step: usize,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The worker stops for now and gives its lease back: another try can help.
    Released {
        why: String,
    },
    /// Another worker goes on where the last one stopped.
    Resumed {
        /// As whom it registers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        registrars: Vec<String>,
    },
    /// Our own revision is about to be taken back.
    Withdrawing {
        corrected: RevisionArn,
        why: Reason,
    },
    Withdrawn {
        corrected: RevisionArn,
    },
    /// Our revision is not ACTIVE any more, and it was not us.
    Vanished {
        corrected: RevisionArn,
    },
    /// Somebody wants taken back what was done: all that is to be undone, and in which order.
    BackoutAsked(Box<Asked>),
    /// Number `step` of what is to be undone is about to be. Without an `Undone` it counts as possibly undone.
    Undoing {
        step: usize,
    },
    Undone {
        step: usize,
    },
    /// It stays as it is.
    Kept(Kept),
    /// The source is not ACTIVE any more: its document is about to be registered once more, from our revision with the
    /// edits reversed.
    Restoring {
        step: usize,
    },
    Restored {
        step: usize,
        restored: RevisionArn,
    },
    /// A service is to follow to our revision once what is in the way is gone.
    Waiting {
        service: ServiceArn,
        why: Reason,
    },
    /// A service is about to be pointed at our revision.
    Pointing(Box<Pointing>),
    /// It was, and this is the deployment: how that ends is told by ECS.
    Pointed {
        service: ServiceArn,
        deployment: String,
    },
    /// Somebody's deployment had come between: the service is about to be pointed at theirs.
    Yielding {
        service: ServiceArn,
        to: RevisionArn,
    },
    /// Our deployment failed: the service is about to be pointed back.
    Returning {
        service: ServiceArn,
        why: String,
    },
    /// A backout has pointed a service back: by this deployment.
    PointedBack {
        service: ServiceArn,
        deployment: String,
    },
    /// Nothing more is to be done about the service.
    Followed {
        service: ServiceArn,
        #[serde(flatten)]
        ending: Ending,
    },
    Closed(Closing),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub source: RevisionArn,
    pub mode: String,
    pub trigger: String,
    pub baseline_digest: String,
    pub rules: Vec<String>,
    pub cause: Cause,
    pub steps: Vec<Step>,
    /// The function that takes it back when it is asked to; none where the command line acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// As whom its worker registers: what it registered without an answer is known by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Restore a source that was deregistered even where its family has a newer revision than ours.
    #[serde(default)]
    pub restore_stale: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
    pub steps: Vec<Undo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub step: usize,
    pub why: String,
    /// It should have been undone, and may be when it is asked for again; else there is nothing left to wish for.
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What still runs our revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

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
    pub closing: Option<Closing>,
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
    pub rolled: Option<Closing>,
}

impl Kept {
    /// Something that should have been undone, and was not.
    pub fn open(step: usize, why: String, reason: Option<Reason>) -> Self {
        Self { step, why, open: true, reason, places: Vec::new() }
    }
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
    pub fn ending(&self) -> Option<&Closing> {
        match self.suppressed {
            true => self.closing.as_ref(),
            false => self.rolled.as_ref().or(self.closing.as_ref()),
        }
    }

    /// Writes the next entry, which follows `before`: counts it, and keeps of it what the head tells.
    pub fn write(&mut self, at: Timestamp, what: What, before: &[Entry]) -> Entry {
        match &what {
            What::Opened(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, false, false);
                (self.corrected, self.rolled) = (None, None);
                self.following.clear();
            }
            What::Resumed { .. } => self.tries += 1,
            What::BackoutAsked(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, true, true);
                self.following.clear();
            }
            What::Done { done: Done::Registered { corrected }, .. } => {
                let lower = self.corrected.take().filter(|standing| standing.revision < corrected.revision);
                self.corrected = Some(lower.unwrap_or_else(|| corrected.clone()));
            }
            What::Withdrawn { corrected } | What::Vanished { corrected } => self.gone(corrected),
            What::Undone { step } | What::Kept(Kept { step, open: false, .. }) => {
                if let Some(Undo::Deregister { corrected, .. }) = undo(before).get(*step) {
                    self.gone(corrected);
                }
            }
            What::Restored { restored, .. } => self.restored = Some(restored.clone()),
            What::Closed(closing) => {
                (self.open, self.backing_out) = (false, false);
                self.closing = Some(closing.clone());
            }
            What::Released { .. } => self.lease_until = at,
            _ if what.service().is_some() && !self.suppressed => self.follow(at, &what, before),
            _ => {}
        }
        if !matches!(what, What::Resumed { .. } | What::Released { .. } | What::Started { .. } | What::Undoing { .. }) {
            self.tries = 0;
        }
        let entry = Entry { schema: SCHEMA, sequence: self.next, at, by: self.owner.clone(), what };
        self.next += 1;
        self.at = at;
        entry
    }

    /// Keeps which services are on their way. One that waits, or whose deployment is under way, needs nobody for now.
    fn follow(&mut self, at: Timestamp, what: &What, before: &[Entry]) {
        let Some(service) = what.service() else { return };
        match what {
            What::Followed { .. } => self.following.retain(|other| other != service),
            _ if self.following.contains(service) => {}
            _ => self.following.push(service.clone()),
        }
        self.rolled = rolled(before.iter().map(|entry| &entry.what).chain([what]));
        if matches!(what, What::Waiting { .. } | What::Pointed { .. } | What::Followed { .. }) {
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
            What::Opened(opening) => opening.registrars.clone(),
            What::Resumed { registrars } => registrars.clone(),
            What::BackoutAsked(asked) => asked.registrars.clone(),
            _ => Vec::new(),
        };
        self.entries.iter().flat_map(of).collect()
    }

    /// Whether the last that we were about to do for a service was found not to be done, or was refused.
    pub fn came_to_nothing(&self, service: &ServiceArn) -> bool {
        let of_it = self.entries.iter().rev().map(|entry| &entry.what).filter(|what| what.service() == Some(service));
        let mut before = of_it.skip_while(|what| matches!(what, What::Waiting { .. }));
        matches!(before.next(), Some(What::Pointing(_) | What::Followed { ending: Ending::NotDone { .. }, .. }))
    }

    /// The deployment that we made last of a service.
    pub fn last_deployment(&self, service: &ServiceArn) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match &entry.what {
            What::Pointed { service: of, deployment } | What::PointedBack { service: of, deployment } => {
                (of == service).then_some(deployment.as_str())
            }
            _ => None,
        })
    }
}

/// What the newest backout takes back.
fn undo(before: &[Entry]) -> &[Undo] {
    let asked = before.iter().rev().find_map(|entry| match &entry.what {
        What::BackoutAsked(asked) => Some(asked),
        _ => None,
    });
    asked.map_or(&[], |asked| &asked.steps)
}

impl What {
    /// The service that this entry is about.
    pub fn service(&self) -> Option<&ServiceArn> {
        match self {
            Self::Pointing(pointing) => Some(&pointing.service),
            Self::Waiting { service, .. }
            | Self::Pointed { service, .. }
            | Self::Yielding { service, .. }
            | Self::Returning { service, .. }
            | Self::PointedBack { service, .. }
            | Self::Followed { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The revision that this entry says we registered.
    pub fn registered(&self) -> Option<&RevisionArn> {
        match self {
            Self::Done { done: Done::Registered { corrected }, .. } => Some(corrected),
            Self::Restored { restored, .. } => Some(restored),
            _ => None,
        }
    }
}
