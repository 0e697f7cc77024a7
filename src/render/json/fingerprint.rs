//! The fingerprints of findings. A fingerprint identifies a finding in later runs, even if lines of its file move, if
//! the wording of a message changes, or if containers change their order.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::domain::audit::AuditedFinding;
use crate::domain::rules::finding::Finding;
use crate::domain::text::hex;

/// The version of the fingerprints. Another version gives every finding another fingerprint.
const VERSION: &str = "logweir.fingerprint/1";

/// The number of bytes of the hash that a fingerprint contains.
const BYTES: usize = 16;

/// The task definition that a finding is about.
#[derive(Clone, Copy, Default)]
pub struct Subject<'s> {
    /// The file, or the name of the registered family with its account and Region.
    pub artifact: Option<&'s str>,
    /// The kind and the identifier of the resource in the file that is the task definition.
    pub resource: Option<(&'s str, &'s str)>,
    pub family: Option<&'s str>,
}

/// The parts of a finding that identify its fault.
pub(super) struct Fault<'f> {
    rule: &'static str,
    container: Option<&'f str>,
    /// The index of the container in `containerDefinitions`.
    index: Option<usize>,
    pointer: &'f str,
}

impl<'f> From<&'f Finding> for Fault<'f> {
    fn from(finding: &'f Finding) -> Self {
        let (rule, container) = (finding.rule.name(), finding.container.as_deref());
        Self { rule, container, index: finding.index, pointer: &finding.pointer }
    }
}

impl<'f> From<&'f AuditedFinding> for Fault<'f> {
    fn from(finding: &'f AuditedFinding) -> Self {
        let (rule, container) = (finding.rule.name(), finding.container.as_deref());
        let index = finding.index.and_then(|index| usize::try_from(index).ok());
        Self { rule, container, index, pointer: &finding.pointer }
    }
}

/// Returns the fingerprint of a finding: a hash of the file, the resource or the family, the container, the rule, and
/// the pointer below the container. Equal faults of one container can have the same fingerprint.
pub(super) fn of<'f>(fault: impl Into<Fault<'f>>, subject: &Subject<'_>) -> String {
    let finding = fault.into();
    let Subject { artifact, resource, family } = *subject;
    let (kind, name) = resource.unwrap_or(("family", family.unwrap_or_default()));
    let of_container = finding.index.map(|index| format!("/containerDefinitions/{index}"));
    let below = of_container.and_then(|start| finding.pointer.strip_prefix(&start));
    let pointer = below.unwrap_or(finding.pointer);
    let index = finding.index.map(|index| index.to_string());
    let container = finding.container.or(index.as_deref()).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [VERSION, artifact.unwrap_or_default(), kind, name, container, finding.rule, pointer] {
        // The length keeps `ab` and `c` apart from `a` and `bc`.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..BYTES])
}

/// The fingerprints of one run.
#[derive(Default)]
pub struct Fingerprints {
    counts: HashMap<String, usize>,
}

impl Fingerprints {
    /// Returns a fingerprint that is unique in the run: the second finding with a fingerprint gets the ending `-2`.
    pub fn unique(&mut self, fingerprint: &str) -> String {
        let count = self.counts.entry(fingerprint.to_owned()).or_default();
        *count += 1;
        if *count == 1 { fingerprint.to_owned() } else { format!("{fingerprint}-{count}") }
    }
}
