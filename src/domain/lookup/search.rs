//! One search of the event history: its requests, its unread part, and the events that it found.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{Attribute, Period};

/// The number of pages after which a slice continues as a new slice. A token of CloudTrail then never becomes old.
const MOST_PAGES: u32 = 20;

/// An event of the event history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    pub id: String,
    pub time: Timestamp,
    /// The CloudTrail record, as JSON.
    pub record: String,
}

/// One response of LookupEvents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub events: Vec<FoundEvent>,
    /// The token of the next page. `None` if this page is the last one.
    pub next: Option<String>,
}

/// One request of LookupEvents. A token is valid only with the attribute and the period of its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'s> {
    pub attribute: &'s Attribute,
    pub period: Period,
    pub token: Option<&'s str>,
}

/// What a search has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub calls: u64,
    pub events: u64,
    /// The events that CloudTrail returned more than once.
    pub duplicates: u64,
    /// The part of the period that was read.
    pub read: SignedDuration,
}

/// A search for the events with one attribute in one period.
#[derive(Clone, Debug)]
pub struct Search {
    attribute: Attribute,
    period: Period,
    /// The length of the period of one request.
    slice: SignedDuration,
    /// The end of the unread range. `None` if the search has ended.
    unread: Option<Timestamp>,
    /// The slice of which a token exists.
    open: Option<Open>,
    seen: HashSet<String>,
    progress: Progress,
}

#[derive(Clone, Debug)]
struct Open {
    period: Period,
    token: String,
    pages: u32,
}

impl Search {
    /// Returns a search that reads slices of the given length, the newest slice first.
    pub fn new(attribute: Attribute, period: Period, slice: SignedDuration) -> Self {
        let slice = slice.max(SignedDuration::from_secs(1));
        let (open, seen, progress) = (None, HashSet::new(), Progress::default());
        Self { attribute, period, slice, unread: Some(period.until), open, seen, progress }
    }

    pub fn attribute(&self) -> &Attribute {
        &self.attribute
    }

    pub fn period(&self) -> Period {
        self.period
    }

    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Returns the end of the unread range. `None` if the search has ended.
    pub fn unread(&self) -> Option<Timestamp> {
        self.unread
    }

    /// Returns the smallest number of calls that the rest of the search needs. A slice with more than 50 events needs
    /// more than one call.
    pub fn fewest_calls(&self) -> u64 {
        let Some(unread) = self.unread else { return 0 };
        let rest = unread.duration_since(self.period.since).as_secs().max(1);
        rest.unsigned_abs().div_ceil(self.slice.as_secs().unsigned_abs().max(1))
    }

