//! The ports that an SDK serves: ECS, CloudWatch Logs and DynamoDB, with its retries and paging.

pub(super) mod ecs;
pub mod journal;
pub(super) mod logs;
pub(super) mod own_log;
mod services;
mod users;
mod wire;
