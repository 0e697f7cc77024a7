//! The adapters to ECS and CloudWatch Logs, tried on what goes over the wire: which calls with which bytes, and what
//! is made of the answers.

mod computed;
mod deployment;
mod ecr;
mod ecs;
mod failures;
mod invoke;
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
