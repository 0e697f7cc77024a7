//! The real programs and the real adapters, with a stand-in for AWS on the loopback interface (`tests/support/loopback`).

#[path = "../support/cloudtrail.rs"]
mod cloudtrail;
#[path = "../support/dynamodb.rs"]
mod dynamodb;
#[path = "../support/journal_contract/mod.rs"]
mod journal_contract;
#[path = "../support/loopback/mod.rs"]
mod loopback;
#[path = "../support/order.rs"]
mod order;
#[path = "../support/world/mod.rs"]
mod world;

mod aws;
mod cli;
mod function;
mod journal;
mod pipelines;
mod secrets;
mod sessions;
