//! The pure core of Logweir: code without await, clock, environment variables, files, SDK or logging, as
//! `tests/core/tree.rs` checks.
//!
//! The modules of the core form layers. A layer imports only layers that stand to its left in this list, in which `·`
//! separates the layers: outcome, rule_name, text, lookup, dead_letter · disposition, severity, verdict, country, owner
//! · baseline, ecs, trail · accounts, exec, pins · edit, event, firelens, fleet · limits, rules · plan ·
//! account_default · audit, readings, record · doctor, report · run, notice. The modules `runbook` and `proposal` are
//! separate from the rules.

pub mod account_default;
pub mod accounts;
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
pub mod owner;
pub mod pins;
pub mod plan;
pub mod proposal;
pub mod readings;
pub mod record;
pub mod report;
pub mod rule_name;
pub mod rules;
pub mod run;
pub mod runbook;
pub mod severity;
pub mod text;
pub mod trail;
pub mod verdict;
