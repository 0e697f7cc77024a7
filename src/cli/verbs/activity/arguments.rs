//! The arguments of `logweir activity`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::athena::AthenaArgs;
use super::files::{ReportFile, report_file};
use super::verify::VerifyArgs;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::moment::{since, up_to};
use crate::cli::output_files::account;
use crate::domain::trail::activity::{Filters, Question};

/// The service of the report if the caller names none.
const ECS: &str = "ecs.amazonaws.com";

#[derive(Args)]
pub(in crate::cli) struct ActivityArgs {
    /// Files with records of CloudTrail, folders with such files, `-` (standard input), or the bucket of a trail
    /// (s3://BUCKET/[PREFIX/]AWSLogs/)
    #[arg(value_name = "PATH", required_unless_present_any = ["engine", "lookup"])]
    pub(super) paths: Vec<String>,
    /// Read the calls of the last 90 days from CloudTrail's event history
    #[arg(long, conflicts_with_all = ["paths", "engine"])]
    pub(super) lookup: bool,
    /// Keep an unfinished search of CloudTrail's event history in this file, and continue it from there
    #[arg(long, value_name = "FILE", requires = "lookup", hide_short_help = true)]
    pub(super) resume: Option<PathBuf>,
    /// Only calls since this moment: a time, a day in UTC, or a span (`2h`, `7d`). Calls before it show what is new
    #[arg(long, value_parser = since)]
    since: Option<Timestamp>,
    /// Only calls before this moment; a day counts to its end
    #[arg(long, value_parser = up_to)]
    until: Option<Timestamp>,
    /// Only calls to this service, such as ecs or logs.amazonaws.com; repeatable; `all` for every service [default:
    /// ecs]
    #[arg(long, value_name = "SERVICE")]
    source: Vec<String>,
    /// Only calls in the trail of this account; repeatable
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Vec<String>,
    /// Only calls by principals with this text in their name or ARN
    #[arg(long, value_name = "TEXT")]
    principal: Vec<String>,
    /// Only calls of this API action, with `*` for any text
    #[arg(long, value_name = "ACTION")]
    event: Vec<String>,
    /// Only calls that failed
    #[arg(long)]
    errors: bool,
    /// The time zone of days and hours
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone)]
    pub(super) time_zone: (String, TimeZone),
    /// The number of rows of each list; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) top: usize,
    /// A database of addresses for their countries, in the MaxMind DB format: DB-IP, GeoLite2, IPinfo
    #[arg(long, value_name = "FILE")]
    pub(super) geoip: Option<PathBuf>,
    /// Also write the report as an HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write the report to a file; repeatable. FORMAT is html, json or text
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report_file)]
    output: Vec<ReportFile>,
    /// Also write a CSV file for each panel to this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) csv: Option<PathBuf>,
    /// Also write a line of JSON for each record to this file, with the names of the Elastic Common Schema
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) jsonl: Option<PathBuf>,
    /// Also write the records as documents for OpenSearch and Elasticsearch, with an index template and dashboards, to
    /// this new folder
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    pub(super) elk: Option<PathBuf>,
    /// AWS's file ip-ranges.json, instead of the ranges that Logweir contains
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) aws_ranges: Option<PathBuf>,
    /// Pay for the requests to a bucket whose owner does not pay
    #[arg(long, hide_short_help = true)]
    pub(super) requester_pays: bool,
    #[command(flatten)]
    pub(super) verify: VerifyArgs,
    #[command(flatten)]
    pub(super) athena: AthenaArgs,
}

fn time_zone(name: &str) -> Result<(String, TimeZone), String> {
    let zone = TimeZone::get(name).map_err(|_| "expected a name such as UTC or Europe/London".to_owned())?;
    Ok((zone.iana_name().unwrap_or(name).to_owned(), zone))
}

impl ActivityArgs {
    /// Returns the question of the report. A Region on the command line is a filter, except for the event history,
    /// which is that of a Region.
    pub(super) fn question(&self, context: &Context) -> Result<Question, Failure> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(Failure::usage(format!("the period ends at {until}, before its start at {since}"))
                .help("name an earlier --since or a later --until"));
        }
        let filters = Filters {
            sources: self.sources(),
            accounts: self.account.clone(),
            regions: context
                .global
                .region
                .clone()
                .filter(|_| context.given.region && !self.lookup)
                .into_iter()
                .collect(),
            principals: self.principal.clone(),
            events: self.event.clone(),
            errors_only: self.errors,
        };
        Ok(Question::new(filters, self.since, self.until))
    }

    /// Returns the files of the report. Fails if two of them have the same path.
    pub(super) fn files(&self) -> Result<Vec<ReportFile>, Failure> {
        let html = self.html.as_deref().map(ReportFile::html);
        let files: Vec<ReportFile> = html.into_iter().chain(self.output.iter().cloned()).collect();
        let mut paths = BTreeSet::new();
        match files.iter().find(|file| !paths.insert(file.path())) {
            Some(twice) => Err(Failure::usage(format!("two outputs would be written to {}", twice.path().display()))
                .help("name another file for each output")),
            None => Ok(files),
        }
    }

    /// Returns the names of the services, as records have them. Returns none for all services.
    fn sources(&self) -> Vec<String> {
        if self.source.iter().any(|source| source == "all") {
            return Vec::new();
        }
        if self.source.is_empty() {
            return vec![ECS.to_owned()];
        }
        let name = |source: &String| match source.contains('.') {
            true => source.to_ascii_lowercase(),
            false => format!("{}.amazonaws.com", source.to_ascii_lowercase()),
        };
        self.source.iter().map(name).collect()
    }
}
