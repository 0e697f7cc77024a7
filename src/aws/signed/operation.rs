//! The operations of AWS services that Logweir calls without an SDK.

use std::time::Duration;

pub(in crate::aws) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(in crate::aws) const JSON_1_1: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded";

/// As for one attempt of the SDK's calls.
const LONGEST: Duration = Duration::from_secs(10);

/// A service, as the botocore model describes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct Service {
    /// The name of the service in the signature.
    pub(super) name: &'static str,
    /// The first label of the host name.
    pub(super) host: &'static str,
    pub(super) protocol: Protocol,
    /// The timeout of a response.
    pub(super) longest: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// The request and the response are JSON. A header holds the target, a dot, and the operation's name.
    Json { content_type: &'static str, target: &'static str },
    /// A form is sent, and XML comes back.
    Query,
    /// Method and path identify the operation. The request and the response are JSON.
    Rest,
}

/// An operation of a service. `infra/permissions.py` searches for both names as literals in one file.
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
    /// The operation changes something that its name does not show. The text is a clause with a subject.
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

    const fn new(name: &'static str, protocol: Protocol) -> Self {
        Self { name, host: name, protocol, longest: LONGEST }
    }

    /// Returns the service with a host label that differs from its name.
    pub(in crate::aws) const fn at_host(self, host: &'static str) -> Self {
        Self { host, ..self }
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
    /// Returns the operation with the method GET.
    pub(in crate::aws) const fn by_get(self) -> Self {
        Self { method: "GET", ..self }
    }

    /// Returns the operation with an effect. A read-only client refuses the operation and names the effect.
    pub(in crate::aws) const fn doing(self, what: &'static str) -> Self {
        Self { effect: Effect::Does(what), ..self }
    }

    /// Returns the headers that the signature covers in addition to its own.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        match self.service.protocol {
            Protocol::Json { content_type, target } => {
                vec![("content-type", content_type.to_owned()), ("x-amz-target", format!("{target}.{}", self.name))]
            }
            Protocol::Query => vec![("content-type", FORM.to_owned())],
            Protocol::Rest => Vec::new(),
        }
    }
}
