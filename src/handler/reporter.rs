//! From what a function decides to what is written and told of it.

use jiff::Timestamp;

use crate::domain::notice::Notice;
use crate::domain::report::Decision;
use crate::domain::report::gauges::Gauges;
use crate::ports::{Answer, ErrorKind, Notifier};
use crate::telemetry::{Untold, counted, not_counted, reported, untold};

/// Takes what there is to say, as soon as it stands.
pub trait Sink {
    fn decision(&mut self, decision: &Decision);

    /// How much is unfinished, or why nobody knows.
    fn gauges(&mut self, gauges: Answer<Gauges>, now: Timestamp);

    /// Somebody wants what was observed summed up.
    fn digest(&mut self);
}

impl<F: FnMut(&Decision)> Sink for F {
    fn decision(&mut self, decision: &Decision) {
        self(decision);
    }

    fn gauges(&mut self, _: Answer<Gauges>, _: Timestamp) {}

    fn digest(&mut self) {}
}

/// Writes each line at once, and keeps what is to be told until the payload is handled: telling takes time, and may fail.
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
}

impl Reporter<'_> {
    /// Tells of everything. Where a channel does not answer, the rest is not tried: the function's time is for decisions.
    pub(super) async fn tell(self, notifier: &impl Notifier, now: Timestamp) {
        let mut is_silent = false;
        for notice in &self.notices {
            let errors: Vec<String> = if is_silent {
                vec!["not tried, as a channel had not answered before".into()]
            } else {
                let errors = notifier.tell(notice).await;
                is_silent = errors.iter().any(|error| error.kind == ErrorKind::Retry);
                errors.iter().map(ToString::to_string).collect()
            };
            let family = notice.family.as_deref();
            let failed: Vec<Untold<'_>> = errors.iter().map(|error| Untold { family, error }).collect();
            if !failed.is_empty() {
                (self.write)(&untold(&failed, self.function, now));
            }
        }
    }
}
