//! The files of the named folders that Logweir passed over.

use crate::render::json::PassedOver;
use crate::sources::{self, Kind};

impl PassedOver {
    /// Adds the files that a walk passed over.
    pub(super) fn add_all(&mut self, files: &sources::PassedOver) {
        files.iter().for_each(|(kind, number)| self.add(*kind, *number));
    }

    /// Adds this number of files of one kind.
    pub(super) fn add(&mut self, kind: Kind, number: usize) {
        let count = match kind {
            Kind::CloudFormation => &mut self.cloudformation,
            Kind::Terraform => &mut self.terraform,
            Kind::Yaml => &mut self.yaml,
            Kind::Jsonnet => &mut self.jsonnet,
            Kind::ContainerList => &mut self.container_lists,
            Kind::SymbolicLink => &mut self.symbolic_links,
            Kind::Other => &mut self.other,
        };
        *count += number;
    }
}
