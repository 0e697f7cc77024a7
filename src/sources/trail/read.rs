//! Reads files, with several threads.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Sink;
use super::broken::Broken;
use super::elements::{Element, Elements};
use super::files::TrailFile;
use super::opened::Opened;
use super::record;
use crate::domain::text::plain::plain;
use crate::domain::trail::activity::{Files, UnreadableFile};

/// The maximum number of unreadable files that are named.
const MOST_NAMED: usize = 1000;

/// The longest name of a file in the output, in characters.
const LONGEST_NAME: usize = 1024;

/// The limits for one file.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The size of the text of a file, decompressed.
    pub file: u64,
    /// The size of a record. CloudTrail's records have at most 1 MB.
    pub record: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 8 << 30, record: 4 << 20 }
    }
}

/// The numbers of files, and the names of those that could not be read to their end.
#[derive(Clone, Debug, Default)]
pub struct FilesRead {
    pub files: Files,
    unreadable: BTreeSet<UnreadableFile>,
}

impl FilesRead {
    /// Counts a file, with the number of elements that were read of it.
    pub fn add(&mut self, name: &str, size: u64, ended: Result<u64, (u64, Broken)>) {
        match ended {
            Err((_, Broken::Digest)) => self.files.skipped += 1,
            Err((records, broken)) => {
                self.files.bytes += size;
                self.add_unreadable(UnreadableFile { file: name.to_owned(), why: broken.to_string(), records });
            }
            Ok(_) => {
                self.files.read += 1;
                self.files.bytes += size;
            }
        }
    }

    /// Counts a file that could not be read to its end.
    pub fn add_unreadable(&mut self, file: UnreadableFile) {
        self.files.read += 1;
        self.files.unreadable += 1;
        self.keep(UnreadableFile { file: plain(&file.file, LONGEST_NAME), ..file });
    }

    fn keep(&mut self, file: UnreadableFile) {
        self.unreadable.insert(file);
        if self.unreadable.len() > MOST_NAMED {
            self.unreadable.pop_last();
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.files.read += other.files.read;
        self.files.unreadable += other.files.unreadable;
        self.files.skipped += other.files.skipped;
        self.files.bytes += other.files.bytes;
        other.unreadable.into_iter().for_each(|file| self.keep(file));
    }

    /// Returns the files that could not be read to their end, by name.
    pub fn unreadable(&self) -> Vec<UnreadableFile> {
        self.unreadable.iter().cloned().collect()
    }
}

/// Reads all records of a text, and returns the number of its elements. Returns an error with the number of elements
/// before the break if the text breaks off.
pub fn read_one(reader: impl Read, limits: Limits, sink: &mut impl Sink) -> Result<u64, (u64, Broken)> {
    let opened = Opened::new(reader, limits.file).map_err(|error| (0, error.into()))?;
    let Some(opened) = opened else { return Ok(0) };
    let mut elements = Elements::new(opened, limits.record);
    let mut count = 0;
    loop {
        if let Some(text) = elements.likely()
            && record::take(text, sink)
        {
            let length = text.len();
            elements.pass(length);
            count += 1;
            continue;
        }
        let element = elements.next().map_err(|broken| (count, broken))?;
        match element {
            None => return Ok(count),
            Some(Element::Object(text)) => match record::give(text, sink) {
                // A digest is alone in its file. Among records, it must not hide the records behind it.
                Err(Broken::Digest) if count > 0 => sink.unreadable(),
                given => given.map_err(|broken| (count, broken))?,
            },
            Some(Element::Other) => sink.unreadable(),
        }
        count += 1;
    }
}

/// Reads files with several threads. Each thread gives its records to a sink of its own. `after` is called after each
/// file with its size.
pub fn read_files<S: Sink + Send>(
    files: &[TrailFile],
    limits: Limits,
    threads: usize,
    sink: impl Fn() -> S + Sync,
    after: impl Fn(u64) + Sync,
) -> (Vec<S>, FilesRead) {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut sink, mut read) = (sink(), FilesRead::default());
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ended = read_file(file, limits, &mut sink);
            read.add(&file.path.to_string_lossy(), file.size, ended);
            after(file.size);
        }
        (sink, read)
    };
    let threads = threads.clamp(1, files.len().max(1));
    let ended: Vec<(S, FilesRead)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        [own].into_iter().chain(others).collect()
    });
    let mut all = FilesRead::default();
    let sinks = ended.into_iter().map(|(sink, read)| {
        all.merge(read);
        sink
    });
    let sinks = sinks.collect();
    (sinks, all)
}

fn read_file(file: &TrailFile, limits: Limits, sink: &mut impl Sink) -> Result<u64, (u64, Broken)> {
    let opened = File::open(&file.path).map_err(|error| (0, error.into()))?;
    let is_compressed = file.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    match read_one(opened, limits, sink) {
        Ok(0) if is_compressed && file.size == 0 => Err((0, Broken::Truncated)),
        ended => ended,
    }
}
