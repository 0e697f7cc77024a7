//! The results of the runbook about a task definition, each with its place in the file.

use super::loaded::Loaded;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::runbook::{Requirement, Results, RunbookResult};
use crate::render::json::Place;

impl Loaded {
    /// Returns the task definition, once for each branch of the conditions in its template.
    pub(super) fn definitions(&self) -> impl Iterator<Item = &TaskDefinition> {
        let readings = self.document.iter().flat_map(|document| &document.readings);
        let registered = self.document.is_none().then_some(&self.definition);
        readings.map(|reading| &reading.definition).chain(registered)
    }

    /// Returns the place of a result in the file. `readings` has the results of each branch of the document, because a
    /// JSON pointer belongs to one branch. Returns `None` for a result without evidence, and for a registered revision.
    pub(super) fn place_of(
        &self,
        readings: &[Results],
        requirement: Requirement,
        result: &RunbookResult,
    ) -> Option<Place> {
        let document = self.document.as_ref()?;
        let member = &result.evidence.as_ref()?.member;
        let is_same = |(of, one): &(Requirement, RunbookResult)| {
            // The results of a branch have no exemptions yet.
            *of == requirement
                && one.rule == result.rule
                && one.resource == result.resource
                && one.evidence == result.evidence
        };
        let reading = readings.iter().position(|all| all.iter().any(is_same)).unwrap_or_default();
        let range = document.spots(reading, &[member]).first()?.member();
        let ends = document.positions(&[range.start, range.end]);
        Some(Place::new(ends[0], ends[1]))
    }
}
