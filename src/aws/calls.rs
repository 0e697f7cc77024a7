//! The count of requests to AWS.

#[cfg(feature = "cli")]
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "cli")]
use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The number of HTTP requests to AWS, retries included.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    all: Arc<AtomicU64>,
    /// The requests of each operation, which only the command line shows.
    #[cfg(feature = "cli")]
    by_operation: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Calls {
    pub fn count(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    /// Returns the requests of each operation.
    #[cfg(feature = "cli")]
    pub fn by_operation(&self) -> BTreeMap<String, u64> {
        self.by_operation.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a request of the operation.
    pub(crate) fn add(&self, operation: &str) {
        self.all.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "cli")]
        {
            let mut counts = self.by_operation.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(operation.to_owned()).or_default() += 1;
        }
        #[cfg(not(feature = "cli"))]
        let _ = operation;
    }
}

#[dyn_dispatch_hint]
impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.add(config.load::<Metadata>().map(Metadata::name).unwrap_or_default());
        Ok(())
    }
}
