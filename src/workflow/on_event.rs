//! One event, from its text to a report.

use serde_json::Value;

use super::correct::put_off;
use super::order::Order;
use super::remediate::remediate;
use super::reporting::unseen;
use crate::domain::event::{self, Cause};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::Report;
use crate::ports::{Clock, Ports};

/// Handles one event.
pub async fn handle_event<P: Ports>(ports: &P, order: &Order<'_>, event: &Value) -> Report {
    let report = match event::read(event, order.home) {
        Ok(trigger) => match put_off(ports, order, &trigger) {
            Some(report) => report,
            None => remediate(ports, order, trigger).await,
        },
        Err(error) => unreadable(ports, order, &error.to_string()),
    };
    report.bounded()
}

/// What is said of an event that is not handled any more. What went wrong was said each time.
pub fn failed_too_often<P: Ports>(ports: &P, order: &Order<'_>, event: &Value) -> Report {
    match event::read(event, order.home) {
        Ok(trigger) => {
            let why = "it failed too often, and is not tried any more by itself".to_owned();
            unseen(ports, order, &trigger).ends(Outcome::Failed, None, Some(why)).bounded()
        }
        Err(error) => unreadable(ports, order, &error.to_string()),
    }
}

pub fn unreadable<P: Ports>(ports: &P, order: &Order<'_>, why: &str) -> Report {
    let now = ports.clock().now();
    let report = Report::new(order.home, order.mode.name(), order.origin.name(), &Cause::default(), now);
    report.by(order.baseline).ends(Outcome::Failed, Some(Reason::Unreadable), Some(why.to_owned()))
}
