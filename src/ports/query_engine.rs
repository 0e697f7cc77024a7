//! The port to a service that runs SQL queries on the records of a trail.

use super::Answer;

/// A service that runs a query on its own and stores the result.
pub trait QueryEngine: Sync {
    /// Starts a query, and returns its ID. The service starts only one query for a token, so the caller may repeat the
    /// call. The token has 32 to 128 characters.
    fn start(&self, sql: &str, token: &str) -> impl Future<Output = Answer<String>> + Send;

    fn state(&self, id: &str) -> impl Future<Output = Answer<QueryState>> + Send;

    /// Returns a page of the result of a query that has succeeded. The first page has no token.
    fn rows(&self, id: &str, token: Option<&str>) -> impl Future<Output = Answer<RowPage>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryState {
    Running,
    Succeeded {
        /// The number of bytes that the query read from Amazon S3. AWS charges for these bytes.
        scanned: u64,
    },
    /// The query failed or was cancelled, for this reason.
    Failed(String),
}

/// A page of a result. The first row of the first page has the names of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowPage {
    /// The values of each row. `None` is SQL's NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// The token of the next page. `None` for the last page.
    pub next: Option<String>,
}
