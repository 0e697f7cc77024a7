//! Splits the text of a file into its elements. Only a window of the text is in memory.
//!
//! The text is an object with a list of elements (`Records`, `Events`), a list of elements, or any number of elements,
//! such as one on each line. Before the object of a line, there may be a time, as in exports of CloudWatch Logs.

mod likely;

use std::io::{self, Read};

use memchr::memchr;
use memchr::memmem::{self, Finder};

use likely::next_record;

use super::broken::Broken;
use super::scan::{Scan, ScanEnd};

/// The members that contain the elements: of trail files, of LookupEvents, and of FilterLogEvents.
const LISTS: [&[u8]; 3] = [b"Records", b"Events", b"events"];

/// The size of the window at the start, in bytes.
const WINDOW: usize = 128 << 10;

/// The longest text before the object of a line, in bytes.
const LONGEST_PREFIX: usize = 256;

/// The number of lines that break off in a file, and behind which Logweir looks for the next line. The search may read
/// the window again, so it is not made without end.
const MOST_BROKEN_LINES: u32 = 100;

/// The longest name of a member that is compared with the names of lists.
const LONGEST_NAME: usize = 16;

/// An element of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Element<'a> {
    /// The text of an object.
    Object(&'a [u8]),
    /// An element that is no object, or that is larger than the limit.
    Other,
}

/// Where the next byte of the text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Outside of any list.
    Top,
    /// Between the members of an object, behind its list of elements.
    Object,
    /// Between the elements of a list.
    List { is_in_object: bool },
}

/// Why an element ends before its end.
enum Fault {
    Broken(Broken),
    /// A byte that is not possible at this place in JSON.
    Syntax,
    /// The end of the text.
    End,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// The elements of a file.
pub(super) struct Elements<R> {
    reader: R,
    window: Vec<u8>,
    /// The next byte in the window.
    at: usize,
    /// The end of the text in the window.
    end: usize,
    /// The start of the element whose text is kept.
    kept: Option<usize>,
    place: Place,
    /// The size of the largest element, in bytes.
    largest: usize,
    has_found: bool,
    /// How often Logweir may still look for the line behind a line that breaks off.
    searches: u32,
    next_record: Finder<'static>,
}

impl<R: Read> Elements<R> {
    pub(super) fn new(reader: R, largest: usize) -> Self {
        let window = vec![0; WINDOW.min(largest)];
        Self {
            reader,
            window,
            at: 0,
            end: 0,
            kept: None,
            place: Place::Top,
            largest,
            has_found: false,
            searches: MOST_BROKEN_LINES,
            next_record: next_record(),
        }
    }

    /// Returns the next element, or `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Element<'_>>, Broken> {
        let start = loop {
            let found = match self.place {
                Place::Top => self.at_top(),
                Place::Object => self.members().map(|_| Found::Nothing),
                Place::List { is_in_object } => self.in_list(is_in_object),
            };
            match found {
                Ok(Found::Nothing) => {}
                Ok(Found::Object(start)) => break start,
                Ok(Found::Other) => break None,
                Ok(Found::End) => return Ok(None),
                Err(Fault::Syntax | Fault::End) if self.goes_to_next_line() => break None,
                Err(Fault::Broken(broken)) => return Err(broken),
                Err(Fault::End) => return Err(Broken::Truncated),
                // Behind a fault in a line, the next line is read. In a list, nothing shows where the next element is.
                Err(Fault::Syntax) if self.has_found && self.place == Place::Top => {
                    self.skip_line()?;
                    break None;
                }
                Err(Fault::Syntax) => return Err(Broken::NotJson),
            }
        };
        self.has_found = true;
        self.kept = None;
        Ok(Some(start.map_or(Element::Other, |start| Element::Object(&self.window[start..self.at]))))
    }

    fn at_top(&mut self) -> Result<Found, Fault> {
        self.kept = None;
        match self.token()? {
            None => Ok(Found::End),
            Some(b',') => {
                self.at += 1;
                Ok(Found::Nothing)
            }
            Some(b'[') => {
                self.at += 1;
                self.place = Place::List { is_in_object: false };
                Ok(Found::Nothing)
            }
            Some(b'{') => {
                self.kept = Some(self.at);
                self.at += 1;
                self.members()
            }
            // The byte order mark.
            Some(0xef | 0xbb | 0xbf) if !self.has_found => {
                self.at += 1;
                Ok(Found::Nothing)
            }
            Some(byte) if byte.is_ascii_digit() => self.prefix(),
            Some(_) => Err(Fault::Syntax),
        }
    }

    /// Skips the time before the object of a line.
    fn prefix(&mut self) -> Result<Found, Fault> {
        for _ in 0..LONGEST_PREFIX {
            match self.peek()? {
                Some(b'{') => return Ok(Found::Nothing),
                None | Some(b'\n' | 0) => return Err(Fault::Syntax),
                Some(_) => self.at += 1,
            }
        }
        Err(Fault::Syntax)
    }

    fn in_list(&mut self, is_in_object: bool) -> Result<Found, Fault> {
        self.kept = None;
        match self.needed_token()? {
            b',' => {
                self.at += 1;
                Ok(Found::Nothing)
            }
            b']' => {
                self.at += 1;
                self.place = if is_in_object { Place::Object } else { Place::Top };
                Ok(Found::Nothing)
            }
            b'{' => {
                self.kept = Some(self.at);
                self.skip_nested()?;
                Ok(Found::Object(self.kept))
            }
            _ => {
                self.skip_value()?;
                Ok(Found::Other)
            }
        }
    }

