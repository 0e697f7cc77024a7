//! Reads YAML as a tree.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::{DEEPEST, Entry, Kind, Language, Node, NodeId, Style, Tree};

/// Why a text is not YAML that Logweir reads. `at` is the byte at which the reading ended.
#[derive(Debug)]
pub(in crate::sources) struct Unparsed {
    pub(in crate::sources) at: usize,
    pub(in crate::sources) message: String,
}

/// A collection whose end is not read yet.
struct Open {
    id: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

struct Reader<'t> {
    text: &'t str,
    /// The position at which the parser started: behind a byte order mark.
    from: usize,
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    roots: Vec<NodeId>,
}

pub(super) fn read(text: &str) -> Result<Tree, Unparsed> {
    let from = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let options = granit_parser::options! {
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
        simple_key_max_lookahead: 8192,
        max_buffered_comment_events: 65_536,
    };
    let mut reader =
        Reader { text, from, nodes: Vec::new(), open: Vec::new(), anchors: HashMap::new(), roots: Vec::new() };
    let mut comments = Vec::new();
    for event in Parser::new_from_str_with_options(&text[from..], options) {
        let (event, span) = event.map_err(|error| Unparsed {
            at: error.marker().byte_offset().map_or(text.len(), |at| (at + from).min(text.len())),
            message: error.info(),
        })?;
        match event {
            Event::Comment(..) => comments.push(reader.range(&span)),
            event => reader.take(event, &span),
        }
    }
    if reader.roots.is_empty() {
        return Err(Unparsed { at: 0, message: "the text is empty".to_owned() });
    }
    Ok(Tree { language: Language::Yaml, nodes: reader.nodes, roots: reader.roots, comments, manner: OnceCell::new() })
}

impl Reader<'_> {
    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or_default();
        range.start + self.from..range.end.max(range.start) + self.from
    }

    fn take(&mut self, event: Event<'_>, span: &Span) {
        let range = self.range(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::BlockScalar,
                };
                self.add(Kind::Scalar(text.into_owned()), range, style, span, anchor, tag.as_deref());
            }
            Event::Alias(anchor) => {
                // An anchor inside its own value has no complete value yet, but it has a node.
                if let Some(target) = self.anchors.get(&anchor).copied() {
                    self.add(Kind::Alias(target), range, Style::Plain, span, 0, None);
                }
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.add(Kind::Mapping(Vec::new()), range, structure(style), span, anchor, tag.as_deref());
                self.open.push(Open { id, key: None });
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.add(Kind::Sequence(Vec::new()), range, structure(style), span, anchor, tag.as_deref());
                self.open.push(Open { id, key: None });
            }
            Event::MappingEnd | Event::SequenceEnd => self.close(range.end),
            _ => {}
        }
    }

    /// Adds a node to the innermost open collection.
    fn add(
        &mut self,
        kind: Kind,
        range: Range<usize>,
        style: Style,
        span: &Span,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> NodeId {
        let id = self.nodes.len();
        let tag_start = span.tag_start().and_then(|start| start.byte_offset()).map(|at| at + self.from);
        let tag_end = span.tag_span().and_then(|span| span.byte_range()).map(|range| range.end + self.from);
        let (name, is_forced_string) = tag.map_or((None, false), meaning);
        let parent = self.open.last().map(|open| open.id);
        let mut place = self.trimmed(range, style);
        if place.is_empty() {
            place = self.absent(place.start, tag_end);
        }
        self.nodes.push(Node {
            kind,
            start: tag_start.unwrap_or(place.start).min(place.start),
            place,
            is_forced_string,
            tag: name,
            is_anchored: anchor > 0,
            style,
            parent,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.attach(id);
        id
    }

    fn attach(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else {
            self.roots.push(id);
            return;
        };
        match &mut self.nodes[open.id].kind {
            Kind::Mapping(entries) => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => entries.push(Entry { key, value: id }),
            },
            Kind::Sequence(items) => items.push(id),
            Kind::Scalar(_) | Kind::Alias(_) => {}
        }
    }

    /// Ends the innermost collection. A collection by indentation ends where its last value ends.
    fn close(&mut self, end: usize) {
        let Some(Open { id, .. }) = self.open.pop() else { return };
        let last = match &self.nodes[id].kind {
            Kind::Mapping(entries) => entries.last().map(|entry| entry.value),
            Kind::Sequence(items) => items.last().copied(),
            Kind::Scalar(_) | Kind::Alias(_) => None,
        };
        self.nodes[id].place.end = match (self.nodes[id].style, last) {
            (Style::Flow, _) => end,
            (_, Some(last)) => self.nodes[last].place.end,
            (_, None) => self.nodes[id].place.start,
        };
        if let (Style::Block, Kind::Mapping(entries)) = (self.nodes[id].style, &self.nodes[id].kind)
            && let Some(first) = entries.first()
        {
            self.nodes[id].place.start = self.nodes[first.key].start;
        }
    }

    /// Returns the range without the line breaks at its end, which belong to a scalar of several lines.
    fn trimmed(&self, range: Range<usize>, style: Style) -> Range<usize> {
        match style {
            Style::BlockScalar => {
                let text = &self.text[range.clone()];
                range.start..range.start + text.trim_end_matches(['\n', '\r', ' ', '\t']).len()
            }
            _ => range,
        }
    }

    /// Returns the place of a value that the text leaves out: behind its key, its dash or its tag.
    fn absent(&self, found: usize, tag_end: Option<usize>) -> Range<usize> {
        if let Some(end) = tag_end {
            let end = end.min(self.text.len());
            return end..end;
        }
        let key = self.open.last().and_then(|open| open.key);
        let Some(key) = key else { return found..found };
        let end = self.nodes[key].place.end;
        let colon = self.text[end..].bytes().take_while(|byte| byte.is_ascii_whitespace()).count();
        match self.text.as_bytes().get(end + colon) {
            Some(b':') => end + colon + 1..end + colon + 1,
            _ => found..found,
        }
    }
}

/// Returns the name of a tag without its exclamation mark, and whether the tag says that the value is a string. Returns
/// no name for a tag of YAML itself that does not change how Logweir reads the value.
fn meaning(tag: &Tag) -> (Option<String>, bool) {
    // A verbatim tag and a tag whose handle a directive defines mean the same as the tag that they stand for.
    let whole = format!("{}{}", tag.handle(), tag.suffix());
    match (whole.strip_prefix("tag:yaml.org,2002:"), whole.strip_prefix('!')) {
        (Some("str"), _) | (_, Some("")) => (None, true),
        (Some("null" | "bool" | "int" | "float" | "map" | "seq" | "merge" | "timestamp"), _) => (None, false),
        (_, Some(name)) => (Some(name.to_owned()), false),
        // A tag that CloudFormation does not know.
        _ => (Some(whole), false),
    }
}

fn structure(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => Style::Flow,
    }
}
