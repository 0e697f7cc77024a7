//! The request for a backout, and the context of the backout.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::event::Home;
use crate::domain::report::BackoutBy;

/// The payload of a backout request: `{"logweir": "backout", "record": "web:41", …}`. An unknown member is an error, so
/// that a misspelt option is not ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub logweir: BackoutWord,
    /// The source revision or the corrected revision of the record, as `FAMILY:REVISION` or as an ARN.
    pub record: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    #[serde(default, alias = "restore_stale", skip_serializing_if = "std::ops::Not::not")]
    pub restore_over_newer: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore_source: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_pins: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_family: Option<Timestamp>,
    #[serde(default)]
    pub dry_run: bool,
}

/// The value of the payload's member `logweir` that makes the payload a backout request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackoutWord {
    #[default]
    Backout,
}

/// The context of one backout.
pub struct BackoutOrder<'o> {
    pub home: &'o Home,
    /// The ARN of the principal whose credentials the command line uses to register revisions. `None` in a Lambda
    /// function, because `home` lists the IAM roles of the functions.
    pub registrar: Option<&'o str>,
    /// The unique name of this worker.
    pub worker: String,
    /// The length of this worker's lease on a record, during which no other worker may take over the record. The lease
    /// is longer than the worker can run.
    pub lease: SignedDuration,
    /// How an operator backs out the effects that remain after this backout: with a backout function, or with
    /// `logweir backout` and a journal.
    pub backout: &'o BackoutBy,
    pub ask: BackoutOptions,
}

/// The options of a backout request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackoutOptions {
    pub reason: Option<String>,
    pub requested_by: Option<String>,
    /// Whether to restore a deregistered source revision even if its family has a revision newer than the corrected
    /// revision.
    pub restore_over_newer: bool,
    /// Whether to restore a deregistered source revision even if no service needs the source revision.
    pub restore_source: bool,
    /// Whether to deregister a corrected revision that an EventBridge rule or schedule pins.
    pub ignore_pins: bool,
    /// The time until which Logweir puts the family on hold, and corrects no revision of the family. `None` for no
    /// hold.
    pub hold_until: Option<Timestamp>,
}
