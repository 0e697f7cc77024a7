//! Where the files of a folder use a local value. A change of the value changes all these places.

use std::ops::Range;

use super::definition::TASK_DEFINITION;
use super::folder::{Folder, HclFile};
use crate::domain::text::splice::Splice;

/// Returns the name of a local value that these changes of the file concern, and that the folder uses outside of the
/// containers of task definitions, too.
pub(super) fn shared<'f>(folder: &'f Folder, splices: &[Splice]) -> Option<String> {
    let is_changed = |range: &Range<usize>| {
        splices.iter().any(|splice| range.start <= splice.range.start && splice.range.end <= range.end)
    };
    let places_of = |file: &'f HclFile| file.containers_and_locals(|| places(file));
    let changed = places_of(&folder.file).iter().filter(|(_, range)| is_changed(range));
    let mut names: Vec<String> = changed.filter_map(|(name, _)| name.clone()).collect();
    let mut next = 0;
    while let Some(name) = names.get(next).cloned() {
        next += 1;
        for file in folder.files() {
            let places = places_of(file);
            for at in uses(&file.text, &name) {
                match places.iter().find(|(_, range)| range.contains(&at)) {
                    Some((Some(local), _)) if !names.contains(local) => names.push(local.clone()),
                    Some(_) => {}
                    None => return Some(name),
                }
            }
        }
    }
    None
}

/// Returns the byte ranges of the local values of the file, with their names, and of the containers of its task
/// definitions.
fn places(file: &HclFile) -> Vec<(Option<String>, Range<usize>)> {
    let mut places = Vec::new();
    for block in &file.body.blocks {
        let is_locals = block.kind == "locals" && block.labels.is_empty();
        let is_definition = block.name_of("resource", TASK_DEFINITION).is_some();
        let Some(body) = (is_locals || is_definition).then(|| block.body(&file.text).ok()).flatten() else { continue };
        for attribute in body.attributes {
            if is_locals {
                places.push((Some(attribute.name), attribute.range));
            } else if attribute.name == "container_definitions" {
                places.push((None, attribute.range));
            }
        }
    }
    places
}

/// Returns the offsets at which the text names a local value.
fn uses(text: &str, name: &str) -> Vec<usize> {
    let reference = format!("local.{name}");
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let is_whole = |at: usize| {
        let is_inner = text[..at].ends_with(|c| is_name(c) || c == '.');
        !is_inner && !text[at + reference.len()..].starts_with(is_name)
    };
    text.match_indices(&reference).map(|(at, _)| at).filter(|at| is_whole(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_a_whole_reference() {
        assert_eq!(uses("local.a local.ab xlocal.a x.local.a ${local.a.b} local.a-b local.a[0]", "a"), [0, 38, 59]);
    }
}
