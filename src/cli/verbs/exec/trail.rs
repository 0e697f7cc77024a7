//! Reads the events of sessions from the files of a trail.

use std::path::PathBuf;
use std::thread::available_parallelism;

use memchr::memmem;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::exec::Events;
use crate::domain::trail::Record;
use crate::render::exec_sessions::EventCoverage;
use crate::sources::trail::{Limits, Sink, list, read_files};

/// The events of the files that one thread reads.
#[derive(Default)]
struct Found {
    events: Events,
    unreadable: u64,
}

impl Sink for Found {
    fn needs(&self, text: &[u8]) -> bool {
        let has = |name: &str| memmem::find(text, name.as_bytes()).is_some();
        // A text with an escape may have the name in another form.
        Events::NAMES.iter().any(|name| has(name)) || has("\\u")
    }

    fn record(&mut self, _: &Record<'_>, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => self.events.add(text),
            Err(_) => self.unreadable += 1,
        }
    }

    fn passed_over(&mut self, _: Option<&str>, _: &str) {}

    fn unreadable(&mut self) {
        self.unreadable += 1;
    }
}

/// Reads the events of all trail files below the paths. Returns an error if there is no file.
pub(super) fn read(paths: &[PathBuf], context: &Context) -> Result<(Events, EventCoverage), Failure> {
    let listing = list(paths);
    if listing.files.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::error(format!("there are no trail files in {}", names.join(", ")))
            .help("name a file or a folder with records of CloudTrail, such as AWSLogs/"));
    }
    let threads = available_parallelism().map_or(1, usize::from);
    let (found, files) = read_files(&listing.files, Limits::default(), threads, Found::default, |_| {});
    let mut all = Found::default();
    for Found { events, unreadable } in found {
        all.events.merge(events);
        all.unreadable += unreadable;
    }
    let broken = files.unreadable();
    for file in listing.unreadable.iter().chain(&broken) {
        let help = "the events after this place are missing; copy the file from its bucket again";
        context.printer.warning(&format!("{}: {}", file.file, file.why), help);
    }
    let coverage = EventCoverage {
        source: "trail",
        read: all.events.count(),
        duplicates: all.events.duplicates,
        unreadable: all.events.unreadable + all.unreadable,
        unreadable_files: (listing.unreadable.len() + broken.len()) as u64,
    };
    Ok((all.events, coverage))
}
