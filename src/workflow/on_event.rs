//! The handling of one event, from its text to a report.

use serde_json::Value;

use super::correct::put_off;
use super::order::Order;
use super::remediate::remediate;
use super::reporting::{fresh, unseen};
use crate::domain::event::{self, Cause};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::report::Decision;
use crate::ports::{Clock, Ports};

/// Handles one event, and returns the decision about the event.
pub async fn handle_event<P: Ports>(ports: &P, order: &Order<'_>, event: &Value) -> Decision {
    let decision = match event::read(event, order.home) {
        Ok(trigger) => match put_off(ports, order, &trigger) {
            Some(decision) => decision,
            None => remediate(ports, order, trigger).await,
        },
        Err(error) => unreadable(ports, order, &error.to_string()),
    };
    decision.bounded()
}

/// Returns the decision about an event that Logweir no longer handles, because the event failed too often. Logweir
/// reported each failure of the event when the failure happened.
pub fn failed_too_often<P: Ports>(ports: &P, order: &Order<'_>, event: &Value) -> Decision {
    match event::read(event, order.home) {
        Ok(trigger) => {
            let why = "the event failed too often; Logweir does not retry it".to_owned();
            unseen(ports, order, &trigger).ends(Conclusion::new(Outcome::Failed, None, Some(why))).bounded()
        }
        Err(error) => unreadable(ports, order, &error.to_string()),
    }
}

pub fn unreadable<P: Ports>(ports: &P, order: &Order<'_>, why: &str) -> Decision {
    let decision = fresh(order, &Cause::default(), ports.clock().now());
    decision.ends(Outcome::Failed.because(Reason::Unreadable).saying(why))
}
