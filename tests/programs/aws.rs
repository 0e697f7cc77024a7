//! The AWS adapters, tested on the wire: the calls with their bytes, and how the answers are read.

mod account;
mod computed;
mod deployment;
mod ecr;
mod ecs;
mod event_history;
mod exec_sessions;
mod failures;
pub mod invoke;
mod line;
mod logs;
mod lossless;
mod notify;
mod own_log;
mod parameters;
mod queue;
mod read_only;
mod services;
mod signature;
mod socket;
mod users;
