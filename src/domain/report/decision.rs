//! A decision: its report, whether the event is retried, and whether Logweir notifies subscribers.

use std::ops::Deref;

use serde::Serialize;

use super::report::Report;
use crate::domain::limits::rate::Wait;
use crate::domain::outcome::Conclusion;

/// A decision. It dereferences and serialises to its report, without the follow-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Decision {
    pub report: Report,
    #[serde(skip)]
    pub next: FollowUp,
    #[serde(skip)]
    pub notify: Notify,
}

/// The follow-up of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowUp {
    /// The event is complete.
    #[default]
    Nothing,
    /// The event is retried.
    Retry,
    /// The event waits for a slot of the registration rate limit, and is then retried.
    Wait(Wait),
}

/// The facts outside the report that decide whether Logweir notifies subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// Whether this decision opened the family's fuse. Later decisions report the same open fuse.
    pub opens_fuse: bool,
    /// `Some(true)` if the previous attempt ended for the same reason, so subscribers already know it. `None` if no
    /// stored state tells.
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
    /// Whether the event is retried.
    pub fn comes_again(&self) -> bool {
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
