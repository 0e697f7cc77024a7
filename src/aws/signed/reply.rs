//! The response of a service.

use serde_json::Value;

use super::operation::{Operation, Protocol};
use super::query;
use crate::aws::errors::{said, spoiled};
use crate::ports::{Answer, PortError};

/// A response. [`super::SignedClient::call`] returns a reply only if its status is 200.
pub(in crate::aws) struct Reply {
    pub(super) operation: &'static Operation,
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Whether Lambda reports that the function failed.
    pub(in crate::aws) function_failed: bool,
    /// The error code, if a header contains one.
    pub(super) code: Option<String>,
}

impl Reply {
    pub(in crate::aws) fn json(&self) -> Answer<Value> {
        serde_json::from_slice(&self.body).map_err(|_| self.spoiled())
    }

    /// The response of an operation that may have no output. An empty body is null.
    pub(in crate::aws) fn json_or_null(&self) -> Answer<Value> {
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// Checks the response of an operation without output: an empty body or any JSON.
    pub(in crate::aws) fn nothing(&self) -> Answer<()> {
        self.json_or_null().map(drop)
    }

    /// Returns the response text of a query-protocol operation.
    pub(in crate::aws) fn text(&self) -> Answer<&str> {
        std::str::from_utf8(&self.body).map_err(|_| self.spoiled())
    }

    pub(in crate::aws) fn spoiled(&self) -> PortError {
        spoiled(self.operation.name, self.status)
    }

    /// Returns the error that the response contains. A service may repeat request data in its message, so the text of a
    /// JSON request is hidden. Query-protocol services do not repeat form data.
    pub(super) fn refusal(&self, sent: &str) -> PortError {
        let Some((code, message)) = self.error(sent) else { return self.spoiled() };
        said(self.operation.name, self.status, &code, &message, None)
    }

    fn error(&self, sent: &str) -> Option<(String, String)> {
        if matches!(self.operation.service.protocol, Protocol::Query) {
            return query::error(self.text().ok()?);
        }
        let body = self.json().ok()?;
        let code = self.code.as_deref().or(body["__type"].as_str())?;
        // Without what some services put around it.
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or(code);
        Some((code.to_owned(), ["Message", "message"].map(|name| without(&body[name], sent)).concat()))
    }
}

/// Returns a response text with the request data hidden.
pub(in crate::aws) fn without(text: &Value, sent: &str) -> String {
    let text = text.as_str().unwrap_or_default();
    if sent.is_empty() { text.to_owned() } else { text.replace(sent, "(hidden)") }
}
