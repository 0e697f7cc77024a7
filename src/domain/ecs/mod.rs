//! The nouns of Amazon ECS.

pub mod image;
pub mod revision;
pub mod service;
pub mod tags;
pub mod task_definition;
pub mod wire;
