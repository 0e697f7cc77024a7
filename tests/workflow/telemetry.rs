//! The output for people: log lines with their metrics, and notifications to the topic and the event bus.

mod digest;
mod forging;
mod golden;
mod harmless;
mod notices;
mod reconciliation;
pub mod stage;
