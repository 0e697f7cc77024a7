//! Finds the containers of a task definition: the value of `container_definitions`, through local values and files.

use std::ops::Range;
use std::path::PathBuf;

use super::folder::{Folder, HclFile};
use super::hcl::{self, Expression, ExpressionKind, Object};
use super::modules;
use super::resolver::{FARTHEST, flattened, resolved, unwrapped};
use crate::sources::source_text::SourceText;

/// The containers of a task definition.
pub(super) enum Containers {
    /// The list of the containers, in this text.
    Listed(Listed),
    /// Only Terraform knows the containers, for this reason.
    Unknown(String),
    /// The text at this offset of the file is not JSON, for this reason.
    Broken { path: PathBuf, at: Option<usize>, why: String },
}

/// A list of containers in a text.
pub(super) struct Listed {
    /// The file that contains the list.
    pub(super) path: PathBuf,
    pub(super) text: SourceText,
    pub(super) list: Expression,
    pub(super) holder: Holder,
}

/// How a file holds the list of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The list is HCL, or JSON in a heredoc of HCL.
    Hcl,
    /// The list is the whole file, in JSON.
    WholeFile,
    /// The list is a quoted text of HCL, so its members have no places of their own.
    QuotedJson,
}

/// Reads the list of containers that an expression of `file` gives.
pub(super) fn containers(folder: &Folder, file: &HclFile, expression: &Expression) -> Containers {
    Search { folder, left: FARTHEST }.of(file, expression, false)
}

struct Search<'f> {
    folder: &'f Folder,
    left: usize,
}

impl Search<'_> {
    /// `is_structure` says that the value is the list itself, and not the list as JSON.
    fn of(&mut self, file: &HclFile, expression: &Expression, is_structure: bool) -> Containers {
        let Some(left) = self.left.checked_sub(1) else {
            return Containers::Unknown("Logweir does not follow so many local values".into());
        };
        self.left = left;
        let text = &*file.text;
        match &expression.kind {
            ExpressionKind::List(_) if is_structure => self.listed(file, expression),
            ExpressionKind::Call { name, arguments } => self.of_call(file, expression, name, arguments, is_structure),
            ExpressionKind::Reference(steps) => self.of_reference(file, expression, steps, is_structure),
            ExpressionKind::Template(_) => match unwrapped(text, expression) {
                Some(inner) => self.of(file, &inner, is_structure),
                None => unknown(text, expression),
            },
            ExpressionKind::Heredoc(lines) if !is_structure => of_json(
                Listed {
                    list: expression.clone(),
                    path: file.path.clone(),
                    text: file.text.clone(),
                    holder: Holder::Hcl,
                },
                lines.clone(),
                true,
            ),
            ExpressionKind::Text(json) if !is_structure => of_quoted(file, expression, json),
            _ => unknown(text, expression),
        }
    }

    fn of_call(
        &mut self,
        file: &HclFile,
        call: &Expression,
        name: &str,
        arguments: &[Expression],
        is_structure: bool,
    ) -> Containers {
        match (name, arguments) {
            ("jsonencode", [value]) if !is_structure => self.of(file, value, true),
            ("jsondecode", [value]) if is_structure => self.of(file, value, false),
            ("tolist", [value]) if is_structure => self.of(file, value, true),
            ("flatten", [value]) if is_structure => match self.of(file, value, true) {
                Containers::Listed(listed) => Containers::Listed(flat(listed)),
                containers => containers,
            },
            ("concat", _) if is_structure => self.listed(file, call),
            ("file", [path]) => self.of_file(&file.text, path, false),
            ("templatefile", [path, _]) => self.of_file(&file.text, path, true),
            _ => unknown(&file.text, call),
        }
    }

    fn of_reference(
        &mut self,
        file: &HclFile,
        expression: &Expression,
        steps: &[String],
        is_structure: bool,
    ) -> Containers {
        let folder = self.folder;
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match steps.as_slice() {
            ["local", name] => match folder.local(name) {
                Some((file, local)) => self.of(file, &local.value, is_structure),
                None => match folder.override_of_local(name) {
                    Some(why) => Containers::Unknown(why),
                    None => unknown(&file.text, expression),
                },
            },
            ["data", "template_file", name, "rendered"] if !is_structure => {
                let found = folder.block("data", "template_file", name);
                let body = found.and_then(|(file, block)| Some((file, block.body(&file.text).ok()?)));
                match body.as_ref().and_then(|(file, body)| Some((file, &body.attribute("template")?.value))) {
                    Some((file, template)) => self.of_template(file, template),
                    None => unknown(&file.text, expression),
                }
            }
            ["module", name, ..] => match modules::advice(folder, name) {
                Some(advice) => Containers::Unknown(advice),
                None => unknown(&file.text, expression),
            },
            _ => unknown(&file.text, expression),
        }
    }

    /// Reads the template of a `template_file`, which is a text or the content of a file.
    fn of_template(&mut self, file: &HclFile, template: &Expression) -> Containers {
        let inner = match &template.kind {
            ExpressionKind::Template(_) => unwrapped(&file.text, template),
            _ => None,
        };
        let template = inner.as_ref().unwrap_or(template);
        match &template.kind {
            ExpressionKind::Call { name, arguments } if name == "file" && arguments.len() == 1 => {
                self.of_file(&file.text, &arguments[0], true)
            }
            ExpressionKind::Heredoc(_) => self.of(file, template, false),
            _ => unknown(&file.text, template),
        }
    }

    fn of_file(&mut self, text: &str, path: &Expression, is_template: bool) -> Containers {
        match self.folder.other_file(text, path) {
            Ok((path, text)) => {
                let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
                let range = start..text.len();
                let list = Expression { range: range.clone(), kind: ExpressionKind::Opaque };
                let listed = Listed { path, text: text.into(), list, holder: Holder::WholeFile };
                of_json(listed, range, is_template)
            }
            Err(why) => Containers::Unknown(why),
        }
    }

    fn listed(&self, file: &HclFile, list: &Expression) -> Containers {
        let list = match resolved(self.folder, file, list) {
            Ok(list) => list,
            Err(why) => return Containers::Unknown(why),
        };
        match list.kind {
            ExpressionKind::List(_) => Containers::Listed(Listed {
                path: file.path.clone(),
                text: file.text.clone(),
                list,
                holder: Holder::Hcl,
            }),
            _ => unknown(&file.text, &list),
        }
    }
}

