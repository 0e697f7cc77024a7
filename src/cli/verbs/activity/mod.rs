//! `logweir activity`: reports who called which API of ECS, when, and from where, out of records of CloudTrail.

mod arguments;
mod athena;
mod bucket;
mod countries;
mod csv_folder;
mod elk;
mod exports;
mod files;
mod input;
mod looked_up;
mod reading;
mod tables;
mod verify;

pub(in crate::cli) use arguments::ActivityArgs;

use std::io;
use std::path::PathBuf;
use std::thread;

use athena::Asked;
use exports::Exports;
use input::Input;
use reading::{Needles, Reading};
use tables::Tables;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::output_files::now;
use crate::cli::progress::Progress;
use crate::domain::text::count;
use crate::domain::trail::activity::{Activity, Collector, Duplicates, Filters, Question, Run, UnreadableFile};
use crate::domain::trail::verification::Verification;
use crate::sources::digests::DigestCheck;
use crate::sources::trail::{FilesRead, Limits, Listing, list, read_files, read_one};
use crate::workflow::trail_files::Wanted;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir activity trail/                              who called ECS, from where, with which errors",
    "logweir activity trail/ --since 7d --errors          the calls of the last seven days that failed",
    "logweir activity trail/ --source all --format json   the calls to all services, as JSON",
    "logweir activity trail/ --html activity.html         an HTML page with charts and a world map",
];

/// The maximum number of threads. Each thread has its own counts, so more threads need more memory.
const MOST_THREADS: usize = 16;

/// The maximum number of unreadable files that messages name. The JSON output names more.
const MOST_NAMED: usize = 10;

/// The counts of all records, and the files that they were read from.
struct Counted {
    collector: Collector,
    read: FilesRead,
    is_by_day: bool,
    verification: Option<Verification>,
    /// The error that ended the reading before its end.
    ended: Option<Failure>,
    /// Sentences about the run.
    notes: Vec<String>,
}

impl Counted {
    fn of(collector: Collector, read: FilesRead, check: Option<DigestCheck>) -> Self {
        let verification = check.map(DigestCheck::end);
        Self { collector, read, is_by_day: false, verification, ended: None, notes: Vec::new() }
    }
}

/// What becomes of the records that are read.
struct Source<'a> {
    question: &'a Question,
    kept: &'a Duplicates,
    needles: &'a Needles,
    exports: &'a Exports<'a>,
}

impl Source<'_> {
    fn sink(&self) -> Reading<'_> {
        Reading::new(self.question, self.kept, self.needles, self.exports)
    }
}

