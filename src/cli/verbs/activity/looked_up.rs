//! Reads CloudTrail's event history with LookupEvents.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{ActivityArgs, Counted, Source};
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::lookup::Lookup;
use crate::domain::lookup::{Attribute, HISTORY, Period};
use crate::domain::text::count;
use crate::domain::trail::activity::Question;
use crate::sources::trail::{FilesRead, Limits, Sink as _, read_one};

/// The length of the period of one request. The calls to a service are frequent.
const SLICE: SignedDuration = SignedDuration::from_hours(24);

/// The part of the event history that the report needs.
pub(super) struct History<'q> {
    attributes: Vec<Attribute>,
    period: Period,
    resume: Option<&'q Path>,
    /// The end of the event history, if the period begins before it.
    oldest: Option<Timestamp>,
}

impl<'q> History<'q> {
    /// Checks the arguments before anything is read.
    pub(super) fn new(arguments: &'q ActivityArgs, question: &Question) -> Result<Self, Failure> {
        let sources = &question.filters.sources;
        if sources.is_empty() {
            return Err(Failure::usage(
                "--lookup needs the names of the services, because CloudTrail searches for one of them",
            )
            .help("name each service with --source, or read the files of a trail"));
        }
        if arguments.verify.is_wanted() {
            return Err(Failure::usage("--verify checks files, and --lookup reads none").help("leave one of them out"));
        }
        let now = Timestamp::now();
        let until = question.until.unwrap_or(now).min(now);
        let oldest = now.checked_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let since = question.since.unwrap_or(oldest);
        if since >= until || until <= oldest {
            return Err(Failure::usage(format!(
                "CloudTrail's event history has no events in the period; it begins at {oldest:.0}"
            ))
            .help("name a later --until, or read the files of a trail"));
        }
        let attributes = sources.iter().map(|source| Attribute::EventSource(source.clone())).collect();
        let period = Period { since: since.max(oldest), until };
        let oldest = (since < oldest).then_some(oldest);
        Ok(Self { attributes, period, resume: arguments.resume.as_deref(), oldest })
    }

    /// Counts the events of the history. What was read before an error counts, and the error is in the result.
    pub(super) fn count(self, context: &Context, source: &Source<'_>) -> Result<Counted, Failure> {
        if let Some(oldest) = self.oldest {
            context.printer.warning(
                &format!("CloudTrail's event history has no events before {oldest:.0}"),
                "the report begins there; the files of a trail may have earlier events",
            );
        }
        wait(async {
            let aws = context.aws(Intent::Look).await?;
            let (home, _) = home(&aws).await?;
            let (mut sink, mut events) = (source.sink(), 0);
            let Self { attributes, period, resume, .. } = self;
            let lookup = Lookup { attributes, period, slice: SLICE, resume };
            let ended = lookup.run(context, &aws, &home, |event| {
                events += 1;
                if let Ok(0) | Err(_) = read_one(event.record.as_bytes(), Limits::default(), &mut sink) {
                    sink.unreadable();
                }
            });
            let ended = ended.await;
            let mut counted = Counted::of(sink.collector(), FilesRead::default(), None);
            match ended {
                Ok(found) => counted.notes.push(format!(
                    "CloudTrail's event history of {} in {} has {} from {:.0} to {:.0}.",
                    home.account,
                    home.region,
                    count(events, "event"),
                    found.period.since,
                    found.period.until
                )),
                Err(failure) if events == 0 => return Err(failure),
                Err(failure) => {
                    counted.notes.push("The search ended before its end, so the period is incomplete.".to_owned());
                    counted.ended = Some(failure);
                }
            }
            Ok(counted)
        })
    }
}
