//! The file of an interrupted search: one JSON line for each response of LookupEvents. A line has the member `Events`
//! as a response of LookupEvents has it, so a reader of responses can read the file too.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::domain::event::Home;
use crate::domain::lookup::{FoundEvent, Period, Search};
use crate::domain::text::plain::without_number;

const SCHEMA: &str = "logweir.lookup/1";

/// The size of the largest file that Logweir reads, in bytes.
const LARGEST: u64 = 4 << 30;

/// The first line of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    account: String,
    region: String,
    since: Timestamp,
    until: Timestamp,
}

/// One response of LookupEvents.
#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    value: String,
    /// The end of the range that the search has not read. `None` if the search has ended.
    unread: Option<Timestamp>,
    #[serde(rename = "Events")]
    events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    event_id: String,
    event_time: Timestamp,
    cloud_trail_event: String,
}

pub(super) struct ResumeFile {
    path: PathBuf,
    file: File,
    period: Period,
}

impl ResumeFile {
    /// Opens the file of an earlier run in the same account and Region, or creates it. Only the caller can read a new
    /// file, because records of CloudTrail may contain secrets.
    pub(super) fn open(path: &Path, home: &Home, period: Period) -> Result<Self, Failure> {
        let failed = |error: &std::io::Error| failed(path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| failed(&error))?;
        let size = file.metadata().map_err(|error| failed(&error))?.len();
        if size > LARGEST {
            return Err(Failure::error(format!("{}: the file is larger than 4 GiB", path.display())));
        }
        let mut first = String::new();
        BufReader::new(&mut file).read_line(&mut first).map_err(|error| failed(&error))?;
        if !first.ends_with('\n') {
            // The earlier run ended before it wrote the first line.
            if !first.is_empty() && !first.starts_with("{\"schema\":\"logweir.lookup") {
                return Err(not_of_a_search(path));
            }
            let mut new = Self { path: path.to_owned(), file, period };
            new.restart(home)?;
            return Ok(new);
        }
        let header: Header = serde_json::from_str(&first).map_err(|_| not_of_a_search(path))?;
        if header.schema != SCHEMA {
            return Err(not_of_a_search(path));
        }
        if (&header.account, &header.region) != (&home.account, &home.region) {
            let Header { account, region, .. } = header;
            return Err(Failure::usage(format!(
                "{}: the search is of account {account}, {region}, and not of account {}, {}",
                path.display(),
                home.account,
                home.region
            ))
            .help("name another file with --resume, or select the other account"));
        }
        let period = Period { since: header.since, until: header.until };
        Ok(Self { path: path.to_owned(), file, period })
    }

    /// Returns the period of the search, which the first run determined.
    pub(super) fn period(&self) -> Period {
        self.period
    }

    fn restart(&mut self, home: &Home) -> Result<(), Failure> {
        let Period { since, until } = self.period;
        let (account, region) = (home.account.clone(), home.region.clone());
        let header = Header { schema: SCHEMA.into(), account, region, since, until };
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|error| failed(&self.path, &error))?;
        self.write(&header)
    }

    /// Hands the events of the earlier run to `take`, and sets each search to the point where the earlier run stopped.
    /// Removes a last line that the earlier run did not write completely.
    pub(super) fn replay(&mut self, searches: &mut [Search], take: &mut impl FnMut(FoundEvent)) -> Result<(), Failure> {
        self.file.rewind().map_err(|error| failed(&self.path, &error))?;
        let (mut whole, mut text, mut is_first) = (0_u64, Vec::new(), true);
        let mut reader = BufReader::new(&self.file);
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(|error| failed(&self.path, &error))?;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            whole += read as u64;
            if std::mem::take(&mut is_first) {
                continue;
            }
            let line: Line = serde_json::from_slice(&text).map_err(|_| not_of_a_search(&self.path))?;
            let is_of =
                |search: &&mut Search| (search.attribute().key(), search.attribute().value()) == line.attribute();
            let Some(search) = searches.iter_mut().find(is_of) else { continue };
            let events: Vec<FoundEvent> = line.events.into_iter().map(FoundEvent::from).collect();
            search.resume(&events, line.unread);
            events.into_iter().for_each(&mut *take);
        }
        let end = self.file.set_len(whole).and_then(|()| self.file.seek(SeekFrom::End(0)));
        end.map(drop).map_err(|error| failed(&self.path, &error))
    }

    /// Appends the new events of one response.
    pub(super) fn append(&mut self, search: &Search, events: &[FoundEvent]) -> Result<(), Failure> {
        let events = events.iter().map(Event::from).collect();
        let (key, value) = (search.attribute().key().to_owned(), search.attribute().value().to_owned());
        self.write(&Line { key, value, unread: search.unread(), events })
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(line).map_err(|error| Failure::error(error.to_string()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|error| failed(&self.path, &error))
    }
}

