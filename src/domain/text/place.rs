//! The places of members in a JSON text. A place is a byte range, and the line and column at which the range starts.

use std::collections::HashMap;
use std::ops::Range;

use super::json;

/// The member, the list item or the whole document that a JSON pointer names, as byte ranges of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The range of the key with its quotes. `None` for a list item and for the whole document.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
    /// The number of the pointer's steps that exist in the text.
    pub depth: usize,
}

impl Found {
    /// Returns the range of the whole member, which starts at its key.
    pub fn member(&self) -> Range<usize> {
        self.key.as_ref().map_or(self.value.start, |key| key.start)..self.value.end
    }
}

/// One pointer that `locate` has still to follow: its index in the result, and its steps.
type Open = (usize, Vec<String>);

/// Returns what each JSON pointer (RFC 6901) names in `text`. If the text has no value at a pointer, the result is the
/// nearest enclosing value. Reads the text only once for all pointers.
pub fn locate<'p>(text: &str, pointers: impl IntoIterator<Item = &'p str>) -> Vec<Found> {
    let start = text.len() - text.trim_start().len();
    let whole = Found { key: None, value: start..start + text.trim().len(), depth: 0 };
    let open: Vec<Open> = pointers.into_iter().map(steps).enumerate().collect();
    let mut found = vec![whole.clone(); open.len()];
    follow(text, &whole, open, &mut found);
    found
}

/// Returns the steps of a pointer in reverse order, so that the next step is the last item.
fn steps(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    let mut steps: Vec<String> = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    steps.reverse();
    steps
}

/// Follows the next step of each pointer in `open` from `at`. The function reads each object and each list only once
/// for all pointers that lead through it.
fn follow(text: &str, at: &Found, open: Vec<Open>, found: &mut [Found]) {
    let mut below: HashMap<String, Vec<Open>> = HashMap::new();
    for (index, mut steps) in open {
        found[index] = at.clone();
        if let Some(step) = steps.pop() {
            below.entry(step).or_default().push((index, steps));
        }
    }
    if below.is_empty() {
        return;
    }
    let (value, start) = (&text[at.value.clone()], at.value.start);
    let moved = |range: Range<usize>| start + range.start..start + range.end;
    let mut named: HashMap<String, Found> = HashMap::new();
    match value.as_bytes().first() {
        Some(b'{') => {
            // Of a repeated key, the last member counts, as in serde_json.
            for json::Member { key, name, value } in json::members(value).unwrap_or_default() {
                if below.contains_key(&key) {
                    let member = Found { key: Some(moved(name)), value: moved(value), depth: at.depth + 1 };
                    named.insert(key, member);
                }
            }
        }
        Some(b'[') => {
            for (index, item) in json::items(value).unwrap_or_default().into_iter().enumerate() {
                let index = index.to_string();
                if below.contains_key(&index) {
                    named.insert(index, Found { key: None, value: moved(item), depth: at.depth + 1 });
                }
            }
        }
        _ => {}
    }
    for (step, open) in below {
        if let Some(next) = named.get(&step) {
            follow(text, next, open, found);
        }
    }
}

/// A line and a column of a text. Both count from 1. A line ends with a line feed. A column counts characters (Unicode
/// scalar values), so that a tab is one column; a byte order mark at the start of the text has no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Returns the position in the whole text of the position `below` in a part of the text that starts at `self`.
    pub fn plus(self, below: Self) -> Self {
        match below.line {
            1 => Self { line: self.line, column: self.column + below.column - 1 },
            line => Self { line: self.line + line - 1, column: below.column },
        }
    }
}

/// Returns the position of each byte offset. An offset inside a character has the position of this character, and an
/// offset behind the text has the position of its end. The function reads the text only once.
pub fn positions(text: &str, offsets: &[usize]) -> Vec<Position> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    order.sort_unstable_by_key(|index| offsets[*index]);
    let mut found = vec![Position { line: 1, column: 1 }; offsets.len()];
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut position = Position { line: 1, column: 1 };
    for index in order {
        let offset = text.floor_char_boundary(offsets[index].min(text.len()));
        if offset > at {
            let passed = &text[at..offset];
            let line_start = passed.rfind('\n').map_or(0, |newline| newline + 1);
            if line_start > 0 {
                position.line += passed.bytes().filter(|byte| *byte == b'\n').count();
                position.column = 1;
            }
            position.column += passed[line_start..].chars().count();
            at = offset;
        }
        found[index] = position;
    }
    found
}

