//! How long a read of ECS may not show an earlier write.

use jiff::{SignedDuration, Timestamp};

/// The time after which Logweir expects every read of ECS to show a write. AWS documents that a deregistration takes
/// effect after up to ten minutes (source: ECS API reference, DeregisterTaskDefinition), and documents no limit for the
/// other writes.
pub const LONGEST_LAG: SignedDuration = SignedDuration::from_mins(10);

/// Returns whether a read at the time `now` may not show a write of the time `written` yet.
pub fn may_lag(written: Timestamp, now: Timestamp) -> bool {
    now.duration_since(written) < LONGEST_LAG
}
