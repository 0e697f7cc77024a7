//! Shows the progress of an audit: a bar on a terminal, and elsewhere a line every ten seconds.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::context::Context;
use crate::domain::text::count;
use crate::ports::{AuditPart, AuditProgress, AuditWatch};

/// The time between two updates of the bar.
const REDRAWN: Duration = Duration::from_millis(100);

/// The time between two lines.
const LINE: Duration = Duration::from_secs(10);

pub(super) struct AuditBar<'c> {
    context: &'c Context,
    bar: Option<ProgressBar>,
    shown: Instant,
}

impl<'c> AuditBar<'c> {
    pub(super) fn new(context: &'c Context) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(0).with_style(style));
        Self { context, bar, shown: Instant::now() }
    }
}

impl AuditWatch for AuditBar<'_> {
    fn progressed(&mut self, progress: &AuditProgress) {
        let interval = if self.bar.is_some() { REDRAWN } else { LINE };
        if self.shown.elapsed() < interval {
            return;
        }
        self.shown = Instant::now();
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.known);
                bar.set_position(progress.examined);
                bar.set_message(line(progress));
            }
            None => self.context.printer.note(&line(progress)),
        }
    }

    fn noted(&mut self, note: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.context.printer.note(note)),
            None => self.context.printer.note(note),
        }
    }
}

impl Drop for AuditBar<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(progress: &AuditProgress) -> String {
    let AuditProgress { part, known, examined, faults, calls, throttled, rate, left } = *progress;
    let of = match part {
        AuditPart::InUse => return format!("reading services and tasks: {}", count(calls, "call")),
        AuditPart::Running => "running revisions",
        AuditPart::Next => "families",
        AuditPart::Stale => "older revisions",
    };
    let left = if examined < known { format!(", at least {} s left", left.as_secs()) } else { String::new() };
    let throttled = if throttled > 0 { format!(" ({throttled} throttled)") } else { String::new() };
    format!(
        "{examined} of {known} {of}, {}, {}{throttled}, at most {rate:.0} a second{left}",
        count(faults, "fault"),
        count(calls, "call"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_families_faults_calls_the_rate_and_the_time_left() {
        let progress = AuditProgress {
            part: AuditPart::Next,
            known: 1_000,
            examined: 250,
            faults: 1,
            calls: 400,
            throttled: 3,
            rate: 20.0,
            left: Duration::from_secs(38),
        };
        assert_eq!(
            line(&progress),
            "250 of 1000 families, 1 fault, 400 calls (3 throttled), at most 20 a second, at least 38 s left"
        );
    }
}
