//! Adds items to a sequence, and removes items from it.

use serde_json::Value;

use super::entries::{append, follows_kept};
use super::write::Manner;
use super::writer::{Placement, Writer};
use super::{NodeId, Op, Style};
use crate::domain::text::splice::Splice;

/// Changes a sequence, which keeps at least one of its items.
pub(super) fn change(writer: &Writer<'_>, id: NodeId, ops: &[&Op]) -> Result<Vec<Splice>, String> {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for op in ops {
        match op {
            Op::Append { values, .. } => added.extend(values),
            Op::RemoveItem { index, .. } => removed.push(*index),
            Op::Set { .. } | Op::Remove { .. } | Op::Replace { .. } => {
                return Err("two corrections change the same value".into());
            }
        }
    }
    let items = writer.tree.items(id);
    let Some(last) = items.last().copied().filter(|_| removed.len() < items.len()) else {
        return Err("the list would be empty".into());
    };
    let is_block = writer.tree.node(id).style == Style::Block;
    let mut splices = Vec::new();
    for index in &removed {
        splices.push(match is_block {
            true => remove_lines(writer, items, *index)?,
            false => remove_part(writer, items, *index, &removed)?,
        });
    }
    if !added.is_empty() {
        if removed.contains(&(items.len() - 1)) {
            return Err("the last item is removed, too".into());
        }
        match is_block {
            true => splices.push(block(writer, last, &added)?),
            false => splices.extend(flow(writer, id, last, &added)),
        }
    }
    Ok(splices)
}

/// Returns the indentation of the dash before an item of a sequence by indentation.
fn dash_indent(writer: &Writer<'_>, item: NodeId) -> Result<String, String> {
    let start = writer.tree.node(item).start;
    let before = &writer.text[writer.line_start(start)..start];
    match before.trim_end_matches(' ').strip_suffix('-') {
        Some(indent) if indent.bytes().all(|byte| byte == b' ') => Ok(indent.to_owned()),
        _ => Err("an item does not begin behind a dash on its own line".into()),
    }
}

/// Adds items to a sequence by indentation.
fn block(writer: &Writer<'_>, last: NodeId, added: &[&Value]) -> Result<Splice, String> {
    let indent = dash_indent(writer, last)?;
    let manner = writer.like(last, Placement::Block);
    let end = writer.line_end(writer.tree.node(last).place.end)?;
    let text = added.iter().map(|value| format!("{}{indent}{}", manner.newline, manner.block_item(value, &indent)));
    Ok(Splice { range: end..end, text: text.collect() })
}

/// Adds items to a sequence in brackets.
fn flow(writer: &Writer<'_>, id: NodeId, last: NodeId, added: &[&Value]) -> Vec<Splice> {
    let node = writer.tree.node(last);
    let before = &writer.text[writer.line_start(node.start)..node.start];
    // A new item gets a line of its own only if the last item has one.
    let indent = before.trim().is_empty().then(|| before.to_owned());
    let manner = writer.like(last, Placement::Flow);
    let manner = Manner { is_multi_line: manner.is_multi_line && indent.is_some(), ..manner };
    let texts: Vec<String> =
        added.iter().map(|value| manner.flow(value, indent.as_deref().unwrap_or_default())).collect();
    append(writer, id, node.place.end, &texts, indent.as_deref(), &manner)
}

/// Removes an item of a sequence by indentation with its lines.
fn remove_lines(writer: &Writer<'_>, items: &[NodeId], index: usize) -> Result<Splice, String> {
    dash_indent(writer, items[index])?;
    let node = writer.tree.node(items[index]);
    let (start, end) = (writer.line_start(node.start), writer.line_end(node.place.end)?);
    let rest = &writer.text[end..];
    let newline = rest.find('\n').map(|newline| end + newline + 1);
    let range = match newline {
        Some(next) if writer.text[end..next].trim().is_empty() => start..next,
        // The last line of the text has no line break, so the line break before the item goes.
        _ => start.saturating_sub(1)..writer.text.len(),
    };
    writer.removal(range)
}

/// Removes an item of a sequence in brackets with its comma.
fn remove_part(writer: &Writer<'_>, items: &[NodeId], index: usize, removed: &[usize]) -> Result<Splice, String> {
    let (start, end) =
        (|index: usize| writer.tree.node(items[index]).start, |index: usize| writer.tree.node(items[index]).place.end);
    let range = match follows_kept(index, removed) {
        true => end(index - 1)..end(index),
        false => start(index)..start(index + 1),
    };
    writer.removal(range)
}
