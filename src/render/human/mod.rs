//! The text output, with one file for each kind of result.

pub mod activity;
pub mod against;
pub mod audit;
pub mod baseline;
pub mod check;
pub mod cluster_records;
pub mod diff;
pub mod doctor;
pub mod exemptions;
pub mod family_sources;
pub mod findings;
pub mod firelens;
pub mod init;
mod log_lines;
pub mod passed_over;
pub mod records;
pub mod report;
pub mod resource_change;
pub mod resource_records;
pub mod rules;
pub mod run;
pub mod runbook;
pub mod setting_records;
pub mod unknown;
mod whole_records;
