//! The real adapters against emulated accounts. `tests/with-emulators` starts the emulators, and the feature
//! `emulators` turns these tests on.

#[path = "../support/cloudtrail.rs"]
mod cloudtrail;
#[path = "../support/dynamodb.rs"]
mod dynamodb;
#[path = "../support/emulated/mod.rs"]
mod emulated;
#[path = "../support/journal_contract/mod.rs"]
mod journal_contract;
#[path = "../support/order.rs"]
mod order;
#[path = "../support/ports_contract/mod.rs"]
mod ports_contract;
#[path = "../support/world/mod.rs"]
mod world;

mod calls;
mod clusters;
mod doctor;
mod journal;
mod migration;
mod ports;
mod reconcile;
mod reliability;
mod runs;
mod services;
mod trial;
