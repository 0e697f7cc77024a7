//! The results of `logweir activity`: what many records of CloudTrail say about the calls of an account.
//!
//! Every list is sorted by its count, highest first, and then by its names. Texts from records have no control
//! characters and no characters that change the writing direction.

mod agent;
mod collector;
mod duplicates;
mod event_id;
mod event_time;
mod groups;
mod question;
mod report;
mod rows;
mod table;
mod tally;
mod targets;
mod watched;

pub use collector::{Accounted, Collector};
pub use duplicates::Duplicates;
pub use event_id::EventId;
pub use groups::Group;
pub use question::Question;
pub use report::Run;
pub use rows::{
    AddressRow, AgentKind, AgentRow, Bar, CountryRow, ErrorRow, EventRow, Listed, Occurrence, OccurrenceKind,
    PrincipalRow, Seen, Share, TargetKind, TargetRow, UnreadableFile, Watched,
};

use jiff::Timestamp;
use serde::Serialize;

use super::verification::Verification;
use crate::domain::country::database::CountryDatabase;

/// The name and version of the JSON output.
pub const SCHEMA: &str = "logweir.activity/1";

/// The number of event IDs that a row names.
pub const EXAMPLES: usize = 5;

/// The answers to the questions of the activity report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    pub schema: &'static str,
    pub period: Period,
    /// The filters of the run.
    pub filters: Filters,
    pub records: Records,
    pub files: Files,
    /// The files that could not be read to their end, by name.
    pub unreadable_files: Vec<UnreadableFile>,
    /// What a reader has to know about the numbers, such as a table that was cut. Sentences.
    pub notes: Vec<String>,
    /// The calls over time.
    pub timeline: Vec<Bar>,
    pub timeline_step: Step,
    /// The IANA name of the time zone of `timeline`, `week` and every day.
    pub time_zone: String,
    /// The number of calls for each weekday (Monday first) and each hour of the day.
    pub week: [[u64; 24]; 7],
    pub addresses: Vec<AddressRow>,
    pub countries: Vec<CountryRow>,
    pub principals: Vec<PrincipalRow>,
    pub events: Vec<EventRow>,
    pub errors: Vec<ErrorRow>,
    pub agents: Vec<AgentRow>,
    /// The clusters, services and task definition families of ECS that the calls name.
    pub targets: Vec<TargetRow>,
    /// What was seen for the first time. `None` if no call before the period was read.
    pub new: Option<New>,
    /// The calls of root users.
    pub root: Vec<Watched>,
    /// The writes of IAM users and root users without multi-factor authentication.
    pub without_mfa: Vec<Watched>,
    /// The calls with a TLS version below 1.2.
    pub old_tls: Vec<Watched>,
    /// The sessions of ECS Exec, and sessions of SSM that open a container directly.
    pub exec: Listed,
    /// The changes of what is logged: log groups, retentions, revisions without logs, settings of clusters.
    pub logging: Listed,
    /// The database of the countries of addresses. `None` if the run had none.
    pub geography: Option<CountryDatabase>,
    /// The numbers of rows that `--top` left out, by the name of the list.
    pub left_out: std::collections::BTreeMap<&'static str, u64>,
    /// Whether the files are those that CloudTrail delivered. `None` if the caller did not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
}

/// The period of the report. The end is exclusive where the caller gave one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The start that the caller gave, or else the time of the first record that was kept.
    pub since: Option<Timestamp>,
    /// The end that the caller gave, or else the time of the last record that was kept.
    pub until: Option<Timestamp>,
    /// The times of the first and the last record that were kept.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// The filters of the report, as the caller gave them. An empty list lets every record pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filters {
    pub sources: Vec<String>,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    pub principals: Vec<String>,
    pub events: Vec<String>,
    pub errors_only: bool,
}

/// What became of the records: `read` = `kept` + `filtered` + `duplicate` + `unreadable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Records {
    pub read: u64,
    pub kept: u64,
    pub filtered: u64,
    /// The records with the event ID of a record that was kept.
    pub duplicate: u64,
    /// The elements that are no object, or have no event ID or no time.
    pub unreadable: u64,
}

/// The files of the run. Standard input counts as a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// All files that Logweir opened, with the unreadable ones.
    pub read: u64,
    /// The files that Logweir could not read to their end. What was read before counts.
    pub unreadable: u64,
    /// Digests, insights and files of other kinds, which contain no records.
    pub skipped: u64,
    /// The size of the files, compressed as they are.
    pub bytes: u64,
}

/// The length of a bar of the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    Hour,
    #[default]
    Day,
}

/// What was seen in the period, and not before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct New {
    /// The number of records before the period that pass the other filters.
    pub records_before: u64,
    /// The time of the first of these records.
    pub since: Option<Timestamp>,
    pub principals: Vec<Seen>,
    pub addresses: Vec<Seen>,
    pub agents: Vec<Seen>,
}
