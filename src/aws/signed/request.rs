//! The input of one signed AWS call.

use serde_json::Value;

/// A request to an AWS service. By default, the request goes to the client's Region and the path `/`.
#[derive(Default)]
pub(in crate::aws) struct Request<'r> {
    pub(super) region: Option<&'r str>,
    /// The full host name. `None` selects the default host of the service in the Region.
    pub(super) host: Option<&'r str>,
    /// The path of the URL, without the first slash.
    pub(super) path: String,
    /// Headers beside those of the protocol.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl<'r> Request<'r> {
    pub(in crate::aws) fn json(body: &Value) -> Self {
        Self { body: body.to_string(), ..Self::default() }
    }

    pub(in crate::aws) fn form(body: String) -> Self {
        Self { body, ..Self::default() }
    }

    /// Returns a request to this path, without a body.
    pub(in crate::aws) fn of(path: String) -> Self {
        Self::default().at_path(path)
    }

    pub(in crate::aws) fn at_path(self, path: String) -> Self {
        Self { path, ..self }
    }

    pub(in crate::aws) fn in_region(self, region: &'r str) -> Self {
        Self { region: Some(region), ..self }
    }

    pub(in crate::aws) fn at_host(self, host: &'r str) -> Self {
        Self { host: Some(host), ..self }
    }
}

/// Returns `text` percent-encoded for the path of a URL.
pub(in crate::aws) fn escaped(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => vec![char::from(byte)],
        _ => format!("%{byte:02X}").chars().collect(),
    };
    text.bytes().flat_map(escaped).collect()
}
