//! The JSON of a task definition that is a part of a tree, with the node of each value.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::cloudformation::functions::{Function, function, sub_text, text_without_variables};
use super::cloudformation::{Assignment, Template};
use super::tree::{Entry, Kind, NodeId, Style, Tree, value_of};
use crate::domain::text::placeholder::is_intrinsic;
use crate::domain::verdict::ParameterDefault;

/// The deepest nesting of the JSON of a task definition.
const DEEPEST: usize = 100;

/// The largest number of values in the JSON of a task definition. Aliases can refer to aliases, so that a short text
/// can describe very many values.
const MOST: usize = 100_000;

/// A JSON value, and the node of each of its values.
pub(super) struct View {
    pub(super) value: Value,
    pub(super) shape: Shape,
}

/// The node of a value, and the shapes of the values in it.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) node: NodeId,
    pub(super) below: Below,
}

#[derive(Clone, Debug)]
pub(super) enum Below {
    /// The value is a scalar, or Logweir does not change anything in it.
    Leaf,
    Object(Vec<Member>),
    List(Vec<Shape>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The key in the JSON of the ECS API.
    pub(super) key: String,
    /// The node of the key.
    pub(super) name: NodeId,
    pub(super) shape: Shape,
}

/// Why a tree has no view.
#[derive(Debug)]
pub(super) enum Unviewed {
    /// Aliases make the value too large or nest it too deeply.
    TooLarge,
    /// A key occurs twice in a mapping that rules read.
    Repeated { first: NodeId, second: NodeId },
}

/// The meaning of a value, which decides how Logweir reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Definition,
    Containers,
    Container,
    /// The log configuration, or the configuration of a FireLens router.
    Configuration,
    Options,
    Option,
    /// The name of the family or of a container.
    Name,
    Role,
    /// Any other value that rules read.
    Read,
    /// A value of the map `dockerLabels` or of a similar map.
    Label,
    Labels,
    /// A value that no rule reads.
    Other,
}

impl At {
    /// Returns the meaning of the member `key`, in camelCase.
    fn member(self, key: &str) -> Self {
        match (self, key) {
            (Self::Definition, "containerDefinitions") => Self::Containers,
            (Self::Definition | Self::Container, "family" | "name") => Self::Name,
            (Self::Definition, "executionRoleArn") => Self::Role,
            (Self::Definition, "requiresCompatibilities" | "memory" | "trustedExecutionConfiguration") => Self::Read,
            (Self::Container, "logConfiguration" | "firelensConfiguration") => Self::Configuration,
            (Self::Container, "memory" | "memoryReservation" | "privileged") => Self::Read,
            (Self::Configuration, "options") => Self::Options,
            (Self::Configuration | Self::Read, _) => Self::Read,
            (Self::Options, _) => Self::Option,
            (_, "dockerLabels" | "labels" | "driverOpts" | "tags" | "options") => Self::Labels,
            (Self::Labels | Self::Label, _) => Self::Label,
            _ => Self::Other,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::Containers => Self::Container,
            Self::Labels => Self::Other,
            at => at,
        }
    }

    /// Whether rules read the value, so that its conditions matter.
    fn is_read(self) -> bool {
        !matches!(self, Self::Other | Self::Label | Self::Labels)
    }

    /// Whether the keys of a mapping are names of members.
    fn has_members(self) -> bool {
        !matches!(self, Self::Options | Self::Labels | Self::Label)
    }

    /// Whether the value is read with the default of a parameter.
    fn takes_default(self) -> bool {
        matches!(self, Self::Option | Self::Read)
    }
}

/// Reads a task definition from a tree.
pub(super) struct Viewer<'t> {
    pub(super) tree: &'t Tree,
    pub(super) template: Option<&'t Template>,
    pub(super) assignment: &'t Assignment,
    /// Whether values under parameters are the defaults of the parameters.
    pub(super) with_defaults: bool,
    /// Whether the members are in PascalCase.
    pub(super) is_pascal: bool,
    /// Whether the conditions of all values count, and not only of those that the rules about logs read.
    pub(super) is_wide: bool,
    pub(super) seen: Seen,
}

/// What the viewer found in the tree.
#[derive(Default)]
pub(super) struct Seen {
    /// The number of values.
    values: usize,
    /// The first condition that decides about a value and has no assumed value.
    pub(super) open_condition: Option<String>,
    /// Whether a condition decides about a value that only the rules of the runbook read.
    pub(super) is_conditional: bool,
    /// The parameters with a default that give a value which rules read.
    pub(super) defaults: Vec<ParameterDefault>,
    /// The mappings to which a macro, an include or a loop adds members.
    pub(super) included: Vec<NodeId>,
}