fn unknown(text: &str, expression: &Expression) -> Containers {
    let shown = &text[expression.range.clone()];
    Containers::Unknown(match &expression.kind {
        ExpressionKind::Reference(_) if shown.len() <= 100 && !shown.contains('\n') => {
            format!("only Terraform knows the value of `{shown}`; check the plan as well")
        }
        ExpressionKind::Call { name, .. } => {
            format!("only Terraform knows the result of `{name}`; check the plan as well")
        }
        _ => "only Terraform knows the value of this expression; check the plan as well".into(),
    })
}

fn of_json(listed: Listed, range: Range<usize>, is_template: bool) -> Containers {
    match hcl::read_json(&listed.text, range.clone(), is_template) {
        Ok(list) if matches!(list.kind, ExpressionKind::List(_)) => Containers::Listed(Listed { list, ..listed }),
        Ok(list) if list.kind == ExpressionKind::Opaque => {
            Containers::Unknown("only Terraform knows the containers; check the plan as well".into())
        }
        Ok(list) => Containers::Broken {
            path: listed.path,
            at: Some(list.range.start),
            why: "the JSON is not a list of containers".into(),
        },
        Err(_) if is_template && listed.text[range].contains("%{") => {
            Containers::Unknown("directives of a template build the containers; check the plan as well".into())
        }
        // A template may become JSON when Terraform renders it.
        Err(_) if is_template && listed.text.contains("${") && listed.holder == Holder::WholeFile => {
            Containers::Unknown("the template is not JSON before Terraform renders it; check the plan as well".into())
        }
        Err(fault) => {
            Containers::Broken { path: listed.path, at: Some(fault.at), why: format!("not JSON: {}", fault.message) }
        }
    }
}

/// Reads JSON in a quoted text. The places of its values are not known.
fn of_quoted(file: &HclFile, expression: &Expression, json: &str) -> Containers {
    let broken = |why| Containers::Broken { path: file.path.clone(), at: Some(expression.range.start), why };
    match hcl::read_json(json, 0..json.len(), false) {
        Ok(list) if matches!(list.kind, ExpressionKind::List(_)) => {
            let list = placed(list, &expression.range);
            Containers::Listed(Listed {
                path: file.path.clone(),
                text: file.text.clone(),
                list,
                holder: Holder::QuotedJson,
            })
        }
        Ok(_) => broken("the JSON is not a list of containers".into()),
        Err(fault) => broken(format!("not JSON: {}", fault.message)),
    }
}

/// Returns the expression with every value at `place`.
fn placed(expression: Expression, place: &Range<usize>) -> Expression {
    let kind = match expression.kind {
        ExpressionKind::List(items) => {
            ExpressionKind::List(items.into_iter().map(|item| placed(item, place)).collect())
        }
        ExpressionKind::Object(object) => {
            let member = |member: hcl::Member| hcl::Member {
                name: place.clone(),
                value: placed(member.value, place),
                comma: None,
                ..member
            };
            let members = object.members.into_iter().map(member).collect();
            ExpressionKind::Object(Object { members, ..object })
        }
        kind => kind,
    };
    Expression { range: place.clone(), kind }
}

/// Returns the list with the items of its inner lists in their place. An item that only Terraform knows stays an item.
fn flat(listed: Listed) -> Listed {
    let kind = match listed.list.kind {
        ExpressionKind::List(items) => ExpressionKind::List(flattened(items)),
        kind => kind,
    };
    Listed { list: Expression { kind, ..listed.list }, ..listed }
}
