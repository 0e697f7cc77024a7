//! The pack `firelens`: rules about routers that do not start, lose log lines or end the task, and about the outputs of
//! the containers that log to a router.
//!
//! Only the command line contains these rules. Their fixes are advice, because a change of a route changes the
//! destination of logs.

pub(super) mod deep_router_health_check;
mod dependencies;
pub(super) mod exposed_registration_key;
pub(super) mod exposed_router_port;
pub(super) mod failing_router_health_check;
pub(super) mod insufficient_router_memory;
pub(super) mod invalid_output_option;
pub(super) mod misplaced_launcher_arguments;
pub(super) mod missing_output_option;
pub(super) mod missing_task_role;
pub(super) mod moving_router_image;
pub(super) mod non_essential_router;
mod output;
pub(super) mod refused_log_option;
mod route;
pub(super) mod unavailable_output_plugin;
pub(super) mod unfulfillable_router_dependency;
pub(super) mod unknown_output_option;
pub(super) mod unlimited_retries;
pub(super) mod unordered_router_start;
pub(super) mod unsupported_router_image;
pub(super) mod unusable_router_configuration;
pub(super) mod windows_router;