    /// Reads the members of an object up to its end or to its list of elements.
    fn members(&mut self) -> Result<Found, Fault> {
        loop {
            match self.needed_token()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    let is_behind_list = self.place == Place::Object;
                    self.place = Place::Top;
                    return Ok(if is_behind_list { Found::Nothing } else { Found::Object(self.kept) });
                }
                b'"' => {
                    let is_list = self.is_name_of_list()?;
                    if self.needed_token()? != b':' {
                        return Err(Fault::Syntax);
                    }
                    self.at += 1;
                    if self.needed_token()? == b'[' && is_list {
                        self.at += 1;
                        self.place = Place::List { is_in_object: true };
                        return Ok(Found::Nothing);
                    }
                    self.skip_value()?;
                }
                _ => return Err(Fault::Syntax),
            }
        }
    }

    /// Reads the name of a member.
    fn is_name_of_list(&mut self) -> Result<bool, Fault> {
        let mut name = Vec::with_capacity(LONGEST_NAME);
        self.at += 1;
        while name.len() < LONGEST_NAME {
            match self.needed()? {
                b'"' => {
                    self.at += 1;
                    return Ok(LISTS.contains(&name.as_slice()));
                }
                b'\\' | b'\n' => break,
                byte => name.push(byte),
            }
            self.at += 1;
        }
        self.skip_rest_of_text()?;
        Ok(false)
    }

    fn skip_value(&mut self) -> Result<(), Fault> {
        match self.needed()? {
            b'"' => {
                self.at += 1;
                self.skip_rest_of_text()
            }
            b'{' | b'[' => self.skip_nested(),
            _ => {
                self.at += 1;
                while !matches!(self.needed()?, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') {
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    /// Skips the rest of a text, up to its quote.
    fn skip_rest_of_text(&mut self) -> Result<(), Fault> {
        self.skip(Scan::of_text(self.place == Place::Top))
    }

    /// Skips an object or a list.
    fn skip_nested(&mut self) -> Result<(), Fault> {
        self.skip(Scan::of_nested(self.place == Place::Top))
    }

    fn skip(&mut self, mut scan: Scan) -> Result<(), Fault> {
        loop {
            let (length, end) = scan.over(&self.window[self.at..self.end]);
            self.at += length;
            match end {
                ScanEnd::Done => return Ok(()),
                ScanEnd::Fault => return Err(Fault::Syntax),
                ScanEnd::More if self.is_too_large() && self.next_line().is_some() => return Err(Fault::Syntax),
                ScanEnd::More if self.fill()? => {}
                ScanEnd::More => return Err(Fault::End),
            }
        }
    }

    /// Goes back to the line behind a line that breaks off. Returns false if there is no such line.
    fn goes_to_next_line(&mut self) -> bool {
        let Some(line) = self.next_line() else { return false };
        self.searches -= 1;
        self.at = line;
        true
    }

    /// Returns the start of the first line with an object behind the start of the element. An element with such a line
    /// in it and without an end is a line that breaks off.
    fn next_line(&self) -> Option<usize> {
        let start = self.kept.filter(|_| self.place == Place::Top && self.searches > 0)?;
        let end = self.end.min(self.at + 1);
        memmem::find(&self.window[start..end], b"\n{").map(|length| start + length + 1)
    }

    fn is_too_large(&self) -> bool {
        self.kept.is_some_and(|start| self.end - start >= self.largest)
    }

    fn skip_line(&mut self) -> Result<(), Broken> {
        self.kept = None;
        loop {
            match memchr(b'\n', &self.window[self.at..self.end]) {
                Some(length) => {
                    self.at += length + 1;
                    return Ok(());
                }
                None => self.at = self.end,
            }
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Returns the next byte that is no space.
    fn token(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(Some(byte));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn needed_token(&mut self) -> Result<u8, Fault> {
        self.token()?.ok_or(Fault::End)
    }

    fn needed(&mut self) -> Result<u8, Fault> {
        self.peek()?.ok_or(Fault::End)
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.at == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.window[self.at]))
    }

    /// Reads more of the text into the window. Returns false at the end of the text. An element that is larger than the
    /// limit is no longer kept.
    fn fill(&mut self) -> io::Result<bool> {
        if self.is_too_large() {
            self.kept = None;
        }
        let start = self.kept.unwrap_or(self.at);
        self.window.copy_within(start..self.end, 0);
        self.at -= start;
        self.end -= start;
        self.kept = self.kept.map(|_| 0);
        if self.end == self.window.len() {
            let size = (self.window.len() * 2).min(self.largest.max(self.end + 1));
            self.window.resize(size, 0);
        }
        loop {
            match self.reader.read(&mut self.window[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.end += read;
                    return Ok(read > 0);
                }
            }
        }
    }
}

/// What stands at a place of the text.
enum Found {
    /// Nothing that is an element.
    Nothing,
    /// An object, with the start of its text unless it is too large.
    Object(Option<usize>),
    /// An element that is no object.
    Other,
    End,
}

#[cfg(test)]
mod tests;
