//! The daily reconciliation: it finds the revisions whose events were lost, and its messages are harmless however often
//! they are delivered.

mod cost;
mod delivered;
mod lost;
mod overdue;
pub mod scene;
mod standing;
mod withdrawn;
