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

    /// Shows a bar for a search of a period with this number of seconds.
    pub(super) fn of_search(seconds: u64) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {percent}%, {msg}, about {eta} left");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::shown(true, || ProgressBar::new(seconds).with_style(style))
    }

    /// Shows how many seconds of the period were read, and what was found.
    pub(super) fn searched(&self, seconds: u64, found: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(found);
            bar.set_position(seconds);
        }
    }

    /// Shows a bar for files of this size in bytes, with the rate.
    pub(super) fn over_files(files: u64, bytes: u64) -> Self {
        const BAR: &str = "{bar:40} {binary_bytes} of {binary_total_bytes} in {msg} files, {binary_bytes_per_sec}";
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::shown(files > 1, || ProgressBar::new(bytes).with_style(style).with_message(files.to_string()))
    }

    /// Advances the bar by the bytes of a file.
    pub(super) fn read(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
        }
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
