//! The likely end of a record in a trail file: the start of the next record.

use std::io::Read;

use memchr::memmem::Finder;

use super::{Elements, Place};

/// The start of a record in a trail file, and its start behind another record. CloudTrail writes no spaces.
const RECORD: &[u8] = br#"{"eventVersion""#;
const NEXT_RECORD: &[u8] = br#"},{"eventVersion""#;

/// The number of bytes in which the next record is searched for.
const NEAR: usize = 16 << 10;

/// Returns the search for the next record.
pub(super) fn next_record() -> Finder<'static> {
    Finder::new(NEXT_RECORD)
}

impl<R: Read> Elements<R> {
    /// Returns the text up to what looks like the start of the next record. This is faster than to look for the end of
    /// the element. If the text is a whole object, it is the next element, because an object has only one end.
    pub(in crate::sources::trail) fn likely(&mut self) -> Option<&[u8]> {
        let Place::List { .. } = self.place else { return None };
        if self.window[self.at..self.end].first() == Some(&b',') {
            self.at += 1;
        }
        let near = &self.window[self.at..self.end.min(self.at + NEAR)];
        let length = near.starts_with(RECORD).then(|| self.next_record.find(near))?? + 1;
        Some(&near[..length])
    }

    /// Goes behind the text that [`Self::likely`] returned, because it is a whole object.
    pub(in crate::sources::trail) fn pass(&mut self, length: usize) {
        self.at += length;
        self.has_found = true;
    }
}
