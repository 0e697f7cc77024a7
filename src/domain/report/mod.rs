//! The report on a decision, and the numbers of unfinished records and open fuses.

mod action;
mod decision;
pub mod gauges;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod report;
mod resource;
pub mod schema;
mod session;
mod setting;

pub use action::{ClusterAction, LogGroupAction, ServiceAction};
pub use decision::{Decision, FollowUp, Notify};
pub use report::{BackoutBy, ClusterReport, LogGroupReport, Report, ReportedChange, ServiceReport, changes, is_shown};
pub use resource::{InsightsReport, ResourceReport};
pub use session::{SessionReport, TranscriptReport};
pub use setting::{SettingAction, SettingReport};
