//! The intrinsic functions of CloudFormation, in their short and their long form.

use std::borrow::Cow;

use crate::sources::tree::{NodeId, Tree, long_name};

/// A call of an intrinsic function.
pub(in crate::sources) struct Function<'t> {
    /// The name in the long form, such as `Fn::If` or `Ref`.
    pub(in crate::sources) name: Cow<'t, str>,
    /// The node of the argument. In the short form, this is the node with the tag.
    pub(in crate::sources) argument: NodeId,
    /// Whether the function is a tag, such as `!If`.
    pub(in crate::sources) is_short: bool,
}

/// Returns the function that the node calls. Returns `None` for any other value.
pub(in crate::sources) fn function(tree: &Tree, id: NodeId) -> Option<Function<'_>> {
    if let Some(tag) = &tree.node(id).tag {
        return Some(Function { name: long_name(tag).into(), argument: id, is_short: true });
    }
    let [entry] = tree.entries(id) else { return None };
    let name = tree.key(entry);
    let is_function = name == "Ref" || name.starts_with("Fn::") || name == "Condition";
    is_function.then(|| Function { name: name.into(), argument: tree.target(entry.value), is_short: false })
}

/// Returns the text of `Fn::Sub` or `Fn::Join` if it contains no variable.
pub(in crate::sources) fn text_without_variables(tree: &Tree, found: &Function<'_>) -> Option<String> {
    let text = joined(tree, found)?;
    let mut literal = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("${") {
        // `${!NAME}` is the text `${NAME}` (source: AWS CloudFormation user guide, Fn::Sub).
        rest[at + 2..].starts_with('!').then_some(())?;
        literal += &rest[..at + 2];
        rest = &rest[at + 3..];
    }
    Some(literal + rest)
}

/// Returns the value of a function as the text of `Fn::Sub`: `${Name}` for `Ref` to `Name`. Returns `None` for a
/// function that has no such text.
pub(in crate::sources) fn sub_text(tree: &Tree, found: &Function<'_>) -> Option<String> {
    match found.name.as_ref() {
        "Ref" => tree.scalar(found.argument).map(|name| format!("${{{name}}}")),
        "Fn::GetAtt" => {
            let parts: Option<Vec<&str>> = tree.items(found.argument).iter().map(|item| tree.scalar(*item)).collect();
            let name = match tree.scalar(found.argument) {
                Some(name) => name.to_owned(),
                None => parts.filter(|parts| !parts.is_empty())?.join("."),
            };
            Some(format!("${{{name}}}"))
        }
        _ => joined(tree, found),
    }
}

/// Returns the text of `Fn::Sub`, or of `Fn::Join`, as the text of `Fn::Sub`.
fn joined(tree: &Tree, found: &Function<'_>) -> Option<String> {
    match found.name.as_ref() {
        "Fn::Sub" => tree.scalar(found.argument).map(String::from),
        "Fn::Join" => {
            let [delimiter, parts] = tree.items(found.argument) else { return None };
            let delimiter = tree.target(*delimiter);
            let delimiter = tree.scalar(delimiter).filter(|_| function(tree, delimiter).is_none())?;
            let part = |id: &NodeId| {
                let id = tree.target(*id);
                match function(tree, id) {
                    Some(found) if found.name != "Fn::Join" => sub_text(tree, &found),
                    Some(_) => None,
                    // A `${` in a text that is no `Fn::Sub` is no variable.
                    None => tree.scalar(id).map(|text| text.replace("${", "${!")),
                }
            };
            let parts: Option<Vec<String>> = tree.items(tree.target(*parts)).iter().map(part).collect();
            parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(delimiter))
        }
        _ => None,
    }
}
