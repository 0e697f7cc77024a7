//! The context of a verb: the options, the printer, the baseline and the journal that the stack published.

use std::cell::OnceCell;

use super::baseline::PlacedBaseline;
use super::connect::Intent;
use super::failure::Failure;
use super::options::Global;
use super::printer::Printer;
use crate::aws::Aws;
use crate::settings::JournalPlace;

/// The context of a verb.
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) printer: Printer,
    baseline: OnceCell<Result<PlacedBaseline, Failure>>,
    /// Whether the option `--journal` named the journal, and not the environment variable `LOGWEIR_JOURNAL`.
    pub(super) is_journal_option: bool,
    /// The place of the journal that the deployed stack published. Logweir reads this place at most once. The inner
    /// `Option` is `None` if the stack published no journal.
    pub(super) published: OnceCell<Option<JournalPlace>>,
}

impl Context {
    pub(super) fn new(global: Global, is_journal_option: bool) -> Self {
        let printer = Printer::new(global.color, global.format);
        Self { global, printer, baseline: OnceCell::new(), is_journal_option, published: OnceCell::new() }
    }

    /// Returns the baseline that the options and the environment variables select. The first call reads the baseline,
    /// and later calls return the same result.
    pub(super) async fn baseline(&self) -> Result<&PlacedBaseline, Failure> {
        let read = match self.baseline.get() {
            Some(read) => read,
            None => {
                let read = self.global.read_baseline().await;
                self.baseline.get_or_init(|| read)
            }
        };
        read.as_ref().map_err(Failure::clone)
    }

    /// Creates AWS clients for the account and Region that the options and the environment variables select. With
    /// [`Intent::Look`], the clients cannot write.
    pub(super) async fn aws(&self, intent: Intent) -> Result<Aws, Failure> {
        self.global.aws(intent).await
    }
}
