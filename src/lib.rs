//! Logweir keeps Amazon ECS tasks from blocking on their logs.
//!
//! - [`domain`]: the pure core. What a task definition is, what good is, what departs from it, what to do about it.
//! - [`ports`]: what the core needs of the world. [`workflow`]: the use cases, over ports alone.
//! - [`aws`]: the ports on AWS, the only part that names an SDK. [`journal_file`]: the journal in a folder.
//! - [`sources`]: task definitions from files. [`render`]: output, one file for each form.
//! - [`handler`], [`settings`], [`telemetry`]: the function's shell. [`cli`]: the command line's, one file for each verb.

#![warn(unreachable_pub)]

pub mod aws;
pub mod cli;
pub mod domain;
pub mod handler;
pub mod journal_file;
pub mod ports;
pub mod render;
pub mod settings;
pub mod sources;
pub mod telemetry;
pub mod workflow;
