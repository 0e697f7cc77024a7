//! The plan of a migration to FireLens, or of the way back.

use serde::Serialize;
use serde_json::Value;

use crate::domain::firelens::migration::{Blocker, Change, PlannedFile, RoleChange};
use crate::domain::report::schema;

/// The plan of a migration. The members are in the order of the output.
#[derive(Clone, Debug, Serialize)]
pub struct FirelensPlan {
    pub schema: &'static str,
    pub target: String,
    pub style: &'static str,
    /// The input of RegisterTaskDefinition. `None` while a blocker stands.
    pub document: Option<Value>,
    /// The text of the target after the migration. `None` while a blocker stands.
    pub text: Option<String>,
    /// The patch that changes the target's text. Empty while a blocker stands.
    pub diff: String,
    pub files: Vec<PlannedFile>,
    pub iam: Vec<RoleChange>,
    pub blockers: Vec<Blocker>,
    pub changes: Vec<Change>,
}

impl FirelensPlan {
    pub const SCHEMA: &'static str = schema::FIRELENS;
}
