//! The owner of a family and the files that describe the family, as data.

use serde::Serialize;

use crate::domain::owner::{Owner, OwnerKind};

/// The owner of a family, and the files that describe the family.
#[derive(Clone, Debug, Serialize)]
pub struct OwnedFamily {
    pub account: String,
    pub region: String,
    pub family: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// What the owner's next deployment does, and where a person corrects the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The files that describe the family. Several files may describe one family, for example one for each stage.
    pub sources: Vec<FamilySource>,
}

/// A task definition in a file.
#[derive(Clone, Debug, Serialize)]
pub struct FamilySource {
    pub file: String,
    /// The logical id in a template, or the address in Terraform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The tool that deploys the file. `None` if neither the file nor its folder shows the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed_by: Option<OwnerKind>,
    /// The patch that `logweir fix --diff` prints for this task definition. `None` if the file needs no change, or if
    /// Logweir does not change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Why Logweir does not change the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}