    /// Continues an earlier run of the same search: these events were read, and the range until `unread` was not.
    pub fn resume<'e>(&mut self, events: impl IntoIterator<Item = &'e FoundEvent>, unread: Option<Timestamp>) {
        for event in events {
            self.progress.events += u64::from(self.seen.insert(event.id.clone()));
        }
        self.read_until(unread);
    }

    /// Returns the next request. `None` if the search has ended.
    pub fn next(&self) -> Option<Request<'_>> {
        let until = self.unread?;
        let attribute = &self.attribute;
        if let Some(Open { period, token, .. }) = &self.open {
            return Some(Request { attribute, period: *period, token: Some(token) });
        }
        let start = until.checked_sub(self.slice).unwrap_or(self.period.since).max(self.period.since);
        Some(Request { attribute, period: Period { since: start, until }, token: None })
    }

    /// Takes the response to the request of [`Search::next`]. Returns the events that no earlier response contained.
    /// Returns `None` if CloudTrail returned the token of the request again, with which the search would never end.
    pub fn take(&mut self, page: Page) -> Option<Vec<FoundEvent>> {
        let request = self.next()?;
        let (slice, token) = (request.period, request.token.map(String::from));
        let count = page.events.len() as u64;
        let oldest = page.events.iter().map(|event| event.time).min();
        let new: Vec<FoundEvent> = page.events.into_iter().filter(|event| self.seen.insert(event.id.clone())).collect();
        self.progress.calls += 1;
        self.progress.events += new.len() as u64;
        self.progress.duplicates += count - new.len() as u64;
        let Some(next) = page.next else {
            self.open = None;
            self.read_until((slice.since > self.period.since).then_some(slice.since));
            return Some(new);
        };
        if token.as_ref() == Some(&next) {
            return None;
        }
        let pages = self.open.take().map_or(1, |open| open.pages + 1);
        // The range may end within a second of which some events are on the next page, so its end is read again.
        let reached = oldest.filter(|oldest| *oldest < slice.until).map(|oldest| oldest.max(slice.since));
        if let Some(reached) = reached.filter(|reached| self.unread.is_some_and(|unread| *reached < unread)) {
            self.read_until(Some(reached));
        }
        if pages < MOST_PAGES || self.unread == Some(slice.until) {
            self.open = Some(Open { period: slice, token: next, pages });
        }
        Some(new)
    }

    /// Forgets the token, which CloudTrail no longer accepts. Returns `false` if the request had no token.
    pub fn forget_token(&mut self) -> bool {
        self.open.take().is_some()
    }

    fn read_until(&mut self, unread: Option<Timestamp>) {
        self.unread = unread;
        self.progress.read = self.period.until.duration_since(unread.unwrap_or(self.period.since));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Answers a request from a history of event times, with `size` events a page. The token is the number of events
    /// that were sent.
    fn answer(history: &[i64], request: &Request<'_>, size: usize) -> Page {
        let mut fit: Vec<(usize, i64)> = history.iter().copied().enumerate().collect();
        fit.retain(|(_, time)| request.period.has(at(*time)));
        fit.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let sent: usize = request.token.map_or(0, |token| token.parse().unwrap());
        let events = fit.iter().skip(sent).take(size).map(|(id, time)| FoundEvent {
            id: id.to_string(),
            time: at(*time),
            record: String::new(),
        });
        let events: Vec<_> = events.collect();
        let next = (sent + events.len() < fit.len()).then(|| (sent + events.len()).to_string());
        Page { events, next }
    }

    fn search(slice: i64) -> Search {
        let period = Period { since: at(0), until: at(1000) };
        Search::new(Attribute::EventName("ExecuteCommand".into()), period, SignedDuration::from_secs(slice))
    }

    fn run(search: &mut Search, history: &[i64], size: usize) -> Vec<FoundEvent> {
        let mut found = Vec::new();
        while let Some(request) = search.next() {
            let page = answer(history, &request, size);
            found.extend(search.take(page).unwrap());
        }
        found
    }

    proptest::proptest! {
        #[test]
        fn every_event_is_found_once_whatever_the_slices_and_the_pages(
            history in proptest::collection::vec(-100..1100_i64, 0..300), slice in 1..1500_i64, size in 1..60_usize
        ) {
            let mut all = search(slice);
            let mut found: Vec<String> = run(&mut all, &history, size).into_iter().map(|event| event.id).collect();
            found.sort();
            let is_inside = |(_, time): &(usize, &i64)| (0..=1000).contains(*time);
            let mut expected: Vec<String> =
                history.iter().enumerate().filter(is_inside).map(|(id, _)| id.to_string()).collect();
            expected.sort();
            proptest::prop_assert_eq!(found, expected);
            proptest::prop_assert_eq!(all.progress().read, SignedDuration::from_secs(1000));
            proptest::prop_assert_eq!(all.fewest_calls(), 0);
        }

        #[test]
        fn a_search_that_stopped_continues_where_it_was(
            history in proptest::collection::vec(0..1000_i64, 0..200), slice in 1..1500_i64, stop in 0..20_usize
        ) {
            let (mut first, mut found) = (search(slice), Vec::new());
            for _ in 0..stop {
                let Some(request) = first.next() else { break };
                let page = answer(&history, &request, 7);
                found.extend(first.take(page).unwrap());
            }
            let mut second = search(slice);
            second.resume(&found, first.unread());
            found.extend(run(&mut second, &history, 7));
            let mut ids: Vec<usize> = found.iter().map(|event| event.id.parse().unwrap()).collect();
            ids.sort_unstable();
            proptest::prop_assert_eq!(ids, (0..history.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn more_events_in_one_second_than_a_slice_has_pages_are_all_read() {
        let history = [500; 400];
        assert_eq!(run(&mut search(2000), &history, 3).len(), 400);
    }

    #[test]
    fn a_token_that_comes_again_ends_the_search_with_an_error() {
        let mut search = search(2000);
        let page = || Page { events: Vec::new(), next: Some("same".into()) };
        assert!(search.take(page()).is_some());
        assert!(search.take(page()).is_none());
    }

    #[test]
    fn an_old_token_is_forgotten_and_the_range_is_read_from_the_oldest_event() {
        let (mut search, history) = (search(2000), [900, 800, 700, 600]);
        let page = answer(&history, &search.next().unwrap(), 2);
        let mut found = search.take(page).unwrap();
        assert!(search.next().unwrap().token.is_some());
        assert!(search.forget_token());
        let request = search.next().unwrap();
        assert_eq!((request.token, request.period.until), (None, at(800)));
        found.extend(run(&mut search, &history, 2));
        assert_eq!(found.len(), 4);
        assert_eq!(search.progress().duplicates, 1);
    }
}
