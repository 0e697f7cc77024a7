//! What `logweir exec check` read of an account, and what no configuration shows.

use serde::Serialize;

/// The numbers of the resources that a run read, and the questions that it cannot decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FleetCoverage {
    pub clusters: usize,
    pub services: usize,
    pub daemons: usize,
    /// The running tasks.
    pub tasks: usize,
    /// The services, daemons and single tasks with ECS Exec enabled.
    pub with_exec: usize,
    /// The questions that no configuration answers, so that Logweir does not guess.
    pub not_decidable: &'static [&'static str],
}

/// What decides about a session or its transcript, and is in no configuration that Logweir reads.
pub const NOT_DECIDABLE: &[&str] = &[
    "whether the image contains `script` and `cat`, without which CloudWatch Logs gets no transcript",
    "whether the task reaches the endpoints of ssmmessages, logs, s3 and kms through a NAT gateway or VPC endpoints",
    "whether the subnets are IPv6-only, and whether a Windows image is Nano Server, both without ECS Exec",
    "whether policies of the organisation, of endpoints or of resources deny what the policy simulator allows",
];
