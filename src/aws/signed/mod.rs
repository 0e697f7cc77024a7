//! AWS calls without an SDK. Logweir itself signs each request, because the SDKs for the few operations that Logweir
//! needs would be the larger part of the binary. An [`Operation`] identifies the AWS operation to call, and a
//! [`Request`] holds the input of the call. [`SignedClient::call`] sends the request and returns a [`Reply`].

#[cfg(feature = "cli")]
pub(super) mod athena;
#[cfg(feature = "cli")]
pub(super) mod bucket;
mod client;
mod ecr;
#[cfg(feature = "cli")]
pub(super) mod event_history;
mod log_streams;
pub(super) mod notify;
mod objects;
mod operation;
#[cfg(feature = "cli")]
mod organization;
mod parameters;
pub(super) mod query;
pub(super) mod queue;
#[cfg(feature = "cli")]
pub(super) mod regions;
mod reply;
mod request;
mod ssm_sessions;
#[cfg(feature = "cli")]
pub(super) mod xml;

pub(super) use client::SignedClient;
pub(super) use operation::{JSON_1_0, JSON_1_1, Operation, Service};
pub(super) use reply::without;
pub(super) use request::{Request, escaped};
