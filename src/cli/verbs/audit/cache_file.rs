//! The cache of audits: a file with one memo a line. The program appends each memo at once, so that an audit that is
//! killed loses nothing. A later line about a revision replaces the earlier one.
//!
//! The program keeps only the place of each memo in memory. It ignores the file of another account, a file that another
//! user owns or can write, and each line that it cannot read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::own_file;
use crate::domain::audit::{AuditHome, Memo};

const SCHEMA: &str = "logweir.audit-cache/1";

/// The largest cache that the program reads, in bytes.
const LARGEST: u64 = 1 << 30;

/// The longest line that the program reads, in bytes.
const LONGEST: u64 = 64 << 20;

/// The number of replaced lines above which the program rewrites the file.
const MOST_REPLACED: u64 = 1_000;

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Header {
    schema: String,
    account: String,
    region: String,
}

/// The members of a line that identify its revision.
#[derive(Deserialize)]
struct Key {
    family: Box<str>,
    revision: u32,
}

/// The place of a memo in the file.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u64,
    length: u32,
    is_used: bool,
}

pub(super) struct CacheFile {
    path: PathBuf,
    file: File,
    header: Header,
    places: HashMap<(Box<str>, u32), Place>,
    replaced: u64,
    /// The lines that cannot be read.
    pub(super) damaged: u64,
}

