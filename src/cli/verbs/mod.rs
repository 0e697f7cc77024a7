//! The verbs of the command line, with one file for each verb.

mod account_default;
pub(super) mod activity;
mod against;
pub(super) mod apply;
pub(super) mod audit;
pub(super) mod backout;
pub(super) mod baseline;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod controls;
pub(super) mod doctor;
pub(super) mod exec;
pub(super) mod firelens;
pub(super) mod fix;
pub(super) mod hold;
pub(super) mod init;
pub(super) mod man;
pub(super) mod records;
pub(super) mod replay;
mod rollout;
pub(super) mod rules;
pub(super) mod runbook;
pub(super) mod schema;
