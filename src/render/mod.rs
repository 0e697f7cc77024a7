//! Output as text, as JSON and in the formats of pipelines.

pub mod activity;
pub mod audit;
pub mod elk;
pub mod exec_sessions;
pub mod formats;
mod html;
pub mod human;
pub mod json;
mod output;
pub mod runbook;
mod unified_diff;

pub use output::Output;
pub use unified_diff::unified_diff;
