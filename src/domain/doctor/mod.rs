//! The diagnosis of a Logweir stack. This module turns the facts that `doctor` has read into checks, each with a next
//! step for the operator.
//!
//! No check is `ok` without evidence. If `doctor` could not read a fact, the check of this fact is `unknown`.

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

use super::text::names;
use super::text::plain::shortened;

/// The maximum length of a text in a check, in characters. The length is limited, because much of the text is
/// untrusted.
const LONGEST: usize = 600;

/// The help for a resource that was changed or deleted by hand. CloudFormation compares templates only, so a deployment
/// of an unchanged template restores nothing.
const RESTORE: &str = "restore the resource by hand, or with a change set that reverts drift (see docs/operations.md): \
                        aws cloudformation create-change-set --deployment-mode REVERT_DRIFT";

/// One check of the diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The subject of the check: `trail`, `rules`, …
    pub check: &'static str,
    pub state: State,
    pub says: String,
    /// The next step for the operator. `None` if the check is `ok`.
    pub help: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Problem,
    /// `doctor` could not read or interpret the facts that the check needs.
    Unknown,
}

/// A fact that `doctor` has read, or why `doctor` could not read the fact.
pub type ReadResult<T> = Result<T, ReadFailure>;

/// Why `doctor` could not read a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFailure {
    /// The error message.
    pub why: String,
    /// The next step for the operator.
    pub help: String,
    /// Whether the resource does not exist.
    pub is_missing: bool,
}

impl Check {
    pub fn ok(check: &'static str, says: impl AsRef<str>) -> Self {
        Self { check, state: State::Ok, says: shortened(says.as_ref(), LONGEST), help: None }
    }

    pub fn problem(check: &'static str, says: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        let (says, help) = (shortened(says.as_ref(), LONGEST), shortened(help.as_ref(), LONGEST));
        Self { check, state: State::Problem, says, help: Some(help) }
    }

    /// Returns a check in the state `Unknown`, because `doctor` could not read a fact. `what` says which question of
    /// the check stays open.
    pub fn unknown(check: &'static str, what: impl AsRef<str>, unseen: &ReadFailure) -> Self {
        Self::inconclusive(check, format!("{}: {}", what.as_ref(), unseen.why), &unseen.help)
    }

    /// Returns a check in the state `Unknown`, because the facts that `doctor` has read do not decide the check.
    pub fn inconclusive(check: &'static str, says: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self { state: State::Unknown, ..Self::problem(check, says, help) }
    }
}
