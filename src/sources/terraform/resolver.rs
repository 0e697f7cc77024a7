//! Resolves the local values in a list of containers, and the functions that only join lists or objects.

use std::borrow::Cow;

use super::folder::{Folder, HclFile};
use super::hcl::{self, Expression, ExpressionKind, Object};

/// The maximum number of local values and files through which Logweir follows a value.
pub(super) const FARTHEST: usize = 8;

/// The maximum number of values in a task definition. A local value may contain other ones many times.
const MOST_VALUES: usize = 100_000;

/// Returns the value of an expression of `file` with the values of the local values in it. Returns the reason if only
/// Terraform knows the value.
pub(super) fn resolved(folder: &Folder, file: &HclFile, expression: &Expression) -> Result<Expression, String> {
    let mut resolver = Resolver { folder, file, left: MOST_VALUES, open: Vec::new(), circle: None };
    let resolved = resolver.resolved(expression, 0);
    match resolver.circle {
        Some(name) => Err(format!("the value of `local.{name}` refers to itself, so Terraform refuses it")),
        None => Ok(resolved),
    }
}

/// Returns the expression in a text that is nothing but one variable, such as `"${var.x}"`.
pub(super) fn unwrapped(text: &str, template: &Expression) -> Option<Expression> {
    let source = &text[template.range.clone()];
    let inner = source.strip_prefix("\"${")?.strip_suffix("}\"")?;
    let start = template.range.start + 3;
    hcl::read_expression(text, start..start + inner.len()).ok()
}

/// Replaces references to local values of the same file by the lists and objects that they name, and calls that only
/// join lists or objects by their result.
struct Resolver<'f> {
    folder: &'f Folder,
    file: &'f HclFile,
    /// The number of values that the result may still get.
    left: usize,
    /// The names of the local values around the current value.
    open: Vec<String>,
    /// The name of a local value that refers to itself. Terraform refuses such a value.
    circle: Option<String>,
}

impl Resolver<'_> {
    fn resolved(&mut self, expression: &Expression, depth: usize) -> Expression {
        let Some(left) = self.left.checked_sub(1) else { return opaque(expression) };
        self.left = left;
        if depth > 2 * FARTHEST + hcl::DEEPEST {
            return opaque(expression);
        }
        let kind = match &expression.kind {
            ExpressionKind::List(items) => {
                ExpressionKind::List(items.iter().map(|item| self.resolved(item, depth + 1)).collect())
            }
            // A key that only Terraform knows may be any key.
            ExpressionKind::Object(object) if object.members.iter().any(|member| member.key.is_none()) => {
                ExpressionKind::Opaque
            }
            ExpressionKind::Object(object) => {
                let members = object
                    .members
                    .iter()
                    .map(|member| hcl::Member { value: self.resolved(&member.value, depth + 1), ..member.clone() });
                ExpressionKind::Object(Object { members: members.collect(), ..object.clone() })
            }
            ExpressionKind::Reference(steps) => match self.structure(steps) {
                Some((name, structure)) => return self.local(name, &structure, depth),
                None => return expression.clone(),
            },
            ExpressionKind::Template(_) => match unwrapped(&self.file.text, expression) {
                Some(inner) if matches!(inner.kind, ExpressionKind::Reference(_)) => {
                    let resolved = self.resolved(&inner, depth + 1);
                    if matches!(resolved.kind, ExpressionKind::Reference(_)) {
                        return expression.clone();
                    }
                    return resolved;
                }
                _ => return expression.clone(),
            },
            ExpressionKind::Call { name, arguments } => {
                let arguments: Vec<_> = arguments.iter().map(|argument| self.resolved(argument, depth + 1)).collect();
                return joined(name, &arguments)
                    .map_or_else(|| expression.clone(), |kind| Expression { range: expression.range.clone(), kind });
            }
            _ => return expression.clone(),
        };
        Expression { range: expression.range.clone(), kind }
    }

    /// Resolves the value of a local value.
    fn local(&mut self, name: &str, value: &Expression, depth: usize) -> Expression {
        if self.open.iter().any(|open| open == name) {
            self.circle.get_or_insert_with(|| name.to_owned());
            return opaque(value);
        }
        self.open.push(name.to_owned());
        let resolved = self.resolved(value, depth + FARTHEST);
        self.open.pop();
        resolved
    }

    /// Returns the name and the value of a local value of the same file that is a list or an object.
    fn structure<'s>(&self, steps: &'s [String]) -> Option<(&'s str, Expression)> {
        let [scope, name] = steps else { return None };
        if scope != "local" {
            return None;
        }
        let (file, local) = self.folder.local(name)?;
        let is_here = std::ptr::eq(file, self.file);
        let is_structure = matches!(local.value.kind, ExpressionKind::List(_) | ExpressionKind::Object(_));
        (is_here && is_structure).then(|| (name.as_str(), local.value.clone()))
    }
}

fn opaque(expression: &Expression) -> Expression {
    Expression { range: expression.range.clone(), kind: ExpressionKind::Opaque }
}

/// Returns the items with the items of inner lists in their place.
pub(super) fn flattened(items: Vec<Expression>) -> Vec<Expression> {
    let flattened = items.into_iter().flat_map(|item| match item.kind {
        ExpressionKind::List(items) => flattened(items),
        _ => vec![item],
    });
    flattened.collect()
}

/// Returns the result of a call that joins known lists or known objects.
fn joined(name: &str, arguments: &[Expression]) -> Option<ExpressionKind> {
    match name {
        "concat" => {
            let lists = arguments.iter().map(|argument| match &argument.kind {
                ExpressionKind::List(items) => Some(Cow::Borrowed(items.as_slice())),
                _ => None,
            });
            let lists: Vec<_> = lists.collect::<Option<_>>()?;
            Some(ExpressionKind::List(lists.concat()))
        }
        "flatten" => {
            let [Expression { kind: ExpressionKind::List(items), .. }] = arguments else { return None };
            let items = flattened(items.clone());
            let is_known = |item: &Expression| {
                let kind = &item.kind;
                matches!(kind, ExpressionKind::Literal(_) | ExpressionKind::Text(_) | ExpressionKind::Object(_))
            };
            items.iter().all(is_known).then_some(ExpressionKind::List(items))
        }
        "merge" => {
            let members = arguments.iter().map(|argument| match &argument.kind {
                ExpressionKind::Object(object) => Some(object.members.as_slice()),
                _ => None,
            });
            let members: Vec<_> = members.collect::<Option<_>>()?;
            Some(ExpressionKind::Object(Object { members: members.concat(), is_json: false }))
        }
        _ => None,
    }
}