impl Line {
    fn attribute(&self) -> (&str, &str) {
        (&self.key, &self.value)
    }
}

impl From<Event> for FoundEvent {
    fn from(Event { event_id, event_time, cloud_trail_event }: Event) -> Self {
        Self { id: event_id, time: event_time, record: cloud_trail_event }
    }
}

impl From<&FoundEvent> for Event {
    fn from(FoundEvent { id, time, record }: &FoundEvent) -> Self {
        Self { event_id: id.clone(), event_time: *time, cloud_trail_event: record.clone() }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error(format!("{}: {}", path.display(), without_number(&error.to_string())))
}

fn not_of_a_search(path: &Path) -> Failure {
    Failure::usage(format!("{}: the file is not the file of a search", path.display()))
        .help("name a new file with --resume")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::lookup::{Attribute, Page};

    fn ok<T>(result: Result<T, Failure>) -> T {
        result.unwrap_or_else(|failure| panic!("{failure}"))
    }

    fn home(account: &str) -> Home {
        Home { account: account.into(), region: "eu-west-1".into(), ..Home::default() }
    }

    fn period() -> Period {
        Period { since: "2026-12-01T00:00:00Z".parse().unwrap(), until: "2026-12-01T10:00:00Z".parse().unwrap() }
    }

    fn search() -> Search {
        Search::new(Attribute::EventName("ExecuteCommand".into()), period(), SignedDuration::from_hours(24))
    }

    fn page(id: &str) -> Page {
        let event = FoundEvent { id: id.into(), time: "2026-12-01T08:00:00Z".parse().unwrap(), record: "{}".into() };
        Page { events: vec![event], next: Some(format!("after-{id}")) }
    }

    #[test]
    fn a_search_continues_behind_its_last_complete_response() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("search.jsonl");
        let mut file = ok(ResumeFile::open(&path, &home("1"), period()));
        let mut first = search();
        let events = first.take(page("a")).unwrap();
        ok(file.append(&first, &events));
        // The process ended while it wrote the next line.
        file.file.write_all(b"{\"key\":\"EventName\",\"value\":\"Exec").unwrap();
        drop(file);

        let later = Period { until: "2026-12-02T10:00:00Z".parse().unwrap(), ..period() };
        let mut file = ok(ResumeFile::open(&path, &home("1"), later));
        assert_eq!(file.period(), period(), "the first run determines the period");
        let (mut second, mut found) = ([search()], Vec::new());
        ok(file.replay(&mut second, &mut |event| found.push(event.id)));
        assert_eq!(found, ["a"]);
        assert_eq!(second[0].unread(), first.unread());
        ok(file.append(&second[0], &[]));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{text}");
    }

    #[test]
    fn the_file_of_another_account_and_any_other_file_stay_as_they_are() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("search.jsonl");
        drop(ok(ResumeFile::open(&path, &home("1"), period())));
        assert!(ResumeFile::open(&path, &home("2"), period()).is_err());
        for other in ["notes", "notes\n", "{\"schema\":\"logweir.check/2\"}\n"] {
            std::fs::write(&path, other).unwrap();
            assert!(ResumeFile::open(&path, &home("1"), period()).is_err(), "{other}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
        }
    }
}
