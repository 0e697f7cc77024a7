//! The pure core: no await, clock, environment, file, SDK or logging. `tests/tree.rs` keeps it so.

pub mod baseline;
pub mod budget;
pub mod difference;
pub mod doctor;
pub mod event;
pub mod family;
pub mod finding;
pub mod follow;
pub mod gauges;
pub mod image;
pub mod notice;
pub mod observation;
mod outcome;
pub mod patch;
pub mod plan;
pub mod pointings;
pub mod report;
pub mod revision;
pub mod rules;
pub mod saga;
pub mod scope;
pub mod service;
pub mod tags;
pub mod task_definition;
pub(crate) mod text;
pub mod wire;
pub mod writer;
