//! The migration of a task definition from awslogs to FireLens, and the way back. A migration is a plan: it says what
//! the migrated task definition is, what else an operator has to do, and what changes. Nothing here makes a change.

mod alertlogic;
mod back;
mod blocker;
mod choices;
mod cloudwatch;
mod destination;
mod draft;
mod fargate;
mod forward;
mod iam;
mod log_name;
mod members;
mod multiline;
mod notes;
pub mod option;
mod output;
mod placeholder;
mod ports;
mod router;
mod secret;
mod surroundings;

use serde::Serialize;

use crate::domain::ecs::task_definition::TaskDefinition;

pub use blocker::Blocker;
pub use choices::{Choices, Health, RegistrationKey, Style};
pub use destination::{Destination, DestinationKind};
pub use iam::{RoleChange, RoleName, Statement};
pub use output::CloudWatchPlugin;
pub use surroundings::Surroundings;

/// The number of attempts to deliver a chunk. Without the option, Fluent Bit makes one attempt, and `no_limits` can fill
/// the memory of the router (source: fluent-bit, src/flb_output.c).
const RETRIES: &str = "5";

/// What becomes of a task definition.
#[derive(Clone, Debug)]
pub struct Migration {
    pub style: Style,
    /// The migrated task definition. `None` while a blocker stands.
    pub definition: Option<TaskDefinition>,
    /// Whether the task definition needs no migration.
    pub is_done: bool,
    pub files: Vec<PlannedFile>,
    pub iam: Vec<RoleChange>,
    /// Why there is no migrated task definition.
    pub blockers: Vec<Blocker>,
    /// What the migration changes, and what the operator has to know.
    pub changes: Vec<Change>,
    /// The values in the migrated task definition and in the files that the operator has to replace before a
    /// registration.
    pub placeholders: Vec<String>,
}

impl Migration {
    /// Returns the migration of a task definition that Logweir cannot plan.
    pub fn blocked(style: Style, blocker: Blocker) -> Self {
        Self {
            style,
            definition: None,
            is_done: false,
            files: Vec::new(),
            iam: Vec::new(),
            blockers: vec![blocker],
            changes: Vec::new(),
            placeholders: Vec::new(),
        }
    }

    /// Returns the migration of a task definition that needs none. `changes` says why.
    fn done(style: Style, definition: &TaskDefinition, changes: Vec<Change>) -> Self {
        let definition = Some(definition.clone());
        let blockers = Vec::new();
        Self {
            style,
            definition,
            is_done: true,
            files: Vec::new(),
            iam: Vec::new(),
            blockers,
            changes,
            placeholders: Vec::new(),
        }
    }

    /// Adds a blocker, so that there is no migrated task definition.
    pub fn block(&mut self, blocker: Blocker) {
        self.blockers.push(blocker);
        self.definition = None;
    }
}

/// A file of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    pub path: String,
    pub content: String,
}

impl PlannedFile {
    /// Whether the operator puts the file into S3. The other file is only the configuration that ECS generates.
    fn is_of_operator(&self) -> bool {
        !self.path.contains('/')
    }
}

/// A change of behaviour, or a fact that the operator has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub what: &'static str,
    pub message: String,
}

/// Plans the migration of the task definition to FireLens.
pub fn to_firelens(definition: &TaskDefinition, choices: &Choices, surroundings: &Surroundings<'_>) -> Migration {
    forward::plan(definition, choices, surroundings)
}

/// Plans the way back of the task definition to awslogs.
pub fn to_awslogs(definition: &TaskDefinition, surroundings: &Surroundings<'_>) -> Migration {
    back::plan(definition, surroundings)
}
