//! The target and the choices of a migration, for the verbs that plan or apply it.

use std::ffi::OsString;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cli::connect::Intent;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::load::region;
use crate::cli::patch_path::patch_path;
use crate::cli::targets::{self, Read, Target, WalkArgs, family_of, is_in_region, is_named};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::{Tag, carried};
use crate::domain::ecs::task_definition::{COMPUTED, TaskDefinition};
use crate::domain::ecs::wire;
use crate::domain::firelens::migration::{
    Blocker, Choices, CloudWatchPlugin, Destination, Health, Migration, RegistrationKey, Style, Surroundings,
    to_awslogs, to_firelens,
};
use crate::ports::TaskDefinitions;
use crate::render::unified_diff;
use crate::sources::Document;

/// The target and the choices of a migration.
#[derive(Args, Clone)]
pub(in crate::cli) struct MigrationArgs {
    /// A file with one task definition, `-` (standard input), ecs:FAMILY[:REVISION] or an ARN
    #[arg(value_name = "TARGET")]
    pub(super) target: String,
    /// The names of the log streams, and the sidecar
    #[arg(long, value_enum, default_value = "simple")]
    style: Style,
    /// The CloudWatch output: `cloudwatch_logs` of Fluent Bit, or `cloudwatch` of AWS's images
    #[arg(long, value_enum, default_value = "core")]
    plugin: CloudWatchPlugin,
    /// The image of the router
    #[arg(long, value_parser = image)]
    image: Option<String>,
    /// The health check of the router
    #[arg(long, value_enum, default_value = "uptime")]
    health: Health,
    /// A destination beside CloudWatch Logs: splunk, datadog, firehose, kinesis, s3 or http, with options such as
    /// `splunk:host=splunk.example.com`; repeatable
    #[arg(long, value_name = "DESTINATION[:OPTION=VALUE,…]")]
    also: Vec<String>,
    /// The folder in S3 for the files that the router reads
    #[arg(long, value_name = "ARN", value_parser = folder)]
    config_folder: Option<String>,
    /// The secret with the registration key of Alert Logic, or `none`
    #[arg(long, value_name = "ARN")]
    registration_key: Option<String>,
    /// The family of a document that names none, such as a list of containers
    #[arg(long)]
    family: Option<String>,
}

impl ValueEnum for Style {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Simple, Self::SameNames, Self::AlertLogic]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for CloudWatchPlugin {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Core, Self::Go]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Core => "core",
            Self::Go => "go",
        }))
    }
}

impl ValueEnum for Health {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Uptime, Self::None]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Uptime => "uptime",
            Self::None => "none",
        }))
    }
}

