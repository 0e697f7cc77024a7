//! A template: its resources, its parameters with their defaults, and what Logweir cannot read of it.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use super::functions::function;
use super::groups::groups;
use super::parameters::Defaults;
use super::{TemplateResource, conditions};
use crate::domain::rules::facts::{DefinedGroup, TemplateFacts};
use crate::sources::cloudformation::Assignment;
use crate::sources::tree::{Entry, NodeId, Tree};

/// A template, as far as task definitions need it.
pub(in crate::sources) struct Template {
    pub(super) root: NodeId,
    /// The mapping with all resources. The root itself if an include or a macro adds this mapping.
    resources: NodeId,
    /// The resources by their logical ids.
    ids: HashMap<String, NodeId>,
    defaults: Defaults,
    facts: Rc<TemplateFacts>,
    partial: Option<String>,
    generated: Option<String>,
    /// The number of values that Logweir has read for the task definitions.
    values: Cell<usize>,
}

/// The transforms whose result Logweir knows: they leave task definitions as they are.
const KNOWN_TRANSFORMS: [&str; 4] =
    ["AWS::Serverless", "AWS::LanguageExtensions", "AWS::SecretsManager", "AWS::CodeDeployBlueGreen"];

impl Template {
    /// Returns the template with this root. Returns `None` if the root has no resources of CloudFormation, and nothing
    /// that adds resources.
    pub(in crate::sources) fn of(origin: &str, text: &str, tree: &Tree, root: NodeId) -> Option<Self> {
        let root = tree.target(root);
        let resources = match tree.get(root, "Resources") {
            Some(resources) => Some(resources).filter(|resources| tree.is_mapping(*resources))?,
            None => root,
        };
        let mut template = Self {
            root,
            resources,
            ids: HashMap::new(),
            defaults: Defaults::of(tree, root),
            facts: Rc::default(),
            partial: None,
            generated: None,
            values: Cell::new(0),
        };
        template.partial = partial(tree, root, resources);
        let has_version = tree.get(root, "AWSTemplateFormatVersion").is_some();
        let is_template = match resources == root {
            true => template.partial.is_some() && (has_version || tree.get(root, "Fn::Transform").is_some()),
            false => {
                let makes_one = |entry: &Entry| tree.key(entry).starts_with("Fn::");
                has_version
                    || template.resources(tree).any(|resource| resource.kind.contains("::"))
                    || tree.entries(resources).iter().any(makes_one)
            }
        };
        if !is_template {
            return None;
        }
        let groups = groups(tree, root, template.resources(tree), &template.defaults);
        let id = |entry: &Entry| (tree.key(entry).to_owned(), tree.target(entry.value));
        template.ids = template.entries(tree).iter().map(id).collect();
        template.facts = Rc::new(TemplateFacts::new(groups, Some("${AWS::Region}")));
        template.generated = generated(origin, text, tree, &template);
        Some(template)
    }

    pub(in crate::sources) fn resources<'t>(&self, tree: &'t Tree) -> impl Iterator<Item = TemplateResource<'t>> {
        self.entries(tree).iter().filter_map(|entry| {
            let node = tree.target(entry.value);
            let kind = tree.scalar(tree.get(node, "Type")?)?;
            Some(TemplateResource { id: tree.key(entry), kind, node })
        })
    }

    fn entries<'t>(&self, tree: &'t Tree) -> &'t [Entry] {
        if self.resources == self.root { &[] } else { tree.entries(self.resources) }
    }

    /// Returns the node of the mapping with all resources.
    pub(in crate::sources) fn resources_node(&self) -> NodeId {
        self.resources
    }

    /// Returns the node of the resource with the logical id.
    pub(in crate::sources) fn resource(&self, id: &str) -> Option<NodeId> {
        self.ids.get(id).copied()
    }

    pub(in crate::sources) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    pub(in crate::sources) fn facts(&self) -> &Rc<TemplateFacts> {
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

    /// Whether the assumed values of the conditions contradict each other.
    pub(in crate::sources) fn contradicts(&self, tree: &Tree, assignment: &Assignment) -> bool {
        conditions::contradict(tree, tree.get(self.root, "Conditions"), assignment)
    }

    /// Returns the two places of a key that occurs twice where Logweir reads the template. CloudFormation refuses such a
    /// template, and parsers of YAML differ in the value that they take.
    pub(in crate::sources) fn repeated(&self, tree: &Tree) -> Option<(NodeId, NodeId)> {
        let parts = ["Conditions", "Parameters"].into_iter().filter_map(|key| tree.get(self.root, key));
        let read = self.resources(tree).filter(|resource| READ.contains(&resource.kind)).map(|resource| resource.node);
        let mappings = [self.root, self.resources].into_iter().chain(parts).chain(read);
        mappings.into_iter().find_map(|mapping| repeated_key(tree, mapping))
    }

    /// Counts a value that Logweir reads for a task definition. Returns whether the template has not more values than
    /// Logweir reads. Each of many task definitions can refer to the same large value.
    pub(in crate::sources) fn counts(&self) -> bool {
        self.values.set(self.values.get() + 1);
        self.values.get() <= MOST_VALUES
    }
}

