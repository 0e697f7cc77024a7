//! The verdict on a session.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether a session has a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The transcript exists.
    Logged,
    /// The session has ended, and no transcript exists.
    Unlogged,
    /// The session is open, or its transcript may still arrive.
    Pending,
    /// The retention of the log group is shorter than the age of the session, so a transcript would be gone.
    Expired,
    /// AWS denied the call, so there was no session.
    Denied,
    /// The call or the session failed, so there was no session.
    Failed,
    /// The caller only checked a permission.
    DryRun,
    /// A principal opened the session directly with Systems Manager, which logs no such session.
    Bypass,
    /// The evidence does not decide.
    Unknown,
}

impl Verdict {
    pub const ALL: [Self; 9] = [
        Self::Logged,
        Self::Unlogged,
        Self::Pending,
        Self::Expired,
        Self::Denied,
        Self::Failed,
        Self::DryRun,
        Self::Bypass,
        Self::Unknown,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Logged => "logged",
            Self::Unlogged => "unlogged",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::DryRun => "dry-run",
            Self::Bypass => "bypass",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the verdict is a finding: a session of which no transcript tells what was typed.
    pub const fn is_finding(self) -> bool {
        matches!(self, Self::Unlogged | Self::Bypass)
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::ALL.into_iter().find(|verdict| verdict.name() == name).ok_or_else(|| D::Error::custom("not a verdict"))
    }
}

/// A verdict and its reason. Only a session with a transcript in all its places needs no reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub verdict: Verdict,
    pub why: Option<String>,
}

impl Judged {
    pub(super) fn new(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: Some(why.into()) }
    }
}
