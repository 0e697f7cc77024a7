//! Output: one file for each form.

pub mod human;
pub mod json;
mod output;

pub use output::Output;
