//! The response of an AWS service to a signed request.

use serde_json::Value;

use super::operation::{Operation, Protocol};
use super::query;
use crate::aws::errors::{said, spoiled};
use crate::ports::{Answer, PortError};

/// The response to a signed request. [`super::SignedClient::call`] returns only responses with HTTP status 200.
pub(in crate::aws) struct Reply {
    pub(super) operation: &'static Operation,
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Whether Lambda reports that the invoked function failed.
    pub(in crate::aws) function_failed: bool,
    /// The error code in the header `x-amzn-errortype`. `None` if the response does not have this header.
    pub(super) code: Option<String>,
    /// The signature of a digest file, in the metadata of an object of Amazon S3.
    pub(super) signature: Option<String>,
}

impl Reply {
    pub(in crate::aws) fn json(&self) -> Answer<Value> {
        serde_json::from_slice(&self.body).map_err(|_| self.spoiled())
    }

    /// Returns the JSON of a response that may be empty. Returns `Value::Null` for an empty response.
    pub(in crate::aws) fn json_or_null(&self) -> Answer<Value> {
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// Checks the response of an operation without output. The body must be empty or valid JSON.
    pub(in crate::aws) fn nothing(&self) -> Answer<()> {
        self.json_or_null().map(drop)
    }

    /// Returns the text of the response, for an operation with the query protocol.
    pub(in crate::aws) fn text(&self) -> Answer<&str> {
        std::str::from_utf8(&self.body).map_err(|_| self.spoiled())
    }

    pub(in crate::aws) fn spoiled(&self) -> PortError {
        spoiled(self.operation.name, self.status)
    }

    /// Returns the error that the response contains. Hides a JSON request in the error message, because a service may
    /// quote the request. Services with the query protocol do not quote the request.
    pub(super) fn refusal(&self, sent: &str) -> PortError {
        let Some((code, message)) = self.error(sent) else { return self.spoiled() };
        said(self.operation.name, self.status, &code, &message, None)
    }

    fn error(&self, sent: &str) -> Option<(String, String)> {
        if matches!(self.operation.service.protocol, Protocol::Query | Protocol::RestXml) {
            return query::error(self.text().ok()?);
        }
        let body = self.json().ok()?;
        let code = self.code.as_deref().or(body["__type"].as_str())?;
        // Some services add a namespace before the error code, or a URL after the error code.
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or(code);
        Some((code.to_owned(), ["Message", "message"].map(|name| without(&body[name], sent)).concat()))
    }
}

/// Returns a text from the response. Replaces the request `sent` in this text with `(hidden)`.
pub(in crate::aws) fn without(text: &Value, sent: &str) -> String {
    let text = text.as_str().unwrap_or_default();
    if sent.is_empty() { text.to_owned() } else { text.replace(sent, "(hidden)") }
}
