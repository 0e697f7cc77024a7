//! Finds the end of a value in JSON, piece by piece.

use memchr::memchr3;

/// The state while an object, a list or a text is skipped.
pub(super) struct Scan {
    depth: usize,
    is_in_text: bool,
    /// Whether the value ends at the end of its line, because only the text of a line can be an element.
    is_in_line: bool,
}

#[derive(Clone, Copy)]
pub(super) enum ScanEnd {
    Done,
    Fault,
    /// The value continues after the window.
    More,
}

/// The bytes that matter outside of texts.
const STRUCTURE: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut at = 0;
    while at < 5 {
        bytes[b"\"{}[]"[at] as usize] = true;
        at += 1;
    }
    bytes
};

impl Scan {
    /// Begins behind the quote of a text.
    pub(super) fn of_text(is_in_line: bool) -> Self {
        Self { depth: 0, is_in_text: true, is_in_line }
    }

    /// Begins at the bracket of an object or a list.
    pub(super) fn of_nested(is_in_line: bool) -> Self {
        Self { depth: 0, is_in_text: false, is_in_line }
    }

    /// Scans a piece of the value. Returns the number of bytes that belong to it.
    pub(super) fn over(&mut self, text: &[u8]) -> (usize, ScanEnd) {
        let mut at = 0;
        loop {
            if self.is_in_text {
                let Some(length) = memchr3(b'"', b'\\', b'\n', &text[at..]) else { return (text.len(), ScanEnd::More) };
                at += length;
                match text[at] {
                    b'"' => self.is_in_text = false,
                    b'\n' if self.is_in_line => return (at, ScanEnd::Fault),
                    b'\n' => {}
                    // The escaped byte stands behind the window.
                    _ if at + 1 == text.len() => return (at, ScanEnd::More),
                    _ => at += 1,
                }
                at += 1;
                if !self.is_in_text && self.depth == 0 {
                    return (at, ScanEnd::Done);
                }
                continue;
            }
            let Some(length) = text[at..].iter().position(|byte| STRUCTURE[*byte as usize]) else {
                return (text.len(), ScanEnd::More);
            };
            at += length;
            match text[at] {
                b'"' => self.is_in_text = true,
                b'{' | b'[' => self.depth += 1,
                _ => self.depth = self.depth.saturating_sub(1),
            }
            at += 1;
            if self.depth == 0 && !self.is_in_text {
                return (at, ScanEnd::Done);
            }
        }
    }
}
