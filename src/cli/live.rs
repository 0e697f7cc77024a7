//! The way to AWS, for the verbs that need it.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use super::acting::Intent;
use super::targets::{Loaded, Target, pairs};
use super::{Context, Failure, Global};
use crate::aws::{self, Aws, Identity};
use crate::domain::event::Home;
use crate::domain::outcome::Reason;
use crate::domain::plan;
use crate::domain::rules::facts::{DefaultMode, Observation};
use crate::journal_file::FileJournal;
use crate::ports::{ErrorKind, LogGroups, PortError, TaskDefinitions};
use crate::settings::{self, JournalPlace};
use crate::sources::Document;
use crate::workflow::observe;

/// Runs a future to its end on this thread.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| Failure::could_not(format!("no runtime: {error}")))?.block_on(future))
}

/// Between two looks at a revision that AWS was too busy for. The SDK has tried three times by then, and after many such
/// refusals it tries no more.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// Where a deployed stack says which journal is its own.
const PUBLISHED: &str = "/logweir/journal";

impl Global {
    /// Connects to the account that the options and the environment name; to look alone gives clients that cannot write.
    pub(super) async fn aws(&self, intent: Intent) -> Result<Aws, Failure> {
        let place = aws::ConnectOptions {
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            read_only: intent == Intent::Look,
        };
        let connected = Aws::connect(&place).await;
        connected.map_err(|error| Failure::could_not(error.to_string()).help("give --region, or set AWS_REGION"))
    }
}

impl Context {
    /// Connects to the account that the options and the environment name. No call is made.
    pub(super) async fn aws(&self) -> Result<Aws, Failure> {
        self.aws_for(Intent::Look).await
    }

    /// The same; to look alone gives clients that cannot write.
    pub(super) async fn aws_for(&self, intent: Intent) -> Result<Aws, Failure> {
        self.global.aws(intent).await
    }

    /// Whose account this is, whose registrations are a function's own, and who calls.
    pub(super) async fn home(&self, aws: &Aws) -> Result<(Home, String), Failure> {
        let Identity { account, arn } = aws.identity().await.map_err(|error| failure(&error))?;
        let own_roles = match std::env::var("LOGWEIR_OWN_ROLES") {
            Ok(list) => settings::own_roles(&list).map_err(|error| Failure::usage(error.to_string()))?,
            Err(_) => Vec::new(),
        };
        let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
        Ok((Home { partition, account, region: aws.region().to_owned(), own_roles, ..Home::default() }, arn))
    }

    /// The journal that is named, else the one that the deployed stack published, else a folder of the user's. Whoever
    /// cannot be told whether there is a stack has to name one: to write into a second journal would be worse.
    pub(super) async fn journal_place(&self) -> Result<JournalPlace, Failure> {
        if let Some(place) = self.named_journal() {
            return Ok(place);
        }
        if self.published.get().is_none() {
            let _ = self.published.set(self.look_for_published().await?);
        }
        match self.named_journal() {
            Some(place) => Ok(place),
            None => Ok(JournalPlace::Folder(state_folder()?)),
        }
    }

    /// As far as it is known.
    pub(super) fn named_journal(&self) -> Option<JournalPlace> {
        self.global.journal.clone().or_else(|| self.published.get().cloned().flatten())
    }

    /// Without a Region or credentials there is no account that a stack could be in.
    async fn look_for_published(&self) -> Result<Option<JournalPlace>, Failure> {
        let Ok(aws) = self.aws().await else { return Ok(None) };
        if !aws.has_credentials().await {
            return Ok(None);
        }
        let help = "give --journal: file:FOLDER, or dynamodb:TABLE as the stack has it";
        let found = aws.parameter(PUBLISHED).await;
        let found = found.map_err(|error| {
            Failure::could_not(format!("which journal this account has cannot be read: {error}")).help(help)
        })?;
        let place = found.map(|place| place.trim().parse::<JournalPlace>()).transpose();
        place.map_err(|error| Failure::could_not(format!("parameter {PUBLISHED}: {error}")).help(help))
    }

    pub(super) fn file_journal(&self, folder: &std::path::Path) -> Result<FileJournal, Failure> {
        FileJournal::open(folder).map_err(|error| failure(&error))
    }

    /// The verdict on a document that is no live revision. Nothing is asked of AWS.
    pub(super) async fn plan_offline(&self, document: Document) -> Loaded {
        let region = match &self.global.region {
            Some(region) => Some(region.clone()),
            None => aws::configured_region(self.global.profile.as_deref()).await,
        };
        let tags = pairs(&document.tags);
        let plan = plan::plan(
            &Observation {
                definition: &document.definition,
                account: None,
                region: region.as_deref(),
                tags: &tags,
                default_mode: DefaultMode::NotChecked,
                log_groups: None,
                now: jiff::Timestamp::now(),
            },
            &self.baseline,
        );
        Loaded {
            origin: document.origin.clone(),
            revision: None,
            definition: document.definition.clone(),
            plan,
            region,
            document: Some(document),
        }
    }

    /// The verdict on a live revision. Where AWS was asked too often, it waits and asks again.
    pub(super) async fn plan_live(&self, aws: &Aws, target: &Target, name: &str) -> Result<Loaded, PortError> {
        for pause in PAUSES {
            match self.plan_with(&aws.ecs, &aws.log_groups, target, name).await {
                Err(error) if error.reason == Some(Reason::Throttled) => tokio::time::sleep(pause).await,
                answer => return answer,
            }
        }
        self.plan_with(&aws.ecs, &aws.log_groups, target, name).await
    }

    pub(super) async fn plan_with(
        &self,
        task_definitions: &impl TaskDefinitions,
        log_groups: &impl LogGroups,
        target: &Target,
        name: &str,
    ) -> Result<Loaded, PortError> {
        let described = task_definitions.describe(name).await?;
        let (revision, region) = (described.arn.clone(), described.arn.region.clone());
        let now = jiff::Timestamp::now();
        let seen = observe(&described, &self.baseline, task_definitions, log_groups, now).await?;
        Ok(Loaded {
            origin: target.origin(),
            revision: Some(revision),
            definition: described.definition,
            plan: seen.plan,
            region: Some(region),
            document: None,
        })
    }
}

/// The folder of the embedded journal where none is named.
fn state_folder() -> Result<PathBuf, Failure> {
    let folder = dirs::state_dir().or_else(dirs::data_local_dir);
    let folder = folder
        .ok_or_else(|| Failure::could_not("no folder for the journal is known").help("give --journal file:FOLDER"))?;
    Ok(folder.join("logweir"))
}

/// A port's error, with what to do.
pub(super) fn failure(error: &PortError) -> Failure {
    let failure = Failure::could_not(error.to_string());
    match error.kind {
        ErrorKind::Retry => failure.help("this may pass: run it again"),
        ErrorKind::Missing => failure.help("look for a slip in the name, the Region (--region) or the account"),
        ErrorKind::Refused => failure,
    }
}
