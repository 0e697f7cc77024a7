//! The baseline that a verb applies: to files the baseline of their repository, to registered revisions the baseline of
//! the deployed stack.

use std::path::{Path, PathBuf};

use super::connect::{Intent, parameter};
use super::context::Context;
use super::failure::Failure;
use super::placed_baseline::{Baselines, PlacedBaseline, SHIPPED};
use super::targets::Target;
use crate::domain::baseline::published::{PackagedName, PublishedBaseline};
use crate::domain::doctor::deployment::{PARAMETER, StackDeployment};
use crate::ports::Journal;
use crate::settings::{BaselinePlace, SHIPPED_BASELINE};

/// The name of the baseline file of a repository.
pub(super) const FILE: &str = "logweir.toml";

/// The next step after the baseline of the stack cannot be read.
const NAME_ONE: &str = "name the baseline: --baseline FILE, or --baseline ssm:NAME";

impl Context {
    /// Returns the baselines for these targets. Reads the baseline of the stack only if a target is a registered
    /// revision.
    pub(super) async fn baselines(&self, targets: &[Target]) -> Result<Baselines<'_>, Failure> {
        let is_live = |target: &&Target| matches!(target, Target::Live(_));
        let live = targets.iter().filter(is_live).count();
        Ok(match live {
            0 => {
                let files = self.file_baseline().await?;
                Baselines { files, live: files }
            }
            live if live == targets.len() => {
                let live = self.baseline().await?;
                Baselines { files: live, live }
            }
            _ => Baselines { files: self.file_baseline().await?, live: self.baseline().await? },
        })
    }

    /// Returns the baselines for an account and for these targets.
    pub(super) async fn account_baselines(&self, targets: &[Target]) -> Result<Baselines<'_>, Failure> {
        let live = self.baseline().await?;
        let files = if targets.is_empty() { live } else { self.baselines(targets).await?.files };
        Ok(Baselines { files, live })
    }

    /// Returns the baseline for registered revisions: the baseline that the caller named, else the baseline of the
    /// deployed stack, else the shipped baseline if no stack is deployed. An unreadable baseline of the stack is an
    /// error, because another baseline could change what the stack would leave as it is.
    pub(super) async fn baseline(&self) -> Result<&PlacedBaseline, Failure> {
        let read = match self.live_baseline.get() {
            Some(read) => read,
            None => {
                let read = Box::pin(self.read_live_baseline()).await;
                self.live_baseline.get_or_init(|| read)
            }
        };
        read.as_ref().map_err(Failure::clone)
    }

    async fn read_live_baseline(&self) -> Result<PlacedBaseline, Failure> {
        let Some(place) = &self.global.baseline else {
            return match self.stack_baseline().await? {
                Some(placed) => Ok(placed),
                None => PlacedBaseline::shipped("shipped, because no stack is deployed here", true),
            };
        };
        let placed = self.read_baseline_at(place, self.baseline_option()).await?;
        let (origin, own) = (&placed.origin, placed.baseline.digest());
        let origin = match self.stack_baseline().await {
            Ok(Some(stack)) if stack.baseline.digest() == own => format!("{origin}, as in the deployed stack"),
            Ok(Some(stack)) => format!("{origin}; the deployed stack has another baseline, {}", stack.line().name()),
            Ok(None) => origin.clone(),
            Err(_) => format!("{origin}; the baseline of the deployed stack is unknown"),
        };
        Ok(PlacedBaseline { origin, ..placed })
    }

    /// Returns the baseline of the deployed stack. Returns `None` if no stack is deployed in this account and Region.
    async fn stack_baseline(&self) -> Result<Option<PlacedBaseline>, Failure> {
        let aws = self.aws(Intent::Look).await?;
        let unknown = |why: String| {
            Failure::error(format!("the baseline of the deployed stack cannot be read: {why}")).help(NAME_ONE)
        };
        let deployment = parameter(&aws, PARAMETER).await.map_err(|error| {
            Failure::of_named_read(error, NAME_ONE).about("the baseline of the deployed stack cannot be read")
        })?;
        let Some(deployment) = deployment else { return Ok(None) };
        let deployment = StackDeployment::parse(&deployment);
        let deployment = deployment.map_err(|why| unknown(format!("the parameter {PARAMETER} is not valid: {why}")))?;
        let place: BaselinePlace = deployment.baseline.parse().unwrap_or_else(|never| match never {});
        let (text, origin) = match &place {
            BaselinePlace::Parameter(_) => {
                let text = place.text(async |name: &str| parameter(&aws, name).await).await;
                (text.map_err(|why| unknown(format!("{place}: {why}")))?, "of the deployed stack".to_owned())
            }
            BaselinePlace::File(_) => {
                let journal = aws.journal(deployment.table());
                let published = journal.read_state::<PublishedBaseline>(&PackagedName(place.to_string())).await;
                let Some(published) = published.map_err(|error| unknown(error.to_string()))? else {
                    let why = "its function publishes it at its first start, and has not started yet";
                    return Err(unknown(why.to_owned()));
                };
                let origin = format!("of the deployed stack, published at {:.0}", published.at);
                (published.text, origin)
            }
        };
        match PlacedBaseline::parse(place.to_string(), origin, &text) {
            Ok(placed) => Ok(Some(placed)),
            Err(failure) => Err(unknown(failure.message)),
        }
    }

    /// Returns the baseline for files: the baseline that the caller named, else the file `logweir.toml` of the
    /// repository, else the shipped baseline.
    pub(super) async fn file_baseline(&self) -> Result<&PlacedBaseline, Failure> {
        let read = match self.file_baseline.get() {
            Some(read) => read,
            None => {
                let read = self.read_file_baseline().await;
                self.file_baseline.get_or_init(|| read)
            }
        };
        read.as_ref().map_err(Failure::clone)
    }

    async fn read_file_baseline(&self) -> Result<PlacedBaseline, Failure> {
        if let Some(place) = &self.global.baseline {
            return self.read_baseline_at(place, self.baseline_option()).await;
        }
        match std::env::current_dir().ok().and_then(|folder| found_from(&folder)) {
            Some(path) => self.read_baseline_at(&BaselinePlace::File(path), "found, for files only").await,
            None => PlacedBaseline::shipped("the default", false),
        }
    }

    /// Returns how the caller named the baseline.
    fn baseline_option(&self) -> &'static str {
        if self.given.baseline { "from --baseline" } else { "from the environment variable LOGWEIR_BASELINE" }
    }

    /// Reads the baseline from this file or Systems Manager parameter.
    pub(super) async fn read_baseline_at(
        &self,
        place: &BaselinePlace,
        origin: &str,
    ) -> Result<PlacedBaseline, Failure> {
        PlacedBaseline::parse(place.to_string(), origin, &self.text_at(place).await?)
    }

    /// Returns the place and the text of the baseline at `place`, or of the baseline for files. The text may not be a
    /// valid baseline.
    pub(super) async fn baseline_text(&self, place: Option<&BaselinePlace>) -> Result<(String, String), Failure> {
        let found = || std::env::current_dir().ok().and_then(|folder| found_from(&folder)).map(BaselinePlace::File);
        match place.or(self.global.baseline.as_ref()).cloned().or_else(found) {
            Some(place) => Ok((place.to_string(), self.text_at(&place).await?)),
            None => Ok((SHIPPED.to_owned(), SHIPPED_BASELINE.to_owned())),
        }
    }

    async fn text_at(&self, place: &BaselinePlace) -> Result<String, Failure> {
        let read = async |name: &str| {
            let aws = self.aws(Intent::Look).await?;
            parameter(&aws, name).await.map_err(Failure::from)
        };
        let text = place.text(read).await;
        text.map_err(|error| Failure::error(format!("{place}: {error}")).help(NAME_ONE))
    }
}

