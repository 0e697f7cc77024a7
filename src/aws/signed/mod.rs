//! Calls that no SDK makes, one signed request each: an SDK of its own for the one operation that is needed would be
//! the larger part of the binary. An [`Operation`] identifies a call, and a [`Request`] holds its input.
//! [`SignedClient::call`] sends both and returns a [`Reply`].

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
