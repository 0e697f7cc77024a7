//! The result of `logweir check` for a task definition that Logweir has read.

use std::ops::Range;
use std::path::Path;

use serde_json::json;

use super::loaded::Loaded;
use super::patch_path::patch_path;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::verdict::Unknown;
use crate::render::json::{
    CheckedTarget, LiveLine, Place, PlacedFinding, Replacement, ResourceLine, TargetOutput, UnknownLine, replacements,
};
use crate::sources::Resource;

impl Loaded {
    /// Returns the output for the task definition. `folder` is the working directory. With `with_changes`, the output
    /// contains the changes of the file that each fix makes, and the patch of the document.
    pub(super) fn checked(&self, folder: &Path, with_changes: bool) -> TargetOutput {
        let document = self.document.as_ref();
        let resource = document.and_then(|document| document.resource.as_ref()).map(resource);
        TargetOutput::of(CheckedTarget {
            target: self.origin.clone(),
            path: document.and_then(|document| file(folder, &document.origin)),
            resource: resource.or_else(|| self.registered()),
            live: self.live(),
            family: self.definition.family(),
            revision: self.revision.as_ref().map(|arn| arn.revision),
            undecided: self.undecided(),
            plan: &self.plan,
            findings: self.placed_findings(with_changes),
            unknown: self.unknown_lines(),
            patch: if with_changes { self.patch() } else { json!([]) },
            region: self.region.as_deref(),
        })
    }

    fn live(&self) -> Option<LiveLine> {
        let arn = self.revision.as_ref().filter(|_| self.document.is_none())?;
        let (partition, account, region) = (arn.partition.clone(), arn.account.clone(), arn.region.clone());
        Some(LiveLine { arn: arn.to_string(), partition, account, region })
    }

    /// Returns the registered revision as a resource. Returns `None` for a document.
    fn registered(&self) -> Option<ResourceLine> {
        let kind = "AWS::ECS::TaskDefinition".to_owned();
        self.live().map(|live| ResourceLine { kind, id: live.arn, construct: None })
    }

    /// Returns the findings, each with its place in the file.
    fn placed_findings(&self, with_changes: bool) -> Vec<PlacedFinding<'_>> {
        let ends = self.ends();
        let changes = if with_changes { self.changes() } else { Vec::new() };
        let readings = self.readings.iter().copied().chain(std::iter::repeat(0));
        let placed = self.plan.findings.iter().zip(self.pointers()).zip(ends).zip(readings);
        let placed = placed.map(|(((finding, pointer), place), reading)| {
            let range = if changes.is_empty() { None } else { self.container(reading, finding) };
            PlacedFinding { finding, pointer, place, replacements: of_finding(finding, range, &changes) }
        });
        placed.collect()
    }

    /// Returns the place of each finding, in the order of the findings. A registered revision is not in a file, so its
    /// findings have no place.
    fn ends(&self) -> Vec<Option<Place>> {
        let places = self.places();
        let Some(document) = &self.document else { return places.iter().map(|_| None).collect() };
        let ends: Vec<usize> = places.iter().map(|(found, _)| found.member().end).collect();
        let ends = document.positions(&ends);
        places.iter().zip(ends).map(|((_, start), end)| start.map(|start| Place::new(start, end))).collect()
    }

    /// Returns the byte range, in the file, of the container of a finding, or of the log group of a finding.
    fn container(&self, reading: usize, finding: &Finding) -> Option<Range<usize>> {
        let pointer = match finding.index {
            Some(index) => format!("/containerDefinitions/{index}"),
            None => finding.pointer.clone(),
        };
        let spots = self.document.as_ref()?.spots(reading, &[&pointer]);
        spots.first().map(|found| found.member())
    }

    /// Returns what the document does not show, each part with its place in the file.
    fn unknown_lines(&self) -> Vec<UnknownLine> {
        let Some(document) = &self.document else { return Vec::new() };
        let line = |(reading, unknown): &(usize, Unknown)| {
            let range = document.spots(*reading, &[&unknown.pointer]).first().map(|found| found.member());
            let place = range.map(|range| {
                let ends = document.positions(&[range.start, range.end]);
                Place::new(ends[0], ends[1])
            });
            UnknownLine::of(unknown, document.pointer_of(*reading, &unknown.pointer), place)
        };
        self.unknowns.iter().map(line).collect()
    }

    /// Returns the changes that `logweir fix` makes in the file.
    fn changes(&self) -> Vec<Replacement> {
        let Some(document) = self.document.as_ref().filter(|_| self.is_corrected(false)) else { return Vec::new() };
        let Ok(correction) = self.correction(document, false) else { return Vec::new() };
        let splices = document.splices(&correction).unwrap_or_default();
        replacements(document.text(), &splices, |offsets| document.positions(offsets))
    }
}

fn resource(Resource { kind, id, construct }: &Resource) -> ResourceLine {
    ResourceLine { kind: kind.clone(), id: id.clone(), construct: construct.clone() }
}

/// Returns the changes that the fix of a finding makes: the changes of its container or its log group, which is in the
/// byte range `place` of the file. An unsafe fix of a template is not among the changes.
fn of_finding(finding: &Finding, place: Option<Range<usize>>, changes: &[Replacement]) -> Vec<Replacement> {
    let changes_text = match &finding.fix {
        Fix::Options(_) | Fix::Configuration { creates: None, .. } | Fix::Retention { .. } => finding.counts(),
        _ => false,
    };
    let Some(place) = place.filter(|_| changes_text) else { return Vec::new() };
    let is_inside = |change: &&Replacement| place.start <= change.range.start && change.range.end <= place.end;
    changes.iter().filter(is_inside).cloned().collect()
}

/// Returns the path of a file in outputs. Returns `None` for standard input.
pub(super) fn file(folder: &Path, origin: &str) -> Option<String> {
    (origin != "<stdin>").then(|| patch_path(folder, Path::new(origin)).to_string_lossy().into_owned())
}
