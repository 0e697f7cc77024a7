//! The IDs of the records that were kept.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::event_id::EventId;

/// The maximum number of IDs in memory. Above it, Logweir finds only the duplicates that it reads at about the same
/// time, day by day.
pub(super) const MOST: usize = 5_000_000;

/// The IDs are spread over some maps, so that several threads rarely wait for each other.
const SHARDS: usize = 64;

const DAY: i64 = 86_400;

/// The IDs of the records that were kept, each with its day.
pub struct Duplicates {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    most: usize,
    is_by_day: AtomicBool,
}

struct Shard {
    days: HashMap<[u32; 4], i32>,
    /// The number of IDs at which the IDs of other days are dropped.
    room: usize,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self::up_to(MOST)
    }
}

impl Duplicates {
    pub(super) fn up_to(most: usize) -> Self {
        let most = (most / SHARDS).max(1);
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard { days: HashMap::new(), room: most })).collect();
        Self { shards, hasher: RandomState::new(), most, is_by_day: AtomicBool::new(false) }
    }

    /// Remembers the ID of a record that is about to be kept. Returns false if a record with the ID was kept before.
    pub fn is_first(&self, id: &EventId, seconds: i64) -> bool {
        let (id, day) = (key(id), seconds.div_euclid(DAY).clamp(i32::MIN.into(), i32::MAX.into()) as i32);
        let shard = self.hasher.hash_one(id) as usize % SHARDS;
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.days.len() >= shard.room {
            // Files are read in the order of their times, so the other days are over.
            shard.days.retain(|_, other| other.abs_diff(day) <= 1);
            shard.room = self.most.max(shard.days.len() * 2);
            self.is_by_day.store(true, Ordering::Relaxed);
        }
        shard.days.insert(id, day).is_none()
    }

    /// Whether there were so many records that duplicates were found by day.
    pub fn is_by_day(&self) -> bool {
        self.is_by_day.load(Ordering::Relaxed)
    }
}

/// Returns a UUID as it is, and the digest of any other ID.
fn key(id: &EventId) -> [u32; 4] {
    let bytes = match id {
        EventId::Uuid(bytes) => *bytes,
        EventId::Other(text) => {
            let digest = Sha256::digest(text.as_bytes());
            std::array::from_fn(|at| digest[at])
        }
    };
    std::array::from_fn(|at| u32::from_le_bytes(std::array::from_fn(|byte| bytes[at * 4 + byte])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_first_once() {
        let ids = Duplicates::default();
        for id in ["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "x", "y"] {
            let id = EventId::new(id);
            assert!(ids.is_first(&id, 0));
            assert!(!ids.is_first(&id, 10 * DAY));
        }
        assert!(!ids.is_by_day());
    }

    #[test]
    fn above_the_limit_the_ids_of_the_same_day_are_kept() {
        let ids = Duplicates::up_to(SHARDS);
        let id = |number: u32| EventId::new(&number.to_string());
        assert!((0..1000).all(|number| ids.is_first(&id(number), 0)));
        assert!((0..1000).all(|number| !ids.is_first(&id(number), DAY)), "the next day is still close");
        assert!(ids.is_by_day());
        assert!((1000..9000).all(|number| ids.is_first(&id(number), 9 * DAY)));
        assert!((1000..9000).all(|number| !ids.is_first(&id(number), 9 * DAY)));
        assert!((0..1000).any(|number| ids.is_first(&id(number), 9 * DAY)), "the first day is over");
    }
}
