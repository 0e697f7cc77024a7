//! Rollouts: every reason to update a service or not, through the events that lead to it. The tests check reports,
//! records and services.

mod backed_out;
mod denied;
mod deployments;
mod failures;
mod forged;
mod fuses;
mod holds;
mod images;
mod intents;
mod lagging;
mod lost_rollbacks;
mod many;
mod modes;
mod overdue;
mod paused;
pub mod scene;
mod settling;
mod tampered;
mod turns;
mod unconfirmed;
mod unseen;
mod waiting;
mod whose;
mod withdrawn;
