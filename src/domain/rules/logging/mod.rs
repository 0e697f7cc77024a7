//! The pack `logging`: rules about containers that wait for the delivery of their logs, lose logs, or keep logs without
//! a time limit.

mod awslogs_option;
pub(super) mod blocking_delivery;
mod buffer_share;
mod defined_retention;
mod execution_role;
pub(super) mod firelens;
pub(super) mod foreign_region;
mod held_back;
mod log_group;
mod log_stream;
pub(super) mod missing_execution_role;
pub(super) mod missing_log_driver;
pub(super) mod missing_log_group;
pub(super) mod naming;
pub(in crate::domain) mod options;
pub(super) mod refused_log_option;
mod region;
mod replacement;
pub(super) mod unaccepted_log_driver;
pub(super) mod unbounded_retention;
pub(super) mod unnamed_log_group;
pub(super) mod unroutable_firelens;
pub(in crate::domain) mod unset_mode;
pub(super) mod unsized_buffer;
