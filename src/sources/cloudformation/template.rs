//! A template: its resources, its parameters with their defaults, and what Logweir cannot read of it.

use super::groups::groups;
use super::parameters::Defaults;
use super::{TemplateResource, conditions};
use crate::domain::rules::facts::{DefinedGroup, TemplateFacts};
use crate::sources::cloudformation::Assignment;
use crate::sources::tree::{NodeId, Tree};

/// A template, as far as task definitions need it.
pub(in crate::sources) struct Template {
    pub(super) root: NodeId,
    resources: NodeId,
    defaults: Defaults,
    facts: TemplateFacts,
    partial: Option<String>,
    generated: Option<String>,
}

/// The transforms whose result Logweir knows: they leave task definitions as they are.
const KNOWN_TRANSFORMS: [&str; 4] =
    ["AWS::Serverless", "AWS::LanguageExtensions", "AWS::SecretsManager", "AWS::CodeDeployBlueGreen"];

impl Template {
    /// Returns the template with this root. Returns `None` if the root has no resources of CloudFormation.
    pub(in crate::sources) fn of(origin: &str, text: &str, tree: &Tree, root: NodeId) -> Option<Self> {
        let root = tree.target(root);
        let resources = tree.get(root, "Resources").filter(|resources| tree.is_mapping(*resources))?;
        let mut template = Self {
            root,
            resources,
            defaults: Defaults::of(tree, root),
            facts: TemplateFacts::default(),
            partial: None,
            generated: None,
        };
        let is_template = tree.get(root, "AWSTemplateFormatVersion").is_some()
            || template.resources(tree).any(|resource| resource.kind.contains("::"));
        template.facts =
            TemplateFacts::new(groups(tree, template.resources(tree), &template.defaults), Some("${AWS::Region}"));
        template.partial = partial(tree, root, resources);
        template.generated = generated(origin, text, tree, &template);
        is_template.then_some(template)
    }

    pub(in crate::sources) fn resources<'t>(&self, tree: &'t Tree) -> impl Iterator<Item = TemplateResource<'t>> {
        tree.entries(self.resources).iter().filter_map(|entry| {
            let node = tree.target(entry.value);
            let kind = tree.scalar(tree.get(node, "Type")?)?;
            Some(TemplateResource { id: tree.key(entry), kind, node })
        })
    }

    /// Returns the node of the mapping with all resources.
    pub(in crate::sources) fn resources_node(&self) -> NodeId {
        self.resources
    }

    /// Returns the node of the resource with the logical id.
    pub(in crate::sources) fn resource(&self, tree: &Tree, id: &str) -> Option<NodeId> {
        tree.get(self.resources, id)
    }

    pub(in crate::sources) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    pub(in crate::sources) fn facts(&self) -> &TemplateFacts {
        &self.facts
    }

    pub(in crate::sources) fn group(&self, id: &str) -> Option<&DefinedGroup> {
        self.facts.group(id)
    }

    /// Returns why the template shows only a part of what CloudFormation deploys.
    pub(in crate::sources) fn partial(&self) -> Option<&str> {
        self.partial.as_deref()
    }

    /// Returns why a change of the template would be lost: a tool writes the template. Returns `None` if a person
    /// writes the template.
    pub(in crate::sources) fn generated(&self) -> Option<&str> {
        self.generated.as_deref()
    }

    /// Returns the value of a condition under the assumed values of other conditions, if they decide about it.
    pub(in crate::sources) fn condition(&self, tree: &Tree, name: &str, assignment: &Assignment) -> Option<bool> {
        conditions::value(tree, tree.get(self.root, "Conditions"), name, assignment)
    }
}

/// Returns why the template shows only a part of what CloudFormation deploys.
fn partial(tree: &Tree, root: NodeId, resources: NodeId) -> Option<String> {
    let transforms = tree.get(root, "Transform");
    let names = transforms.into_iter().flat_map(|node| match tree.scalar(node) {
        Some(name) => vec![Some(name)],
        None if tree.is_mapping(node) => vec![tree.get(node, "Name").and_then(|name| tree.scalar(name))],
        None => tree.items(node).iter().map(|item| tree.scalar(*item)).collect(),
    });
    let is_known = |name: &str| KNOWN_TRANSFORMS.iter().any(|known| name.starts_with(known));
    for name in names {
        match name {
            Some(name) if is_known(name) => {}
            Some(_) => return Some("a macro of the template (`Transform`) may change every resource".into()),
            None => return Some("a transform of the template may change every resource".into()),
        }
    }
    let keys = || tree.entries(resources).iter().map(|entry| tree.key(entry));
    if tree.get(root, "Fn::Transform").is_some() || keys().any(|key| key == "Fn::Transform") {
        return Some("a macro or an include (`Fn::Transform`) adds resources to the template".into());
    }
    keys()
        .any(|key| key.starts_with("Fn::ForEach"))
        .then(|| "a loop (`Fn::ForEach`) adds resources to the template".into())
}

/// Returns why a change of the template would be lost.
fn generated(origin: &str, text: &str, tree: &Tree, template: &Template) -> Option<String> {
    if origin.split(['/', '\\']).any(|folder| folder == "cdk.out") {
        return Some("the AWS CDK writes the files in `cdk.out`; change the construct in the CDK app".into());
    }
    for resource in template.resources(tree) {
        let Some(metadata) = tree.get(resource.node, "Metadata") else { continue };
        for entry in tree.entries(metadata) {
            if tree.key(entry).starts_with("aws:cdk:") {
                return Some(
                    "the AWS CDK wrote the template (`aws:cdk:path`); change the construct in the CDK app".into(),
                );
            }
            if tree.key(entry).starts_with("aws:copilot:") {
                return Some("AWS Copilot wrote the template (`aws:copilot:description`); change the manifest".into());
            }
        }
    }
    let is_head =
        |comment: &&std::ops::Range<usize>| text[..comment.start].bytes().filter(|byte| *byte == b'\n').count() < 10;
    let says_so = |comment: &std::ops::Range<usize>| {
        let comment = text[comment.clone()].to_ascii_lowercase();
        ["generated by", "autogenerated", "auto-generated", "do not edit"].iter().any(|mark| comment.contains(mark))
    };
    tree.comments.iter().take(20).take_while(is_head).any(says_so).then(|| {
        "a comment in its first lines says that a tool generates the file; change the source of the file".into()
    })
}
