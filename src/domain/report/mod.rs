//! What Logweir reports about a decision, and the figures of what is unfinished.

pub mod gauges;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod report;

pub use report::{
    BACKOUT, BackoutBy, LogGroupReport, RESUME, Report, ReportedChange, ServiceReport, changes, is_shown,
};
