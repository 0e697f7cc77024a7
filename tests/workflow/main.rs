//! The use cases and the function's shell, tested with an account, a journal and a clock in memory
//! (`tests/support/world`).

#[path = "../support/cloudtrail.rs"]
mod cloudtrail;
#[path = "../support/journal_contract/mod.rs"]
mod journal_contract;
#[path = "../support/order.rs"]
mod order;
#[path = "../support/permutations.rs"]
mod permutations;
#[path = "../support/ports_contract/mod.rs"]
mod ports_contract;
#[path = "../support/reasons.rs"]
mod reasons;
#[path = "../support/world/mod.rs"]
mod world;

mod account_default;
mod audit;
mod backout;
mod budget;
mod clusters;
mod clusters_crash;
mod crash;
mod created_groups;
mod duel;
mod handler;
mod histories;
mod journal;
mod look_up;
mod migration;
mod migration_crash;
mod pins;
mod ports;
mod races;
mod random_histories;
mod reads_lag;
mod reconcile;
mod record;
mod refusals;
mod register_only_principal;
mod remediation;
mod resources;
mod resources_crash;
mod restore;
mod resume;
mod retire;
mod rollout;
mod rollout_crash;
mod rollout_histories;
mod rollout_orders;
mod runs;
mod sample;
mod sessions;
mod telemetry;
mod trail_files;
mod trail_queries;
mod unclaimed;
mod used;
mod world_lags;
mod world_services;
