//! Logweir keeps Amazon ECS tasks from blocking on their logs.
//!
//! - [`domain`] is the pure core, with task definitions, the baseline, rules, plans, records and reports.
//! - [`ports`] contains the traits through which the core uses AWS, the journal and the clock. [`workflow`] contains
//!   the use cases, which do all I/O through these traits.
//! - [`aws`] implements the ports for AWS, and is the only module that uses the AWS SDK. [`journal_file`] implements
//!   the journal as a file in a folder.
//! - [`bounded_file`] reads files up to a size limit.
//! - [`sources`] reads task definitions and events from files. [`render`] formats the output of the command line for people
//!   and for programs.
//! - [`handler`] and [`telemetry`] are parts of the Lambda functions. [`cli`] is the command line, with one file for
//!   each verb. [`settings`] contains the settings of the functions, and the defaults that both programs share.
//!
//! The crate contains two programs, which the features `function` and `cli` enable. Both features turn on the feature
//! `aws`. Without any feature, the crate contains only [`bounded_file`], [`domain`], [`ports`], [`settings`] and
//! [`workflow`].

#![warn(unreachable_pub)]

#[cfg(feature = "aws")]
pub mod aws;
pub mod bounded_file;
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
