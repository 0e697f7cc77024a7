//! Reads JSON as a tree.

use std::cell::OnceCell;

use super::{DEEPEST, Entry, Kind, Language, Node, NodeId, Style, Tree};

struct Reader<'t> {
    text: &'t str,
    at: usize,
    nodes: Vec<Node>,
}

/// Reads a text that is valid JSON. Returns `None` if the text is nested too deeply, or is not valid after all.
pub(super) fn read(text: &str) -> Option<Tree> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at, nodes: Vec::new() };
    let root = reader.value(None, 0)?;
    let (nodes, roots) = (reader.nodes, vec![root]);
    Some(Tree { language: Language::Json, nodes, roots, comments: Vec::new(), manner: OnceCell::new() })
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn push(&mut self, kind: Kind, start: usize, style: Style, parent: Option<NodeId>) -> NodeId {
        self.nodes.push(Node {
            kind,
            place: start..self.at,
            start,
            tag: None,
            is_forced_string: false,
            is_anchored: false,
            style,
            parent,
        });
        self.nodes.len() - 1
    }

    fn value(&mut self, parent: Option<NodeId>, depth: usize) -> Option<NodeId> {
        if depth > DEEPEST {
            return None;
        }
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.string(parent),
            b'{' => {
                self.at += 1;
                let id = self.push(Kind::Mapping(Vec::new()), start, Style::Flow, parent);
                let entries = self.entries(id, depth)?;
                self.nodes[id].kind = Kind::Mapping(entries);
                self.nodes[id].place.end = self.at;
                Some(id)
            }
            b'[' => {
                self.at += 1;
                let id = self.push(Kind::Sequence(Vec::new()), start, Style::Flow, parent);
                let items = self.items(id, depth)?;
                self.nodes[id].kind = Kind::Sequence(items);
                self.nodes[id].place.end = self.at;
                Some(id)
            }
            _ => {
                let word = self.text[start..].bytes();
                self.at += word.take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                (self.at > start).then(|| {
                    let text = self.text[start..self.at].to_owned();
                    self.push(Kind::Scalar(text), start, Style::Plain, parent)
                })
            }
        }
    }

    fn string(&mut self, parent: Option<NodeId>) -> Option<NodeId> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while *bytes.get(self.at)? != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        let text = if raw.contains('\\') { serde_json::from_str(raw).ok()? } else { raw[1..raw.len() - 1].to_owned() };
        Some(self.push(Kind::Scalar(text), start, Style::DoubleQuoted, parent))
    }

    fn entries(&mut self, parent: NodeId, depth: usize) -> Option<Vec<Entry>> {
        let mut entries = Vec::new();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(entries);
        }
        loop {
            self.peek().filter(|byte| *byte == b'"')?;
            let key = self.string(Some(parent))?;
            self.skip(b':')?;
            let value = self.value(Some(parent), depth + 1)?;
            entries.push(Entry { key, value });
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(entries);
                }
                _ => return None,
            }
        }
    }

    fn items(&mut self, parent: NodeId, depth: usize) -> Option<Vec<NodeId>> {
        let mut items = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(items);
        }
        loop {
            items.push(self.value(Some(parent), depth + 1)?);
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(items);
                }
                _ => return None,
            }
        }
    }
}
