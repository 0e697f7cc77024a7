//! The request for a backout, and its context.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::event::Home;
use crate::domain::report::BackoutBy;

/// `{"logweir": "backout", "record": "web:41", …}`. What it does not know is an error: a wish that is misspelt must not
/// be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub logweir: BackoutWord,
    /// `FAMILY:REVISION` or the ARN, of the source or of our revision.
    pub record: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    #[serde(default)]
    pub restore_stale: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_family: Option<Timestamp>,
    #[serde(default)]
    pub dry_run: bool,
}

/// The word that makes a payload a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackoutWord {
    #[default]
    Backout,
}

/// What a backout is made with.
pub struct BackoutOrder<'o> {
    pub home: &'o Home,
    /// Who registers through the ports, where that is no role of `home`: the command line's caller.
    pub registrar: Option<&'o str>,
    /// A name for this worker that no other has.
    pub worker: String,
    /// How long nobody else may go on with what this worker leaves. Longer than the worker can live.
    pub lease: SignedDuration,
    /// Who takes back what is left, in the command that is printed.
    pub backout: &'o BackoutBy,
    pub ask: BackoutOptions,
}

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackoutOptions {
    pub reason: Option<String>,
    pub requested_by: Option<String>,
    /// Restore a source that was deregistered even where its family has a newer revision than ours.
    pub restore_stale: bool,
    /// Correct nothing of the family until then.
    pub hold_until: Option<Timestamp>,
}
