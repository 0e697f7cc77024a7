//! The well-known public modules that make task definitions, and the variable of each module that holds the log
//! configuration.

use super::folder::{Folder, HclFile};
use super::hcl::Block;
use crate::sources::Document;

/// A public module that makes container definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownModule {
    /// cloudposse/ecs-container-definition/aws
    ContainerDefinition,
    /// terraform-aws-modules/ecs/aws, with its services
    Cluster,
    /// terraform-aws-modules/ecs/aws//modules/service
    Service,
    /// terraform-aws-modules/ecs/aws//modules/container-definition
    ServiceContainer,
}

impl KnownModule {
    fn of_source(source: &str) -> Option<Self> {
        let source = source.split('?').next().unwrap_or_default();
        let cloudposse =
            ["cloudposse/ecs-container-definition/aws", "cloudposse/terraform-aws-ecs-container-definition"];
        if cloudposse.iter().any(|name| source.contains(name)) {
            return Some(Self::ContainerDefinition);
        }
        let is_ecs = ["terraform-aws-modules/ecs/aws", "terraform-aws-modules/terraform-aws-ecs"]
            .iter()
            .any(|name| source.contains(name));
        // The address of a repository also contains `//`.
        let submodule = source.rsplit_once("//modules/").map(|(_, submodule)| submodule);
        match submodule {
            _ if !is_ecs => None,
            Some("service") => Some(Self::Service),
            Some("container-definition") => Some(Self::ServiceContainer),
            Some(_) => None,
            None => Some(Self::Cluster),
        }
    }

    /// Returns the variable that holds the log configuration, and what its default is (sources: the variables of
    /// cloudposse/terraform-aws-ecs-container-definition, September 2025, and of
    /// terraform-aws-modules/terraform-aws-ecs, versions 5.12 and 6).
    fn advice(self) -> &'static str {
        match self {
            Self::ContainerDefinition => {
                "set its variable `log_configuration` (the default null gives the container no log configuration) to \
                 an object with `logDriver` and `options`, with `mode` and `max-buffer-size` in the options"
            }
            Self::Cluster => {
                "set `services[…].container_definitions[…].logConfiguration` (`log_configuration` before version 6); \
                 its `options` replace the default options of the module, so list the group, the Region and the stream \
                 prefix, too, with `mode` and `max-buffer-size`"
            }
            Self::Service => {
                "set `container_definitions[…].logConfiguration` (`log_configuration` before version 6); its `options` \
                 replace the default options of the module, so list the group, the Region and the stream prefix, too, \
                 with `mode` and `max-buffer-size`; `enable_cloudwatch_logging` is true by default"
            }
            Self::ServiceContainer => {
                "set its variable `logConfiguration` (`log_configuration` before version 6); its `options` replace the \
                 default options of the module, so list the group, the Region and the stream prefix, too, with `mode` \
                 and `max-buffer-size`; `enable_cloudwatch_logging` is true by default"
            }
        }
    }
}

/// A call of a well-known module that makes a task definition or a container.
pub(super) struct ModuleCall<'f> {
    pub(super) name: &'f str,
    pub(super) block: &'f Block,
    pub(super) advice: String,
}

/// Returns the calls of well-known modules in a file.
pub(super) fn calls(file: &HclFile) -> impl Iterator<Item = ModuleCall<'_>> {
    file.body.blocks.iter().filter_map(|block| {
        let [name] = block.labels.as_slice() else { return None };
        let advice = of_block(file, block)?;
        Some(ModuleCall { name, block, advice: format!("the module `{name}` makes the containers: {advice}") })
    })
}

fn of_block(file: &HclFile, block: &Block) -> Option<&'static str> {
    if block.kind != "module" {
        return None;
    }
    let body = block.body(&file.text).ok()?;
    let module = KnownModule::of_source(body.attribute("source")?.value.text()?)?;
    // Without services, the module makes only a cluster.
    let makes_containers = module != KnownModule::Cluster || body.attribute("services").is_some();
    makes_containers.then(|| module.advice())
}

/// Returns the advice for a task definition whose containers the module with this name makes.
pub(super) fn advice(folder: &Folder, name: &str) -> Option<String> {
    let called = |file: &HclFile| calls(file).find(|call| call.name == name).map(|call| call.advice);
    folder.files().find_map(called)
}

/// Returns a document for each call of a well-known module that makes containers. The containers are unknown, and the
/// reason names the variable that holds the log configuration.
pub(super) fn documents<'f>(origin: &'f str, folder: &'f Folder) -> impl Iterator<Item = Document> + use<'f> {
    // Terraform merges a call in an override file into the call that another file contains.
    let calls = calls(&folder.file).filter(|_| !folder.file.is_override());
    calls.filter_map(move |ModuleCall { name, block, advice }| {
        let resource = super::resource("module", format!("module.{name}"));
        super::unseen(origin, folder, block, resource, &advice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_every_form_of_its_source() {
        use KnownModule::*;
        for (source, module) in [
            ("cloudposse/ecs-container-definition/aws", Some(ContainerDefinition)),
            ("registry.terraform.io/cloudposse/ecs-container-definition/aws", Some(ContainerDefinition)),
            (
                "git::https://github.com/cloudposse/terraform-aws-ecs-container-definition.git?ref=tags/0.61.2",
                Some(ContainerDefinition),
            ),
            ("terraform-aws-modules/ecs/aws", Some(Cluster)),
            ("terraform-aws-modules/ecs/aws//modules/service", Some(Service)),
            ("terraform-aws-modules/ecs/aws//modules/container-definition", Some(ServiceContainer)),
            ("terraform-aws-modules/ecs/aws//modules/cluster", None),
            (
                "git::https://github.com/terraform-aws-modules/terraform-aws-ecs.git//modules/service?ref=v6.0.0",
                Some(Service),
            ),
            ("./modules/service", None),
            ("terraform-aws-modules/vpc/aws", None),
        ] {
            assert_eq!(KnownModule::of_source(source), module, "{source}");
        }
    }
}
