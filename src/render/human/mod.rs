//! Output for people, one file for each form.

pub mod against;
pub mod check;
pub mod diff;
pub mod doctor;
pub mod findings;
mod log_lines;
pub mod records;
pub mod report;
pub mod rules;
