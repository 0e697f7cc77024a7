//! Sends the request and reads the response of an SDK call as text. The SDK still handles the endpoint, credentials,
//! signing, retries and timeouts. Logweir does not use the SDK's types for task definitions, because these types lose
//! members that the SDK does not know.

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

/// The texts of the request and the response of one SDK call. Clones share the texts, because the SDK holds one clone
/// and the caller keeps another.
#[derive(Clone, Default)]
pub(in crate::aws) struct Wire {
    /// The request body that Logweir sends instead of the SDK's body. `None` keeps the SDK's body.
    body: Option<Arc<str>>,
    reply: Arc<Mutex<Option<String>>>,
}

impl Wire {
    /// Creates a [`Wire`] that sends the SDK's request body, and keeps the text of the response.
    pub(in crate::aws) fn receiving() -> Self {
        Self::default()
    }

    /// Creates a [`Wire`] that sends the request body `body`, and keeps the text of the response.
    pub(in crate::aws) fn sending(body: String) -> Self {
        Self { body: Some(body.into()), reply: Arc::default() }
    }

    /// Returns the text of a successful response, even if the SDK could not parse the response. For example, the SDK
    /// cannot parse a response in which a member is a number, but the SDK expects a text.
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

/// Shows neither the request nor the response, because both may contain secrets.
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

    /// Replaces the request body. The SDK calls this method before it signs each attempt of a call, so the signature
    /// covers the new body. The method also replaces the header `content-length`, because the SDK would otherwise cut
    /// the new body to the length of the old body.
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

    /// Reads the response in this hook of the SDK, because the response is still a stream in earlier hooks.
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
