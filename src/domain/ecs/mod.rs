//! The resources of Amazon ECS as types.

pub mod arn;
pub mod cluster;
mod container_log;
pub mod default_log_mode;
pub mod family_list;
pub mod image;
pub mod image_name;
pub mod lag;
pub mod repeated_key;
pub mod resource;
pub mod revision;
pub mod service;
pub mod tags;
pub mod task_definition;
pub mod wire;
