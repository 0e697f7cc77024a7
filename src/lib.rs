//! Logweir keeps Amazon ECS tasks from blocking on their logs.
//!
//! - [`domain`]: the pure core. What a task definition is, what good is, what departs from it, what to do about it.
//! - [`ports`]: what the core needs of the world. [`workflow`]: the use cases, over ports alone.
//! - [`aws`]: the ports on AWS, the only part that names an SDK. [`journal_file`]: the journal in a folder.
//! - [`sources`]: task definitions from files. [`render`]: output, one file for each form.
//! - [`handler`], [`telemetry`]: the function's shell. [`cli`]: the command line's, one file for each verb. [`settings`]: what
//!   both of them are told, or take for granted.
//!
//! Each shell is a feature of this crate: `function` and `cli`. Both turn on the feature `aws`. Without features, the
//! crate is the core alone.

#![warn(unreachable_pub)]

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "cli")]
pub mod cli;
pub mod domain;
#[cfg(feature = "function")]
pub mod handler;
#[cfg(feature = "cli")]
pub mod journal_file;
pub mod ports;
#[cfg(feature = "cli")]
pub mod render;
pub mod settings;
#[cfg(feature = "cli")]
pub mod sources;
#[cfg(feature = "function")]
pub mod telemetry;
pub mod workflow;
