//! The AWS calls of `logweir doctor`. Each call is one signed request without an SDK, because the SDKs of these
//! services would be larger than the rest of the program. The responses become the facts that [`crate::domain::doctor`]
//! checks.

mod cloudtrail;
mod events;
mod iam;
mod lambda;
mod logs;
mod members;
mod sqs;

pub(super) use iam::endpoint as iam_endpoint;
pub use sqs::Received;

use std::time::Duration;

/// The timeout of one call. The timeout is ten seconds, as for one attempt of an SDK call, plus the one second for
/// which SQS waits for messages.
const LONGEST: Duration = Duration::from_secs(11);