fn image(text: &str) -> Result<String, String> {
    match text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        true => Err("name an image, such as public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.16".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn folder(text: &str) -> Result<String, String> {
    let is_arn = text.split(':').nth(2) == Some("s3") && text.starts_with("arn:");
    match is_arn && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        true => Ok(text.to_owned()),
        false => Err("use the ARN of a bucket or of a folder, such as arn:aws:s3:::my-bucket/firelens".to_owned()),
    }
}

/// A task definition that Logweir has read, and its planned migration.
pub(in crate::cli) struct PlannedMigration {
    /// The name of the target for messages.
    pub(in crate::cli) origin: String,
    /// The registered revision. `None` for a document.
    pub(in crate::cli) revision: Option<RevisionArn>,
    /// The task definition before the migration.
    pub(in crate::cli) source: TaskDefinition,
    /// The tags of the task definition.
    pub(in crate::cli) tags: Vec<Tag>,
    pub(in crate::cli) migration: Migration,
    /// The whole text of the target before the migration.
    before: String,
    /// The whole text of the target after the migration. `None` while a blocker stands.
    pub(in crate::cli) text: Option<String>,
    /// The path of the target's file in the diff.
    path: OsString,
}

/// A target that Logweir has read.
struct Source {
    revision: Option<RevisionArn>,
    definition: TaskDefinition,
    tags: Vec<Tag>,
    region: Option<String>,
    document: Option<Document>,
}

impl MigrationArgs {
    /// Reads the target, and plans its migration to FireLens.
    pub(in crate::cli) async fn to_firelens(&self, context: &Context) -> Result<PlannedMigration, Failure> {
        let choices = self.choices()?;
        self.planned(context, self.style, &|definition, surroundings| to_firelens(definition, &choices, surroundings))
            .await
    }

    /// Reads the choices. The messages of clap contain the value of an argument, which may be a secret, so this function
    /// reads the two arguments that name secrets.
    fn choices(&self) -> Result<Choices, Failure> {
        let mut also: Vec<Destination> = Vec::new();
        for text in &self.also {
            let destination = Destination::parse(text);
            let checked = destination.and_then(|it| it.check(self.plugin).map(|()| it));
            let destination = checked.map_err(|why| Failure::usage(format!("--also: {why}")))?;
            if also.iter().any(|other| other.kind == destination.kind) {
                return Err(Failure::usage(format!("--also {} is given twice", destination.kind.name()))
                    .help("give each destination once"));
            }
            also.push(destination);
        }
        let registration_key = self.registration_key.as_deref().map(RegistrationKey::parse).transpose();
        let registration_key = registration_key.map_err(|why| Failure::usage(format!("--registration-key: {why}")))?;
        if registration_key.is_some() && self.style != Style::AlertLogic {
            return Err(Failure::usage("--registration-key is for --style alertlogic").help("leave out the key"));
        }
        Ok(Choices {
            style: self.style,
            plugin: self.plugin,
            image: self.image.clone(),
            health: self.health,
            also,
            config_folder: self.config_folder.clone(),
            registration_key,
        })
    }

    /// Reads the target, and plans its way back to awslogs.
    pub(in crate::cli) async fn to_awslogs(&self, context: &Context) -> Result<PlannedMigration, Failure> {
        self.planned(context, Style::Awslogs, &to_awslogs).await
    }

    async fn planned(
        &self,
        context: &Context,
        style: Style,
        plan: &dyn Fn(&TaskDefinition, &Surroundings<'_>) -> Migration,
    ) -> Result<PlannedMigration, Failure> {
        let walk = WalkArgs::of_family(self.family.clone());
        let targets = targets::read(std::slice::from_ref(&self.target), &walk)?;
        let [target] = targets.list.as_slice() else {
            return Err(Failure::usage(format!("{} is a folder, and a plan is for one task definition", self.target))
                .help("name one file, or ecs:FAMILY"));
        };
        let baselines = context.baselines(&targets.list).await?;
        let source = read(context, target, self.family.as_deref()).await?;
        let baseline = if source.revision.is_some() { baselines.live } else { baselines.files };
        let tags: Vec<_> = source.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let surroundings = Surroundings {
            account: source.revision.as_ref().map(|arn| arn.account.as_str()),
            region: source.region.as_deref(),
            tags: &tags,
            baseline: &baseline.baseline,
        };
        let migration = match source.document.as_ref().and_then(unsupported) {
            Some(blocker) => Migration::blocked(style, blocker),
            None => plan(&source.definition, &surroundings),
        };
        Ok(PlannedMigration::of(target, source, migration))
    }
}

/// Returns why Logweir plans no migration in a file in which other values than texts give the options.
fn unsupported(document: &Document) -> Option<Blocker> {
    if document.resource.is_none() && !document.is_read_only() {
        return None;
    }
    let message = "the task definition is in a template or in HCL, and Logweir writes no router into such a file, because \
                   the variables of Fluent Bit and of the template have the same notation; plan the registered revision \
                   (ecs:FAMILY), and write its changes into the file";
    Some(Blocker::new("template", message))
}

async fn read(context: &Context, target: &Target, family: Option<&str>) -> Result<Source, Failure> {
    let documents = match target.documents(family) {
        Some(Ok(Read::Documents(documents))) => documents,
        Some(Ok(Read::PassedOver(_))) => Vec::new(),
        Some(Err(error)) => return Err(Failure::from(error)),
        None => return described(context, target).await,
    };
    let [document] = <[Document; 1]>::try_from(documents).map_err(|found| {
        let why = if found.is_empty() { "contains no task definition" } else { "contains several task definitions" };
        Failure::error(format!("{} {why}, and a plan is for one", target.origin()))
            .help("write each task definition into a file of its own, or name a registered revision with ecs:FAMILY")
    })?;
    Ok(Source {
        revision: None,
        definition: document.definition.clone(),
        tags: document.tags.clone(),
        region: region(&context.global).await,
        document: Some(document),
    })
}

/// Reads a registered revision.
async fn described(context: &Context, target: &Target) -> Result<Source, Failure> {
    let Target::Live(name) = target else { return Err(Failure::error(format!("{} is no target", target.origin()))) };
    let aws = context.aws(Intent::Look).await?;
    is_in_region(name, aws.region())?;
    let described = aws.ecs.describe(family_of(name)).await.map_err(Failure::from);
    let described = described.map_err(|failure| failure.about(&target.origin()))?;
    if name.starts_with("arn:") && !is_named(&described.arn, name) {
        return Err(Failure::error(format!("ECS describes {} instead of {name}", described.arn)));
    }
    Ok(Source {
        region: Some(described.arn.region.clone()),
        revision: Some(described.arn),
        definition: described.definition,
        tags: described.tags,
        document: None,
    })
}

impl PlannedMigration {
    fn of(target: &Target, source: Source, mut migration: Migration) -> Self {
        let Source { revision, definition, tags, document, .. } = source;
        let before = document.as_ref().map_or_else(|| format!("{}\n", definition.text()), |it| it.text().to_owned());
        let text = match (&migration.definition, &document) {
            (None, _) => None,
            (Some(migrated), None) => Some(format!("{}\n", migrated.text())),
            (Some(migrated), Some(document)) => match Document::with_all([(document, migrated)]) {
                Ok(text) => Some(text),
                Err(refused) => {
                    migration
                        .block(Blocker::new("document", format!("Logweir does not change this file: {}", refused.why)));
                    None
                }
            },
        };
        let path = path(target, revision.as_ref());
        Self { origin: target.origin(), revision, source: definition, tags, migration, before, text, path }
    }

    /// Returns the input of RegisterTaskDefinition. Returns `None` while a blocker stands.
    pub(in crate::cli) fn document(&self) -> Option<Value> {
        let migrated = self.migration.definition.as_ref()?;
        let text = wire::without(migrated.text(), &COMPUTED).ok()?;
        let tags = carried(&self.tags, &[]);
        if tags.is_empty() {
            return serde_json::from_str(&text).ok();
        }
        let body = wire::register(&TaskDefinition::parse(text).ok()?, &tags).ok()?;
        serde_json::from_str(&body).ok()
    }

    /// Returns the patch that makes the migration in the file of the target. Returns an empty text while a blocker
    /// stands.
    pub(in crate::cli) fn diff(&self) -> String {
        self.text.as_deref().map(|text| unified_diff(&self.path, &self.before, text)).unwrap_or_default()
    }

    /// Returns the patch for people. The text of a registered revision is one line, so the patch is of a text in several
    /// lines.
    pub(in crate::cli) fn shown_diff(&self) -> String {
        let Some(migrated) = self.migration.definition.as_ref().filter(|_| self.revision.is_some()) else {
            return self.diff();
        };
        let shown = |definition: &TaskDefinition| format!("{:#}\n", definition.view());
        unified_diff(&self.path, &shown(&self.source), &shown(migrated))
    }
}

/// Returns the path of the target's file in a patch.
fn path(target: &Target, revision: Option<&RevisionArn>) -> OsString {
    match (target, revision) {
        (Target::File(file), _) => patch_path(&std::env::current_dir().unwrap_or_default(), &file.path),
        (_, Some(arn)) => format!("{}-{}.json", arn.family, arn.revision).into(),
        (_, None) => "task-definition.json".into(),
    }
}
