//! A fact about an account: read, missing, or not asked for.

use jiff::Timestamp;

use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::depth::Depth;

/// A fact about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    Read {
        value: T,
        /// The IAM action of the operation that shows the fact, such as `ecs:DescribeServices`.
        source: &'static str,
        /// The time of the read.
        time: Timestamp,
    },
    /// The read failed, for example because the caller lacks the right.
    Unread(Unread),
    /// The run reads a smaller depth.
    NotAsked(Depth),
}

/// Where and when Logweir read a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub source: &'static str,
    pub time: Timestamp,
}

/// Why a fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing<'f> {
    Unread(&'f Unread),
    NotAsked(Depth),
    /// The run reads only the clusters and services that the caller named.
    NotSelected,
}

impl Missing<'_> {
    /// Returns the message of the result `not-checked`.
    pub fn message(&self) -> String {
        match self {
            Self::Unread(unread) => {
                let (action, cause) = (unread.action, unread.cause());
                let why = match unread.is_denied {
                    true => format!("for which it needs {action}"),
                    false => format!("because {action} failed"),
                };
                format!("Logweir could not read the facts, {why}: {cause}")
            }
            Self::NotAsked(depth) => format!("this run does not read the facts; use --depth {}", depth.name()),
            Self::NotSelected => {
                "this run reads only the clusters and services that the caller named, and the rest of the \
                                  account decides too; run the command without a cluster"
                    .to_owned()
            }
        }
    }
}

impl<T> Fact<T> {
    /// Returns the fact that this read shows.
    pub fn of(read: Result<T, Unread>, source: &'static str, time: Timestamp) -> Self {
        match read {
            Ok(value) => Self::Read { value, source, time },
            Err(unread) => Self::Unread(unread),
        }
    }

    /// Returns the value with its origin.
    pub fn get(&self) -> Result<(&T, Origin), Missing<'_>> {
        match self {
            Self::Read { value, source, time } => Ok((value, Origin { source, time: *time })),
            Self::Unread(unread) => Err(Missing::Unread(unread)),
            Self::NotAsked(depth) => Err(Missing::NotAsked(*depth)),
        }
    }

    /// Returns the fact that follows from this one.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Read { value, source, time } => Fact::Read { value: of(value), source, time },
            Self::Unread(unread) => Fact::Unread(unread),
            Self::NotAsked(depth) => Fact::NotAsked(depth),
        }
    }

    /// Returns the value. Returns `None` if the fact is missing.
    pub fn value(&self) -> Option<&T> {
        self.get().ok().map(|(value, _)| value)
    }

    /// Returns the read that failed.
    pub fn unread(&self) -> Option<&Unread> {
        match self {
            Self::Unread(unread) => Some(unread),
            Self::Read { .. } | Self::NotAsked(_) => None,
        }
    }
}
