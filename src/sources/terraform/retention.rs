//! The change of a file in HCL that gives a log group a retention.

use super::change::line_indent;
use super::folder::HclFile;
use super::groups::{Group, LOG_GROUP};
use crate::domain::text::splice::Splice;

const ATTRIBUTE: &str = "retention_in_days";

/// Returns the change that sets the retention of the group, which is in the file. Returns `None` if the block cannot be
/// read.
pub(super) fn splice(file: &HclFile, group: &Group, days: u32) -> Option<Splice> {
    let text = &*file.text;
    let (_, block) = file.named("resource", LOG_GROUP).find(|(name, _)| *name == group.name)?;
    let body = block.body(text).ok()?;
    if let Some(attribute) = body.attribute(ATTRIBUTE) {
        return Some(Splice { range: attribute.value.range.clone(), text: days.to_string() });
    }
    // The new line is behind the name of the group, or is the first line of the block.
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(last) = body.attribute("name").or(body.attributes.first()) else {
        let outer = line_indent(text, block.range.start);
        let inner = text[block.inner.clone()].trim().is_empty();
        let line = format!("{newline}{outer}  {ATTRIBUTE} = {days}");
        return match inner {
            true => Some(Splice { range: block.inner.clone(), text: format!("{line}{newline}{outer}") }),
            false => Some(Splice { range: block.inner.start..block.inner.start, text: line }),
        };
    };
    let start_of_line = text[..last.range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &text[start_of_line..last.range.start];
    if !indent.trim().is_empty() || start_of_line < block.inner.start {
        // The block is on one line, which can hold only one attribute.
        let outer = line_indent(text, block.range.start);
        let old = text[last.range.clone()].trim();
        let lines = format!("{newline}{outer}  {old}{newline}{outer}  {ATTRIBUTE} = {days}{newline}{outer}");
        return (body.attributes.len() == 1 && body.blocks.is_empty())
            .then_some(Splice { range: block.inner.clone(), text: lines });
    }
    let before = &text[last.range.start..last.value.range.start];
    let width = before.find('=').unwrap_or(0);
    let padding = " ".repeat(width.saturating_sub(ATTRIBUTE.len()).max(1));
    let rest = text[last.range.end..].split('\n').next().unwrap_or_default();
    let at = last.range.end + rest.trim_end().len();
    Some(Splice { range: at..at, text: format!("{newline}{indent}{ATTRIBUTE}{padding}= {days}") })
}
