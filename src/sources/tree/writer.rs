//! A text with its tree, and the layout in which new values are written.

use std::collections::HashSet;
use std::ops::Range;

use super::write::Manner;
use super::{Kind, Language, NodeId, Style, Tree};
use crate::domain::text::splice::Splice;

/// Whether a mapping is written by indentation or in braces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    Block,
    Flow,
}

/// Why Logweir does not change a value with an anchor.
pub(in crate::sources) const SHARED: &str =
    "the value has an anchor or an alias of YAML, so the change would have an effect elsewhere";

/// The text, and how new values are written in it.
pub(super) struct Writer<'t> {
    pub(super) text: &'t str,
    pub(super) tree: &'t Tree,
    pub(super) manner: &'t Manner,
}

impl Writer<'_> {
    /// Checks that a change of the node has no effect on other nodes.
    pub(super) fn check(&self, id: NodeId) -> Result<(), String> {
        if self.tree.is_shared(id) || matches!(self.tree.node(id).kind, Kind::Alias(_)) {
            return Err(SHARED.into());
        }
        let entries = self.tree.entries(id);
        if entries.iter().any(|entry| self.tree.key(entry) == "<<") {
            return Err("the mapping has a merge key of YAML (`<<`)".into());
        }
        let mut keys = HashSet::new();
        match entries.iter().all(|entry| keys.insert(self.tree.key(entry))) {
            true => Ok(()),
            false => Err("the mapping has the same key twice".into()),
        }
    }

    /// Returns the end of the line of a position, without the line break. Returns an error if the line continues with
    /// anything but a comment.
    pub(super) fn line_end(&self, at: usize) -> Result<usize, String> {
        let rest = &self.text[at..];
        let line = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let behind = line.trim_start();
        if behind.is_empty() || behind.starts_with('#') {
            return Ok(at + line.trim_end_matches([' ', '\t']).len());
        }
        Err("more text follows on the line of the value".into())
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at]
            .rfind('\n')
            .map_or_else(|| if self.text.starts_with('\u{feff}') { 3 } else { 0 }, |line| line + 1)
    }

    /// Returns the white space at the start of the line of a position.
    pub(super) fn indentation(&self, at: usize) -> String {
        let line = &self.text[self.line_start(at)..];
        line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
    }

    /// Returns the indentation of the entries of a mapping by indentation.
    pub(super) fn block_indent(&self, mapping: NodeId) -> Result<String, String> {
        let first = self.tree.entries(mapping).first().ok_or("the mapping has no entry")?;
        let start = self.tree.node(first.key).start;
        let before = &self.text[self.line_start(start)..start];
        if before.contains('\t') {
            return Err("the indentation of the mapping contains a tab".into());
        }
        if !before.chars().all(|c| c == ' ' || c == '-') {
            return Err("the first key of the mapping does not begin its line".into());
        }
        Ok(" ".repeat(before.len()))
    }

    /// Whether a comment is in the range.
    pub(super) fn has_comment(&self, range: &Range<usize>) -> bool {
        let first = self.tree.comments.partition_point(|comment| comment.start < range.start);
        self.tree.comments.get(first).is_some_and(|comment| comment.start < range.end)
    }

    /// Removes the range. Returns an error if a comment is in it.
    pub(super) fn removal(&self, range: Range<usize>) -> Result<Splice, String> {
        if self.has_comment(&range) {
            return Err("a comment is in the part to remove".into());
        }
        Ok(Splice { range, text: String::new() })
    }

    /// Returns how a new entry is written in this mapping: like its last entry.
    pub(super) fn like(&self, mapping: NodeId, placement: Placement) -> Manner {
        let mut manner = self.manner.clone();
        let Some(last) = self.tree.entries(mapping).last() else { return manner };
        let (key, value) = (self.tree.node(last.key), self.tree.node(last.value));
        manner.keys = key.style;
        if value.tag.is_none() && matches!(value.style, Style::SingleQuoted | Style::DoubleQuoted) {
            manner.strings = value.style;
        }
        if placement == Placement::Flow {
            let between = self.text.get(key.place.end..value.start).unwrap_or_default();
            manner.colon = if between.ends_with(':') && manner.language == Language::Json { "" } else { " " };
            let inside = &self.text[self.tree.node(mapping).place.start + 1..];
            if !inside.starts_with(['\n', '\r']) {
                manner.is_padded = inside.starts_with(' ');
            }
        }
        manner
    }
}

/// Returns how new values are written in the text.
pub(super) fn manner(text: &str, tree: &Tree) -> Manner {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let unit = match tree.language {
        Language::Json => {
            let indents = text.lines().map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
            indents.into_iter().find(|indent| !indent.is_empty()).unwrap_or("  ").to_owned()
        }
        Language::Yaml => " ".repeat(unit(text, tree).unwrap_or(2)),
    };
    Manner {
        language: tree.language,
        newline,
        unit,
        strings: Style::Plain,
        keys: Style::Plain,
        is_padded: text.contains("{ "),
        is_multi_line: tree.language == Language::Json && text.trim_end().contains('\n'),
        colon: if tree.language == Language::Json && !text.contains("\": ") { "" } else { " " },
    }
}

/// Returns the number of columns by which the first mapping inside another mapping is indented.
fn unit(text: &str, tree: &Tree) -> Option<usize> {
    let column = |id: NodeId| {
        let start = tree.entries(id).first().map(|entry| tree.node(entry.key).start)?;
        Some(text[..start].rfind('\n').map_or(start, |line| start - line - 1))
    };
    let mut open = tree.roots.clone();
    while let Some(id) = open.pop() {
        for entry in tree.entries(id) {
            if tree.node(entry.value).style == Style::Block && tree.is_mapping(entry.value) {
                let (outer, inner) = (column(id)?, column(entry.value)?);
                if inner > outer {
                    return Some(inner - outer);
                }
            }
            open.push(entry.value);
        }
    }
    None
}
