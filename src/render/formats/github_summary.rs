//! The step summary of GitHub Actions, which a step writes to the file in `GITHUB_STEP_SUMMARY`. Source of the limit:
//! GitHub Docs, Workflow commands for GitHub Actions.

use super::markdown::report;
use super::{Emitter, Run};

/// The maximum size of the tables in bytes. GitHub accepts a summary of at most 1 MiB for each step.
const MOST: usize = 1_000_000;

pub(super) struct StepSummary;

impl Emitter for StepSummary {
    fn emit(&self, run: &Run<'_>) -> String {
        report(run.check, MOST)
    }
}
