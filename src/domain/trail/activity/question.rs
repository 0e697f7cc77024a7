//! Which records the report is about.

use jiff::Timestamp;
use wildmatch::WildMatch;

use super::Filters;
use crate::domain::trail::{Person, Record};

/// The question of a report: the filters, in the form in which they are compared with records.
#[derive(Clone, Debug)]
pub struct Question {
    pub filters: Filters,
    pub since: Option<Timestamp>,
    /// The exclusive end.
    pub until: Option<Timestamp>,
    events: Vec<WildMatch>,
}

/// When a record that passes the filters was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    In,
    Before,
    After,
}

impl Question {
    /// The filter `events` may contain the placeholders `*` and `?`.
    pub fn new(filters: Filters, since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        let events = filters.events.iter().map(|pattern| WildMatch::new(pattern)).collect();
        Self { filters, since, until, events }
    }

    /// Compares the record with the filters that need no principal.
    pub(super) fn accepts(&self, record: &Record<'_>) -> bool {
        let Filters { sources, accounts, regions, errors_only, .. } = &self.filters;
        let is_one_of = |all: &[String], text: &str| all.is_empty() || all.iter().any(|one| one == text);
        is_one_of(sources, &record.source)
            && is_one_of(regions, &record.region)
            && is_one_of(accounts, account(record))
            && (!errors_only || !record.error.is_empty())
            && (self.events.is_empty() || self.events.iter().any(|pattern| pattern.matches(&record.name)))
    }

    /// Whether the name or the ARN of the principal contains one of the texts that the caller gave.
    pub(super) fn accepts_principal(&self, person: &Person, record: &Record<'_>) -> bool {
        let principals = &self.filters.principals;
        let has = |part: &String| person.name.contains(part) || record.identity.arn.contains(part.as_str());
        principals.is_empty() || principals.iter().any(has)
    }

    pub(super) fn when(&self, seconds: i64) -> When {
        if self.since.is_some_and(|since| seconds < since.as_second()) {
            When::Before
        } else if self.until.is_some_and(|until| seconds >= until.as_second()) {
            When::After
        } else {
            When::In
        }
    }
}

/// Returns the account whose trail has the record.
pub(super) fn account<'a>(record: &'a Record<'_>) -> &'a str {
    record.account.some().or(record.identity.account.some()).unwrap_or_default()
}
