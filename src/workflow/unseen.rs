//! A report on an event that is not looked into: all that it says, the event does. No call is made for it.

use super::remediate::{Order, fresh};
use crate::domain::event::{Change, Trigger, Which};
use crate::domain::report::Report;
use crate::ports::{Clock, Ports};

/// What an event is about and who caused it, for whoever says why it is left at that.
pub fn unseen<P: Ports>(ports: &P, order: &Order<'_>, trigger: &Trigger) -> Report {
    let (Trigger::Remediate { cause, .. }
    | Trigger::Service { cause, .. }
    | Trigger::Used { cause, .. }
    | Trigger::Ignore { cause, .. }) = trigger;
    let mut report = fresh(order, cause, ports.clock().now());
    match trigger {
        Trigger::Remediate { which: Which::Revision(revision), .. }
        | Trigger::Service { change: Change::Asked { revision: Some(revision) }, .. } => report.about(revision),
        Trigger::Remediate { which: Which::NewestOf { family, .. }, .. } => report.family = Some(family.clone()),
        _ => {}
    }
    report
}
