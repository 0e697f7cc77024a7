//! `logweir check --all`: which families there are, and how far the look at them is.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::live::{failure, wait};
use crate::cli::targets::Target;
use crate::cli::{Context, Failure};
use crate::ports::TaskDefinitions;

/// Every family of the account and Region that has an ACTIVE revision.
pub(in crate::cli) fn families(context: &Context) -> Result<Vec<Target>, Failure> {
    wait(async {
        let aws = context.aws().await?;
        let families = aws.ecs.families().await.map_err(|error| failure(&error))?;
        if families.is_empty() {
            let region = aws.region();
            context.printer.note(&format!("there is no family in {region}: --region and --profile look elsewhere"));
        }
        Ok(families.into_iter().map(Target::Live).collect())
    })?
}

/// What a person at a terminal sees while many revisions are looked at.
pub(in crate::cli) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(in crate::cli) fn over(revisions: usize) -> Self {
        let is_shown = revisions > 1 && std::io::stderr().is_terminal();
        Self(is_shown.then(|| ProgressBar::new(revisions as u64).with_style(ProgressStyle::default_bar())))
    }

    /// One more is done, and says so without the bar in its way.
    pub(in crate::cli) fn beside(&self, says: impl FnOnce()) {
        match &self.0 {
            None => says(),
            Some(bar) => {
                bar.suspend(says);
                bar.inc(1);
            }
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
