//! Samples of sweeps that would take too long as a whole. Another `LOGWEIR_SEED` takes another sample.

#![allow(clippy::print_stdout, reason = "the seed is for the reader of the run")]

use std::hash::{DefaultHasher, Hash, Hasher};

/// The seed of the random histories and of the samples.
pub(crate) fn seed() -> u64 {
    std::env::var("LOGWEIR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// A division of the items of a sweep into parts. Each item belongs to one part.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    seed: u64,
    parts: u64,
}

impl Parts {
    /// Prints the seed.
    pub(crate) fn of(parts: u64) -> Self {
        let seed = seed();
        println!("one of {parts} parts of the sweep; LOGWEIR_SEED={seed} takes the same");
        Self { seed, parts }
    }

    /// Whether the item with this number belongs to this part, counted from 0.
    pub(crate) fn has(self, part: u64, item: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        (self.seed, item).hash(&mut hasher);
        hasher.finish() % self.parts == part
    }
}
