//! Runs the queries of the activity report in a query engine, and counts their results.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::tried::{FIRST_PAUSE, LONGEST_PAUSE, tried};
use crate::domain::text::hex;
use crate::domain::trail::activity::Collector;
use crate::domain::trail::sql::{Header, Query, ResultError, Scope};
use crate::ports::{PortError, QueryEngine, QueryState, RowPage, Timer};

/// The longest time to wait for a query. Athena ends a query after 30 minutes, unless the account has a higher quota
/// (source: Athena service quotas, DML query timeout).
const LONGEST_QUERY: SignedDuration = SignedDuration::from_hours(1);

/// What the queries cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub queries: u64,
    /// The number of bytes that the queries read.
    pub scanned: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueriesError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("the query {id} failed: {why}")]
    Failed { id: String, why: String },
    #[error("the query {0} did not end within an hour")]
    Endless(String),
    #[error("the result of the query {id} cannot be read: {error}")]
    Unreadable { id: String, error: ResultError },
    #[error("the result of the query {0} has a group without a time")]
    Untimed(String),
}

/// Runs all queries at the same time, and counts their results.
pub async fn count(
    engine: &impl QueryEngine,
    timer: &impl Timer,
    scope: &Scope<'_>,
    collector: &mut Collector,
) -> Result<Cost, QueriesError> {
    let begin = timer.now();
    let mut started = Vec::new();
    for query in Query::REPORT {
        let sql = scope.sql(query);
        let token = token(&sql, begin);
        started.push((query, tried(timer, async || engine.start(&sql, &token).await).await?));
    }
    let mut cost = Cost::default();
    for (query, id) in started {
        cost.scanned += finished(engine, timer, &id, begin).await?;
        cost.queries += 1;
        read(engine, timer, &id, |header, row| take(query, scope, collector, header, row)).await?;
    }
    Ok(cost)
}

/// Returns the token of a query in this run. With the same token, the engine starts no second query.
fn token(sql: &str, begin: Timestamp) -> String {
    hex(&Sha256::digest(format!("{begin} {sql}")))
}

/// Waits for the end of a query. Returns the number of bytes that it read.
async fn finished(
    engine: &impl QueryEngine,
    timer: &impl Timer,
    id: &str,
    begin: Timestamp,
) -> Result<u64, QueriesError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match tried(timer, async || engine.state(id).await).await? {
            QueryState::Succeeded { scanned } => return Ok(scanned),
            QueryState::Failed(why) => return Err(QueriesError::Failed { id: id.to_owned(), why }),
            QueryState::Running if timer.now().duration_since(begin) > LONGEST_QUERY => {
                return Err(QueriesError::Endless(id.to_owned()));
            }
            QueryState::Running => {}
        }
        timer.wait(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads the result of a query page by page.
async fn read(
    engine: &impl QueryEngine,
    timer: &impl Timer,
    id: &str,
    mut each: impl FnMut(&Header, &[Option<String>]) -> Result<bool, ResultError>,
) -> Result<(), QueriesError> {
    let (mut header, mut token) = (None, None);
    loop {
        let RowPage { rows, next } = tried(timer, async || engine.rows(id, token.as_deref()).await).await?;
        for row in &rows {
            let Some(header) = &header else {
                header = Some(Header::new(row));
                continue;
            };
            match each(header, row) {
                Ok(true) => {}
                Ok(false) => return Err(QueriesError::Untimed(id.to_owned())),
                Err(error) => return Err(QueriesError::Unreadable { id: id.to_owned(), error }),
            }
        }
        token = next;
        if token.is_none() {
            return Ok(());
        }
    }
}

/// Counts a row. Returns false if the row has no time.
fn take(
    query: Query,
    scope: &Scope<'_>,
    collector: &mut Collector,
    header: &Header,
    row: &[Option<String>],
) -> Result<bool, ResultError> {
    match query {
        Query::Records => {
            collector.take_accounts(header.accounts(row)?);
            Ok(true)
        }
        Query::Groups => {
            let group = header.group(row)?;
            Ok(match group.is_before {
                true => collector.take_group_before(&group.record, group.group),
                false => collector.take_group(&group.record, group.group),
            })
        }
        Query::Timeline => {
            let (quarter, record, calls) = header.quarter(row)?;
            Ok(collector.take_quarter(quarter, &record, calls))
        }
        Query::Calls => Ok(collector.take_call(&header.call(row)?, scope.question)),
        // The report has these numbers from the groups.
        Query::Addresses | Query::Identities | Query::Actions | Query::Errors | Query::Agents | Query::Days => Ok(true),
    }
}
