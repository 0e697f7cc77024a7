//! The position in a text of HCL: steps over blanks, comments, and everything between two marks.

use std::ops::Range;

use super::Fault;

/// The position of the reader in a text.
#[derive(Clone)]
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// The byte offset at which the text ends for this reader.
    pub(super) end: usize,
}

/// What encloses the current position.
enum Open<'t> {
    /// A text in quotation marks.
    Quotes,
    /// Code that ends at this byte.
    Code(u8),
    /// A heredoc that ends at this mark.
    Heredoc(&'t str),
}

/// The first line of a heredoc.
pub(super) struct HeredocStart<'t> {
    pub(super) mark: &'t str,
    /// The byte offset of the line behind the first line.
    pub(super) lines: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, range: Range<usize>) -> Self {
        Self { text, at: range.start, end: range.end.min(text.len()) }
    }

    /// Returns the byte at this distance from the position.
    pub(super) fn peek(&self, distance: usize) -> Option<u8> {
        let at = self.at + distance;
        (at < self.end).then(|| self.text.as_bytes()[at])
    }

    pub(super) fn fault<T>(&self, message: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, message })
    }

    /// Steps over the byte. Returns whether the text has the byte here.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_here = self.peek(0) == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    /// Steps over blanks and comments, and over the ends of lines if `newlines`.
    pub(super) fn skip_blanks(&mut self, newlines: bool) -> Result<(), Fault> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\r'), _) => self.at += 1,
                (Some(b'\n'), _) if newlines => self.at += 1,
                _ if self.skip_comment()? => {}
                _ => return Ok(()),
            }
        }
    }

    /// Steps over a comment. A comment of one line ends before the end of the line.
    fn skip_comment(&mut self) -> Result<bool, Fault> {
        let rest = &self.text.as_bytes()[self.at.min(self.end)..self.end];
        let length = match rest {
            [b'#', ..] | [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', inner @ ..] => match inner.windows(2).position(|pair| pair == b"*/") {
                Some(length) => length + 4,
                None => return self.fault("the comment has no end"),
            },
            _ => return Ok(false),
        };
        self.at += length;
        Ok(true)
    }

    /// Steps over a name: letters, digits, `_` and `-`. Returns an empty text if there is no name.
    pub(super) fn name(&mut self) -> &'t str {
        let rest = &self.text[self.at..self.end];
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        if !rest.starts_with(is_first) {
            return "";
        }
        let name = &rest[..rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len())];
        self.at += name.len();
        name
    }

    /// Returns the first line of the heredoc that starts here.
    pub(super) fn heredoc(&self) -> Option<HeredocStart<'t>> {
        if (self.peek(0), self.peek(1)) != (Some(b'<'), Some(b'<')) {
            return None;
        }
        let mut start = Self { at: self.at + 2, ..self.clone() };
        start.take(b'-');
        let mark = start.name();
        start.take(b'\r');
        (!mark.is_empty() && start.take(b'\n')).then_some(HeredocStart { mark, lines: start.at })
    }

    /// Whether a text in quotation marks, brackets, a variable or a heredoc starts here.
    pub(super) fn is_enclosure(&self) -> bool {
        match (self.peek(0), self.peek(1)) {
            (Some(b'"' | b'(' | b'[' | b'{'), _) | (Some(b'$' | b'%'), Some(b'{')) => true,
            (Some(b'<'), Some(b'<')) => self.heredoc().is_some(),
            _ => false,
        }
    }

    /// Steps over everything from the opening mark here to its closing mark. Needs no recursion.
    pub(super) fn skip_enclosure(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut open = Vec::new();
        self.enter(&mut open);
        while let Some(inner) = open.last() {
            if self.at >= self.end {
                return Err(Fault { at: start, message: "the bracket, the text or the heredoc has no end" });
            }
            match *inner {
                Open::Quotes => self.step_in_quotes(&mut open)?,
                Open::Heredoc(mark) => self.step_in_heredoc(mark, &mut open),
                Open::Code(close) => self.step_in_code(close, &mut open)?,
            }
            self.at = self.at.min(self.end);
        }
        Ok(())
    }

    /// Steps over the opening mark.
    fn enter(&mut self, open: &mut Vec<Open<'t>>) {
        let (inner, length) = match self.peek(0) {
            Some(b'"') => (Open::Quotes, 1),
            Some(b'(') => (Open::Code(b')'), 1),
            Some(b'[') => (Open::Code(b']'), 1),
            Some(b'{') => (Open::Code(b'}'), 1),
            Some(b'$' | b'%') => (Open::Code(b'}'), 2),
            _ => match self.heredoc() {
                Some(start) => (Open::Heredoc(start.mark), start.lines - self.at),
                None => return,
            },
        };
        open.push(inner);
        self.at += length;
    }

    fn step_in_quotes(&mut self, open: &mut Vec<Open<'t>>) -> Result<(), Fault> {
        match self.peek(0) {
            Some(b'\\') => self.at += 2,
            Some(b'"') => {
                open.pop();
                self.at += 1;
            }
            Some(b'\n') => return self.fault("the text has no closing quotation mark on its line"),
            _ => self.step_in_template(open),
        }
        Ok(())
    }

    fn step_in_heredoc(&mut self, mark: &str, open: &mut Vec<Open<'t>>) {
        let rest = &self.text[..self.end];
        if rest.as_bytes()[self.at - 1] == b'\n' {
            let line = rest[self.at..].split('\n').next().unwrap_or_default();
            if line.trim() == mark {
                open.pop();
                self.at += line.trim_end().len();
                return;
            }
        }
        self.step_in_template(open);
    }

    /// Steps over one byte of a template, or enters a variable.
    fn step_in_template(&mut self, open: &mut Vec<Open<'t>>) {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            (Some(b'$'), Some(b'$'), Some(b'{')) | (Some(b'%'), Some(b'%'), Some(b'{')) => self.at += 3,
            (Some(b'$' | b'%'), Some(b'{'), _) => self.enter(open),
            _ => self.at += 1,
        }
    }

    fn step_in_code(&mut self, close: u8, open: &mut Vec<Open<'t>>) -> Result<(), Fault> {
        match self.peek(0) {
            Some(byte) if byte == close => {
                open.pop();
                self.at += 1;
            }
            Some(b')' | b']' | b'}') => return self.fault("the closing bracket has no opening bracket"),
            Some(b'"' | b'(' | b'[' | b'{') => self.enter(open),
            Some(b'<') if self.heredoc().is_some() => self.enter(open),
            _ if self.skip_comment()? => {}
            _ => self.at += 1,
        }
        Ok(())
    }
}
