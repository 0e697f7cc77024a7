//! Makes an AWS client read-only. A read-only client refuses every operation that may write, and sends no request.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The first words of the names of SDK operations that only read.
const READING: [&str; 6] = ["Describe", "List", "Get", "Query", "BatchGet", "Filter"];

#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOnly;

/// Returns the message with which a read-only client refuses an operation. `does` is a clause about the effect of the
/// operation.
pub(super) fn refusal(does: &str) -> String {
    format!("{does}, but this run is read-only")
}

/// Returns the clause that says that this operation would write.
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
