//! Running the queries of the activity report in a query engine.

use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::outcome::Reason;
use logweir::domain::trail::activity::{Collector, Filters, Question};
use logweir::domain::trail::sql::{Name, Scope};
use logweir::ports::{Answer, Clock, ErrorKind, PortError, QueryEngine, QueryState, RowPage, Timer};
use logweir::workflow::trail_queries::{Cost, QueriesError, count};

/// A clock that moves only while a caller waits.
#[derive(Default)]
struct Waits(Mutex<SignedDuration>);

impl Clock for Waits {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.0.lock().unwrap()
    }
}

impl Timer for Waits {
    async fn wait(&self, time: Duration) {
        *self.0.lock().unwrap() += SignedDuration::try_from(time).unwrap();
    }
}

/// An engine whose queries return a header without rows, after this number of reads of their state.
#[derive(Default)]
struct Engine {
    running: usize,
    /// The errors of the next calls.
    errors: Mutex<Vec<PortError>>,
    fails: bool,
    /// The tokens of the queries that were started.
    tokens: Mutex<Vec<String>>,
    reads: Mutex<usize>,
    header: Vec<&'static str>,
}

impl Engine {
    fn next_error(&self) -> Answer<()> {
        self.errors.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

impl QueryEngine for Engine {
    async fn start(&self, sql: &str, token: &str) -> Answer<String> {
        self.next_error()?;
        assert!(sql.starts_with("SELECT") && (32..=128).contains(&token.len()));
        self.tokens.lock().unwrap().push(token.to_owned());
        Ok(token[..4].to_owned())
    }

    async fn state(&self, _: &str) -> Answer<QueryState> {
        self.next_error()?;
        let mut reads = self.reads.lock().unwrap();
        *reads += 1;
        Ok(match self.fails {
            true => QueryState::Failed("TABLE_NOT_FOUND".into()),
            false if *reads <= self.running => QueryState::Running,
            false => QueryState::Succeeded { scanned: 10 },
        })
    }

    async fn rows(&self, _: &str, token: Option<&str>) -> Answer<RowPage> {
        self.next_error()?;
        let header = self.header.iter().map(|name| Some((*name).to_owned())).collect();
        Ok(match token {
            None => RowPage { rows: vec![header], next: Some("2".into()) },
            Some(_) => RowPage::default(),
        })
    }
}

fn throttled() -> PortError {
    let message = "TooManyRequestsException: slow down".to_owned();
    PortError { kind: ErrorKind::Retry, call: "GetQueryExecution", message, reason: Some(Reason::Throttled) }
}

async fn run(engine: &Engine, timer: &Waits) -> Result<Cost, QueriesError> {
    let question = Question::new(Filters::default(), None, None);
    let table = Name::new("audit", "cloudtrail_logs").unwrap();
    let since = "2026-12-01T00:00:00Z".parse().unwrap();
    let scope = Scope { table: &table, question: &question, since, until: since };
    count(engine, timer, &scope, &mut Collector::default()).await
}

#[tokio::test]
async fn all_queries_start_at_once_and_each_has_a_token_of_its_own() {
    let engine = Engine { running: 3, ..Engine::default() };
    assert_eq!(run(&engine, &Waits::default()).await, Ok(Cost { queries: 4, scanned: 40 }));
    let mut tokens = engine.tokens.into_inner().unwrap();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
}

#[tokio::test]
async fn a_throttled_call_is_made_again_after_a_pause() {
    let engine = Engine { errors: Mutex::new(vec![throttled(), throttled(), throttled()]), ..Engine::default() };
    let timer = Waits::default();
    assert!(run(&engine, &timer).await.is_ok());
    assert!(timer.now() > Timestamp::UNIX_EPOCH);
    let engine = Engine { errors: Mutex::new(vec![throttled(); 4]), ..Engine::default() };
    assert_eq!(run(&engine, &Waits::default()).await, Err(QueriesError::Port(throttled())));
}

#[tokio::test]
async fn a_refused_call_is_not_made_again() {
    let refused = PortError { kind: ErrorKind::Refused, ..throttled() };
    let engine = Engine { errors: Mutex::new(vec![refused.clone()]), ..Engine::default() };
    assert_eq!(run(&engine, &Waits::default()).await, Err(QueriesError::Port(refused)));
}

#[tokio::test]
async fn a_query_that_fails_ends_the_report_with_its_reason() {
    let engine = Engine { fails: true, ..Engine::default() };
    let error = run(&engine, &Waits::default()).await.unwrap_err().to_string();
    assert!(error.ends_with("failed: TABLE_NOT_FOUND"), "{error}");
}

#[tokio::test]
async fn a_query_that_does_not_end_is_an_error_after_an_hour() {
    let engine = Engine { running: usize::MAX, ..Engine::default() };
    let timer = Waits::default();
    assert!(matches!(run(&engine, &timer).await, Err(QueriesError::Endless(_))));
    assert!(timer.now() < Timestamp::UNIX_EPOCH + SignedDuration::from_mins(62));
    assert!(*engine.reads.lock().unwrap() < 1000, "the pauses grow");
}
