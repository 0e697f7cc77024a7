//! Adds entries to a mapping, and removes entries from it.

use serde_json::Value;

use super::write::Manner;
use super::writer::{Placement, Writer};
use super::{Entry, Language, NodeId};
use crate::domain::text::splice::Splice;

type Set<'v> = (&'v str, &'v Value);

/// Changes a mapping by indentation. The first new entries take the places of removed entries.
pub(super) fn block(
    writer: &Writer<'_>,
    id: NodeId,
    sets: &[Set<'_>],
    removed: &[usize],
) -> Result<Vec<Splice>, String> {
    let indent = writer.block_indent(id)?;
    let manner = writer.like(id, Placement::Block);
    let entries = writer.tree.entries(id);
    let mut splices = Vec::new();
    for ((key, value), index) in sets.iter().zip(removed) {
        let text = manner.block_entry(key, value, &indent);
        splices.push(exchange(writer, &entries[*index], text)?);
    }
    let gone = gone(entries, sets, removed)?;
    for index in gone {
        splices.push(remove_line(writer, entries, *index, gone)?);
    }
    let added = sets.get(removed.len()..).unwrap_or_default();
    if !added.is_empty() {
        let end = writer.line_end(writer.tree.node(id).place.end)?;
        let mut text = String::new();
        for (key, value) in added {
            if is_resource(value) && are_apart(writer, entries) {
                text += manner.newline;
            }
            text += &format!("{}{indent}{}", manner.newline, manner.block_entry(key, value, &indent));
        }
        splices.push(Splice { range: end..end, text });
    }
    Ok(splices)
}

/// Returns the removed entries whose places no new entry takes. Returns an error if no entry would be left.
fn gone<'r>(entries: &[Entry], sets: &[Set<'_>], removed: &'r [usize]) -> Result<&'r [usize], String> {
    match sets.is_empty() && removed.len() >= entries.len() {
        true => Err("the mapping would be empty".into()),
        false => Ok(removed.get(sets.len()..).unwrap_or_default()),
    }
}

/// Whether an entry before the index stays. `removed` is in ascending order.
pub(super) fn follows_kept(index: usize, removed: &[usize]) -> bool {
    removed.iter().filter(|other| **other < index).count() < index
}

/// Whether the value is a resource of a template.
fn is_resource(value: &Value) -> bool {
    value.get("Type").is_some_and(Value::is_string)
}

/// Whether an empty line separates the last two entries.
fn are_apart(writer: &Writer<'_>, entries: &[Entry]) -> bool {
    let [.., before, last] = entries else { return false };
    let between = writer.tree.node(before.value).place.end..writer.tree.node(last.key).start;
    let between = writer.text.get(between).unwrap_or_default();
    between.split('\n').skip(1).any(|line| line.trim().is_empty()) && between.matches('\n').count() > 1
}

/// Replaces one entry.
fn exchange(writer: &Writer<'_>, entry: &Entry, text: String) -> Result<Splice, String> {
    let range = writer.tree.node(entry.key).start..writer.tree.node(entry.value).place.end;
    if writer.has_comment(&range) {
        return Err("a comment is in the part to replace".into());
    }
    Ok(Splice { range, text })
}

/// Removes an entry of a mapping by indentation with its lines.
fn remove_line(writer: &Writer<'_>, entries: &[Entry], index: usize, removed: &[usize]) -> Result<Splice, String> {
    let start = writer.tree.node(entries[index].key).start;
    let line = writer.line_start(start);
    if writer.text[line..start].trim().is_empty() {
        let end = writer.line_end(writer.tree.node(entries[index].value).place.end)?;
        let rest = &writer.text[end..];
        let newline = rest.len() - rest.trim_start_matches([' ', '\t']).trim_start_matches('\r').len();
        let range = match rest[newline..].starts_with('\n') {
            true => line..end + newline + 1,
            false => line.saturating_sub(1)..writer.text.len(),
        };
        return Ok(Splice { range, text: String::new() });
    }
    // The first entry of a list item begins on the line of the dash.
    let next =
        entries.get(index + 1).filter(|_| !removed.contains(&(index + 1))).ok_or("the entry begins a list item")?;
    let range = start..writer.tree.node(next.key).start;
    writer.removal(range)
}

