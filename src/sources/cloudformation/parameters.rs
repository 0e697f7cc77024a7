//! The parameters of a template, as far as their defaults show their values.

use std::collections::HashMap;

use serde_json::Value;

use super::functions::Function;
use crate::domain::verdict::ParameterDefault;
use crate::sources::tree::{Entry, NodeId, Tree, value_of};

/// The defaults of the parameters that have one.
pub(in crate::sources) struct Defaults(HashMap<String, Value>);

impl Defaults {
    pub(super) fn of(tree: &Tree, root: NodeId) -> Self {
        Self(defaults(tree, root))
    }

    /// Returns the value of the function if every parameter in it has its default.
    pub(in crate::sources) fn value(&self, tree: &Tree, found: &Function<'_>) -> Option<Value> {
        let text = tree.scalar(found.argument)?;
        match found.name.as_ref() {
            "Ref" => self.0.get(text).cloned(),
            "Fn::Sub" => self.substituted(text).map(Value::String),
            _ => None,
        }
    }

    /// Returns the parameters in the function that have a default.
    pub(in crate::sources) fn used(&self, tree: &Tree, found: &Function<'_>) -> Vec<ParameterDefault> {
        let text = tree.scalar(found.argument).unwrap_or_default();
        let names: Vec<&str> = match found.name.as_ref() {
            "Ref" => vec![text],
            _ => text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect(),
        };
        let default = |name: &str| {
            let value = match self.0.get(name)? {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            Some(ParameterDefault { parameter: name.to_owned(), value })
        };
        names.into_iter().filter_map(default).collect()
    }

    /// Returns the text of `Fn::Sub` with the defaults of its parameters.
    fn substituted(&self, text: &str) -> Option<String> {
        let mut whole = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (name, behind) = rest[at + 2..].split_once('}')?;
            whole += &rest[..at];
            match name.strip_prefix('!') {
                Some(literal) => whole += &format!("${{{literal}}}"),
                None => whole += self.0.get(name)?.as_str()?,
            }
            rest = behind;
        }
        Some(whole + rest)
    }
}

/// Returns the defaults of the parameters, without the defaults that are secret, or that only name a parameter of AWS
/// Systems Manager.
fn defaults(tree: &Tree, root: NodeId) -> HashMap<String, Value> {
    let Some(parameters) = tree.get(root, "Parameters") else { return HashMap::new() };
    let default = |node: NodeId| {
        let is_set = |key: &str| tree.get(node, key).and_then(|node| value_of(tree.node(node)));
        let kind = tree.scalar(tree.get(node, "Type")?)?;
        let is_secret = matches!(is_set("NoEcho"), Some(Value::Bool(true))) || is_set("NoEcho") == Some("true".into());
        if is_secret || kind.starts_with("AWS::SSM::") {
            return None;
        }
        let text = tree.scalar(tree.get(node, "Default")?)?;
        let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        Some(match is_list {
            true => text.split(',').map(|item| Value::from(item.trim())).collect(),
            false => Value::from(text),
        })
    };
    let parameter = |entry: &Entry| Some((tree.key(entry).to_owned(), default(tree.target(entry.value))?));
    tree.entries(parameters).iter().filter_map(parameter).collect()
}
