//! The tables of the report while records are read.

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::hash::Hash;

use super::tally::{Call, Tally};
use crate::domain::text::plain::plain;

/// The maximum number of rows of a table. The calls of further rows only count as calls of other rows, so that records
/// with many different values need bounded memory.
pub(super) const MOST_ROWS: usize = 50_000;

/// The longest text of a key, in characters.
pub(super) const LONGEST: usize = 128;

/// The maximum number of pairs of rows.
const MOST_PAIRS: usize = 250_000;

/// A table with a row for each key.
#[derive(Clone, Debug)]
pub(super) struct Table<K> {
    index: HashMap<K, u32>,
    tallies: Vec<Tally>,
    /// The number of calls whose row has no place in the table.
    pub(super) beyond: u64,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { index: HashMap::new(), tallies: Vec::new(), beyond: 0 }
    }
}

impl<K: Hash + Eq + Clone> Table<K> {
    /// Counts a call in the row of the key. Returns the row's number, or `None` if the table is full.
    pub(super) fn add<Q>(&mut self, key: &Q, call: Call<'_>) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Into<K>,
    {
        let row = self.row(key);
        match row {
            Some(row) => self.tallies[row as usize].add(call),
            None => self.beyond += call.calls,
        }
        row
    }

    fn row<Q>(&mut self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Into<K>,
    {
        if let Some(row) = self.index.get(key) {
            return Some(*row);
        }
        let row = self.tallies.len();
        if row >= MOST_ROWS {
            return None;
        }
        self.index.insert(key.to_owned().into(), row as u32);
        self.tallies.push(Tally::default());
        Some(row as u32)
    }

    /// Adds the rows of another table. Returns the new number of each row of the other table.
    pub(super) fn merge<Q>(&mut self, other: Self) -> Vec<Option<u32>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Into<K>,
    {
        self.beyond += other.beyond;
        let mut numbers = vec![None; other.tallies.len()];
        for (key, number) in other.index {
            let tally = &other.tallies[number as usize];
            let row = self.row::<Q>(key.borrow());
            match row {
                Some(row) => self.tallies[row as usize].merge(tally),
                None => self.beyond += tally.count,
            }
            numbers[number as usize] = row;
        }
        numbers
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&K, u32, &Tally)> {
        self.index.iter().map(|(key, number)| (key, *number, &self.tallies[*number as usize]))
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns the key of each row, by the row's number.
    pub(super) fn keys(&self) -> Vec<Option<&K>> {
        let mut keys = vec![None; self.tallies.len()];
        self.index.iter().for_each(|(key, number)| keys[*number as usize] = Some(key));
        keys
    }
}

/// The numbers of calls of pairs of rows of two tables, such as an address and a principal.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(HashMap<(u32, u32), u64>);

impl Pairs {
    pub(super) fn add(&mut self, one: Option<u32>, other: Option<u32>, count: u64) {
        let (Some(one), Some(other)) = (one, other) else { return };
        let is_full = self.0.len() >= MOST_PAIRS;
        match self.0.get_mut(&(one, other)) {
            Some(sum) => *sum += count,
            None if is_full => {}
            None => _ = self.0.insert((one, other), count),
        }
    }

    /// Adds the pairs of other tables, whose rows have new numbers.
    pub(super) fn merge(&mut self, others: Self, ones: &[Option<u32>], seconds: &[Option<u32>]) {
        for ((one, other), count) in others.0 {
            self.add(ones[one as usize], seconds[other as usize], count);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST_PAIRS
    }

    /// Returns the second rows of each first row, with their counts.
    pub(super) fn of_each(&self, firsts: usize) -> Vec<Vec<(u32, u64)>> {
        let mut all = vec![Vec::new(); firsts];
        self.0.iter().for_each(|((one, other), count)| all[*one as usize].push((*other, *count)));
        all
    }
}

/// Returns a text of a record in the form that the report shows: at most `most` characters, without characters that
/// change how a terminal or a page shows other text.
pub(super) fn neutral(text: &str, most: usize) -> Cow<'_, str> {
    let is_neutral = text.len() <= most && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_neutral { Cow::Borrowed(text) } else { Cow::Owned(plain(text, most)) }
}

impl Table<Box<str>> {
    /// Returns the rows of a table of texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, u32, &Tally)> {
        self.rows().map(|(key, number, tally)| (key.as_ref(), number, tally))
    }
}
