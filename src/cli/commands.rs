//! The commands that a result suggests. They select the same account and journal in any shell.

use super::context::Context;
use super::failure::Failure;
use crate::domain::report::BackoutBy;
use crate::settings::JournalPlace;

impl Context {
    /// Who takes back what is done here.
    pub(super) fn backout_by(&self, region: &str) -> Result<BackoutBy, Failure> {
        Ok(BackoutBy::Journal(self.elsewhere(region)?))
    }

    /// The deployed function that takes back, of the same account.
    pub(super) fn backout_by_function(&self, name: &str, region: &str) -> BackoutBy {
        let function = ["--function".to_owned(), name.to_owned()];
        BackoutBy::Journal(function.into_iter().chain(self.account(region)).collect())
    }

    /// The command that corrects a target again, whatever stood against it.
    pub(super) fn again(&self, target: &str, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir", "apply", "--again", target].into_iter().chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::could_not(error.to_string()))
    }

    /// The options that name the same account and journal in another shell.
    fn elsewhere(&self, region: &str) -> Result<Vec<String>, Failure> {
        let mut arguments = Vec::new();
        match self.named_journal() {
            None => {}
            Some(JournalPlace::Folder(folder)) => {
                let folder = std::path::absolute(&folder)
                    .map_err(|error| Failure::could_not(format!("{}: {error}", folder.display())))?;
                arguments.extend(["--journal".to_owned(), format!("file:{}", folder.display())]);
            }
            Some(JournalPlace::Table(table)) => arguments.extend(["--journal".into(), format!("dynamodb:{table}")]),
        }
        arguments.extend(self.account(region));
        Ok(arguments)
    }

    /// The options that name the same account.
    fn account(&self, region: &str) -> Vec<String> {
        let mut arguments = vec!["--region".to_owned(), region.to_owned()];
        let global = &self.global;
        for (option, value) in [("--profile", &global.profile), ("--endpoint-url", &global.endpoint_url)] {
            arguments.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        arguments
    }
}