impl Viewer<'_> {
    /// Returns the view of the task definition at `node`. Returns `None` if CloudFormation removes the value.
    ///
    /// If a function of CloudFormation is in the place of the list of containers, the view has a list with the function
    /// as its only container.
    pub(super) fn definition(&mut self, node: NodeId) -> Result<Option<View>, Unviewed> {
        let mut view = self.view(node, At::Definition, 0)?;
        if let Some(View { value: Value::Object(value), shape: Shape { below: Below::Object(members), .. } }) =
            &mut view
            && let Some(containers) = value.get_mut("containerDefinitions").filter(|value| is_intrinsic(value))
        {
            *containers = Value::Array(vec![containers.take()]);
            for member in members.iter_mut().filter(|member| member.key == "containerDefinitions") {
                let shape = Shape { node: member.shape.node, below: Below::Leaf };
                member.shape.below = Below::List(vec![shape]);
            }
        }
        Ok(view)
    }

    fn view(&mut self, node: NodeId, at: At, depth: usize) -> Result<Option<View>, Unviewed> {
        self.count()?;
        if depth > DEEPEST {
            return Err(Unviewed::TooLarge);
        }
        let id = self.tree.target(node);
        let leaf = |value: Value| Some(View { value, shape: Shape { node: id, below: Below::Leaf } });
        if let Some(found) = function(self.tree, id) {
            return match self.evaluated(&found, at, depth)? {
                Evaluated::Removed => Ok(None),
                Evaluated::Branch(view) => Ok(view),
                Evaluated::Value(value) => Ok(leaf(value)),
                Evaluated::Unknown => Ok(leaf(self.raw_function(&found, depth)?)),
            };
        }
        match &self.tree.node(id).kind {
            Kind::Scalar(text) => Ok(leaf(self.scalar(id, text, at))),
            Kind::Mapping(_) => self.mapping(id, at, depth).map(Some),
            Kind::Sequence(items) => {
                let (mut values, mut shapes) = (Vec::new(), Vec::new());
                for item in items {
                    if let Some(View { value, shape }) = self.view(*item, at.item(), depth + 1)? {
                        values.push(value);
                        shapes.push(shape);
                    }
                }
                let shape = Shape { node: id, below: Below::List(shapes) };
                Ok(Some(View { value: Value::Array(values), shape }))
            }
            Kind::Alias(_) => Err(Unviewed::TooLarge),
        }
    }

    /// Returns the value of a scalar. CloudFormation turns numbers and booleans into strings where a string belongs
    /// (source: the CloudFormation registry converts property values to the types of the resource's schema).
    fn scalar(&self, id: NodeId, text: &str, at: At) -> Value {
        let value = value_of(self.tree.node(id)).unwrap_or_default();
        let wants_string = matches!(at, At::Option | At::Name) && self.template.is_some();
        match value {
            Value::String(text) if at.is_read() && self.template.is_some() && text.contains("{{resolve:") => {
                // CloudFormation replaces a dynamic reference when it deploys the template.
                json!({"Fn::Resolve": text})
            }
            Value::Bool(value) if wants_string => value.to_string().into(),
            Value::Number(_) if wants_string => text.into(),
            value => value,
        }
    }

    fn mapping(&mut self, id: NodeId, at: At, depth: usize) -> Result<View, Unviewed> {
        let (mut members, mut value) = (Vec::new(), Map::new());
        let mut names: HashMap<String, NodeId> = HashMap::new();
        for Entry { key: name, value: of } in self.entries(id)? {
            let key = self.tree.scalar(self.tree.target(name)).unwrap_or_default();
            let key = if at.has_members() && self.is_pascal { camel(key) } else { key.to_owned() };
            if let Some(first) = names.get(&key).copied() {
                let is_in_one_mapping = self.tree.node(first).parent == self.tree.node(name).parent;
                if !is_in_one_mapping || !at.is_read() {
                    continue;
                }
                return Err(Unviewed::Repeated { first, second: name });
            }
            names.insert(key.clone(), name);
            if let Some(view) = self.view(of, at.member(&key), depth + 1)? {
                value.insert(key.clone(), view.value);
                members.push(Member { key, name, shape: view.shape });
            }
        }
        let shape = Shape { node: id, below: Below::Object(members) };
        Ok(View { value: Value::Object(value), shape })
    }

    /// Counts a value. Returns an error if there are more values than Logweir reads.
    fn count(&mut self) -> Result<(), Unviewed> {
        self.seen.values += 1;
        let is_small = self.seen.values <= MOST && self.template.is_none_or(Template::counts);
        if is_small { Ok(()) } else { Err(Unviewed::TooLarge) }
    }

    /// Returns the entries of a mapping, and then the entries that merge keys add. Of two entries with the same key,
    /// the first one counts (source: YAML merge key type, "Keys in mapping nodes earlier in the sequence override keys
    /// specified in later mapping nodes").
    fn entries(&mut self, id: NodeId) -> Result<Vec<Entry>, Unviewed> {
        let tree = self.tree;
        let (mut entries, mut open) = (Vec::new(), vec![id]);
        while let Some(mapping) = open.pop() {
            let mut merged = Vec::new();
            for entry in tree.entries(mapping) {
                self.count()?;
                let key = tree.key(entry);
                if key == "<<" && tree.node(entry.key).style == Style::Plain {
                    let target = tree.target(entry.value);
                    let list = tree.items(target).iter().map(|item| tree.target(*item));
                    merged.extend(list.chain(tree.is_mapping(target).then_some(target)));
                } else if (key == "Fn::Transform" || key.starts_with("Fn::ForEach")) && self.template.is_some() {
                    self.seen.included.push(mapping);
                } else {
                    entries.push(*entry);
                }
            }
            // The last mapping of this list is the next one.
            open.extend(merged.into_iter().rev());
        }
        Ok(entries)
    }

    fn evaluated(&mut self, found: &Function<'_>, at: At, depth: usize) -> Result<Evaluated, Unviewed> {
        let Some(template) = self.template else { return Ok(Evaluated::Unknown) };
        let tree = self.tree;
        let name = tree.scalar(found.argument).unwrap_or_default();
        match found.name.as_ref() {
            "Ref" if name == "AWS::NoValue" => return Ok(Evaluated::Removed),
            "Fn::If" if at.is_read() || self.is_wide => {
                let [condition, yes, no] = tree.items(found.argument) else { return Ok(Evaluated::Unknown) };
                let Some(condition) = tree.scalar(*condition) else { return Ok(Evaluated::Unknown) };
                match template.condition(tree, condition, self.assignment) {
                    Some(true) => return Ok(Evaluated::Branch(self.view(*yes, at, depth + 1)?)),
                    Some(false) => return Ok(Evaluated::Branch(self.view(*no, at, depth + 1)?)),
                    None => {
                        self.seen.open_condition.get_or_insert_with(|| condition.to_owned());
                    }
                }
            }
            "Fn::If" => self.seen.is_conditional = true,
            "Ref" if at == At::Option => {
                if let Some(name) = template.group(name).and_then(|group| group.name.as_deref()) {
                    return Ok(Evaluated::Value(name.into()));
                }
            }
            _ => {}
        }
        if let Some(text) = text_without_variables(tree, found) {
            return Ok(Evaluated::Value(text.into()));
        }
        if at == At::Name
            && let Some(text) = sub_text(tree, found)
        {
            return Ok(Evaluated::Value(text.into()));
        }
        if at.takes_default()
            && let Some(default) = template.defaults().value(tree, found)
        {
            for used in template.defaults().used(tree, found) {
                if !self.seen.defaults.contains(&used) {
                    self.seen.defaults.push(used);
                }
            }
            if self.with_defaults {
                return Ok(Evaluated::Value(default));
            }
        }
        Ok(Evaluated::Unknown)
    }

    /// Returns a function of CloudFormation in its long form.
    fn raw_function(&mut self, found: &Function<'_>, depth: usize) -> Result<Value, Unviewed> {
        let mut object = Map::new();
        let argument = match (found.name.as_ref(), self.tree.scalar(found.argument)) {
            ("Fn::GetAtt", Some(text)) => {
                let (resource, attribute) = text.split_once('.').unwrap_or((text, ""));
                Value::from(vec![resource, attribute])
            }
            _ => self.raw(found.argument, found.is_short, depth + 1)?,
        };
        object.insert(found.name.clone().into_owned(), argument);
        Ok(Value::Object(object))
    }

    /// Returns a value in a function of CloudFormation. `is_argument` says whether the tag of the node is the function
    /// itself.
    fn raw(&mut self, node: NodeId, is_argument: bool, depth: usize) -> Result<Value, Unviewed> {
        self.count()?;
        if depth > DEEPEST {
            return Err(Unviewed::TooLarge);
        }
        let id = self.tree.target(node);
        if let Some(found) = function(self.tree, id).filter(|_| !is_argument) {
            return self.raw_function(&found, depth);
        }
        Ok(match &self.tree.node(id).kind {
            Kind::Scalar(text) if self.tree.node(id).tag.is_some() => text.as_str().into(),
            Kind::Scalar(_) => value_of(self.tree.node(id)).unwrap_or_default(),
            Kind::Sequence(items) => {
                let mut values = Vec::new();
                for item in items {
                    values.push(self.raw(*item, false, depth + 1)?);
                }
                Value::Array(values)
            }
            Kind::Mapping(entries) => {
                let mut object = Map::new();
                for entry in entries {
                    object.insert(self.tree.key(entry).to_owned(), self.raw(entry.value, false, depth + 1)?);
                }
                Value::Object(object)
            }
            Kind::Alias(_) => return Err(Unviewed::TooLarge),
        })
    }
}

/// The value of a function of CloudFormation.
enum Evaluated {
    /// CloudFormation removes the property.
    Removed,
    /// One of the branches of `Fn::If`.
    Branch(Option<View>),
    Value(Value),
    Unknown,
}

/// The members whose names begin with an acronym in a template, with their names in the ECS API (source: CloudFormation
/// user guide, AWS::ECS::TaskDefinition Volume).
const ACRONYMS: [(&str, &str); 2] = [
    ("EFSVolumeConfiguration", "efsVolumeConfiguration"),
    ("FSxWindowsFileServerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"),
];

/// Returns the name of a member in camelCase.
pub(super) fn camel(key: &str) -> String {
    if let Some((_, name)) = ACRONYMS.iter().find(|(acronym, _)| *acronym == key) {
        return (*name).to_owned();
    }
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}
