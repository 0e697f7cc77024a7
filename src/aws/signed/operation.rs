//! What names an operation of a service.

use std::time::Duration;

pub(in crate::aws) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(in crate::aws) const JSON_1_1: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded";

/// As for one attempt of the SDK's calls.
const LONGEST: Duration = Duration::from_secs(10);

/// A service, as its model describes it (source: botocore).
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct Service {
    /// As the signature names it.
    pub(super) name: &'static str,
    /// The first part of its host.
    pub(super) host: &'static str,
    pub(super) protocol: Protocol,
    /// How long an answer may take.
    pub(super) longest: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// JSON is sent and comes back. A header names the operation: the target, a dot, the operation's name.
    Json { content_type: &'static str, target: &'static str },
    /// A form is sent, and XML comes back.
    Query,
    /// Method and path name the operation. JSON is sent and comes back.
    Rest,
}

/// An operation of a service. `infra/permissions.py` finds it by its name and its service's, as literals of one file.
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
    /// It changes something that its name does not tell: what, as a clause with a subject.
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

    /// The service, where its host begins with another word than its name.
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
    /// The operation of a service whose reads are a GET.
    pub(in crate::aws) const fn by_get(self) -> Self {
        Self { method: "GET", ..self }
    }

    /// The operation, which a client that only reads refuses because of this.
    pub(in crate::aws) const fn doing(self, what: &'static str) -> Self {
        Self { effect: Effect::Does(what), ..self }
    }

    /// What goes into the request beside the signature's headers. The signature covers it as well.
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
