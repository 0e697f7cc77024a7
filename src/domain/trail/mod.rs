//! The records of CloudTrail: who called which API, when, from which address, and what Logweir makes of many records.
//!
//! - [`Record`] is the part of a record that Logweir reads. It borrows its texts, and accepts every shape of a member.
//! - [`person`] names the person behind an identity, and says how certain the name is.
//! - [`address`] classifies source addresses.
//! - [`aws_ranges`] names the Region and the service of an address of AWS.
//! - [`digest`] and [`verification`] check log files against the digest files of CloudTrail.
//! - [`selectors`] says which calls the event selectors of a trail record.
//! - [`activity`] holds the results of `logweir activity`.

pub mod activity;
pub mod address;
pub mod aws_ranges;
pub mod digest;
mod identity;
pub mod location;
mod person;
mod projection;
mod record;
pub mod selectors;
pub mod sql;
mod value;
pub mod verification;

pub use identity::{Attributes, Identity, Issuer, OnBehalfOf, SessionContext};
pub use person::{How, Person, Strength, person};
pub use record::{Container, Record, RequestParameters, Resource, Stub, TlsDetails};
pub use value::{List, Text};
