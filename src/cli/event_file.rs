//! Reads an event from a file or from standard input.

use std::io;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::failure::Failure;
use crate::bounded_file::{self, LARGEST};
use crate::domain::text::plain::without_number;
use crate::sources::{FoundEvent, FoundEvents};

/// The maximum number of events that an error lists.
const LISTED: usize = 10;

/// The events that the argument EVENT of a verb names.
#[derive(Clone, Copy)]
pub(super) struct EventFile<'a> {
    /// The path of the file, or `-` for standard input.
    pub(super) path: &'a Path,
    /// The id of the event that the caller wants. `None` for the only event that Logweir handles.
    pub(super) id: Option<&'a str>,
}

impl EventFile<'_> {
    /// Whether the argument names standard input or a file, and not a record.
    pub(super) fn exists(self) -> bool {
        self.is_stdin() || self.path.is_file()
    }

    fn is_stdin(self) -> bool {
        self.path.as_os_str() == "-"
    }

    /// Returns the name that messages use for the file.
    pub(super) fn shown(self) -> String {
        if self.is_stdin() { "<stdin>".to_owned() } else { self.path.display().to_string() }
    }

    /// Reads the event with the id, or the only event that Logweir handles. If the file contains a single event,
    /// Logweir takes this event, so that the report says why Logweir does not handle the event.
    pub(super) fn read(self) -> Result<Value, Failure> {
        let failure = |message: String| Failure::error(format!("{}{message}", self.shown()));
        let bytes = self.bytes().map_err(|error| failure(format!(": {}", reason(&error))))?;
        let text = decoded(bytes).map_err(|why| failure(format!(": {why}")))?;
        let found = FoundEvents::of(&text)
            .map_err(|error| failure(format!(":{}:{}: the file is not JSON", error.line(), error.column().max(1))))?;
        if let Some(id) = self.id {
            let named = found.events.iter().find(|event| event.has_id(id));
            let named = named.ok_or_else(|| {
                let none = failure(format!(": the file contains no event with the id {id:?}"));
                if found.events.is_empty() { none } else { none.help(listed(&found.events.iter().collect::<Vec<_>>())) }
            });
            return self.value(named?);
        }
        match found.events.as_slice() {
            [] => FoundEvents::bare(&text).ok_or_else(|| failure(": the file contains no event".into())),
            [event] => self.value(event),
            events => self.only_one(events),
        }
    }

    /// Returns the value of the event. Returns an error if an object in the event has the same key twice.
    fn value(self, event: &FoundEvent) -> Result<Value, Failure> {
        event.unambiguous().ok_or_else(|| {
            Failure::error(format!("{}: an object in the event has the same key twice", self.shown()))
                .help("remove one of the two members; Logweir cannot know which of the two is true")
        })
    }

    /// Returns the only event that Logweir handles. Several copies of one event, which SQS may deliver, are one event.
    fn only_one(self, events: &[FoundEvent]) -> Result<Value, Failure> {
        let handled: Vec<&FoundEvent> = events.iter().filter(|event| event.is_handled()).collect();
        let count = events.len();
        let Some((first, others)) = handled.split_first() else {
            let message = format!("{}: Logweir handles none of the {count} events in the file", self.shown());
            let help = listed(&events.iter().collect::<Vec<_>>());
            return Err(Failure::error(message).help(help));
        };
        let name = first.name();
        if others.is_empty() || (name.id.is_some() && others.iter().all(|other| other.name() == name)) {
            return self.value(first);
        }
        let message = format!(
            "{}: the file contains {} events that Logweir handles, but replays only one",
            self.shown(),
            handled.len()
        );
        Err(Failure::error(message).help(listed(&handled)))
    }

    /// Reads the bytes of the file, and decompresses them if they are in the format gzip. The file has at most
    /// [`LARGEST`] bytes, before and after its decompression.
    fn bytes(self) -> io::Result<Vec<u8>> {
        let bytes = if self.is_stdin() {
            bounded_file::read_from(io::stdin().lock(), LARGEST)
        } else {
            bounded_file::read(self.path, LARGEST)
        }?;
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(bytes);
        }
        bounded_file::read_from(MultiGzDecoder::new(&*bytes), LARGEST)
    }
}

/// Returns the text of a file. A file that Windows PowerShell wrote is in UTF-16.
fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    let units = |order: fn([u8; 2]) -> u16| -> Vec<u16> {
        bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect()
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, ..] => String::from_utf16(&units(u16::from_le_bytes)).ok(),
        [0xfe, 0xff, ..] => String::from_utf16(&units(u16::from_be_bytes)).ok(),
        _ => String::from_utf8(bytes).ok(),
    };
    let text = text.ok_or("the file is not text in UTF-8")?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Returns the reason why a file cannot be read, in shorter words for the most common errors.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        _ if bounded_file::is_too_large(error) => {
            format!("the file is larger than {} MiB, the largest file of events that Logweir reads", LARGEST >> 20)
        }
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => "the file is not a complete gzip file".into(),
        _ => without_number(&error.to_string()).to_owned(),
    }
}

/// Returns a help text that lists events, and the option that selects one of them.
fn listed(events: &[&FoundEvent]) -> String {
    let mut names: Vec<String> = Vec::new();
    for event in events.iter().take(LISTED) {
        names.push(event.name().to_string());
    }
    let more = match events.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("select one event with --event-id ID: {}{more}", names.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_input_ends_at_the_limit() {
        let error = reason(&bounded_file::read_from(io::repeat(b' '), LARGEST).unwrap_err());
        assert!(error.contains("larger than 16 MiB"), "{error}");
    }

    #[test]
    fn a_file_of_windows_powershell_is_read() {
        let text = "{\"a\":\"ü\"}";
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        assert_eq!(decoded(units.clone().flat_map(u16::to_le_bytes).collect()).unwrap(), text);
        assert_eq!(decoded(units.flat_map(u16::to_be_bytes).collect()).unwrap(), text);
        assert_eq!(decoded(format!("\u{feff}{text}").into_bytes()).unwrap(), text);
        assert!(decoded(vec![0xff, 0xfe, 0x00, 0xd8]).is_err());
    }
}
