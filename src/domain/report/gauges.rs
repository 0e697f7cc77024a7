//! The numbers of unfinished records and open fuses at one moment. CloudWatch alarms use these numbers to detect
//! problems that no event reports.

use jiff::{SignedDuration, Timestamp};

use crate::domain::limits::family::Family;
use crate::domain::record::Head;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The number of open records: records with an unfinished correction or an unfinished backout, or with a revision
    /// that a worker without the lease registered.
    pub unfinished: usize,
    /// The time since the opening of the oldest open record. Zero if no record is open.
    pub oldest: SignedDuration,
    /// The number of families whose fuse is open.
    pub fuses_open: usize,
}

impl Gauges {
    /// Counts the open records and the open fuses. A record whose services wait for another rollout or for the end of a
    /// freeze window does not count as open, because this wait is intended.
    pub fn of(heads: &[Head], families: &[Family], now: Timestamp) -> Self {
        let open = || heads.iter().filter(|head| head.is_unfinished());
        let since = |head: &Head| if head.open { head.opened_at } else { head.at };
        let oldest = open().map(|head| now.duration_since(since(head))).max();
        Self {
            unfinished: open().count(),
            oldest: oldest.unwrap_or_default().max(SignedDuration::ZERO),
            fuses_open: families.iter().filter(|family| family.fuse.is_some()).count(),
        }
    }
}
