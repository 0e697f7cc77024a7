//! The results of the runbook, in a temporary file without a name. The memory of a run holds only the position of each
//! result, so that it hardly grows with their number. The file contains what the outputs show, and thus no secret.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::rc::Rc;

use serde::{Deserialize, Serialize, Serializer};
use tempfile::SpooledTempFile;

use super::place::Place;
use super::runbook_result::ResultLine;
use crate::domain::runbook::{Evidence, Exempt, InScope, Resource, RunbookResult, Verdict};

/// The most bytes that stay in memory. A smaller run writes no file.
const IN_MEMORY: u64 = 1 << 20;

/// The file of a run. The first error stays, and [`Store::intact`] returns it.
pub(super) struct Store {
    file: RefCell<SpooledTempFile>,
    /// Whether the records have left the memory, or whether no folder for temporary files can be written. In the second
    /// case, all records stay in memory.
    is_placed: Cell<bool>,
    end: Cell<u64>,
    error: RefCell<Option<io::Error>>,
}

impl Default for Store {
    fn default() -> Self {
        // `put` decides when the records leave the memory.
        let file = RefCell::new(SpooledTempFile::new(usize::MAX));
        Self { file, is_placed: Cell::new(false), end: Cell::new(0), error: RefCell::new(None) }
    }
}

impl Store {
    /// Adds a record, and returns its offset.
    fn put(&self, record: &Record) -> u64 {
        let offset = self.end.get();
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|text| {
            let length = u32::try_from(text.len()).map_err(io::Error::other)?;
            let mut file = self.file.borrow_mut();
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&[&length.to_le_bytes()[..], &text].concat())?;
            Ok(offset + 4 + u64::from(length))
        });
        if let Some(end) = self.checked(written) {
            self.end.set(end);
            if end > IN_MEMORY && !self.is_placed.replace(true) {
                // The records stay in memory after an error.
                let _ = self.file.borrow_mut().roll();
            }
        }
        offset
    }

    /// Returns the record at the offset. Returns `None` after an error.
    fn get<T: for<'d> Deserialize<'d>>(&self, offset: u64) -> Option<T> {
        let read = || {
            let mut file = self.file.borrow_mut();
            file.seek(SeekFrom::Start(offset))?;
            let mut length = [0; 4];
            file.read_exact(&mut length)?;
            let mut text = vec![0; u32::from_le_bytes(length) as usize];
            file.read_exact(&mut text)?;
            serde_json::from_slice(&text).map_err(io::Error::from)
        };
        self.checked(read())
    }

    fn checked<T>(&self, result: io::Result<T>) -> Option<T> {
        result.map_err(|error| self.error.borrow_mut().get_or_insert(error).kind()).ok()
    }

    /// Returns the first error of a write or a read, after which results are missing.
    pub(super) fn intact(&self) -> io::Result<()> {
        match &*self.error.borrow() {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }
}

/// A result without its rule, as the file contains it.
#[derive(Serialize, Deserialize)]
struct Record {
    resource: Resource,
    verdict: Verdict,
    message: String,
    evidence: Option<Evidence>,
    scope: Option<InScope>,
    exempt: Option<Exempt>,
    place: Option<Place>,
    fingerprint: String,
    path: Option<String>,
}

/// The values that decide the order and the fingerprint of a result.
#[derive(Deserialize)]
struct Identity {
    resource: Resource,
    fingerprint: String,
}

#[derive(Clone, Copy)]
struct Entry {
    offset: u64,
    /// 2 for the second result with a fingerprint. 0 before the results are sorted.
    copy: u32,
    /// The verdict for which the result counts. `None` for an exempt result.
    counts_as: Option<Verdict>,
}

/// The position of a result in [`ResultLines`].
#[derive(Clone, Copy)]
pub struct Kept {
    rule: &'static str,
    entry: Entry,
}

/// The results of a requirement.
pub struct ResultLines {
    store: Rc<Store>,
    /// By the name of the rule.
    entries: BTreeMap<&'static str, Vec<Entry>>,
}

impl ResultLines {
    pub(super) fn new(store: &Rc<Store>) -> Self {
        Self { store: Rc::clone(store), entries: BTreeMap::new() }
    }

    pub(super) fn push(&mut self, line: ResultLine) {
        let ResultLine { result, place, fingerprint, path } = line;
        let counts_as = result.exempt.is_none().then_some(result.verdict);
        let RunbookResult { resource, rule, verdict, message, evidence, scope, exempt, image: _ } = result;
        let record = Record { resource, verdict, message, evidence, scope, exempt, place, fingerprint, path };
        let offset = self.store.put(&record);
        self.entries.entry(rule).or_default().push(Entry { offset, copy: 0, counts_as });
    }

