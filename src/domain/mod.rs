//! The pure core: no await, clock, environment, file, SDK or logging. `tests/tree.rs` keeps it so.

pub mod baseline;
pub mod finding;
pub mod observation;
pub mod patch;
pub mod plan;
pub mod revision;
pub mod rules;
pub mod task_definition;
mod text;
