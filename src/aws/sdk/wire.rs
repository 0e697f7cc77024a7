//! The lossless wire: requests and answers of an SDK's call as text. The SDK keeps endpoint, credentials, signing,
//! retries and timeouts; what it has no member for would be lost in its types, so those are left aside.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;

/// One call's text in both directions. Clones are the same call: one is the SDK's, one stays with the caller.
#[derive(Clone, Default)]
pub(in crate::aws) struct Wire {
    /// What is sent in the place of what the SDK would send.
    body: Option<Arc<str>>,
    reply: Arc<Mutex<Option<String>>>,
}

impl Wire {
    /// Sends what the SDK makes, and keeps the answer.
    pub(in crate::aws) fn receiving() -> Self {
        Self::default()
    }

    /// Sends `body`, and keeps the answer.
    pub(in crate::aws) fn sending(body: String) -> Self {
        Self { body: Some(body.into()), reply: Arc::default() }
    }

    /// The text of a successful answer. The SDK's own opinion of that text does not count: it may find a number where
    /// its types have none, and the answer is as good.
    pub(in crate::aws) fn reply<O, E>(
        &self,
        result: Result<O, SdkError<E, HttpResponse>>,
    ) -> Result<String, SdkError<E, HttpResponse>> {
        match (self.slot().take(), result) {
            (Some(text), Ok(_) | Err(SdkError::ResponseError(_))) => Ok(text),
            (None, Ok(_)) => Ok(String::new()),
            (_, Err(error)) => Err(error),
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says nothing of what is sent or received.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[dyn_dispatch_hint]
impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "LosslessWire"
    }

    /// Runs once for each attempt and before the signature, which therefore covers what is sent. The SDK has set
    /// `content-length` for its own body already; ours would be cut to it.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *self.slot() = None;
        if let Some(body) = &self.body {
            let request = context.request_mut();
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body.as_ref());
        }
        Ok(())
    }

    /// Earlier the answer is still a stream.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if response.status().is_success() {
            *self.slot() = response.body().bytes().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        }
        Ok(())
    }
}
