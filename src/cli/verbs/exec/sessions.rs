//! `logweir exec sessions`: who opened which session of ECS Exec, and whether each session has a transcript.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use wildmatch::WildMatch;

use super::trail;
use crate::aws::Aws;
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::lookup::Lookup;
use crate::cli::moment::{since, up_to};
use crate::cli::whole_file;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::event::Home;
use crate::domain::exec::{self, Events};
use crate::domain::lookup::{Attribute, HISTORY, Period};
use crate::domain::text::plain::without_number;
use crate::ports::SystemClock;
use crate::render::exec_sessions::{Coverage, EventCoverage, SessionsOutput};
use crate::render::formats::FormatName;
use crate::workflow::{SessionAccount, SessionOrder, judge_sessions};

pub(super) const EXAMPLES: &str = examples![
    "logweir exec sessions                     the sessions of the last seven days",
    "logweir exec sessions --since 2h --cluster 'prod*'    only some clusters",
    "logweir exec sessions --trail trail/      the events of downloaded files of a trail",
    "logweir exec sessions --since 30d --resume sessions.jsonl    a search that can continue",
    "logweir exec sessions --output html=sessions.html",
];

/// The length of the period of one request of LookupEvents. The events of sessions are rare, so a longer period needs fewer
/// calls.
const SLICE: SignedDuration = SignedDuration::from_hours(31 * 24);

#[derive(Args)]
pub(in crate::cli) struct ExecSessionsArgs {
    /// Only sessions that started since this moment: a time, a day, or a span (`2h`, `7d`)
    #[arg(long, value_parser = since, default_value = "7d", value_name = "MOMENT")]
    since: Timestamp,
    /// Only sessions that started until this moment: a time, a day, or a span (`2h`, `7d`) [default: now]
    #[arg(long, value_parser = up_to, value_name = "MOMENT")]
    until: Option<Timestamp>,
    /// Only sessions in this cluster: a name, an ARN or a pattern such as `prod*`; repeatable
    #[arg(long, value_name = "CLUSTER")]
    cluster: Vec<String>,
    /// Read the events from the files of a trail instead of CloudTrail's event history: a file or a folder; repeatable
    #[arg(long, value_name = "PATH", conflicts_with = "resume")]
    trail: Vec<PathBuf>,
    /// Keep an unfinished search of CloudTrail's event history in this file, and continue it from there. The file
    /// contains the records that were found
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// The minutes after the end of a session in which its transcript may still be missing
    #[arg(long, default_value_t = 15, value_name = "MINUTES", value_parser = clap::value_parser!(u16).range(0..=1440))]
    grace: u16,
    /// Also show the arguments of each command, which may contain secrets
    #[arg(long)]
    commands: bool,
    /// Also write the results to a file; repeatable. FORMAT, also of --format, is text, json, csv or html
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file)]
    output: Vec<OutputFile>,
}

/// A file for the results in one format.
#[derive(Clone)]
struct OutputFile {
    format: Format,
    path: PathBuf,
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Text,
    Json,
    Csv,
    Html,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("use the form FORMAT=FILE, such as html=sessions.html".to_owned());
    };
    let format = match format {
        "text" => Format::Text,
        "json" => Format::Json,
        "csv" => Format::Csv,
        "html" => Format::Html,
        _ => return Err(format!("no format is called `{format}`; the formats are text, json, csv and html")),
    };
    Ok(OutputFile { format, path: path.into() })
}

