//! The pure and fast tests: rules and laws, parsing and decisions on plain data, and checks of the source tree and the
//! documentation.

#[path = "../support/mmdb.rs"]
mod mmdb;
#[path = "../support/reasons.rs"]
mod reasons;

mod activity;
mod aws_ranges;
mod baseline;
mod buffers;
mod control_tower;
mod corpus;
mod digests;
mod docs;
mod elk;
mod events;
mod exec;
mod exec_sessions;
mod family;
mod firelens;
mod following;
mod geoip;
mod laws;
mod migration;
mod placeholders;
mod places;
mod rate;
mod record;
mod rules;
mod runbook;
mod runbook_account;
mod runbook_depths;
mod runbook_exemptions;
mod runbook_selection;
mod runbook_verdicts;
mod security_hub;
mod security_hub_account;
mod templates;
mod trail_location;
mod trail_sql;
mod tree;
mod words;
