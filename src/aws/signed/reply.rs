//! What a service answers.

use serde_json::Value;

use super::operation::{Operation, Protocol};
use super::query;
use crate::aws::errors::{said, spoiled};
use crate::ports::{Answer, PortError};

/// An answer. [`super::SignedClient::call`] hands on only those with status 200.
pub(in crate::aws) struct Reply {
    pub(super) operation: &'static Operation,
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Whether Lambda says that the function ended in an error.
    pub(in crate::aws) function_failed: bool,
    /// The code of an error, where a header names it.
    pub(super) code: Option<String>,
}

impl Reply {
    pub(in crate::aws) fn json(&self) -> Answer<Value> {
        serde_json::from_slice(&self.body).map_err(|_| self.spoiled())
    }

    /// The answer of an operation that may leave it out. An empty one is null.
    pub(in crate::aws) fn json_or_null(&self) -> Answer<Value> {
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// The answer of an operation that has none: empty, or some JSON.
    pub(in crate::aws) fn nothing(&self) -> Answer<()> {
        self.json_or_null().map(drop)
    }

    /// The answer of an operation of the query protocol.
    pub(in crate::aws) fn text(&self) -> Answer<&str> {
        std::str::from_utf8(&self.body).map_err(|_| self.spoiled())
    }

    pub(in crate::aws) fn spoiled(&self) -> PortError {
        spoiled(self.operation.name, self.status)
    }

    /// The error that the answer is. It may repeat what was sent, which the message hides; of what a form holds services
    /// repeat nothing.
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

/// A text of an answer, with what was sent hidden.
pub(in crate::aws) fn without(text: &Value, sent: &str) -> String {
    let text = text.as_str().unwrap_or_default();
    if sent.is_empty() { text.to_owned() } else { text.replace(sent, "(hidden)") }
}
