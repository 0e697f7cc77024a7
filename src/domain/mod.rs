//! The pure core of Logweir: code without await, clock, environment variables, files, SDK or logging, as
//! `tests/core/tree.rs` checks.
//!
//! The modules of the core form layers. A layer imports only layers that stand to its left in this list, in which `·`
//! separates the layers: outcome, rule_name, text, lookup, dead_letter · disposition, severity, verdict, country ·
//! baseline, ecs, trail · exec, pins · edit, event, firelens, fleet · limits, rules · plan · audit, readings, record ·
//! doctor, report · notice.

pub mod audit;
pub mod baseline;
pub mod country;
pub mod dead_letter;
pub mod disposition;
pub mod doctor;
pub mod ecs;
pub mod edit;
pub mod event;
pub mod exec;
pub mod exec_mode;
pub mod firelens;
pub mod fleet;
pub mod limits;
pub mod lookup;
pub mod notice;
pub mod outcome;
pub mod pins;
pub mod plan;
pub mod readings;
pub mod record;
pub mod report;
pub mod rule_name;
pub mod rules;
pub mod runbook;
pub mod severity;
pub mod text;
pub mod trail;
pub mod verdict;