impl ExecSessionsArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let now = Timestamp::now();
        let until = self.until.unwrap_or(now).min(now);
        if self.since >= until {
            return Err(Failure::usage("the period is empty").help("give an earlier --since or a later --until"));
        }
        wait(async { self.show(context, Period { since: self.since, until }, now).await })
    }

    async fn show(&self, context: &Context, period: Period, now: Timestamp) -> VerbResult {
        let aws = context.aws(Intent::Look).await?;
        let (home, _) = home(&aws).await?;
        let (mut events, coverage, period) = match self.trail.as_slice() {
            [] => self.looked_up(context, &aws, &home, period, now).await?,
            paths => {
                let (events, coverage) = trail::read(paths, context)?;
                (events, coverage, period)
            }
        };
        events.fill_in(&home.account, &home.region);
        let pattern = |text: &String| match text.parse::<ClusterArn>() {
            Ok(arn) => WildMatch::new(&arn.name),
            Err(_) => WildMatch::new(text),
        };
        let patterns: Vec<WildMatch> = self.cluster.iter().map(pattern).collect();
        let wants = |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name));
        let sources = aws.session_sources();
        let account = SessionAccount {
            ecs: &aws.ecs,
            log_groups: &aws.log_groups,
            sources: &sources,
            timer: &SystemClock,
            home: exec::Home { account: home.account.clone(), region: home.region.clone() },
        };
        let order = SessionOrder {
            events: &events,
            period,
            now,
            grace: SignedDuration::from_mins(self.grace.into()),
            with_commands: self.commands,
            wants_cluster: &wants,
        };
        let judged = judge_sessions(&account, &order).await;
        let coverage = Coverage {
            account: home.account,
            region: home.region,
            since: period.since,
            until: period.until,
            now,
            events: coverage,
            sessions_listed: judged.listed,
            grace_minutes: self.grace.into(),
            unread: judged.unread,
        };
        let output = SessionsOutput { sessions: judged.sessions, coverage };
        match context.global.format {
            FormatName::Csv => context.printer.document(&output.csv()),
            FormatName::Html => context.printer.document(&output.html()),
            _ => context.printer.show(&output),
        }
        self.say_unread(context, &output.coverage);
        Ok(exit(&output).max(self.write(context, &output)))
    }

    /// Reads the events from CloudTrail's event history. Returns them with the period of the sessions, which an earlier
    /// run determines if a search continues.
    async fn looked_up(
        &self,
        context: &Context,
        aws: &Aws,
        home: &Home,
        period: Period,
        now: Timestamp,
    ) -> Result<(Events, EventCoverage, Period), Failure> {
        let oldest = now.checked_sub(HISTORY).unwrap_or(period.since);
        if period.since < oldest {
            context.printer.warning(
                &format!("CloudTrail's event history has no events before {oldest:.0}"),
                "sessions before this time are missing; the files of a trail may have them: --trail PATH",
            );
        }
        let mut events = Events::default();
        let lookup = Lookup {
            attributes: Events::LOOKED_UP.map(|name| Attribute::EventName(name.into())).to_vec(),
            // A change of a cluster after the period says that the present setting is a new one.
            period: Period { since: period.since.max(oldest), until: now },
            slice: SLICE,
            resume: self.resume.as_deref(),
        };
        let found = lookup.run(context, aws, home, |event| events.add(&event.record)).await?;
        let coverage = EventCoverage {
            source: "event-history",
            read: events.count(),
            duplicates: found.duplicates + events.duplicates,
            unreadable: events.unreadable,
            unreadable_files: 0,
        };
        let period = Period { since: found.period.since, until: period.until.min(found.period.until) };
        Ok((events, coverage, period))
    }

    fn say_unread(&self, context: &Context, coverage: &Coverage) {
        for why in &coverage.unread {
            let help = "allow the read, or the verdict stays unknown; docs/permissions.md lists the permissions";
            context.printer.warning(&format!("a source could not be read: {why}"), help);
        }
        if coverage.events.unreadable > 0 {
            let count = coverage.events.unreadable;
            let help = "sessions may be missing; read the files of a trail again from their source";
            context.printer.warning(&format!("{count} records of CloudTrail could not be read"), help);
        }
    }

    /// Writes the results to all files. Returns the exit code for files that could not be written.
    fn write(&self, context: &Context, output: &SessionsOutput) -> Exit {
        let mut exit = Exit::Fine;
        for OutputFile { format, path } in &self.output {
            let text = match format {
                Format::Text => output.text(),
                Format::Json => format!("{:#}\n", output.json()),
                Format::Csv => output.csv(),
                Format::Html => output.html(),
            };
            if let Err(error) = whole_file::put(path, &text) {
                let error = without_number(&error.to_string()).to_owned();
                context.printer.failure(&Failure::error(format!("cannot write {}: {error}", path.display())));
                exit = Exit::Error;
            }
        }
        exit
    }
}

/// Returns 1 for a session without a transcript, and 2 if a source could not be read.
fn exit(output: &SessionsOutput) -> Exit {
    match output {
        _ if output.is_partial() => Exit::Error,
        _ if output.has_findings() => Exit::Findings,
        _ => Exit::Fine,
    }
}