/// Returns the nearest file `logweir.toml` between this folder and the root of its repository, relative to the folder.
/// Outside of a repository, looks only in the folder, because other users may write to the folders above it.
fn found_from(folder: &Path) -> Option<PathBuf> {
    let depth = folder.ancestors().position(|folder| folder.join(".git").exists()).unwrap_or(0);
    let mut path = PathBuf::new();
    for _ in 0..=depth {
        let file = path.join(FILE);
        if folder.join(&file).is_file() {
            return Some(file);
        }
        path.push("..");
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::found_from;

    #[test]
    fn the_file_is_looked_for_up_to_the_root_of_the_repository() {
        let top = tempfile::TempDir::new().unwrap();
        let (root, inner) = (top.path().join("repository"), top.path().join("repository/a/b"));
        fs::create_dir_all(&inner).unwrap();
        fs::write(top.path().join("logweir.toml"), "").unwrap();
        assert_eq!(found_from(&inner), None, "there is no repository");
        assert_eq!(found_from(top.path()), Some("logweir.toml".into()));
        fs::write(root.join(".git"), "gitdir: elsewhere").unwrap();
        assert_eq!(found_from(&inner), None, "the file is above the repository");
        fs::write(root.join("logweir.toml"), "").unwrap();
        assert_eq!(found_from(&inner), Some("../../logweir.toml".into()));
        fs::create_dir(inner.join("logweir.toml")).unwrap();
        assert_eq!(found_from(&inner), Some("../../logweir.toml".into()), "a folder is not a baseline");
        fs::write(root.join("a/logweir.toml"), "").unwrap();
        assert_eq!(found_from(&inner), Some("../logweir.toml".into()));
    }
}
