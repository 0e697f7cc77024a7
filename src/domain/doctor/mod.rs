//! What is well with a deployment and what is not: from facts, which others read, to lines that say what to do.
//!
//! Nothing is said to be well without evidence: what could not be read is neither well nor a fault.

pub mod baseline;
pub mod deployment;
pub mod function;
pub mod letter;
mod need;
mod permissions;
pub mod queue;
pub mod records;
pub mod role;
pub mod rules;
mod samples;
pub mod trail;

use serde::Serialize;

use super::text::plain::plain;

/// The longest text of a line: much of it was written by others.
const LONGEST: usize = 600;

/// What to do about what somebody has changed or deleted by hand: a deployment compares templates, and where nothing of them
/// has changed it puts nothing back.
const PUT_BACK: &str = "put it back by hand, or with a change set that reverts drift, as docs/operations.md shows: aws \
                        cloudformation create-change-set --deployment-mode REVERT_DRIFT";

/// One line of the diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: `trail`, `rules`, …
    pub check: &'static str,
    pub state: State,
    pub says: String,
    /// What to do; nothing where all is well.
    pub help: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Problem,
    /// It could not be told.
    Unknown,
}

/// A fact, or why it could not be read.
pub type Looked<T> = Result<T, Unseen>;

/// Why a fact could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// What the other side said.
    pub why: String,
    /// What to do about that.
    pub help: String,
    /// Whether what was asked about is not there.
    pub is_missing: bool,
}

impl Check {
    pub fn ok(check: &'static str, says: impl AsRef<str>) -> Self {
        Self { check, state: State::Ok, says: plain(says.as_ref(), LONGEST), help: None }
    }

    pub fn problem(check: &'static str, says: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        let (says, help) = (plain(says.as_ref(), LONGEST), plain(help.as_ref(), LONGEST));
        Self { check, state: State::Problem, says, help: Some(help) }
    }

    /// `what` could not be told.
    pub fn unknown(check: &'static str, what: impl AsRef<str>, unseen: &Unseen) -> Self {
        Self::untold(check, format!("{}: {}", what.as_ref(), unseen.why), &unseen.help)
    }

    /// The same where nothing failed, and yet nobody can tell.
    pub fn untold(check: &'static str, says: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self { state: State::Unknown, ..Self::problem(check, says, help) }
    }
}

/// Some names with commas between them; of many, the first and how many more there are.
fn names<'n>(all: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 5;
    let all: Vec<&str> = all.into_iter().collect();
    match all.len() {
        ..=MOST => all.join(", "),
        count => format!("{} and {} more", all[..MOST].join(", "), count - MOST),
    }
}
