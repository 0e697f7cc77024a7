//! The places of transcripts, and what was found there.

use std::fmt;

use jiff::Timestamp;

/// The place of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A log stream with the ID of the session as its name.
    Stream { group: String, stream: String },
    /// An object in Amazon S3. If the prefix in the configuration ends with a slash, the key may have two slashes, so
    /// there are two keys.
    Object { bucket: String, keys: Vec<String> },
}

impl Place {
    /// Returns `cloudwatch` or `s3`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stream { .. } => "cloudwatch",
            Self::Object { .. } => "s3",
        }
    }
}

/// `GROUP:STREAM`, or `s3://BUCKET/KEY`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream { group, stream } => write!(f, "{group}:{stream}"),
            Self::Object { bucket, keys } => write!(f, "s3://{bucket}/{}", keys.first().map_or("", String::as_str)),
        }
    }
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A log stream with events, or an object that is not empty.
    Found {
        /// The size in bytes. CloudWatch Logs tells no size of a log stream (source: CloudWatch Logs API reference,
        /// LogStream).
        bytes: Option<u64>,
        first: Option<Timestamp>,
        last: Option<Timestamp>,
    },
    /// Nothing, or a log stream without events, or an empty object.
    Absent {
        /// What is absent, in words.
        what: String,
        /// The retention of the log group in days. `None` if events never expire, or in Amazon S3.
        retention_days: Option<u32>,
    },
    /// The place could not be read, for this reason.
    Unread(String),
}

/// A place, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub place: Place,
    pub seen: Seen,
}

impl Look {
    pub fn is_found(&self) -> bool {
        matches!(self.seen, Seen::Found { .. })
    }
}
