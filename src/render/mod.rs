//! Output: one file for each form.

pub mod diff;
pub mod doctor;
pub mod findings;
pub mod json;
mod log_lines;
pub mod records;
pub mod report;

pub use log_lines::LogLines;
