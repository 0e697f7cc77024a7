//! The only folder that names an AWS SDK.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many HTTP requests went to AWS, retries included.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<AtomicU64>);

impl Calls {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
