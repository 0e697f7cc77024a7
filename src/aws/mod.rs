//! The adapters to AWS. No other folder of `src` uses an AWS SDK.
//!
//! The future of one SDK call needs about 5 KB, and an async function reserves this space for each SDK call that it
//! awaits. The futures of SDK calls are boxed, because a debug build would otherwise overflow the stack of a thread.
//!
//! The feature `cli` enables the modules that only the command line uses. The function's binary is built without the
//! feature `cli`.

#[cfg(feature = "cli")]
mod account;
#[cfg(feature = "cli")]
mod alias;
#[cfg(feature = "cli")]
mod assumed;
mod calls;
mod client;
#[cfg(feature = "cli")]
mod connect;
#[cfg(feature = "cli")]
mod credentials;
#[cfg(feature = "cli")]
mod doctor;
mod errors;
#[cfg(feature = "cli")]
mod fleet;
mod https;
#[cfg(feature = "cli")]
mod identity;
#[cfg(feature = "cli")]
mod invoke;
#[cfg(feature = "cli")]
mod profile;
mod read_only;
#[cfg(feature = "cli")]
mod region;
pub mod sdk;
mod session_sources;
#[cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "only the command line uses some of these calls")
)]
mod signed;

#[cfg(feature = "cli")]
pub use assumed::AccountClients;
pub use calls::Calls;
pub use client::{Aws, NoRegion};
#[cfg(feature = "cli")]
pub use connect::{ConnectError, ConnectOptions, Connection};
#[cfg(feature = "cli")]
pub use credentials::{CredentialsFailure, CredentialsOrigin};
#[cfg(feature = "cli")]
pub use doctor::Received;
#[cfg(feature = "cli")]
pub(crate) use errors::UNREACHED;
#[cfg(feature = "cli")]
pub use fleet::{AwsFleet, DaemonRow, TaskRow, patiently};
#[cfg(feature = "cli")]
pub use identity::Identity;
#[cfg(feature = "cli")]
pub use invoke::Invoked;
#[cfg(feature = "cli")]
pub use profile::{NamedBy, NamedProfile, ProfileError};
#[cfg(feature = "cli")]
pub use region::configured_region;
pub use sdk::ecs::Ecs;
pub use sdk::logs::{Logs, MADE_BY};
pub use sdk::own_log::LogGroupLines;
pub use session_sources::{SessionSources, TranscriptText};
#[cfg(feature = "cli")]
pub use signed::athena::{Athena, AthenaPlace};
#[cfg(feature = "cli")]
pub use signed::bucket::S3Bucket;
#[cfg(feature = "cli")]
pub use signed::event_history::CloudTrail;
pub use signed::notify::Channels;
pub use signed::queue::Sqs;
#[cfg(feature = "cli")]
pub use signed::regions::AccountRegion;
