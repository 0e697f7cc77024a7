//! The error of a call through a port.

use crate::domain::outcome::Reason;

/// Why a call did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct PortError {
    pub kind: ErrorKind,
    /// The operation, in AWS's word or in ours.
    pub call: &'static str,
    /// What the other side said, made fit for a log line. Never holds anything of a document.
    pub message: String,
    pub reason: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Another try can help: throttled, unavailable, the connection broke. Whether the call was carried out is not known.
    Retry,
    /// It will be refused again: denied, invalid.
    Refused,
    /// What it was about is not there.
    Missing,
}

pub type Answer<T> = Result<T, PortError>;
