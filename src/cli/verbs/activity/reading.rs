//! Gives the records of files to the counts.

use memchr::memmem::Finder;

use super::exports::Exports;
use crate::domain::trail::Record;
use crate::domain::trail::activity::{Accounted, Collector, Duplicates, Question};
use crate::sources::trail::Sink;

/// The names of the services in the text of a record. A record without any of them is filtered, and needs no further
/// reading.
pub(super) struct Needles {
    names: Vec<Finder<'static>>,
    escape: Finder<'static>,
}

impl Needles {
    pub(super) fn of(question: &Question) -> Self {
        let names = question.filters.sources.iter().map(|source| Finder::new(source).into_owned()).collect();
        Self { names, escape: Finder::new("\\u") }
    }

    /// Whether the text may be a record of one of the services. A text with an escape may have the name in another form.
    fn may_be_in(&self, text: &[u8]) -> bool {
        self.names.is_empty()
            || self.names.iter().any(|name| name.find(text).is_some())
            || self.escape.find(text).is_some()
    }
}

/// The sink of one thread.
pub(super) struct Reading<'a> {
    collector: Collector,
    question: &'a Question,
    kept: &'a Duplicates,
    needles: &'a Needles,
    /// Receive each record that is kept.
    exports: &'a Exports<'a>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        question: &'a Question,
        kept: &'a Duplicates,
        needles: &'a Needles,
        exports: &'a Exports<'a>,
    ) -> Self {
        Self { collector: Collector::default(), question, kept, needles, exports }
    }

    pub(super) fn collector(self) -> Collector {
        self.collector
    }
}

impl Sink for Reading<'_> {
    fn needs(&self, text: &[u8]) -> bool {
        self.needles.may_be_in(text)
    }

    fn record(&mut self, record: &Record<'_>, _: &[u8]) {
        let accounted = self.collector.take(record, self.question, self.kept);
        if accounted == Accounted::Kept && !self.exports.is_empty() {
            self.exports.write(record);
        }
    }

    fn passed_over(&mut self, id: Option<&str>, time: &str) {
        self.collector.passed_over(id, time);
    }

    fn unreadable(&mut self) {
        self.collector.unreadable();
    }
}
