//! A decision: its report, whether the event is retried, and whether Logweir notifies subscribers.

use std::ops::Deref;

use serde::Serialize;

use super::report::Report;
use crate::domain::limits::rate::Wait;
use crate::domain::outcome::Conclusion;

/// The result of handling one event, revision or request. A `Decision` dereferences to its report, and serialises as
/// this report alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Decision {
    pub report: Report,
    #[serde(skip)]
    pub next: FollowUp,
    #[serde(skip)]
    pub notify: Notify,
}

/// The further handling of an event after the decision about the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowUp {
    /// The event needs no further handling.
    #[default]
    Nothing,
    /// The event is retried.
    Retry,
    /// The event is retried after it has waited for a slot of the registration rate limit.
    Wait(Wait),
    /// The event is handled again later, because the baseline is unconfirmed, because too many clusters change at once, or
    /// because a session has not ended yet.
    Later,
}

/// The facts that decide, together with the report, whether Logweir sends a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// Whether this decision opened the family's fuse. Logweir sends no notification for later decisions that only
    /// report the open fuse.
    pub opens_fuse: bool,
    /// `Some(true)` if the previous attempt ended for the same reason, so subscribers already know the reason. `None`
    /// if no stored state shows how the previous attempt ended.
    pub repeats: Option<bool>,
    /// Whether the daily reconciliation found the revision. Logweir sends no notification if the family is on hold or has
    /// a newer revision, because the next reconciliation finds the same revision again.
    pub is_overdue: bool,
}

impl From<Report> for Decision {
    fn from(report: Report) -> Self {
        Self { report, next: FollowUp::default(), notify: Notify::default() }
    }
}

impl Deref for Decision {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}

impl Decision {
    /// Whether the event is retried.
    pub fn is_retried(&self) -> bool {
        self.next != FollowUp::Nothing
    }

    pub fn ends(self, conclusion: impl Into<Conclusion>) -> Self {
        Self { report: self.report.ends(conclusion), ..self }
    }

    /// Ends the decision like [`Decision::ends`], and retries the event.
    pub fn ends_for_now(self, conclusion: impl Into<Conclusion>) -> Self {
        Self { next: FollowUp::Retry, ..self.ends(conclusion) }
    }

    pub fn bounded(self) -> Self {
        Self { report: self.report.bounded(), ..self }
    }
}
