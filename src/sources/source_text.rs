//! The text of a file, with an index of its lines. All task definitions of the file share the text.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use crate::domain::text::place::{LineIndex, Position};

/// The text of a file. A copy refers to the same text.
#[derive(Clone)]
pub(super) struct SourceText(Rc<Indexed>);

struct Indexed {
    text: Box<str>,
    lines: OnceCell<LineIndex>,
}

impl SourceText {
    /// Returns the position of a byte offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        self.0.lines.get_or_init(|| LineIndex::of(self)).position(self, offset)
    }

    /// Whether the two are the text of one file.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for SourceText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl<T: Into<Box<str>>> From<T> for SourceText {
    fn from(text: T) -> Self {
        Self(Rc::new(Indexed { text: text.into(), lines: OnceCell::new() }))
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
