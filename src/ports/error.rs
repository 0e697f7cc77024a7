//! The errors of calls to AWS, to the journal or to another port.

use crate::domain::outcome::Reason;

/// The error of a failed call to AWS, to the journal or to another port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct PortError {
    pub kind: ErrorKind,
    /// The name of the operation that failed, such as `UpdateService` or `write the journal`.
    pub call: &'static str,
    /// The error message of AWS, of the operating system or of Logweir. The message is safe to log, and never contains
    /// any part of a task definition.
    pub message: String,
    pub reason: Option<Reason>,
}

impl PortError {
    /// Whether AWS denied the call, because the caller lacks a right or valid credentials.
    pub fn is_denied(&self) -> bool {
        self.reason == Some(Reason::AccessDenied)
    }

    /// Returns whether an item of the journal exists that this version of Logweir cannot read.
    pub fn is_unreadable(&self) -> bool {
        self.kind == ErrorKind::Refused && self.reason == Some(Reason::Unreadable)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A retry can succeed, because the call was throttled, the service was unavailable, or the connection broke. AWS
    /// may have carried out the call although it failed.
    Retry,
    /// A retry would fail too, because AWS denied the call, or because the call was invalid.
    Refused,
    /// The resource that the call names does not exist.
    Missing,
}

impl PortError {
    /// Returns whether AWS certainly did not carry out the call. After any other error that allows a retry, AWS may
    /// have carried out the call.
    pub fn is_refusal(&self) -> bool {
        match self.kind {
            ErrorKind::Refused | ErrorKind::Missing => true,
            ErrorKind::Retry => self.reason == Some(Reason::Throttled),
        }
    }
}

pub type Answer<T> = Result<T, PortError>;
