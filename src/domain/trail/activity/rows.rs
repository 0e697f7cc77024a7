//! The rows of the lists of the report. Each row names up to five event IDs, the newest first.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::trail::address::Kind;
use crate::domain::trail::{How, Strength};

/// A file that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnreadableFile {
    pub file: String,
    pub why: String,
    /// The number of records that were read before.
    pub records: u64,
}

/// A bar of the timeline. A time without calls has no bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    pub start: Timestamp,
    pub read: u64,
    pub write: u64,
}

/// A part of a row's count, such as the calls of one principal from an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    pub name: String,
    pub count: u64,
}

/// A source address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressRow {
    pub address: String,
    pub kind: Kind,
    /// The AWS service, the network, the VPC endpoint, or the Region and service of AWS. `None` if it is not known.
    pub owner: Option<String>,
    /// The country, as a code of ISO 3166-1 with two letters.
    pub country: Option<String>,
    pub count: u64,
    pub errors: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The principals with the most calls, at most five.
    pub principals: Vec<Share>,
    /// The user agents with the most calls, at most five.
    pub agents: Vec<Share>,
    pub examples: Vec<String>,
}

/// A country of source addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountryRow {
    /// A code of ISO 3166-1 with two letters.
    pub country: String,
    pub count: u64,
    /// The number of addresses.
    pub addresses: u64,
    pub examples: Vec<String>,
}

/// A person or a machine that made calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrincipalRow {
    pub name: String,
    /// The member of the records that names the principal.
    pub how: How,
    /// How certain the name is.
    pub strength: Strength,
    pub count: u64,
    pub writes: u64,
    pub errors: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub examples: Vec<String>,
}

/// An API action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRow {
    pub source: String,
    pub name: String,
    pub count: u64,
    pub write: bool,
    pub errors: u64,
    pub examples: Vec<String>,
}

/// An error code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorRow {
    pub code: String,
    pub count: u64,
    /// The principals with the most errors of this code, at most five.
    pub principals: Vec<Share>,
    /// The API actions with the most errors of this code, at most five.
    pub events: Vec<Share>,
    pub examples: Vec<String>,
}

/// The kind of a user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    Console,
    Cli,
    Sdk,
    /// Terraform, the CDK, Pulumi and other tools that deploy infrastructure.
    Tool,
    /// An AWS service.
    Service,
    Other,
}

/// A user agent, without its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentRow {
    /// `AWS CLI`, `Terraform` or `Boto3`, for example.
    pub agent: String,
    pub kind: AgentKind,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub examples: Vec<String>,
}

/// The kind of a target of calls to ECS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    Cluster,
    Service,
    Family,
}

/// A cluster, a service or a family that calls name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetRow {
    pub kind: TargetKind,
    pub name: String,
    pub count: u64,
    pub writes: u64,
    pub last: Timestamp,
    pub examples: Vec<String>,
}

/// A principal, an address or an agent that was not seen before the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub name: String,
    pub count: u64,
    pub first: Timestamp,
    pub examples: Vec<String>,
}

/// Calls of one API action by one principal that deserve attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Watched {
    pub principal: String,
    pub source: String,
    pub event: String,
    /// What is notable, such as the version of TLS. Empty if the list says everything.
    pub detail: String,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub examples: Vec<String>,
}

/// Single calls, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The number of all calls, also of those that are not listed.
    pub count: u64,
    pub calls: Vec<Occurrence>,
}

/// What a listed call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OccurrenceKind {
    /// ExecuteCommand of ECS.
    ExecSession,
    /// StartSession of SSM with a container as its target, which no setting of ECS logs.
    DirectSession,
    RevisionWithoutLogs,
    LogGroupDeleted,
    LogStreamDeleted,
    RetentionChanged,
    ExecSettings,
    LogDriverDefault,
}

/// A single call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Occurrence {
    pub time: Timestamp,
    pub id: String,
    pub kind: OccurrenceKind,
    pub source: String,
    pub event: String,
    pub principal: String,
    pub strength: Strength,
    pub address: String,
    pub account: String,
    pub region: String,
    /// The target, such as a cluster and a task, or a log group.
    pub target: String,
    /// What changed, such as the retention. Empty if the event says everything.
    pub detail: String,
    /// The error code. `None` if the call succeeded.
    pub error: Option<String>,
    /// The name of Logweir's record of the revision. `None` if no journal was read, or the journal has no record.
    pub record: Option<String>,
}
