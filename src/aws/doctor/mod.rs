//! What `logweir doctor` asks about a deployment, one signed request each, as an SDK for each of these services would be
//! the larger part of the program. Answers become the facts of [`crate::domain::doctor`]; what they mean is said there.

mod cloudtrail;
mod events;
mod iam;
mod lambda;
mod logs;
mod members;
mod sqs;

pub use sqs::Received;

use std::time::Duration;

/// As for one attempt of the SDK's calls, and a second more for a queue that waits for its messages.
const LONGEST: Duration = Duration::from_secs(11);
