//! The report as SQL, for Amazon Athena. The queries group the records by what the report shows, and
//! [`super::activity::Collector`] counts the groups. So names and classes of principals, agents and addresses have one
//! definition, and Athena reads each file only four times.

mod literal;
mod result;
mod table;

pub use literal::{Name, NameError};
pub use result::{GroupRow, Header, ResultError};
pub use table::{Layout, table};

use jiff::{Span, Timestamp, tz::TimeZone};

use super::activity::{Filters, Question};
use literal::{like, one_of, text};

/// A record with an ID and a time. CloudTrail writes every time in this form.
const READABLE: &str = "(coalesce(eventid, '') <> '' AND coalesce(eventtime, '') LIKE '____-__-__T__:__:__Z')";

/// A query. Each has a file in this folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    Records,
    Groups,
    Timeline,
    Calls,
    Addresses,
    Identities,
    Actions,
    Errors,
    Agents,
    Days,
}

impl Query {
    /// The queries from which Logweir makes the report.
    pub const REPORT: [Self; 4] = [Self::Records, Self::Groups, Self::Timeline, Self::Calls];

    /// The queries for people, one for each panel that shows counts. Logweir only prints them.
    pub const PANELS: [Self; 6] =
        [Self::Addresses, Self::Identities, Self::Actions, Self::Errors, Self::Agents, Self::Days];

    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Groups => "groups",
            Self::Timeline => "timeline",
            Self::Calls => "calls",
            Self::Addresses => "addresses",
            Self::Identities => "identities",
            Self::Actions => "actions",
            Self::Errors => "errors",
            Self::Agents => "agents",
            Self::Days => "days",
        }
    }

    /// Returns what the query counts, which is the first line of its file.
    pub fn says(self) -> &'static str {
        self.template().lines().next().unwrap_or_default().trim_start_matches("-- ")
    }

    fn template(self) -> &'static str {
        match self {
            Self::Records => include_str!("records.sql"),
            Self::Groups => include_str!("groups.sql"),
            Self::Timeline => include_str!("timeline.sql"),
            Self::Calls => include_str!("calls.sql"),
            Self::Addresses => include_str!("addresses.sql"),
            Self::Identities => include_str!("identities.sql"),
            Self::Actions => include_str!("actions.sql"),
            Self::Errors => include_str!("errors.sql"),
            Self::Agents => include_str!("agents.sql"),
            Self::Days => include_str!("days.sql"),
        }
    }
}

/// The records that the queries read.
#[derive(Clone, Debug)]
pub struct Scope<'q> {
    pub table: &'q Name,
    pub question: &'q Question,
    pub since: Timestamp,
    /// The exclusive end.
    pub until: Timestamp,
}

impl Scope<'_> {
    /// Returns the text of a query, without a semicolon at its end.
    pub fn sql(&self, query: Query) -> String {
        let time = |time: Timestamp| text(&time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let lines = query.template().lines().filter(|line| !line.starts_with("--"));
        // The filters come last, because their values may contain the text of a placeholder.
        lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace("{table}", &self.table.quoted())
            .replace("{partitions}", &self.partitions())
            .replace("{readable}", READABLE)
            .replace("{since}", &time(self.since))
            .replace("{until}", &time(self.until))
            .replace("{filters}", &filters(&self.question.filters))
    }

    /// Returns the days whose folders may hold a record of the period. CloudTrail may deliver a record after midnight,
    /// and the day before the period shows what is new.
    fn partitions(&self) -> String {
        let day = |time: Timestamp, days: i64| {
            let day = time.to_zoned(TimeZone::UTC).checked_add(Span::new().days(days));
            text(&day.unwrap_or_else(|_| time.to_zoned(TimeZone::UTC)).strftime("%Y/%m/%d").to_string())
        };
        format!("\"timestamp\" BETWEEN {} AND {}", day(self.since, -1), day(self.until, 1))
    }
}

fn filters(filters: &Filters) -> String {
    let Filters { sources, accounts, regions, events, errors_only, principals: _ } = filters;
    let mut all = Vec::new();
    all.extend(one_of("eventsource", sources));
    all.extend(one_of("coalesce(nullif(recipientaccountid, ''), useridentity.accountid)", accounts));
    all.extend(one_of("awsregion", regions));
    if !events.is_empty() {
        let patterns: Vec<String> = events.iter().map(|event| like("eventname", event)).collect();
        all.push(format!("({})", patterns.join(" OR ")));
    }
    if *errors_only {
        all.push("coalesce(errorcode, '') <> ''".to_owned());
    }
    if all.is_empty() { "true".to_owned() } else { format!("({})", all.join(" AND ")) }
}
