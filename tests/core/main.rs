//! The pure and fast tests: rules and laws, parsing and decisions on plain data, and checks of the source tree and the
//! documentation.

#[path = "../support/reasons.rs"]
mod reasons;

mod baseline;
mod buffers;
mod corpus;
mod docs;
mod events;
mod exec;
mod family;
mod firelens;
mod following;
mod laws;
mod migration;
mod placeholders;
mod places;
mod rate;
mod record;
mod rules;
mod runbook;
mod templates;
mod tree;
mod words;
