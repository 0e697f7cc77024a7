//! The adapters to ECS, CloudWatch Logs and DynamoDB. The adapters use the retries and the paging of the AWS SDKs.

#[cfg(feature = "cli")]
mod account_settings;
mod clusters;
pub(super) mod ecs;
pub mod journal;
pub(super) mod logs;
pub(super) mod own_log;
#[cfg(feature = "cli")]
mod resources;
mod services;
mod sessions;
mod tasks;
mod users;
mod wire;
