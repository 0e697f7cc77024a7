//! Changes of a text by byte ranges.

use std::cmp::Reverse;
use std::ops::Range;

/// A change of a text: `text` replaces the bytes at `range`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    pub range: Range<usize>,
    pub text: String,
}

impl Splice {
    /// Returns the order of the splices of a text. Of two insertions of lines at the same place, the one with the
    /// deeper indentation comes first, because it belongs to an inner value.
    fn order(&self) -> (usize, usize, Reverse<usize>) {
        let lines = self.text.trim_start_matches(['\r', '\n']);
        let indent = match lines.len() < self.text.len() {
            true => lines.len() - lines.trim_start_matches(' ').len(),
            false => usize::MAX,
        };
        (self.range.start, self.range.end, Reverse(indent))
    }
}

/// Returns `text` with all splices. Returns `None` if two splices overlap.
pub fn spliced(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(Splice::order);
    // Two task definitions may share the value that changes.
    splices.dedup();
    let mut whole = String::with_capacity(text.len());
    let mut end = 0;
    for Splice { range, text: new } in &splices {
        if range.start < end {
            return None;
        }
        whole += &text[end..range.start];
        whole += new;
        end = range.end;
    }
    Some(whole + &text[end..])
}
