//! Reads CloudTrail's event history: runs searches at the pace that CloudTrail allows.

use std::ops::ControlFlow;

use crate::domain::lookup::{FoundEvent, Pace, Search, is_expired_token};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, ErrorKind, EventHistory, PortError, Timer};

/// Runs one search to its end. Calls `take` after each page, with the new events of the page. The search can continue
/// after an error, and after `take` has returned [`ControlFlow::Break`]. All searches in one account and Region share
/// one pace.
///
/// Repeats a call that CloudTrail throttled, or that failed for another temporary reason. If CloudTrail no longer
/// accepts a token, continues without the token.
pub async fn look_up<B>(
    history: &impl EventHistory,
    timer: &impl Timer,
    pace: &mut Pace,
    search: &mut Search,
    mut take: impl FnMut(&Search, Vec<FoundEvent>) -> ControlFlow<B>,
) -> Answer<ControlFlow<B>> {
    while let Some(request) = search.next() {
        timer.wait(pace.wait(timer.now()).unsigned_abs()).await;
        pace.called(timer.now());
        let page = match history.page(&request).await {
            Ok(page) => page,
            Err(error) if error.kind == ErrorKind::Retry && pace.failed() => continue,
            Err(error) if is_expired_token(&error.message) && search.forget_token() => continue,
            Err(error) => return Err(error),
        };
        pace.succeeded();
        let events = search.take(page).ok_or_else(repeated_token)?;
        if let ControlFlow::Break(stop) = take(search, events) {
            return Ok(ControlFlow::Break(stop));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn repeated_token() -> PortError {
    PortError {
        kind: ErrorKind::Refused,
        call: "LookupEvents",
        message: "CloudTrail returned the same token again, with which the search would never end".into(),
        reason: Some(Reason::Unreadable),
    }
}
