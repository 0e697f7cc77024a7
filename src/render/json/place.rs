//! The places of findings in files.

use serde::{Deserialize, Serialize};

use crate::domain::text::place::Position;

/// A range of a file. Lines and columns count from 1, and a column counts characters. The end is the position after the
/// last character of the range.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Place {
    pub fn new(start: Position, end: Position) -> Self {
        Self { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}
