//! The result of `logweir check --against`.

use serde::Serialize;

use super::baseline::BaselineLine;
use super::finding::FindingLine;
use super::passed_over::PassedOver;
use crate::domain::baseline::Difference;

/// The JSON output of `logweir check --against`.
#[derive(Serialize)]
pub struct AgainstOutput {
    pub schema: &'static str,
    pub baseline: BaselineLine,
    pub against: BaselineLine,
    pub summary: AgainstSummary,
    pub passed_over: PassedOver,
    /// The settings that differ between the two baselines, whether or not the findings differ.
    pub settings: Vec<Difference>,
    pub targets: Vec<Compared>,
}

#[derive(Serialize, Default, Clone, Copy)]
pub struct AgainstSummary {
    pub checked: usize,
    /// The number of targets whose findings differ.
    pub differ: usize,
    pub come: usize,
    pub go: usize,
    /// The number of settings that differ.
    pub settings: usize,
    pub errors: usize,
}

#[derive(Serialize)]
pub struct Compared {
    pub target: String,
    pub error: Option<String>,
    /// The new findings, which exist only with the baseline `baseline`.
    pub come: Vec<FindingLine>,
    /// The resolved findings, which exist only with the baseline `against`.
    pub go: Vec<FindingLine>,
}
