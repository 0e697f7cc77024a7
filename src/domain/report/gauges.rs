//! How much is unfinished at a moment: what alarms look at that have to see what no event tells of.

use jiff::{SignedDuration, Timestamp};

use crate::domain::limits::family::Family;
use crate::domain::record::Head;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Records that were begun and have not come to an end, in either direction.
    pub unfinished: usize,
    /// Since the oldest of them was begun; nothing: zero.
    pub oldest: SignedDuration,
    /// Families whose fuse is open.
    pub fuses_open: usize,
}

impl Gauges {
    /// Services that wait for their turn or a window leave nothing unfinished: waiting is what they are to do.
    pub fn of(heads: &[Head], families: &[Family], now: Timestamp) -> Self {
        let open = || heads.iter().filter(|head| head.open);
        let oldest = open().map(|head| now.duration_since(head.opened_at)).max();
        Self {
            unfinished: open().count(),
            oldest: oldest.unwrap_or_default().max(SignedDuration::ZERO),
            fuses_open: families.iter().filter(|family| family.fuse.is_some()).count(),
        }
    }
}
