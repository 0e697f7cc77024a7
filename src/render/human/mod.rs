//! The text output, with one file for each kind of result.

pub mod against;
pub mod check;
pub mod diff;
pub mod doctor;
pub mod findings;
mod log_lines;
pub mod records;
pub mod report;
pub mod rules;
