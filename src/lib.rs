//! Logweir keeps Amazon ECS tasks from blocking on their logs.
pub mod domain;
pub mod ports;
pub mod workflow;
