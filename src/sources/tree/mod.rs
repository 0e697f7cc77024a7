//! A text in YAML or JSON as a tree of nodes. Each node knows its bytes in the text, so that Logweir can replace one
//! value while all other bytes stay unchanged.

pub(super) mod edit;
mod entries;
mod items;
mod json;
mod same;
mod scalar;
mod write;
mod writer;
mod yaml;

use std::cell::OnceCell;
use std::ops::Range;

pub(super) use edit::Op;
pub(super) use same::differs_elsewhere;
pub(super) use scalar::value_of;
use write::Manner;
pub(super) use writer::SHARED;
pub(super) use yaml::Unparsed;

/// The index of a node in its tree.
pub(super) type NodeId = usize;

/// The deepest nesting that Logweir reads.
const DEEPEST: usize = 100;

/// A value of the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The bytes of the value, without its tag and its anchor. The range of an absent value is empty.
    pub(super) place: Range<usize>,
    /// The position of the tag or the anchor of the value, or of the value itself.
    pub(super) start: usize,
    /// The tag without its exclamation mark, such as `Ref`. `None` for a value without a tag, and for a tag of YAML
    /// itself, such as `!!str`. A tag that is neither is whole.
    pub(super) tag: Option<String>,
    /// Whether a tag of YAML itself says that the value is a string.
    pub(super) is_forced_string: bool,
    /// Whether the value has an anchor, to which aliases can refer.
    pub(super) is_anchored: bool,
    pub(super) style: Style,
    /// The node that contains this node. `None` for the whole text.
    pub(super) parent: Option<NodeId>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(String),
    Mapping(Vec<Entry>),
    Sequence(Vec<NodeId>),
    /// A reference to the node, which has an anchor.
    Alias(NodeId),
}

/// A key of a mapping, and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: NodeId,
    pub(super) value: NodeId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// A scalar of several lines, behind `|` or `>`.
    BlockScalar,
    /// A collection by indentation.
    Block,
    /// A collection in braces or brackets.
    Flow,
}

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Yaml,
}

/// A text with its nodes.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) language: Language,
    nodes: Vec<Node>,
    /// The root of each YAML document in the text. A JSON text has one root.
    pub(super) roots: Vec<NodeId>,
    /// The byte ranges of the comments, in their order.
    pub(super) comments: Vec<Range<usize>>,
    /// How new values are written in the text, once this is known.
    manner: OnceCell<Manner>,
}

impl Tree {
    /// Reads a valid JSON text.
    pub(super) fn of_json(text: &str) -> Option<Self> {
        json::read(text)
    }

    /// Reads a YAML text, which may have several documents.
    pub(super) fn of_yaml(text: &str) -> Result<Self, Unparsed> {
        yaml::read(text)
    }

    /// Returns how new values are written in the text of this tree.
    fn manner(&self, text: &str) -> &Manner {
        self.manner.get_or_init(|| writer::manner(text, self))
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Returns the node to which an alias refers, or the node itself.
    pub(super) fn target(&self, id: NodeId) -> NodeId {
        match self.nodes[id].kind {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    /// Returns the entries of a mapping. Returns no entries for another node, and for an alias.
    pub(super) fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.nodes[id].kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.nodes[id].kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Returns the text of a scalar without quotes.
    pub(super) fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of the entry's key, which may be an alias.
    pub(super) fn key(&self, entry: &Entry) -> &str {
        self.scalar(self.target(entry.key)).unwrap_or_default()
    }

    /// Returns the first entry with the key.
    pub(super) fn entry(&self, mapping: NodeId, key: &str) -> Option<Entry> {
        self.entries(mapping).iter().copied().find(|entry| self.key(entry) == key)
    }

    /// Returns the value of the key, behind aliases.
    pub(super) fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.entry(self.target(mapping), key).map(|entry| self.target(entry.value))
    }

    /// Whether the node is a mapping.
    pub(super) fn is_mapping(&self, id: NodeId) -> bool {
        matches!(self.nodes[id].kind, Kind::Mapping(_))
    }

    /// Whether the value is absent or is the word for null.
    pub(super) fn is_null(&self, id: NodeId) -> bool {
        self.nodes[id].tag.is_none() && value_of(self.node(id)).is_some_and(|value| value.is_null())
    }

    /// Returns the JSON pointer (RFC 6901) to the node. A short function, such as `!If`, counts as its long form.
    pub(super) fn pointer(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(parent) = self.nodes[at].parent {
            let step = match &self.nodes[parent].kind {
                // The nodes are in the order of the text.
                Kind::Mapping(entries) => {
                    let index = entries.binary_search_by_key(&at, |entry| entry.value).ok();
                    index.map(|index| escaped(self.key(&entries[index])))
                }
                Kind::Sequence(items) => items.binary_search(&at).ok().map(|index| index.to_string()),
                Kind::Scalar(_) | Kind::Alias(_) => None,
            };
            steps.extend(step);
            steps.extend(self.nodes[parent].tag.as_deref().map(long_name));
            at = parent;
        }
        steps.iter().rev().map(|step| format!("/{step}")).collect()
    }

    /// Whether the path to the node goes through an anchor or an alias, so that a change has an effect elsewhere.
    pub(super) fn is_shared(&self, id: NodeId) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if self.nodes[id].is_anchored {
                return true;
            }
            at = self.nodes[id].parent;
        }
        false
    }
}

/// Returns the long name of a function of CloudFormation: `Fn::If` for `If`.
pub(super) fn long_name(tag: &str) -> String {
    match tag {
        "Ref" | "Condition" => tag.to_owned(),
        tag => format!("Fn::{tag}"),
    }
}

/// Returns the key in the spelling of a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
