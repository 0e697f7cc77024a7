//! The search of CloudTrail's event history: its pace, and what it does after an error.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::lookup::{Attribute, FoundEvent, INTERVAL, Pace, Page, Period, Request, Search};
use logweir::domain::outcome::Reason;
use logweir::ports::{Answer, Clock, ErrorKind, EventHistory, PortError, Timer};
use logweir::workflow::look_up;

/// A clock whose waits take no time, and the event history of one account.
struct Account {
    now: Mutex<Timestamp>,
    waits: Mutex<Vec<Duration>>,
    /// The seconds of the events.
    events: Vec<i64>,
    /// The times of the calls.
    calls: Mutex<Vec<Timestamp>>,
    /// The errors of the next calls.
    errors: Mutex<Vec<PortError>>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn error(kind: ErrorKind, message: &str, reason: Option<Reason>) -> PortError {
    PortError { kind, call: "LookupEvents", message: message.into(), reason }
}

impl Account {
    fn new(events: Vec<i64>) -> Self {
        let (calls, waits, errors) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { now: Mutex::new(at(10_000)), waits, events, calls, errors }
    }

    fn fails(&self, errors: Vec<PortError>) {
        *self.errors.lock().unwrap() = errors;
    }

    async fn run(&self, search: &mut Search) -> (Answer<()>, Vec<FoundEvent>) {
        let mut found = Vec::new();
        let mut pace = Pace::default();
        let ended = look_up(self, self, &mut pace, search, |_, events| {
            found.extend(events);
            ControlFlow::<()>::Continue(())
        });
        (ended.await.map(drop), found)
    }

    fn calls(&self) -> Vec<Timestamp> {
        self.calls.lock().unwrap().clone()
    }
}

impl Clock for Account {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

impl Timer for Account {
    async fn wait(&self, time: Duration) {
        self.waits.lock().unwrap().push(time);
        *self.now.lock().unwrap() += time;
    }
}

impl EventHistory for Account {
    async fn page(&self, request: &Request<'_>) -> Answer<Page> {
        self.calls.lock().unwrap().push(self.now());
        if let Some(error) = self.errors.lock().unwrap().pop() {
            return Err(error);
        }
        let mut fit: Vec<(usize, i64)> = self.events.iter().copied().enumerate().collect();
        fit.retain(|(_, second)| request.period.has(at(*second)));
        fit.sort_by_key(|(_, second)| std::cmp::Reverse(*second));
        let sent: usize = request.token.map_or(0, |token| token.parse().unwrap());
        let event =
            |(id, second): &(usize, i64)| FoundEvent { id: id.to_string(), time: at(*second), record: "{}".into() };
        let events: Vec<FoundEvent> = fit.iter().skip(sent).take(50).map(event).collect();
        let next = (sent + events.len() < fit.len()).then(|| (sent + events.len()).to_string());
        Ok(Page { events, next })
    }
}

fn search() -> Search {
    let period = Period { since: at(0), until: at(10_000) };
    Search::new(Attribute::EventSource("ecs.amazonaws.com".into()), period, SignedDuration::from_secs(4_000))
}

#[tokio::test]
async fn two_calls_are_never_closer_than_half_a_second() {
    let account = Account::new((0..400).map(|index| index * 20).collect());
    let (ended, found) = account.run(&mut search()).await;
    assert_eq!((ended, found.len()), (Ok(()), 400));
    let calls = account.calls();
    assert!(calls.len() >= 8, "{calls:?}");
    assert!(calls.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= INTERVAL), "{calls:?}");
}

#[tokio::test]
async fn a_throttled_call_is_repeated_after_longer_and_longer_waits() {
    let throttled = || error(ErrorKind::Retry, "ThrottlingException: Rate exceeded", Some(Reason::Throttled));
    let account = Account::new(vec![1, 2, 3]);
    account.fails(vec![throttled(), throttled(), throttled()]);
    let (ended, found) = account.run(&mut search()).await;
    assert_eq!((ended, found.len()), (Ok(()), 3));
    let waits = account.waits.lock().unwrap()[..4].to_vec();
    assert_eq!(waits, [0, 1000, 2000, 4000].map(Duration::from_millis));
}

#[tokio::test]
async fn a_search_ends_with_a_refusal_and_continues_later_without_a_second_copy_of_an_event() {
    let denied = error(ErrorKind::Refused, "AccessDeniedException: no", Some(Reason::AccessDenied));
    let account = Account::new((0..300).map(|index| index * 30).collect());
    let mut search = search();
    let first = search.clone().take(account.page(&search.next().unwrap()).await.unwrap()).unwrap();
    account.fails(vec![denied.clone()]);
    let (ended, found) = account.run(&mut search).await;
    assert_eq!((ended, found), (Err(denied), Vec::new()));
    let (ended, found) = account.run(&mut search).await;
    assert_eq!((ended, found.len()), (Ok(()), 300));
    assert!(first.iter().all(|event| found.contains(event)));
}

#[tokio::test]
async fn an_expired_token_costs_no_event() {
    let account = Account::new((0..300).map(|index| index * 3).collect());
    let mut search = search();
    let (mut found, mut pages) = (Vec::new(), 0);
    while let Some(request) = search.next() {
        if request.token.is_some() && pages % 2 == 1 {
            account.fails(vec![error(ErrorKind::Refused, "InvalidNextTokenException: expired", None)]);
        }
        let mut pace = Pace::default();
        let ended = look_up(&account, &account, &mut pace, &mut search, |_, events| {
            found.extend(events);
            ControlFlow::Break(())
        });
        _ = ended.await.unwrap();
        pages += 1;
        assert!(pages < 50, "the search does not end");
    }
    let mut ids: Vec<usize> = found.iter().map(|event| event.id.parse().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..300).collect::<Vec<_>>());
}