impl CacheFile {
    /// Opens or creates the cache. Returns an error for a file that the program must not use.
    pub(super) fn open(path: &Path, home: &AuditHome) -> io::Result<Self> {
        let header = Header { schema: SCHEMA.into(), account: home.account.clone(), region: home.region.clone() };
        let (file, metadata) = own_file::open(path)?;
        let mut cache = Self { path: path.to_owned(), file, header, places: HashMap::new(), replaced: 0, damaged: 0 };
        if metadata.len() > LARGEST {
            cache.restart()?;
        } else if metadata.len() == 0 {
            cache.write_header()?;
        } else {
            cache.read()?;
        }
        Ok(cache)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn has(&self, family: &str, revision: u32) -> bool {
        self.places.contains_key(&(family.into(), revision))
    }

    /// Returns the memo of a revision. Returns `None` for a memo that cannot be read.
    pub(super) fn get(&mut self, family: &str, revision: u32) -> Option<Memo> {
        let place = *self.places.get(&(family.into(), revision))?;
        let mut line = vec![0; place.length as usize];
        self.file.seek(SeekFrom::Start(place.offset)).ok()?;
        self.file.read_exact(&mut line).ok()?;
        let memo: Memo = serde_json::from_slice(&line).ok()?;
        (&*memo.family == family && memo.revision == revision).then_some(memo)
    }

    /// Appends a memo.
    pub(super) fn put(&mut self, memo: &Memo) -> io::Result<()> {
        let mut line = serde_json::to_vec(memo)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        // Another program may have appended lines too.
        let end = self.file.stream_position()?;
        let length = line.len() as u32;
        let place = Place { offset: end - u64::from(length), length, is_used: true };
        self.replaced += u64::from(self.places.insert(((*memo.family).into(), memo.revision), place).is_some());
        Ok(())
    }

    /// Notes that an audit used the memo.
    pub(super) fn keep(&mut self, family: &str, revision: u32) {
        if let Some(place) = self.places.get_mut(&(family.into(), revision)) {
            place.is_used = true;
        }
    }

    /// Rewrites the file if many lines were replaced. `drops_unused` drops the memos that no audit used, because a
    /// complete audit of everything has not met their revisions.
    pub(super) fn close(&mut self, drops_unused: bool) -> io::Result<()> {
        let unused = self.places.values().filter(|place| !place.is_used).count() as u64;
        let gone = self.replaced + self.damaged + if drops_unused { unused } else { 0 };
        if gone > MOST_REPLACED.max(self.places.len() as u64 / 2) {
            self.compact(drops_unused)?;
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let mut reader = BufReader::new(self.file.try_clone()?);
        reader.seek(SeekFrom::Start(0))?;
        let (mut line, mut offset) = (Vec::new(), 0);
        let is_own =
            next(&mut reader, &mut line)? && serde_json::from_slice::<Header>(&line).is_ok_and(|of| of == self.header);
        if !is_own {
            return self.refuse(&line);
        }
        offset += line.len() as u64;
        while next(&mut reader, &mut line)? {
            match serde_json::from_slice::<Key>(&line) {
                Ok(Key { family, revision }) => {
                    let place = Place { offset, length: line.len() as u32, is_used: false };
                    self.replaced += u64::from(self.places.insert((family, revision), place).is_some());
                }
                Err(_) => self.damaged += 1,
            }
            offset += line.len() as u64;
        }
        // A program that was killed may have left the start of a line.
        if !line.is_empty() {
            self.damaged += 1;
            self.file.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Starts with an empty cache if the file is a cache of another version or account. Refuses any other file.
    fn refuse(&mut self, first: &[u8]) -> io::Result<()> {
        #[derive(Deserialize)]
        struct Any {
            schema: String,
        }
        match serde_json::from_slice::<Any>(first) {
            Ok(Any { schema }) if schema == SCHEMA => {
                Err(io::Error::other("it is the cache of another account or Region"))
            }
            Ok(Any { schema }) if schema.starts_with("logweir.audit-cache/") => self.restart(),
            _ => Err(io::Error::other("it is not a cache of audits")),
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.places.clear();
        self.write_header()
    }

    fn write_header(&mut self) -> io::Result<()> {
        let mut line = serde_json::to_vec(&self.header)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Writes the present memos to a new file, which then replaces the old one as a whole.
    fn compact(&mut self, drops_unused: bool) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".logweir-{}", std::process::id()));
        let beside = self.path.with_file_name(name);
        let written = self.write_present(&beside, drops_unused).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    fn write_present(&mut self, beside: &Path, drops_unused: bool) -> io::Result<()> {
        let mut out = BufWriter::new(own_file::private().write(true).create_new(true).open(beside)?);
        serde_json::to_writer(&mut out, &self.header)?;
        out.write_all(b"\n")?;
        let mut places: Vec<Place> = self.places.values().copied().collect();
        places.sort_by_key(|place| place.offset);
        for place in places.iter().filter(|place| place.is_used || !drops_unused) {
            let mut line = vec![0; place.length as usize];
            self.file.seek(SeekFrom::Start(place.offset))?;
            self.file.read_exact(&mut line)?;
            out.write_all(&line)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// Reads the next whole line. Returns `false` at the end; `line` is then the start of a line without its end.
pub(super) fn next(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.by_ref().take(LONGEST).read_until(b'\n', line)?;
    Ok(line.last() == Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn home(account: &str) -> AuditHome {
        AuditHome { partition: "aws".into(), account: account.into(), region: "eu-west-1".into() }
    }

    fn memo(family: &str, group: &str) -> Memo {
        let memo = json!({"family": family, "revision": 1, "log_groups": [group], "has_tags": false, "answers": []});
        serde_json::from_value(memo).unwrap()
    }

    fn group(cache: &mut CacheFile, family: &str) -> Option<String> {
        cache.get(family, 1).map(|memo| memo.log_groups[0].to_string())
    }

    #[test]
    fn a_killed_program_loses_at_most_its_last_line() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("cache.jsonl");
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        cache.put(&memo("web", "/old")).unwrap();
        cache.put(&memo("web", "/new")).unwrap();
        cache.file.write_all(b"{\"family\":\"jobs\",\"revi").unwrap();
        drop(cache);
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        assert_eq!((cache.len(), cache.damaged), (1, 1));
        assert_eq!(group(&mut cache, "web").as_deref(), Some("/new"));
        cache.put(&memo("api", "/api")).unwrap();
        assert_eq!(group(&mut cache, "api").as_deref(), Some("/api"));
        drop(cache);
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        assert_eq!(group(&mut cache, "api").as_deref(), Some("/api"));
        assert_eq!(group(&mut cache, "jobs"), None);
    }

    #[test]
    fn another_file_is_not_used_and_not_changed() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("cache.jsonl");
        drop(CacheFile::open(&path, &home("1")).unwrap());
        assert!(CacheFile::open(&path, &home("2")).is_err());
        for other in ["notes", "notes\n", "{}\n", "\u{0}\n"] {
            fs::write(&path, other).unwrap();
            assert!(CacheFile::open(&path, &home("1")).is_err(), "{other}");
            assert_eq!(fs::read_to_string(&path).unwrap(), other);
        }
        fs::write(&path, "{\"schema\":\"logweir.audit-cache/0\"}\n{}\n").unwrap();
        assert_eq!(CacheFile::open(&path, &home("1")).unwrap().len(), 0, "a cache of another version starts anew");
    }

    #[test]
    fn a_file_that_is_written_anew_keeps_what_is_in_use() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("cache.jsonl");
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        cache.put(&memo("gone", "/gone")).unwrap();
        drop(cache);
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        for number in 0..=MOST_REPLACED + 1 {
            cache.put(&memo("web", &format!("/{number}"))).unwrap();
        }
        cache.close(true).unwrap();
        let mut cache = CacheFile::open(&path, &home("1")).unwrap();
        assert_eq!(cache.len(), 1, "the revision that no audit met is gone");
        assert_eq!(group(&mut cache, "web"), Some(format!("/{}", MOST_REPLACED + 1)));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }
}