/// The types of the resources that Logweir reads.
const READ: [&str; 2] = ["AWS::ECS::TaskDefinition", "AWS::Logs::LogGroup"];

/// The largest number of values that Logweir reads for all task definitions of a template.
const MOST_VALUES: usize = 500_000;

/// Returns the two places of the first key that occurs twice in a mapping.
fn repeated_key(tree: &Tree, mapping: NodeId) -> Option<(NodeId, NodeId)> {
    let mut seen = HashMap::new();
    tree.entries(mapping).iter().find_map(|entry| Some((seen.insert(tree.key(entry), entry.key)?, entry.key)))
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
    let within = |resource: &Entry| tree.entries(tree.target(resource.value));
    let of_resources = || tree.entries(resources).iter().flat_map(within).map(|entry| tree.key(entry));
    let of_root = || tree.entries(root).iter().map(|entry| tree.key(entry));
    if of_root().chain(keys()).chain(of_resources()).any(|key| key == "Fn::Transform") {
        return Some("a macro or an include (`Fn::Transform`) adds resources or their members to the template".into());
    }
    if of_root().chain(keys()).chain(of_resources()).any(|key| key == "<<") {
        return Some(
            "a merge key of YAML (`<<`) adds resources or their members, and Logweir does not read them".into(),
        );
    }
    let is_module = |resource: &Entry| {
        let kind = tree.get(resource.value, "Type").and_then(|kind| tree.scalar(kind));
        kind.is_some_and(|kind| kind.ends_with("::MODULE"))
    };
    if tree.entries(resources).iter().any(is_module) {
        return Some("a module of the CloudFormation registry (`::MODULE`) adds resources to the template".into());
    }
    let embeds = |resource: &Entry| {
        let body = tree.get(resource.value, "Properties").and_then(|properties| tree.get(properties, "TemplateBody"));
        body.and_then(|body| tree.scalar(body)).is_some_and(|body| body.contains(READ[0]))
    };
    if tree.entries(resources).iter().any(embeds) {
        return Some("a text in the template (`TemplateBody`) contains another template with task definitions".into());
    }
    let may_matter =
        |resource: &Entry| tree.key(resource).starts_with("Fn::ForEach") && makes_read(tree, resource.value);
    let makes_some = tree.entries(resources).iter().any(may_matter);
    makes_some.then(|| "a loop (`Fn::ForEach`) adds resources to the template".into())
}

/// Whether a loop (`Fn::ForEach`) may add a resource that Logweir reads. The third item of the loop has the resources
/// (source: AWS CloudFormation template reference, Fn::ForEach).
fn makes_read(tree: &Tree, looped: NodeId) -> bool {
    let output = tree.items(tree.target(looped)).get(2).map(|output| tree.target(*output));
    let Some(output) = output.filter(|output| tree.is_mapping(*output)) else { return true };
    tree.entries(output).iter().any(|entry| match tree.key(entry) {
        key if key.starts_with("Fn::ForEach") => makes_read(tree, entry.value),
        key if key.starts_with("Fn::") || key == "<<" => true,
        _ => {
            let kind = tree.get(entry.value, "Type").filter(|kind| function(tree, *kind).is_none());
            let kind = kind.and_then(|kind| tree.scalar(kind)).filter(|kind| !kind.contains('{'));
            kind.is_none_or(|kind| READ.contains(&kind))
        }
    })
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
