//! Reads CloudTrail's event history for a verb, with an estimate, a progress bar, and a file with which an interrupted
//! search can continue.

mod resume_file;

use std::ops::ControlFlow;
use std::path::Path;

use jiff::SignedDuration;

use super::context::Context;
use super::failure::Failure;
use super::progress::Progress;
use crate::aws::Aws;
use crate::domain::event::Home;
use crate::domain::lookup::{Attribute, FoundEvent, INTERVAL, Pace, Period, Search};
use crate::domain::text::count;
use crate::ports::SystemClock;
use crate::workflow::look_up;
use resume_file::ResumeFile;

/// What to search for.
pub(super) struct Lookup<'l> {
    /// The attributes of the events. Logweir runs one search for each attribute.
    pub(super) attributes: Vec<Attribute>,
    pub(super) period: Period,
    /// The length of the period of one request. Short slices are for frequent events.
    pub(super) slice: SignedDuration,
    /// The file with which an interrupted search can continue.
    pub(super) resume: Option<&'l Path>,
}

/// What a search of the event history has read.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookedUp {
    /// The period that was searched. A file of an interrupted search determines the period.
    pub(super) period: Period,
    /// The events that CloudTrail returned more than once.
    pub(super) duplicates: u64,
}

impl Lookup<'_> {
    /// Runs the searches to their end, and hands each event to `take` once.
    pub(super) async fn run(
        self,
        context: &Context,
        aws: &Aws,
        home: &Home,
        mut take: impl FnMut(FoundEvent),
    ) -> Result<LookedUp, Failure> {
        let mut file = self.resume.map(|path| ResumeFile::open(path, home, self.period)).transpose()?;
        let period = file.as_ref().map_or(self.period, ResumeFile::period);
        let mut searches: Vec<Search> =
            self.attributes.into_iter().map(|attribute| Search::new(attribute, period, self.slice)).collect();
        if let Some(file) = &mut file {
            file.replay(&mut searches, &mut take)?;
        }
        announce(context, period, &searches);
        let bar = Progress::of_search(period.length().as_secs().unsigned_abs() * searches.len() as u64);
        let (history, mut pace) = (aws.event_history(), Pace::default());
        for index in 0..searches.len() {
            let read_before: u64 = searches[..index].iter().map(seconds_read).sum();
            let found_before: u64 = searches[..index].iter().map(|search| search.progress().events).sum();
            let search = &mut searches[index];
            let ended = look_up(&history, &SystemClock, &mut pace, search, |search, events| {
                let found = found_before + search.progress().events;
                bar.searched(read_before + seconds_read(search), count(found, "event"));
                if let Some(file) = &mut file
                    && let Err(failure) = file.append(search, &events)
                {
                    return ControlFlow::Break(failure);
                }
                events.into_iter().for_each(&mut take);
                ControlFlow::Continue(())
            });
            match ended.await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(failure)) => return Err(failure),
                Err(error) => return Err(interrupted(error.into(), self.resume)),
            }
        }
        Ok(LookedUp { period, duplicates: searches.iter().map(|search| search.progress().duplicates).sum() })
    }
}

/// Says what is searched and how long the search takes at least. The number of events is not known before.
fn announce(context: &Context, period: Period, searches: &[Search]) {
    let calls: u64 = searches.iter().map(Search::fewest_calls).sum();
    let seconds = calls.saturating_sub(1) * INTERVAL.as_millis() as u64 / 1000;
    let Period { since, until } = period;
    context.printer.note(&format!(
        "CloudTrail's event history from {since:.0} until {until:.0}: at least {} of LookupEvents, two a second, so at \
         least {}; each call returns at most 50 events",
        count(calls, "call"),
        count(seconds, "second")
    ));
}

fn seconds_read(search: &Search) -> u64 {
    search.progress().read.as_secs().unsigned_abs()
}

/// Adds the next step to the error of a search.
fn interrupted(failure: Failure, resume: Option<&Path>) -> Failure {
    match resume {
        _ if failure.denied.is_some() => failure.help("allow cloudtrail:LookupEvents, or read the files of a trail"),
        Some(path) => failure.help(format!("run the command again to continue the search of {}", path.display())),
        None => failure,
    }
}
