//! The pure core: no await, clock, environment, file, SDK or logging. `tests/core/tree.rs` checks this.
//!
//! Each layer imports only the layers before it in this list: outcome, rule_name, text · baseline, ecs · edit, event ·
//! limits, rules · plan · record · doctor, report · notice.

pub mod baseline;
pub mod doctor;
pub mod ecs;
pub mod edit;
pub mod event;
pub mod limits;
pub mod notice;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod report;
pub mod rule_name;
pub mod rules;
pub mod text;
