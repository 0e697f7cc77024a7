//! Where the files of a trail are in Amazon S3 (source: CloudTrail User Guide, "Finding your CloudTrail log files"):
//! `s3://BUCKET/[PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::digest::{LogName, file_name, is_digest};
use crate::domain::ecs::arn::is_account;

const LOGS: &str = "AWSLogs/";

/// The largest number of days that one listing covers. CloudTrail has existed since 2013.
const MOST_DAYS: usize = 20 * 366;

/// The folder of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    /// The key of the folder `AWSLogs/`, with the prefix of the trail.
    pub logs: String,
    /// The ID of the organization, such as `o-exampleorgid`. `None` if the location does not name it.
    pub organization: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    #[error("`{0}` is not the name of a bucket")]
    Bucket(String),
    #[error("`{0}` is not a folder of CloudTrail: expected s3://BUCKET/[PREFIX/]AWSLogs/[ORGANIZATION/][ACCOUNT/]")]
    Folder(String),
}

/// The kind of files in a folder of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    Logs,
    Digests,
}

impl Folder {
    pub fn name(self) -> &'static str {
        match self {
            Self::Logs => "CloudTrail",
            Self::Digests => "CloudTrail-Digest",
        }
    }

    /// Returns whether a key in a folder of this kind is the key of a file of this kind.
    pub fn has(self, key: &str) -> bool {
        let name = file_name(key);
        match self {
            Self::Logs => LogName::parse(name).is_some(),
            Self::Digests => is_digest(name),
        }
    }
}

impl Location {
    /// Reads a location. Returns an error if the text has no valid bucket, or if the text after `AWSLogs/` is not in
    /// CloudTrail's layout. A text without `AWSLogs/` names the prefix of the trail.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let shown = || crate::domain::text::plain::plain(text, 200);
        let rest = text.strip_prefix("s3://").ok_or_else(|| LocationError::Folder(shown()))?;
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(LocationError::Bucket(crate::domain::text::plain::plain(bucket, 80)));
        }
        if path.len() > 1024 || path.chars().any(|c| c.is_control() || c == '\\') || path.contains("//") {
            return Err(LocationError::Folder(shown()));
        }
        let path = if path.is_empty() || path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        // A prefix may contain a folder of this name too, so the last one counts.
        let begins = |at: &usize| *at == 0 || path.as_bytes()[at - 1] == b'/';
        let Some(at) = path.rmatch_indices(LOGS).map(|(at, _)| at).find(begins) else {
            return Ok(Self::of(bucket, format!("{path}{LOGS}")));
        };
        let end = at + LOGS.len();
        let mut location = Self::of(bucket, path[..end].to_owned());
        let mut parts = path[end..].split('/').filter(|part| !part.is_empty()).peekable();
        location.organization = parts.next_if(|part| is_organization(part)).map(String::from);
        location.account = parts.next_if(|part| is_account(part)).map(String::from);
        if parts.next_if(|part| *part == Folder::Logs.name()).is_some() {
            location.region = parts.next_if(|part| is_region(part)).map(String::from);
        }
        let is_complete = parts.next().is_none();
        if is_complete { Ok(location) } else { Err(LocationError::Folder(shown())) }
    }

    fn of(bucket: &str, logs: String) -> Self {
        Self { bucket: bucket.to_owned(), logs, organization: None, account: None, region: None }
    }

    /// Returns the key of the folder that contains the folders of the accounts.
    pub fn accounts_folder(&self) -> String {
        match &self.organization {
            Some(organization) => format!("{}{organization}/", self.logs),
            None => self.logs.clone(),
        }
    }
}

/// Returns the ends of the keys of the folders of days that may hold a record of the period, such as `2026/12/01/`. A
/// record may be in the folder of the next day, and the day before the period shows what is new.
pub fn days(since: Timestamp, until: Timestamp) -> Vec<String> {
    let day = |time: Timestamp, days: i64| {
        let date = time.to_zoned(TimeZone::UTC).date();
        date.checked_add(Span::new().days(days)).unwrap_or(date)
    };
    let (first, last) = (day(since, -1), day(until, 1));
    let next = |date: &Date| date.tomorrow().ok().filter(|date| *date <= last);
    let all = core::iter::successors(Some(first).filter(|first| *first <= last), next);
    all.take(MOST_DAYS).map(|date| date.strftime("%Y/%m/%d/").to_string()).collect()
}

/// Returns the last part of the key of a folder.
pub fn folder_name(key: &str) -> &str {
    file_name(key.trim_end_matches('/'))
}

/// Returns whether the text is the ID of an organization (source: the botocore model of Organizations, OrganizationId).
pub fn is_organization(text: &str) -> bool {
    let id = text.strip_prefix("o-").unwrap_or_default();
    (10..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

pub fn is_region(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.contains('-') && text.len() <= 32 && text.bytes().all(is_fit)
}

/// Returns whether the text is a valid name of a bucket (source: S3 User Guide, "General purpose bucket naming rules").
/// The name becomes a part of a URL.
pub fn is_bucket(name: &str) -> bool {
    let is_end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_fit = |byte: u8| is_end(byte) || byte == b'-' || byte == b'.';
    let bytes = name.as_bytes();
    let has_ends = bytes.first().is_some_and(|byte| is_end(*byte)) && bytes.last().is_some_and(|byte| is_end(*byte));
    (3..=63).contains(&bytes.len()) && has_ends && bytes.iter().all(|byte| is_fit(*byte)) && !name.contains("..")
}
