//! The files of folders in which Logweir found no task definition.

use serde::Serialize;

/// The files of folders that contain no task definition, or that Logweir does not read.
#[derive(Serialize, Default, Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The files that are not of any other kind in this list.
    pub other: usize,
    pub cloudformation: usize,
    pub terraform: usize,
    pub yaml: usize,
    pub jsonnet: usize,
    /// The lists of containers without a task definition around them.
    pub container_lists: usize,
    /// The symbolic links, which Logweir does not follow.
    pub symbolic_links: usize,
}

impl PassedOver {
    /// Whether no file can describe a task definition in another format.
    pub fn is_known(&self) -> bool {
        let Self { other: _, cloudformation, terraform, yaml, jsonnet, container_lists, symbolic_links } = *self;
        cloudformation + terraform + yaml + jsonnet + container_lists + symbolic_links == 0
    }
}
