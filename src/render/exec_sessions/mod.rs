//! The sessions of ECS Exec: as text, JSON, CSV and one HTML page. Every text may come from an event, and an event may
//! come from an attacker.

mod csv;
mod html;
mod text;
mod transcript;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::exec::{Session, Verdict};
use crate::domain::report::schema;

pub use transcript::{TranscriptOutput, harmless};

/// The results of `logweir exec sessions`.
pub struct SessionsOutput {
    pub sessions: Vec<Session>,
    pub coverage: Coverage,
}

/// What the results are based on.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    pub account: String,
    pub region: String,
    pub since: Timestamp,
    pub until: Timestamp,
    /// The time of the run.
    pub now: Timestamp,
    pub events: EventCoverage,
    /// The number of sessions in containers of ECS that Systems Manager listed. `None` if they could not be read.
    pub sessions_listed: Option<usize>,
    pub grace_minutes: i64,
    /// The reads that failed, each with its reason.
    pub unread: Vec<String>,
}

/// Where the events come from.
#[derive(Clone, Debug, Serialize)]
pub struct EventCoverage {
    /// `event-history` or `trail`.
    pub source: &'static str,
    /// The number of events about sessions and clusters.
    pub read: u64,
    pub duplicates: u64,
    /// The number of records that could not be read.
    pub unreadable: u64,
    /// The number of files that could not be read to their end.
    pub unreadable_files: u64,
}

impl SessionsOutput {
    pub fn json(&self) -> Value {
        json!({"schema": schema::EXEC_SESSIONS, "sessions": self.sessions, "coverage": self.coverage})
    }

    pub fn text(&self) -> String {
        text::text(self)
    }

    /// Returns CSV (RFC 4180), in which no field starts a formula.
    pub fn csv(&self) -> String {
        csv::csv(&self.sessions)
    }

    /// Returns one HTML page, which needs no network and contains no script.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Whether a source could not be read, or not to its end.
    pub fn is_partial(&self) -> bool {
        let EventCoverage { unreadable, unreadable_files, .. } = self.coverage.events;
        !self.coverage.unread.is_empty() || unreadable + unreadable_files > 0
    }

    /// Whether a session has no transcript that it should have.
    pub fn has_findings(&self) -> bool {
        self.sessions.iter().any(|session| session.verdict.is_finding())
    }

    /// Returns the number of sessions with each verdict that occurs.
    fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        self.sessions.iter().for_each(|session| *counts.entry(session.verdict).or_default() += 1);
        counts
    }
}
