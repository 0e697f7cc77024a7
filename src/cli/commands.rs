//! The commands that the output suggests to the caller. Each command contains the options for the AWS account and the
//! journal, so that the command also works in another shell.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::failure::Failure;
use crate::aws::Connection;
use crate::domain::outcome::Mode;
use crate::domain::report::BackoutBy;
use crate::domain::run::RunId;
use crate::domain::text::plain::without_number;
use crate::settings::{BaselinePlace, JournalPlace};

impl Context {
    /// Returns the options of the command that backs out the changes of this run.
    pub(super) fn backout_by(&self, region: &str) -> Result<BackoutBy, Failure> {
        Ok(BackoutBy::Journal(self.elsewhere(region)?))
    }

    /// Returns the options of a backout command that invokes this deployed function.
    pub(super) fn backout_by_function(&self, name: &str, region: &str) -> BackoutBy {
        let function = ["--function".to_owned(), name.to_owned()];
        BackoutBy::Journal(function.into_iter().chain(self.account(region)).collect())
    }

    /// Returns the command that corrects a cluster even after a backout, during a hold or with an open fuse.
    pub(super) fn configures_again(&self, cluster: &str, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir", "exec", "apply", "--force", cluster].into_iter();
        let words = words.chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::error(error.to_string()))
    }

    /// Returns the command that corrects a target even after a backout, during a hold or with an open fuse.
    pub(super) fn again(&self, target: &str, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir", "apply", "--force", target].into_iter().chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::error(error.to_string()))
    }

    /// Returns the command that backs out every correction of a run.
    pub(super) fn backout_run(&self, run: &RunId, region: &str) -> Result<String, Failure> {
        self.of_run(&["backout", "--run"], run, region)
    }

    /// Returns the command that continues a run.
    pub(super) fn resume_run(&self, run: &RunId, region: &str) -> Result<String, Failure> {
        self.with_baseline(vec!["apply".into(), "--resume".into(), run.to_string()], region)
    }

    /// Returns the command that applies the plan in a file.
    pub(super) fn apply_plan(&self, file: &Path, mode: Mode, region: &str) -> Result<String, Failure> {
        let mut words = vec!["apply".to_owned(), "--plan".to_owned(), file.display().to_string()];
        if mode == Mode::Rollout {
            words.extend(["--mode".to_owned(), mode.name().to_owned()]);
        }
        self.with_baseline(words, region)
    }

    /// Returns the command with the options for the account, the journal and the baseline to which a plan belongs.
    fn with_baseline(&self, mut words: Vec<String>, region: &str) -> Result<String, Failure> {
        words.insert(0, "logweir".to_owned());
        match &self.global.baseline {
            Some(BaselinePlace::File(file)) => {
                words.extend(["--baseline".to_owned(), absolute(file)?.display().to_string()]);
            }
            Some(place) => words.extend(["--baseline".to_owned(), place.to_string()]),
            None => {}
        }
        words.extend(self.elsewhere(region)?);
        shlex::try_join(words.iter().map(String::as_str)).map_err(|error| Failure::error(error.to_string()))
    }

    fn of_run(&self, verb: &[&str], run: &RunId, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir"].iter().chain(verb).copied().chain([run.as_str()]);
        let words = words.chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::error(error.to_string()))
    }

    /// Returns the command that ends the hold of a family.
    pub(super) fn release(&self, family: &str, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir", "hold", "--release", family].into_iter().chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::error(error.to_string()))
    }

    /// Returns the options that select the same AWS account and the same journal in another shell.
    fn elsewhere(&self, region: &str) -> Result<Vec<String>, Failure> {
        let mut arguments = Vec::new();
        // The default folder of another person or machine contains another journal, so the command names it too.
        match self.used_journal()? {
            JournalPlace::Folder(folder) => {
                arguments.extend(["--journal".to_owned(), format!("file:{}", absolute(&folder)?.display())]);
            }
            JournalPlace::Table(table) => arguments.extend(["--journal".into(), format!("dynamodb:{table}")]),
        }
        arguments.extend(self.account(region));
        Ok(arguments)
    }

    /// Returns the options that select the same AWS account and Region in another shell.
    fn account(&self, region: &str) -> Vec<String> {
        let mut arguments = vec!["--region".to_owned(), region.to_owned()];
        let connection = self.connection.get();
        let selected = connection.and_then(|connection| connection.credentials.profile());
        let profile = self.global.profile.as_deref().or(selected);
        let endpoint = connection.and_then(Connection::endpoint);
        let endpoint = self.global.endpoint_url.as_deref().or(endpoint);
        for (option, value) in [("--profile", profile), ("--endpoint-url", endpoint)] {
            arguments.extend(value.iter().flat_map(|value| [option.to_owned(), (*value).to_owned()]));
        }
        arguments
    }
}

/// Returns the path for a command in another folder.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::error(format!("{}: {}", path.display(), without_number(&error.to_string()))))
}
