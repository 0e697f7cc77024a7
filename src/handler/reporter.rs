//! Writes the log lines and sends the notifications about a function's decisions.

use jiff::Timestamp;

use crate::domain::notice::Notice;
use crate::domain::report::Decision;
use crate::domain::report::gauges::Gauges;
use crate::ports::{Answer, ErrorKind, Notifier};
use crate::telemetry::{FailedNotification, counted, not_counted, not_notified, not_reconciled, reconciled, reported};
use crate::workflow::Reconciled;

/// A receiver of the results of an invocation. The receiver gets each result as soon as the result is final.
pub trait Sink {
    fn decision(&mut self, decision: &Decision);

    /// Receives the counts of unfinished work, or an error if Logweir could not count the work.
    fn gauges(&mut self, gauges: Answer<Gauges>, now: Timestamp);

    /// Receives a request for an observation digest.
    fn digest(&mut self);

    /// Receives the result of a request to reconcile.
    fn reconciled(&mut self, result: &Answer<Reconciled>, now: Timestamp);
}

impl<F: FnMut(&Decision)> Sink for F {
    fn decision(&mut self, decision: &Decision) {
        self(decision);
    }

    fn gauges(&mut self, _: Answer<Gauges>, _: Timestamp) {}

    fn digest(&mut self) {}

    fn reconciled(&mut self, _: &Answer<Reconciled>, _: Timestamp) {}
}

/// The receiver of results in a Lambda function. The reporter writes each log line at once, but keeps the notifications
/// until the function has handled the payload, because sending a notification takes time and may fail.
pub(super) struct Reporter<'t> {
    pub(super) function: &'t str,
    pub(super) write: &'t mut (dyn FnMut(&str) + Send),
    pub(super) notices: Vec<Notice>,
    pub(super) digest: bool,
}

impl Sink for Reporter<'_> {
    fn decision(&mut self, decision: &Decision) {
        (self.write)(&reported(&decision.report, self.function));
        self.notices.extend(Notice::of(decision));
    }

    fn gauges(&mut self, gauges: Answer<Gauges>, now: Timestamp) {
        match gauges {
            Ok(gauges) => (self.write)(&counted(gauges, self.function, now)),
            Err(error) => (self.write)(&not_counted(&error.to_string(), now)),
        }
    }

    fn digest(&mut self) {
        self.digest = true;
    }

    fn reconciled(&mut self, result: &Answer<Reconciled>, now: Timestamp) {
        let (finished, failed) = match result {
            Ok(reconciled) => (reconciled.finished, reconciled.failed.as_ref()),
            Err(error) => (None, Some(error)),
        };
        if let Some(error) = failed {
            (self.write)(&not_reconciled(&error.to_string(), now));
        }
        if let Some(finished) = finished {
            (self.write)(&reconciled(finished.counts, self.function, now));
        }
    }
}

impl Reporter<'_> {
    /// Sends all notifications that the reporter has kept. If a channel does not respond, sends no further
    /// notifications, because the function needs its time to handle events.
    pub(super) async fn tell(self, notifier: &impl Notifier, now: Timestamp) {
        let mut is_silent = false;
        for notice in &self.notices {
            let errors: Vec<String> = if is_silent {
                vec!["not sent, because a channel did not respond to an earlier notification".into()]
            } else {
                let errors = notifier.tell(notice).await;
                is_silent = errors.iter().any(|error| error.kind == ErrorKind::Retry);
                errors.iter().map(ToString::to_string).collect()
            };
            let family = notice.family.as_deref();
            let failed: Vec<FailedNotification<'_>> =
                errors.iter().map(|error| FailedNotification { family, error }).collect();
            if !failed.is_empty() {
                (self.write)(&not_notified(&failed, self.function, now));
            }
        }
    }
}
