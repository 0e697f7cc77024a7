//! Output as text and as JSON.

pub mod human;
pub mod json;
mod output;

pub use output::Output;
