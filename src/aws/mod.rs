//! The only folder that names an AWS SDK. The future of one of its calls takes some 5 KB, and whatever awaits it as much for
//! each that it may await: they are boxed, or the stack of a thread would not do in a debug build.

mod calls;
mod client;
mod doctor;
mod errors;
mod https;
mod identity;
mod options;
mod read_only;
mod region;
pub mod sdk;
mod signed;

pub use calls::Calls;
pub use client::Aws;
pub use doctor::Received;
pub use identity::Identity;
pub use options::ConnectOptions;
pub use region::{NoRegion, configured_region};
pub use sdk::ecs::Ecs;
pub use sdk::logs::{Logs, MADE_BY};
pub use sdk::own_log::LogGroupLines;
pub use signed::invoke::Invoked;
pub use signed::notify::Channels;
pub use signed::queue::Sqs;
