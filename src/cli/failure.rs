//! The result of a verb, which is an exit code or the error that ended the verb. Only this file assigns exit codes.

use std::fmt;

use serde_json::Value;

use crate::aws::UNREACHED;
use crate::domain::doctor::State;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Report, ResourceReport};
use crate::domain::text::place::Position;
use crate::ports::{ErrorKind, PortError};
use crate::render::human::doctor::Diagnosis;
use crate::render::json::{AgainstSummary, Summary};
use crate::sources::SourceError;

/// The error codes of AWS for credentials that have expired.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// The error codes of AWS for credentials that AWS does not know in this Region.
const UNKNOWN_KEY: [&str; 4] =
    ["UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"];

/// The exit code of a verb. If several exit codes apply, Logweir returns the highest code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    Fine = 0,
    Findings = 1,
    Error = 2,
    Usage = 64,
}

/// The exit code of a verb, or the error that ended the verb.
pub(super) type VerbResult = Result<Exit, Failure>;

/// An error that ends a verb. The member `help` names the next step for the caller.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The position of the error in the file that the message names.
    pub(super) position: Option<Position>,
    /// The operation that AWS denied. `None` for any other error.
    pub(super) denied: Option<&'static str>,
}

impl Failure {
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self { exit: Exit::Error, message: message.into(), help: None, position: None, denied: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: None, position: None, denied: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Converts the error of a read whose result the caller can also name, as `help` says. The help about the network
    /// and the credentials stays, because the next call of the run needs them too.
    pub(super) fn of_named_read(error: PortError, help: &str) -> Self {
        let is_temporary = error.kind == ErrorKind::Retry && !error.message.starts_with(UNREACHED);
        match Self::from(error) {
            failure if is_temporary || failure.help.is_none() => failure.help(help),
            failure => failure,
        }
    }

    /// Returns the same error, with `origin` before the error message.
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

/// Converts the error of a call to AWS or to the journal, and adds the next step for the caller.
impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let denied = (error.reason == Some(Reason::AccessDenied)).then_some(error.call);
        let failure = Self { denied, ..Self::error(error.to_string()) };
        let code = error.message.split(':').next().unwrap_or_default();
        match error.kind {
            _ if EXPIRED.contains(&code) => {
                failure.help("get new credentials, for example: aws sso login --profile NAME")
            }
            _ if UNKNOWN_KEY.contains(&code) => failure
                .help("check the credentials (aws sts get-caller-identity), and that the account uses this Region"),
            _ if error.message.starts_with(UNREACHED) => failure
                .help("check the network, the Region (--region) and the endpoint (--endpoint-url), then try again"),
            ErrorKind::Retry => failure.help("try again: the error may be temporary"),
            ErrorKind::Missing => failure.help("check the name, the Region (--region) and the account"),
            ErrorKind::Refused => match failure.message.split_once("; ") {
                // The errors of the journal in a folder end with advice.
                Some((message, advice)) if error.call.ends_with("the journal") => {
                    Self { message: message.to_owned(), help: Some(advice.to_owned()), ..failure }
                }
                _ => failure,
            },
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { help: error.help.clone(), position: error.position(), ..Self::error(error.to_string()) }
    }
}

impl Exit {
    /// Returns the exit code for the JSON report of a deployed function. The outcome `observed` counts as a success
    /// only in a dry run.
    pub(super) fn of_answer(report: &Value, is_dry_run: bool) -> Self {
        match report["outcome"].as_str().unwrap_or_default() {
            "backed-out" | "held" | "released" => Self::Fine,
            "observed" if is_dry_run => Self::Fine,
            "skipped" if report["reason"] == "not-on-hold" => Self::Fine,
            "refused" | "skipped" => Self::Findings,
            _ => Self::Error,
        }
    }

    /// Returns the exit code for the change of a cluster's or service's settings and tags, or for its backout.
    pub(super) fn of_resource(report: &ResourceReport, is_dry_run: bool) -> Self {
        match report.outcome {
            Outcome::Compliant | Outcome::Remediated | Outcome::BackedOut => Self::Fine,
            Outcome::Observed if is_dry_run => Self::Findings,
            Outcome::Refused | Outcome::Skipped | Outcome::Superseded => Self::Findings,
            _ => Self::Error,
        }
    }

    /// Returns the exit code for the rollout of one service. A deployment that is still in progress counts as a
    /// finding, because the caller must keep waiting.
    pub(super) fn of_rollout(report: &Report, is_under_way: bool) -> Self {
        if is_under_way { Self::Findings } else { Self::from(report) }
    }

    /// Returns the same exit code, or 0 instead of 1 if `is_zero` is set.
    pub(super) fn without_findings(self, is_zero: bool) -> Self {
        if is_zero && self == Self::Findings { Self::Fine } else { self }
    }

    /// Returns the exit code of `logweir fix` for this number of remaining findings.
    pub(super) fn of_left(findings: usize) -> Self {
        if findings == 0 { Self::Fine } else { Self::Findings }
    }

    /// Returns the exit code of `logweir check`. With `is_strict`, a target whose verdict is unknown counts as a
    /// finding.
    pub(super) fn of_run(summary: &Summary, is_strict: bool) -> Self {
        match summary {
            Summary { errors: 1.., .. } => Self::Error,
            Summary { faults: 1.., .. } => Self::Findings,
            Summary { unknown: 1.., .. } if is_strict => Self::Findings,
            _ => Self::Fine,
        }
    }

    /// Returns the exit code for a number that a result computed: 0, 1 or 2.
    pub(super) fn of_code(code: u8) -> Self {
        match code {
            0 => Self::Fine,
            1 => Self::Findings,
            _ => Self::Error,
        }
    }

    /// Returns the exit code of `logweir fix --check`, depending on whether `logweir fix` would change the document.
    pub(super) fn of_check(would_change: bool) -> Self {
        if would_change { Self::Findings } else { Self::Fine }
    }
}

impl From<&clap::Error> for Exit {
    /// Returns 0 for `--help` and `--version`, which clap also reports as errors.
    fn from(error: &clap::Error) -> Self {
        if error.use_stderr() { Self::Usage } else { Self::Fine }
    }
}

impl From<&Report> for Exit {
    fn from(report: &Report) -> Self {
        Self::of_code(report.exit_code())
    }
}

impl From<AgainstSummary> for Exit {
    fn from(summary: AgainstSummary) -> Self {
        match summary {
            AgainstSummary { errors: 1.., .. } => Self::Error,
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
            State::Unknown => Self::Error,
        }
    }
}