/// The lines and the characters of a text, for the positions of many byte offsets.
#[derive(Clone, Debug)]
pub struct LineIndex {
    /// The byte offset of the start of each line.
    lines: Vec<usize>,
    /// The number of characters before each block of the text.
    characters: Vec<usize>,
}

/// The number of bytes in a block of the text.
const BLOCK: usize = 1024;

impl LineIndex {
    pub fn of(text: &str) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(start).chain(ends).collect();
        let mut before = 0;
        let characters = text.as_bytes().chunks(BLOCK).map(|block| {
            let here = before;
            before += block.iter().filter(|byte| starts_character(**byte)).count();
            here
        });
        Self { lines, characters: characters.collect() }
    }

    /// Returns the position of a byte offset of the same text, as [`positions`] does.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines[line - 1];
        let column = self.characters_before(text, offset.max(start)) - self.characters_before(text, start) + 1;
        Position { line, column }
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let block = offset / BLOCK;
        let Some(before) = self.characters.get(block) else { return text.chars().count() };
        let rest = &text.as_bytes()[block * BLOCK..offset];
        before + rest.iter().filter(|byte| starts_character(**byte)).count()
    }
}

/// Whether the byte is the first one of a character in UTF-8.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// Returns the position of one byte offset.
pub fn position(text: &str, offset: usize) -> Position {
    positions(text, &[offset])[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_a_member_with_its_key_or_the_nearest_value_around() {
        let text = " {\"a\" :\t[1, {\"b~/\":\"x\", \"c\":{} }], \"a2\":0}";
        for (pointer, member, depth) in [
            ("", &text[1..], 0),
            ("/a", "\"a\" :\t[1, {\"b~/\":\"x\", \"c\":{} }]", 1),
            ("/a/0", "1", 2),
            ("/a/0/none", "1", 2),
            ("/a/1/b~0~1", "\"b~/\":\"x\"", 3),
            ("/a/1/c/none/below", "\"c\":{}", 3),
            ("/a/7", "\"a\" :\t[1, {\"b~/\":\"x\", \"c\":{} }]", 1),
            ("/none", &text[1..], 0),
        ] {
            let found = locate(text, ["/a2", pointer]).remove(1);
            assert_eq!((&text[found.member()], found.depth), (member, depth), "{pointer}");
        }
    }

    #[test]
    fn of_a_repeated_key_the_last_member_is_found() {
        assert_eq!(locate("{\"a\":1,\"a\":2}", ["/a"])[0].member(), 7..12);
    }

    #[test]
    fn columns_count_characters_and_no_column_is_0() {
        let text = "\u{feff}{\r\n\t\"ä\": 1}\n";
        let at = |part: &str| text.find(part).unwrap();
        for (offset, line, column) in [
            (0, 1, 1),
            (at("{"), 1, 1),
            (at("\r"), 1, 2),
            (at("\n"), 1, 3),
            (at("\t"), 2, 1),
            (at("ä"), 2, 3),
            (at("ä") + 1, 2, 3),
            (at(":"), 2, 5),
            (text.len(), 3, 1),
            (text.len() + 9, 3, 1),
        ] {
            assert_eq!(position(text, offset), Position { line, column }, "{offset}");
        }
        let offsets: Vec<usize> = (0..text.len()).rev().collect();
        let alone: Vec<Position> = offsets.iter().map(|offset| position(text, *offset)).collect();
        assert_eq!(positions(text, &offsets), alone);
    }

    #[test]
    fn an_index_of_lines_gives_the_same_positions() {
        let long = format!("\u{feff}a\n{}\n\n{}", "äb€".repeat(700), "x".repeat(2 * BLOCK));
        for text in ["", "\n", "\u{feff}", "\u{feff}{\r\n\t\"ä\": 1}\n", &long, &"ä".repeat(BLOCK)] {
            let index = LineIndex::of(text);
            let offsets: Vec<usize> = (0..text.len() + 3).collect();
            let found: Vec<Position> = offsets.iter().map(|offset| index.position(text, *offset)).collect();
            assert_eq!(found, positions(text, &offsets));
        }
    }
}