impl ActivityArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let question = self.question(context)?;
        let input = self.input(&question)?;
        let files = self.files()?;
        let tables = Tables::read(self.aws_ranges.as_deref(), self.geoip.as_deref())?;
        let check = self.verify.check()?;
        let counted = match input {
            Input::Statements(asked, location) => {
                let Filters { accounts, regions, .. } = &question.filters;
                self.athena.print(context, &asked, &location, accounts, regions)?;
                return Ok(Exit::Fine);
            }
            Input::Athena(asked) => self.ask(context, &asked)?,
            Input::Files => self.read(&question, &tables, |source| self.count_files(source, check))?,
            Input::History(wanted) => self.read(&question, &tables, |source| wanted.count(context, source))?,
            Input::Bucket(wanted) => {
                self.read(&question, &tables, |source| self.count_bucket(context, &wanted, source, check))?
            }
        };
        let ended = counted.ended.clone();
        let activity = self.report(&question, counted, &tables);
        name_unreadable(context, &activity);
        let mut exit = match activity.files.unreadable + activity.records.unreadable {
            0 => Exit::Fine,
            _ => Exit::Error,
        };
        if let Some(failure) = ended {
            context.printer.failure(&failure);
            exit = exit.max(failure.exit);
        }
        if let Some(verification) = &activity.verification {
            context.show_verification(verification);
            exit = if verification.is_complete() { exit } else { Exit::Error };
        }
        context.printer.show(&activity);
        let now = now();
        let unwritten = files.iter().filter_map(|file| file.write(&activity, now).err());
        for failure in tables.countries.broken().into_iter().chain(unwritten) {
            context.printer.failure(&failure);
            exit = failure.exit;
        }
        if let Some(folder) = &self.csv
            && let Err(failure) = csv_folder::write(folder, &activity)
        {
            context.printer.failure(&failure);
            exit = failure.exit;
        }
        Ok(exit)
    }

    /// Reads records, and completes the exports.
    fn read(
        &self,
        question: &Question,
        tables: &Tables,
        count: impl FnOnce(&Source<'_>) -> Result<Counted, Failure>,
    ) -> Result<Counted, Failure> {
        let exports = Exports::create(self, tables)?;
        let (kept, needles) = (Duplicates::default(), Needles::of(question));
        let source = Source { question, kept: &kept, needles: &needles, exports: &exports };
        let mut counted = count(&source)?;
        counted.is_by_day = kept.is_by_day();
        counted.notes.extend(exports.end()?);
        Ok(counted)
    }

    fn count_files(&self, source: &Source<'_>, mut check: Option<DigestCheck>) -> Result<Counted, Failure> {
        let (paths, is_stdin) = self.paths();
        if let Some(check) = &mut check {
            paths.iter().for_each(|path| check.add_folder(path));
        }
        let Listing { files, skipped, unreadable } = list(&paths);
        if let Some(check) = &mut check {
            files.iter().for_each(|file| check.add_read(&file.path.to_string_lossy()));
        }
        let progress = Progress::over_files(files.len() as u64, files.iter().map(|file| file.size).sum());
        // With one thread, the exports have the order of the files.
        let threads = match source.exports.is_empty() {
            true => thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS),
            false => 1,
        };
        let sink = || source.sink();
        let (sinks, mut read) = read_files(&files, Limits::default(), threads, sink, |size| progress.read(size));
        read.files.skipped += skipped;
        unreadable.into_iter().for_each(|file| read.add_unreadable(file));
        let mut sinks = sinks.into_iter();
        let mut collector = sinks.next().map(Reading::collector).unwrap_or_default();
        sinks.for_each(|sink| collector.merge(sink.collector()));
        if is_stdin {
            let mut sink = source.sink();
            let ended = read_one(io::stdin().lock(), Limits::default(), &mut sink);
            read.add("standard input", 0, ended);
            collector.merge(sink.collector());
        }
        Ok(Counted::of(collector, read, check))
    }

    fn count_bucket(
        &self,
        context: &Context,
        wanted: &Wanted,
        source: &Source<'_>,
        mut check: Option<DigestCheck>,
    ) -> Result<Counted, Failure> {
        let mut sink = source.sink();
        let read = bucket::read(context, wanted, self.requester_pays, &mut sink, check.as_mut())?;
        Ok(Counted::of(sink.collector(), read, check))
    }

    fn ask(&self, context: &Context, asked: &Asked<'_>) -> Result<Counted, Failure> {
        let (collector, cost) = self.athena.count(context, asked)?;
        Ok(Counted { notes: vec![cost], ..Counted::of(collector, FilesRead::default(), None) })
    }

    /// Returns the paths of files and folders, and whether standard input is one of the inputs.
    fn paths(&self) -> (Vec<PathBuf>, bool) {
        let is_stdin = self.paths.iter().any(|path| path == "-");
        (self.paths.iter().filter(|path| *path != "-").map(PathBuf::from).collect(), is_stdin)
    }

    fn report(&self, question: &Question, counted: Counted, tables: &Tables) -> Activity {
        let Counted { collector, read, is_by_day, verification, mut notes, .. } = counted;
        notes.extend(tables.note());
        let run = Run {
            files: read.files,
            unreadable_files: read.unreadable(),
            notes,
            time_zone: self.time_zone.0.clone(),
            top: self.top,
            geography: tables.countries.database(),
            is_by_day,
        };
        let activity = collector.report(question, run, &self.time_zone.1, tables);
        Activity { verification, ..activity }
    }
}

/// Names the files that could not be read to their end, and counts the records that could not be read.
fn name_unreadable(context: &Context, activity: &Activity) {
    for UnreadableFile { file, why, records } in activity.unreadable_files.iter().take(MOST_NAMED) {
        let before = match *records {
            0 => String::new(),
            records => format!("; the report counts {} before this place", count(records, "record")),
        };
        context.printer.error(&format!("{file}: {why}{before}"), None);
    }
    let unnamed = activity.files.unreadable.saturating_sub(MOST_NAMED as u64);
    if unnamed > 0 {
        let message = format!("{} more could not be read; --format json names them", count(unnamed, "file"));
        context.printer.error(&message, None);
    }
    let unreadable = activity.records.unreadable;
    if unreadable > 0 {
        let records = count(unreadable, "record");
        let message = format!("{records} could not be read: no JSON object, or without an event ID or a time");
        context.printer.error(&message, None);
    }
}