/// Changes a mapping in braces. The first new entries take the places of removed entries.
pub(super) fn flow(
    writer: &Writer<'_>,
    id: NodeId,
    sets: &[Set<'_>],
    removed: &[usize],
) -> Result<Vec<Splice>, String> {
    let entries = writer.tree.entries(id);
    let last = entries.last().ok_or("the mapping has no entry")?;
    let line = writer.line_start(writer.tree.node(last.key).start);
    let before = &writer.text[line..writer.tree.node(last.key).start];
    // A new entry gets a line of its own only if the last entry has one.
    let indent = before.trim().is_empty().then(|| before.to_owned());
    let manner = writer.like(id, Placement::Flow);
    let manner = Manner { is_multi_line: manner.is_multi_line && indent.is_some(), ..manner };
    let entry = |key: &str, value: &Value| {
        let text = manner.flow(value, indent.as_deref().unwrap_or_default());
        format!("{}:{}{text}", manner.key(key), manner.colon)
    };
    let mut splices = Vec::new();
    for ((key, value), index) in sets.iter().zip(removed) {
        splices.push(exchange(writer, &entries[*index], entry(key, value))?);
    }
    let gone = gone(entries, sets, removed)?;
    for index in gone {
        splices.push(remove_part(writer, entries, *index, gone)?);
    }
    let added = sets.get(removed.len()..).unwrap_or_default();
    if !added.is_empty() {
        let texts: Vec<String> = added.iter().map(|(key, value)| entry(key, value)).collect();
        let last = writer.tree.node(last.value).place.end;
        splices.extend(append(writer, id, last, &texts, indent.as_deref(), &manner));
    }
    Ok(splices)
}

/// Adds entries behind the last entry of a collection in braces or brackets. `last` is the end of the last entry.
pub(super) fn append(
    writer: &Writer<'_>,
    id: NodeId,
    last: usize,
    entries: &[String],
    indent: Option<&str>,
    manner: &Manner,
) -> Vec<Splice> {
    let between = match indent {
        Some(indent) => format!("{}{indent}", manner.newline),
        None => manner.gap().to_owned(),
    };
    let at = |at: usize, text: String| Splice { range: at..at, text };
    let behind = &writer.text[last..writer.tree.node(id).place.end];
    let blanks = behind.len() - behind.trim_start().len();
    let has_comma = behind[blanks..].starts_with(',');
    let comma_end = if has_comma { last + blanks + 1 } else { last };
    // A comment behind the last entry stays on its line.
    let end = match indent {
        Some(_) if manner.language == Language::Yaml => writer.line_end(comma_end).unwrap_or(comma_end),
        _ => comma_end,
    };
    let joined = entries.join(&format!(",{between}"));
    match (has_comma, end == last) {
        (true, _) => vec![at(end, format!("{between}{joined},"))],
        (false, true) => vec![at(last, format!(",{between}{joined}"))],
        (false, false) => vec![at(last, ",".into()), at(end, format!("{between}{joined}"))],
    }
}

/// Removes an entry of a mapping in braces with its comma.
fn remove_part(writer: &Writer<'_>, entries: &[Entry], index: usize, removed: &[usize]) -> Result<Splice, String> {
    let key = |index: usize| writer.tree.node(entries[index].key).start;
    let end = |index: usize| writer.tree.node(entries[index].value).place.end;
    let range = match follows_kept(index, removed) {
        true => end(index - 1)..end(index),
        false => key(index)..key(index + 1),
    };
    writer.removal(range)
}
