//! The corrections of a document: the edits of its task definition, and the changes of the log groups in its template.

use super::Document;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::patch::{self, Conflict};
use crate::domain::edit::{Edit, NewLogGroup};
use crate::domain::plan::DefinedRetention;
use crate::domain::readings::ReadingEdits;
use crate::domain::rules::finding::Safety;

/// A log group of the file that gets a retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The name of the resource in the file.
    pub group: String,
    pub days: u32,
}

/// The corrections of one document.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// The corrected task definition of each reading of the document, in the order of the readings.
    pub definitions: Vec<TaskDefinition>,
    pub retentions: Vec<Retention>,
    /// The log groups that the file has to define, because the corrected task definition logs to them.
    pub new_groups: Vec<NewLogGroup>,
}

impl From<&TaskDefinition> for Correction {
    fn from(definition: &TaskDefinition) -> Self {
        Self { definitions: vec![definition.clone()], ..Self::default() }
    }
}

impl Correction {
    /// Returns the correction of a document with the edits of its readings, and with the retentions of log groups.
    /// `with_unsafe` adds the corrections that a person has to allow.
    pub fn of(
        document: &Document,
        edits: &[ReadingEdits],
        retentions: &[DefinedRetention],
        with_unsafe: bool,
    ) -> Result<Self, Conflict> {
        let retentions = retentions.iter().filter(|retention| retention.safety == Safety::Safe || with_unsafe);
        let retention = |it: &DefinedRetention| Retention { group: it.group.clone(), days: it.days };
        let mut correction = Self { retentions: retentions.map(retention).collect(), ..Self::default() };
        for (reading, edits) in document.readings.iter().zip(edits) {
            let consented = edits.needing_consent.iter().filter(|_| with_unsafe);
            let all: Vec<Edit> = edits.safe.iter().chain(consented.clone().map(|it| &it.edit)).cloned().collect();
            correction.definitions.push(patch::apply(&reading.definition, &all)?);
            for group in consented.map(|it| &it.creates) {
                if !correction.new_groups.contains(group) {
                    correction.new_groups.push(group.clone());
                }
            }
        }
        Ok(correction)
    }
}
