//! The results of the runbook about a task definition, each with its place in the file.

use std::collections::BTreeMap;

use super::loaded::Loaded;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::runbook::{Evidence, Requirement, Resource, Results, RunbookResult};
use crate::render::json::Place;

impl Loaded {
    /// Returns the task definition, once for each branch of the conditions in its template.
    pub(super) fn definitions(&self) -> impl Iterator<Item = &TaskDefinition> {
        let readings = self.document.iter().flat_map(|document| &document.readings);
        let registered = self.document.is_none().then_some(&self.definition);
        readings.flat_map(Reading::forms).chain(registered)
    }

    /// Returns the place of each result in the file. `branches` has the results of each branch of the document, because
    /// a JSON pointer belongs to one branch. A result without evidence and a registered revision have no place.
    pub(super) fn places_of(
        &self,
        branches: &[Results],
        results: &[(Requirement, RunbookResult)],
    ) -> Vec<Option<Place>> {
        let mut places = vec![None; results.len()];
        let Some(document) = &self.document else { return places };
        let first = first_branches(branches);
        let of_readings = document.readings.iter().enumerate();
        let reading_of: Vec<usize> =
            of_readings.flat_map(|(index, reading)| reading.forms().iter().map(move |_| index)).collect();
        for reading in 0..document.readings.len().max(1) {
            let of_reading = results.iter().enumerate().filter_map(|(index, (requirement, result))| {
                let evidence = result.evidence.as_ref()?;
                let branch = first.get(&identity(*requirement, result, evidence)).copied().unwrap_or_default();
                let found = reading_of.get(branch).copied().unwrap_or_default();
                (found == reading).then_some((index, evidence.member.as_str()))
            });
            // A search reads the whole text, so one search finds the members of all results.
            let (indices, members): (Vec<usize>, Vec<&str>) = of_reading.unzip();
            for (index, found) in indices.into_iter().zip(document.spots(reading, &members)) {
                let range = found.member();
                let ends = document.positions(&[range.start, range.end]);
                places[index] = Some(Place::new(ends[0], ends[1]));
            }
        }
        places
    }
}

/// The parts that identify a result in the branches of one document.
type Identity<'r> = (Requirement, &'static str, &'r Resource, &'r Evidence, Option<&'r str>);

fn identity<'r>(requirement: Requirement, result: &'r RunbookResult, evidence: &'r Evidence) -> Identity<'r> {
    (requirement, result.rule, &result.resource, evidence, result.image.as_deref())
}

/// Returns the first branch that has each result.
fn first_branches(branches: &[Results]) -> BTreeMap<Identity<'_>, usize> {
    let mut first = BTreeMap::new();
    for (branch, results) in branches.iter().enumerate() {
        for (requirement, result) in results {
            if let Some(evidence) = &result.evidence {
                first.entry(identity(*requirement, result, evidence)).or_insert(branch);
            }
        }
    }
    first
}
