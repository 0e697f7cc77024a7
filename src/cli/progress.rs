//! The progress display of a slow verb.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on standard error. The bar appears only on a terminal, and disappears when it is dropped.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Shows a bar for this number of revisions. Shows no bar for a single revision.
    pub(super) fn over(revisions: usize) -> Self {
        Self::shown(revisions > 1, || ProgressBar::new(revisions as u64).with_style(ProgressStyle::default_bar()))
    }

    /// Shows a spinner while Logweir waits for a deployment of this service.
    pub(super) fn of(service: String) -> Self {
        let spinner = || ProgressBar::new_spinner().with_message(service);
        Self::shown(true, || spinner().with_style(ProgressStyle::default_spinner()))
    }

    fn shown(is_wanted: bool, bar: impl FnOnce() -> ProgressBar) -> Self {
        Self((is_wanted && std::io::stderr().is_terminal()).then(bar))
    }

    /// Hides the bar while the function `says` prints, then advances the bar by one revision.
    pub(super) fn beside(&self, says: impl FnOnce()) {
        match &self.0 {
            None => says(),
            Some(bar) => {
                bar.suspend(says);
                bar.inc(1);
            }
        }
    }

    /// Shows how long the deployment has been in progress.
    pub(super) fn under_way(&self, since: Duration) {
        if let Some(bar) = &self.0 {
            let name = bar.message();
            let name = name.split(':').next().unwrap_or_default();
            bar.set_message(format!("{name}: deployment in progress, {} s", since.as_secs()));
            bar.tick();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