    /// Sorts the results of each rule by resource. In the order in which they were added, the second result with a
    /// fingerprint gets the ending `-2`.
    pub(super) fn sort(&mut self) {
        for entries in self.entries.values_mut() {
            let mut copies: HashMap<String, u32> = HashMap::new();
            let identity = |entry: &Entry| {
                let Identity { resource, fingerprint } = self.store.get(entry.offset)?;
                let copy = copies.entry(fingerprint).or_default();
                *copy += 1;
                Some((resource, Entry { copy: *copy, ..*entry }))
            };
            let mut sorted: Vec<(Resource, Entry)> = entries.iter().filter_map(identity).collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            // A new list from this iterator would keep the memory of the resources.
            entries.clear();
            entries.extend(sorted.into_iter().map(|(_, entry)| entry));
        }
    }

    pub fn len(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the number of results that count for the verdict. `None` counts the exempt results.
    pub(super) fn count(&self, counts_as: Option<Verdict>) -> usize {
        self.entries.values().flatten().filter(|entry| entry.counts_as == counts_as).count()
    }

    fn kept(&self) -> impl Iterator<Item = Kept> {
        let all = self.entries.iter();
        all.flat_map(|(rule, entries)| entries.iter().map(|entry| Kept { rule, entry: *entry }))
    }

    /// Returns all results in their order.
    pub fn iter(&self) -> impl Iterator<Item = ResultLine> {
        self.kept().filter_map(|kept| self.get(kept))
    }

    /// Returns the results that count for the verdict, with their positions.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = (Kept, ResultLine)> {
        self.of(Some(verdict))
    }

    /// Returns the exempt results.
    pub fn exempt(&self) -> impl Iterator<Item = ResultLine> {
        self.of(None).map(|(_, line)| line)
    }

    fn of(&self, counts_as: Option<Verdict>) -> impl Iterator<Item = (Kept, ResultLine)> {
        let those = self.kept().filter(move |kept| kept.entry.counts_as == counts_as);
        those.filter_map(|kept| Some((kept, self.get(kept)?)))
    }

    /// Returns the result at the position. Returns `None` if the file cannot be read.
    pub fn get(&self, kept: Kept) -> Option<ResultLine> {
        let Kept { rule, entry } = kept;
        let Record { resource, verdict, message, evidence, scope, exempt, place, mut fingerprint, path } =
            self.store.get(entry.offset)?;
        if entry.copy > 1 {
            fingerprint += &format!("-{}", entry.copy);
        }
        let result = RunbookResult { resource, rule, verdict, message, evidence, scope, exempt, image: None };
        Some(ResultLine { result, place, fingerprint, path })
    }
}

impl Serialize for ResultLines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::ResourceKind;

    fn line(name: &str, verdict: Verdict) -> ResultLine {
        let resource = Resource::new(ResourceKind::Role, name, format!("arn:aws:iam::111122223333:role/{name}"));
        let result = RunbookResult { verdict, ..RunbookResult::not_checked(resource, "a-rule", "x".repeat(500)) };
        ResultLine { result, place: None, fingerprint: "f".to_owned(), path: Some("a.json".to_owned()) }
    }

    #[test]
    fn results_come_back_in_order_from_memory_and_from_the_file() {
        for number in [3, 5000] {
            let store = Rc::new(Store::default());
            let mut lines = ResultLines::new(&store);
            for index in (0..number).rev() {
                lines.push(line(&format!("{index:04}"), Verdict::Fail));
            }
            lines.sort();
            let names: Vec<String> = lines.iter().map(|line| line.result.resource.name).collect();
            assert_eq!(names, (0..number).map(|index| format!("{index:04}")).collect::<Vec<_>>());
            assert_eq!((lines.len(), lines.count(Some(Verdict::Fail)), lines.count(None)), (number, number, 0));
            let ends: Vec<String> = lines.iter().map(|line| line.fingerprint).collect();
            assert_eq!((ends[number - 1].as_str(), ends[number - 2].as_str()), ("f", "f-2"));
            store.intact().unwrap();
        }
    }

    #[test]
    fn a_result_that_cannot_be_read_is_an_error() {
        let store = Rc::new(Store::default());
        let mut lines = ResultLines::new(&store);
        lines.push(line("a", Verdict::Pass));
        store.file.borrow_mut().set_len(10).unwrap();
        assert_eq!(lines.iter().count(), 0);
        assert!(store.intact().is_err());
    }
}
