//! Clients that cannot write: whatever is no reading operation fails before it is sent.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The first words of SDK operation names that change nothing.
const READING: [&str; 6] = ["Describe", "List", "Get", "Query", "BatchGet", "Filter"];

#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOnly;

/// Returns why a read-only client does not send an operation that does this.
pub(super) fn refusal(does: &str) -> String {
    format!("{does}, and this run is to change nothing")
}

/// Returns the effect of an operation whose name already describes the effect.
pub(super) fn would_write(operation: &str) -> String {
    format!("{operation} would write")
}

#[dyn_dispatch_hint]
impl Intercept for ReadOnly {
    fn name(&self) -> &'static str {
        "ReadOnly"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(|metadata| metadata.name().to_owned()).unwrap_or_default();
        if READING.iter().any(|word| operation.starts_with(word)) {
            Ok(())
        } else {
            Err(refusal(&would_write(&operation)).into())
        }
    }
}
