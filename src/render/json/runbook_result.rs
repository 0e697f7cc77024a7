//! A result of the runbook, as every output format shows it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::place::Place;
use crate::domain::ecs::arn::Arn;
use crate::domain::runbook::{Requirement, RunbookResult};
use crate::domain::text::hex;

/// The version of the fingerprints. Another version gives every result another fingerprint.
const VERSION: &str = "logweir.runbook-fingerprint/1";

/// The number of bytes of the hash that a fingerprint contains.
const BYTES: usize = 16;

/// A result with its place.
#[derive(Serialize)]
pub struct ResultLine {
    #[serde(flatten)]
    pub result: RunbookResult,
    /// The place of the member in the file. `None` for a live resource.
    pub place: Option<Place>,
    /// A text that identifies the result in later runs too, even if lines of a file move.
    pub fingerprint: String,
    /// The path of the file, relative to the working directory, with `/` between its parts.
    #[serde(skip)]
    pub path: Option<String>,
}

impl ResultLine {
    /// Returns the output for a result. `path` is the file of the result.
    pub fn of(requirement: Requirement, result: RunbookResult, path: Option<&str>, place: Option<Place>) -> Self {
        let fingerprint = fingerprint(requirement, &result, path);
        Self { result, place, fingerprint, path: path.map(String::from) }
    }
}

/// Returns a hash of the requirement, the rule, the resource and the member. A new revision of a family has the
/// fingerprints of the revision before.
fn fingerprint(requirement: Requirement, result: &RunbookResult, path: Option<&str>) -> String {
    let resource = &result.resource;
    let arn = resource.arn.as_deref().unwrap_or_default();
    let of_family = Arn::parse(arn).filter(|arn| arn.resource.starts_with("task-definition/"));
    let owner = match &of_family {
        Some(arn) => format!("{}:{}", arn.account, arn.region),
        None => arn.to_owned(),
    };
    let scope = result.scope.map(|scope| format!("{scope:?}"));
    let member = result.evidence.as_ref().map(|evidence| evidence.member.as_str());
    let mut hash = Sha256::new();
    for part in [
        VERSION,
        requirement.id(),
        result.rule,
        resource.kind.name(),
        &owner,
        path.unwrap_or_default(),
        &resource.name,
        resource.container.as_deref().unwrap_or_default(),
        scope.as_deref().unwrap_or_default(),
        member.unwrap_or_default(),
    ] {
        // The length keeps `ab` and `c` apart from `a` and `bc`.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..BYTES])
}
