//! The search of CloudTrail's event history with LookupEvents. CloudTrail returns the newest events first, at most 50 a
//! call, and allows two calls a second for each account and Region (source: CloudTrail API reference, LookupEvents).
//!
//! Because the newest events come first, the unread part of a search is always one range, from the start of the period to
//! the oldest event that was read. A search can therefore continue at any time, without a token of CloudTrail.

mod pace;
mod search;

pub use pace::{INTERVAL, Pace};
pub use search::{FoundEvent, Page, Progress, Request, Search};

use jiff::{SignedDuration, Timestamp};

/// The largest number of events in one response of LookupEvents (source: CloudTrail API reference, LookupEvents).
pub const PAGE: usize = 50;

/// The age of the oldest events in the event history (source: CloudTrail user guide, Working with event history).
pub const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The attribute that all events of a search have. LookupEvents accepts only one attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// The name of the API action, such as `ExecuteCommand`.
    EventName(String),
    /// The service, such as `ecs.amazonaws.com`.
    EventSource(String),
}

impl Attribute {
    /// Returns the value of `AttributeKey` in a request.
    pub fn key(&self) -> &'static str {
        match self {
            Self::EventName(_) => "EventName",
            Self::EventSource(_) => "EventSource",
        }
    }

    /// Returns the value of `AttributeValue` in a request.
    pub fn value(&self) -> &str {
        match self {
            Self::EventName(value) | Self::EventSource(value) => value,
        }
    }
}

/// The period of a search, with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Period {
    pub fn has(&self, time: Timestamp) -> bool {
        (self.since..=self.until).contains(&time)
    }

    pub fn length(&self) -> SignedDuration {
        self.until.duration_since(self.since).max(SignedDuration::ZERO)
    }
}

/// Returns whether the message of an error says that a token of LookupEvents is no longer valid.
pub fn is_expired_token(message: &str) -> bool {
    message.starts_with("InvalidNextToken") || message.starts_with("ExpiredNextToken")
}
