//! What every verb has at hand.

use std::cell::OnceCell;

use super::baseline::PlacedBaseline;
use super::connect::Intent;
use super::failure::Failure;
use super::options::Global;
use super::printer::Printer;
use crate::aws::Aws;
use crate::settings::JournalPlace;

/// What every verb has at hand.
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) printer: Printer,
    baseline: OnceCell<Result<PlacedBaseline, Failure>>,
    /// The journal that the deployed stack published; none: there is none. Asked for once.
    pub(super) published: OnceCell<Option<JournalPlace>>,
}

impl Context {
    pub(super) fn new(global: Global) -> Self {
        let printer = Printer::new(global.color, global.format);
        Self { global, printer, baseline: OnceCell::new(), published: OnceCell::new() }
    }

    /// Returns the baseline that the options and the environment name. The first call reads the baseline, and later
    /// calls reuse it.
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

    /// Connects to the account that the options and the environment name; to look alone gives clients that cannot write.
    pub(super) async fn aws(&self, intent: Intent) -> Result<Aws, Failure> {
        self.global.aws(intent).await
    }
}
