//! The rows of the results of the queries, as records.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::trail::activity::Group;
use crate::domain::trail::{Attributes, Identity, Issuer, OnBehalfOf, Record, RequestParameters, SessionContext};
use crate::domain::trail::{Text, TlsDetails};

/// The names of the columns of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(HashMap<String, usize>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    #[error("the result has no column `{0}`")]
    Column(&'static str),
    #[error("the column `{0}` has the value `{1}`")]
    Value(&'static str, String),
}

/// A row of the result.
#[derive(Clone, Copy)]
struct Row<'r> {
    header: &'r Header,
    values: &'r [Option<String>],
}

/// A group of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow<'r> {
    pub record: Record<'r>,
    pub group: Group<'r>,
    /// Whether the calls come before the period.
    pub is_before: bool,
}

impl Header {
    /// Reads the first row of a result.
    pub fn new(row: &[Option<String>]) -> Self {
        let names = row.iter().enumerate();
        Self(names.filter_map(|(at, name)| Some((name.clone()?, at))).collect())
    }

    /// Reads a row of the query for groups.
    pub fn group<'r>(&'r self, values: &'r [Option<String>]) -> Result<GroupRow<'r>, ResultError> {
        let row = Row { header: self, values };
        let record = Record {
            source: row.text("source")?,
            name: row.text("name")?,
            read_only: row.text("read_only")?,
            address: row.text("address")?,
            vpc_endpoint: row.text("vpc_endpoint")?,
            agent: row.text("agent")?,
            from_console: row.text("from_console")?,
            error: row.text("error")?,
            tls: TlsDetails { version: row.text("tls")? },
            identity: row.identity(row.text("mfa")?)?,
            parameters: RequestParameters {
                cluster: row.text("cluster")?,
                service: row.text("service")?,
                family: row.text("family")?,
                ..RequestParameters::default()
            },
            ..Record::default()
        };
        let is_before = row.value("part")? == "before";
        let group = Group {
            calls: row.number(if is_before { "records" } else { "calls" })?,
            first: row.value("first_time")?,
            last: row.value("last_time")?,
            newest: row.value("newest")?,
        };
        Ok(GroupRow { record, group, is_before })
    }

    /// Reads a row of the query for single calls.
    pub fn call<'r>(&'r self, values: &'r [Option<String>]) -> Result<Record<'r>, ResultError> {
        let row = Row { header: self, values };
        // Parameters that are no object count as no parameters, as in a file.
        let parameters = serde_json::from_str(row.value("parameters")?).unwrap_or_default();
        Ok(Record {
            id: row.text("id")?,
            time: row.text("time")?,
            source: row.text("source")?,
            name: row.text("name")?,
            read_only: row.text("read_only")?,
            region: row.text("region")?,
            account: row.text("account")?,
            address: row.text("address")?,
            error: row.text("error")?,
            identity: row.identity(Text::default())?,
            parameters,
            ..Record::default()
        })
    }

    /// Reads a row of the query for the timeline: the start of a quarter of an hour, a record with what decides whether
    /// a call is a write, and the number of calls.
    pub fn quarter<'r>(&'r self, values: &'r [Option<String>]) -> Result<(&'r str, Record<'r>, u64), ResultError> {
        let row = Row { header: self, values };
        let record = Record { name: row.text("name")?, read_only: row.text("read_only")?, ..Record::default() };
        Ok((row.value("quarter")?, record, row.number("calls")?))
    }

    /// Reads the row of the query for the totals: the numbers of all records, of unreadable records, of records that
    /// match, and of different records that match.
    pub fn accounts(&self, values: &[Option<String>]) -> Result<[u64; 4], ResultError> {
        let row = Row { header: self, values };
        Ok([row.number("records")?, row.number("unreadable")?, row.number("matching")?, row.number("kept")?])
    }
}

impl<'r> Row<'r> {
    /// Returns the value of a column. SQL's NULL is the empty text.
    fn value(self, column: &'static str) -> Result<&'r str, ResultError> {
        let at = self.header.0.get(column).ok_or(ResultError::Column(column))?;
        let value = self.values.get(*at).ok_or(ResultError::Column(column))?;
        Ok(value.as_deref().unwrap_or_default())
    }

    fn text(self, column: &'static str) -> Result<Text<'r>, ResultError> {
        self.value(column).map(|value| Text(Cow::Borrowed(value)))
    }

    fn number(self, column: &'static str) -> Result<u64, ResultError> {
        let value = self.value(column)?;
        let shown = || crate::domain::text::plain::plain(value, 64);
        value.parse().map_err(|_| ResultError::Value(column, shown()))
    }

    fn identity(self, mfa: Text<'r>) -> Result<Identity<'r>, ResultError> {
        Ok(Identity {
            kind: self.text("identity_type")?,
            arn: self.text("arn")?,
            account: self.text("identity_account")?,
            user_name: self.text("user_name")?,
            principal: self.text("principal")?,
            invoked_by: self.text("invoked_by")?,
            on_behalf_of: OnBehalfOf { user: self.text("on_behalf_of")?, ..OnBehalfOf::default() },
            session: SessionContext {
                issuer: Issuer { user_name: self.text("issuer")?, ..Issuer::default() },
                source_identity: self.text("source_identity")?,
                attributes: Attributes { mfa },
            },
            ..Identity::default()
        })
    }
}
