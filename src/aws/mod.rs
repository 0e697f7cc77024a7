//! The only folder that names an AWS SDK. The future of one of its calls takes some 5 KB, and whatever awaits it as much for
//! each that it may await: they are boxed, or the stack of a thread would not do in a debug build.
//!
//! Modules that only the command line uses are behind the feature `cli`. The function contains no code of them.

mod calls;
mod client;
#[cfg(feature = "cli")]
mod connect;
#[cfg(feature = "cli")]
mod doctor;
mod errors;
mod https;
#[cfg(feature = "cli")]
mod identity;
#[cfg(feature = "cli")]
mod invoke;
mod read_only;
#[cfg(feature = "cli")]
mod region;
pub mod sdk;
#[cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "the command line calls in more ways than the function")
)]
mod signed;

pub use calls::Calls;
pub use client::{Aws, NoRegion};
#[cfg(feature = "cli")]
pub use connect::ConnectOptions;
#[cfg(feature = "cli")]
pub use doctor::Received;
#[cfg(feature = "cli")]
pub use identity::Identity;
#[cfg(feature = "cli")]
pub use invoke::Invoked;
#[cfg(feature = "cli")]
pub use region::configured_region;
pub use sdk::ecs::Ecs;
pub use sdk::logs::{Logs, MADE_BY};
pub use sdk::own_log::LogGroupLines;
pub use signed::notify::Channels;
pub use signed::queue::Sqs;
