//! CloudTrail's event history: the management events of the last 90 days in one account and Region.

use super::error::Answer;
use crate::domain::lookup::{Page, Request};

pub trait EventHistory: Sync {
    /// Returns one page of the events that match a request, the newest event first. Makes one call of LookupEvents.
    /// Returns an error with [`is_expired_token`](crate::domain::lookup::is_expired_token) if the request's token is no
    /// longer valid.
    fn page(&self, request: &Request<'_>) -> impl Future<Output = Answer<Page>> + Send;
}
