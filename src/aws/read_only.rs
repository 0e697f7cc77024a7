//! Clients that cannot write: whatever is no reading operation fails before it is sent.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// How the names of operations begin that change nothing. ReceiveMessage is one of them only as it is called here, with
/// messages that stay visible: it counts the receipt, which nothing follows from in a queue of dead letters.
const READING: [&str; 9] =
    ["Describe", "List", "Get", "Query", "BatchGet", "Filter", "SimulatePrincipal", "TestEvent", "ReceiveMessage"];

#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOnly;

impl ReadOnly {
    pub(super) fn allows(self, operation: &str) -> bool {
        READING.iter().any(|word| operation.starts_with(word))
    }
}

/// Why an operation is not sent.
pub(super) fn would_write(operation: &str) -> String {
    format!("{operation} would write, and this run is to change nothing")
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
        match self.allows(&operation) {
            true => Ok(()),
            false => Err(would_write(&operation).into()),
        }
    }
}
