//! The AWS operations that Logweir calls without an SDK.

use std::time::Duration;

pub(in crate::aws) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(in crate::aws) const JSON_1_1: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded";

/// The default timeout of a call, which equals the timeout of one attempt of an SDK call.
const LONGEST: Duration = Duration::from_secs(10);

/// The SHA-256 hash of an empty body, which S3 requires in a header.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// An AWS service. The names in the members are from the botocore model of the service.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct Service {
    /// The name of the service in the request signature.
    pub(super) name: &'static str,
    /// The first label of the service's host name.
    pub(super) host: &'static str,
    pub(super) protocol: Protocol,
    /// The longest time to wait for a response.
    pub(super) longest: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// The JSON protocol: the request and the response are JSON, and the header `x-amz-target` names `target` and the
    /// operation.
    Json { content_type: &'static str, target: &'static str },
    /// The query protocol: the request is a form, and the response is XML.
    Query,
    /// The REST protocol: the HTTP method and the path identify the operation, and the request and the response are
    /// JSON.
    Rest,
    /// The REST protocol of S3 for requests without a body. The response is XML.
    RestXml,
}

/// An operation of an AWS service. The names of the service and of the operation must be literals in the same file,
/// because `infra/permissions.py` searches the source code for these literals.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct Operation {
    pub(in crate::aws) name: &'static str,
    pub(super) service: Service,
    pub(super) method: &'static str,
    pub(super) effect: Effect,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    Reads,
    Writes,
    /// The operation has an effect that its name does not show. The text is a clause about this effect, such as `the
    /// call would send a notification`.
    Does(&'static str),
}

impl Service {
    pub(in crate::aws) const fn json(name: &'static str, content_type: &'static str, target: &'static str) -> Self {
        Self::new(name, Protocol::Json { content_type, target })
    }

    pub(in crate::aws) const fn query(name: &'static str) -> Self {
        Self::new(name, Protocol::Query)
    }

    pub(in crate::aws) const fn rest(name: &'static str) -> Self {
        Self::new(name, Protocol::Rest)
    }

    pub(in crate::aws) const fn rest_xml(name: &'static str) -> Self {
        Self::new(name, Protocol::RestXml)
    }

    const fn new(name: &'static str, protocol: Protocol) -> Self {
        Self { name, host: name, protocol, longest: LONGEST }
    }

    /// Replaces the first label of the service's host name, which is the name of the service by default.
    pub(in crate::aws) const fn at_host(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    /// Replaces the name of the service in the signature, which is botocore's name of the service by default.
    pub(in crate::aws) const fn signed_as(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(in crate::aws) const fn within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    pub(in crate::aws) const fn read(self, name: &'static str) -> Operation {
        Operation { name, service: self, method: "POST", effect: Effect::Reads }
    }

    pub(in crate::aws) const fn write(self, name: &'static str) -> Operation {
        Operation { effect: Effect::Writes, ..self.read(name) }
    }
}

impl Operation {
    /// Returns the operation with the HTTP method GET.
    pub(in crate::aws) const fn by_get(self) -> Self {
        Self { method: "GET", ..self }
    }

    /// Returns the operation with this effect. A read-only client refuses the operation, and its error message names
    /// the effect.
    pub(in crate::aws) const fn doing(self, what: &'static str) -> Self {
        Self { effect: Effect::Does(what), ..self }
    }

    /// Returns the headers that the protocol of the service requires. The signature of the request also covers these
    /// headers.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        match self.service.protocol {
            Protocol::Json { content_type, target } => {
                vec![("content-type", content_type.to_owned()), ("x-amz-target", format!("{target}.{}", self.name))]
            }
            Protocol::Query => vec![("content-type", FORM.to_owned())],
            Protocol::Rest => Vec::new(),
            Protocol::RestXml => vec![("x-amz-content-sha256", EMPTY.to_owned())],
        }
    }
}
