//! AWS calls without an SDK. Logweir itself signs each request, because the SDKs for the few operations that Logweir
//! needs would be the larger part of the binary. An [`Operation`] identifies the AWS operation to call, and a
//! [`Request`] holds the input of the call. [`SignedClient::call`] sends the request and returns a [`Reply`].

mod client;
mod ecr;
pub(super) mod notify;
mod operation;
mod parameters;
pub(super) mod query;
pub(super) mod queue;
mod reply;
mod request;

pub(super) use client::SignedClient;
pub(super) use operation::{JSON_1_0, JSON_1_1, Operation, Service};
pub(super) use reply::without;
pub(super) use request::{Request, escaped};
