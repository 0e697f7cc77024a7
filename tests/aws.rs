//! The adapters to ECS and CloudWatch Logs, tried on what goes over the wire: which calls with which bytes, and what
//! is made of the answers.

#[path = "aws/computed.rs"]
mod computed;
#[path = "aws/deployment.rs"]
mod deployment;
#[path = "aws/ecr.rs"]
mod ecr;
#[path = "aws/ecs.rs"]
mod ecs;
#[path = "aws/failures.rs"]
mod failures;
#[path = "aws/invoke.rs"]
mod invoke;
#[path = "aws/line.rs"]
mod line;
#[path = "aws/logs.rs"]
mod logs;
#[path = "aws/lossless.rs"]
mod lossless;
#[path = "aws/notify.rs"]
mod notify;
#[path = "aws/own_log.rs"]
mod own_log;
#[path = "aws/parameters.rs"]
mod parameters;
#[path = "aws/queue.rs"]
mod queue;
#[path = "aws/read_only.rs"]
mod read_only;
#[path = "aws/services.rs"]
mod services;
#[path = "aws/signature.rs"]
mod signature;
#[path = "aws/socket.rs"]
mod socket;
#[path = "aws/users.rs"]
mod users;

mod loopback;
