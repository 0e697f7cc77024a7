//! Output as text and as JSON.

pub mod human;
pub mod json;
mod output;
mod unified_diff;

pub use output::Output;
pub use unified_diff::unified_diff;
