//! The end of a verb: its exit code, or its error. Only this file assigns exit codes.

use std::fmt;

use serde_json::Value;

use crate::domain::doctor::State;
use crate::domain::report::Report;
use crate::ports::{ErrorKind, PortError};
use crate::render::human::doctor::Diagnosis;
use crate::render::json::{AgainstSummary, Summary};

/// How a verb ended. The highest of several wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    Fine = 0,
    Findings = 1,
    CouldNot = 2,
    Usage = 64,
}

/// The exit code of a verb, or the error that ended it.
pub(super) type VerbResult = Result<Exit, Failure>;

/// An error that ends the verb: what, where, what to do.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Failure {
    pub(super) fn could_not(message: impl Into<String>) -> Self {
        Self { exit: Exit::CouldNot, message: message.into(), help: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Puts the object of the error before the message.
    pub(super) fn about(self, origin: &str) -> Self {
        Self { message: format!("{origin}: {}", self.message), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{}: {help}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A port's error, with what to do.
impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let failure = Self::could_not(error.to_string());
        match error.kind {
            ErrorKind::Retry => failure.help("this may pass: run it again"),
            ErrorKind::Missing => failure.help("look for a slip in the name, the Region (--region) or the account"),
            ErrorKind::Refused => failure,
        }
    }
}

impl Exit {
    /// The exit code for the JSON report of a deployed function. A dry run gives no verdict.
    pub(super) fn of_answer(report: &Value, is_dry_run: bool) -> Self {
        match report["outcome"].as_str().unwrap_or_default() {
            "backed-out" => Self::Fine,
            "observed" if is_dry_run => Self::Fine,
            "refused" | "skipped" => Self::Findings,
            _ => Self::CouldNot,
        }
    }

    /// The exit code for the rollout of one service. A deployment that is still in progress is a finding: the caller
    /// must keep waiting.
    pub(super) fn of_rollout(report: &Report, is_under_way: bool) -> Self {
        if is_under_way { Self::Findings } else { Self::from(report) }
    }

    /// The exit code of `fix`, which leaves this many findings to the caller.
    pub(super) fn of_left(findings: usize) -> Self {
        if findings == 0 { Self::Fine } else { Self::Findings }
    }
}

impl From<&clap::Error> for Exit {
    /// clap also reports `--help` and `--version` as errors.
    fn from(error: &clap::Error) -> Self {
        if error.use_stderr() { Self::Usage } else { Self::Fine }
    }
}

impl From<&Report> for Exit {
    fn from(report: &Report) -> Self {
        match report.exit_code() {
            0 => Self::Fine,
            1 => Self::Findings,
            _ => Self::CouldNot,
        }
    }
}

impl From<Summary> for Exit {
    fn from(summary: Summary) -> Self {
        match summary {
            Summary { errors: 1.., .. } => Self::CouldNot,
            Summary { findings: 1.., .. } => Self::Findings,
            _ => Self::Fine,
        }
    }
}

impl From<AgainstSummary> for Exit {
    fn from(summary: AgainstSummary) -> Self {
        match summary {
            AgainstSummary { errors: 1.., .. } => Self::CouldNot,
            AgainstSummary { differ: 1.., .. } | AgainstSummary { settings: 1.., .. } => Self::Findings,
            _ => Self::Fine,
        }
    }
}

impl From<&Diagnosis> for Exit {
    fn from(diagnosis: &Diagnosis) -> Self {
        diagnosis.checks.iter().map(|check| Self::from(check.state)).max().unwrap_or(Self::Fine)
    }
}

impl From<State> for Exit {
    fn from(state: State) -> Self {
        match state {
            State::Ok => Self::Fine,
            State::Problem => Self::Findings,
            State::Unknown => Self::CouldNot,
        }
    }
}
