//! The context of a verb: the options, the printer, the baseline and the journal that the stack published.

use std::cell::OnceCell;

use super::failure::Failure;
use super::options::Global;
use super::placed_baseline::PlacedBaseline;
use super::printer::Printer;
use crate::aws::Connection;
use crate::settings::JournalPlace;

/// Whether the caller gave an option on the command line. Any other option may have its value from the environment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given {
    pub(super) baseline: bool,
    pub(super) journal: bool,
    pub(super) region: bool,
}

/// The context of a verb.
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) printer: Printer,
    /// The baseline for registered revisions. Logweir reads it at most once.
    pub(super) live_baseline: OnceCell<Result<PlacedBaseline, Failure>>,
    /// The baseline for files. Logweir reads it at most once.
    pub(super) file_baseline: OnceCell<Result<PlacedBaseline, Failure>>,
    /// The options that the caller gave on the command line, and not as an environment variable.
    pub(super) given: Given,
    pub(super) connection: OnceCell<Connection>,
    /// The place of the journal that the deployed stack published. Logweir reads this place at most once. The inner
    /// `Option` is `None` if the stack published no journal.
    pub(super) published: OnceCell<Option<JournalPlace>>,
}

impl Context {
    pub(super) fn new(global: Global, given: Given) -> Self {
        let printer = Printer::new(global.color, global.format);
        Self {
            global,
            printer,
            given,
            live_baseline: OnceCell::new(),
            file_baseline: OnceCell::new(),
            connection: OnceCell::new(),
            published: OnceCell::new(),
        }
    }
}
