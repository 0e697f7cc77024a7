//! A report, and what follows from it: whether its event comes again, and whether subscribers are notified.

use std::ops::Deref;

use serde::Serialize;

use super::report::Report;
use crate::domain::limits::rate::Wait;
use crate::domain::outcome::Conclusion;

/// What was decided. It is read and serialised as its report; what follows is not part of that.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Decision {
    pub report: Report,
    #[serde(skip)]
    pub next: FollowUp,
    #[serde(skip)]
    pub notify: Notify,
}

/// What becomes of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowUp {
    /// It is done with.
    #[default]
    Nothing,
    /// It comes again: another try can help.
    Retry,
    /// It comes again, and waits before for a slot of the registration rate limit.
    Wait(Wait),
}

/// What decides whether subscribers are notified, beside the report itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// Whether this decision opened the family's fuse. Those after it report the same open fuse again.
    pub opens_fuse: bool,
    /// `Some(true)` if the previous attempt ended for the same reason, so that subscribers already know. `None` if nothing
    /// that is kept says so.
    pub repeats: Option<bool>,
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
    /// Whether the event comes again.
    pub fn comes_again(&self) -> bool {
        self.next != FollowUp::Nothing
    }

    pub fn ends(self, conclusion: impl Into<Conclusion>) -> Self {
        Self { report: self.report.ends(conclusion), ..self }
    }

    /// As [`Decision::ends`], and the event comes again.
    pub fn ends_for_now(self, conclusion: impl Into<Conclusion>) -> Self {
        Self { next: FollowUp::Retry, ..self.ends(conclusion) }
    }

    pub fn bounded(self) -> Self {
        Self { report: self.report.bounded(), ..self }
    }
}
