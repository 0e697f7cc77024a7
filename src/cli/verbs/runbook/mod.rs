//! `logweir runbook`: judges an account, or task definitions, by the ECS security runbook, and changes what it finds.

mod account;
mod apply;
mod patch;
mod selection;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use self::account::{Read, read};
use self::selection::Selected;
use crate::cli::checked::file;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::placed_baseline::ChosenBaselines;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::runbook_outputs::RunbookOutputArgs;
use crate::cli::targets::{Target, Targets, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::{
    Depth, InScope, Results, RunbookExemptions, Subject, judge, judge_by_rule, judge_unread_definition, worst_reading,
};
use crate::ports::Described;
use crate::render::formats::FormatName;
use crate::render::json::{AccountCoverage, FailedRead, MissingRight, RunbookOutput, UnreadTarget};
use crate::render::runbook::FORMATS;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir runbook                           the account and Region: what runs, and each newest revision",
    "logweir runbook prod prod-eu/web          a cluster, and a service of another one",
    "logweir runbook --depth trail             also networks, roles, images and trails",
    "logweir runbook web.json                  a file; no AWS account needed",
    "logweir runbook infra/ --format json      each task definition in a folder",
    "logweir runbook ecs:web                   the newest revision of a family",
    "logweir runbook patch infra/ | git apply  write the changes that no process notices into the files",
    "logweir runbook --output html=runbook.html    also a page for an auditor",
    "logweir controls                          the controls of other catalogues for each requirement",
];

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct RunbookArgs {
    #[command(subcommand)]
    act: Option<RunbookAct>,
    /// CLUSTER, CLUSTER/SERVICE, files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs [default: the
    /// account and Region]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How much of the account to read: ecs, network, identity, images or trail. Each includes the ones before it
    #[arg(long, value_name = "DEPTH", default_value = "ecs", value_parser = depth, hide_default_value = false)]
    depth: Depth,
    #[command(flatten)]
    walk: WalkArgs,
    #[command(flatten)]
    outputs: RunbookOutputArgs,
}

fn depth(word: &str) -> Result<Depth, String> {
    let words = Depth::ALL.map(Depth::name).join(", ");
    Depth::parse(word).ok_or_else(|| format!("use one of {words}"))
}

#[derive(Subcommand)]
enum RunbookAct {
    /// Switch Container Insights on, or add tags to clusters and services; asks first
    #[command(after_help = apply::EXAMPLES)]
    Apply(apply::RunbookApplyArgs),
    /// Print a patch for the task definitions in files, which may contain secrets
    #[command(after_help = patch::EXAMPLES)]
    Patch(patch::RunbookPatchArgs),
}

impl RunbookArgs {
    /// Whether the verb can show its results in this format, which not every verb has.
    pub(in crate::cli) fn has_format(&self, format: FormatName) -> bool {
        self.act.is_none() && FORMATS.contains(&format)
    }

    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        match &self.act {
            Some(RunbookAct::Apply(apply)) => apply.run(context),
            Some(RunbookAct::Patch(patch)) => patch.run(context),
            None => self.judge(context),
        }
    }

    fn judge(&self, context: &Context) -> VerbResult {
        self.outputs.check()?;
        let selected = Selected::parse(&self.targets, &self.walk)?;
        let targets = &selected.definitions.list;
        let baselines = match selected.account {
            Some(_) => wait(context.account_baselines(targets))?,
            None => wait(context.baselines(targets))?,
        };
        baselines.files.has_known_exemptions()?;
        baselines.live.has_known_exemptions()?;
        let chosen = baselines.choose(&RuleChoiceArgs::default(), &[]);
        let has_files = selected.definitions.list.iter().any(|target| !matches!(target, Target::Live(_)));
        let facts = self.outputs.facts(context, has_files)?;
        let now = Timestamp::now();
        let mut output = RunbookOutput::default();
        output.baseline = Some(if has_files { baselines.files.line() } else { baselines.live.line() });
        let mut run = Run {
            output,
            folder: std::env::current_dir().unwrap_or_default(),
            files: RunbookExemptions::new(&chosen.files, now),
            live: RunbookExemptions::new(&chosen.live, now),
        };
        run.definitions(context, &chosen, &selected.definitions)?;
        if let Some(selection) = &selected.account {
            run.account(context, &chosen.live, selection, self.depth)?;
        }
        let (output, exit) = run.finish(selected.is_whole_account);
        let written = self.outputs.write(context, &output, &facts)?;
        Ok(exit.max(written))
    }
}

/// The results of a run so far.
struct Run<'b> {
    output: RunbookOutput,
    /// The working directory.
    folder: PathBuf,
    /// The exemptions of task definitions in files.
    files: RunbookExemptions<'b>,
    /// The exemptions of the account.
    live: RunbookExemptions<'b>,
}

impl Run<'_> {
    /// Judges the task definitions in files, and the registered revisions that the caller named.
    fn definitions(&mut self, context: &Context, chosen: &ChosenBaselines, targets: &Targets) -> Result<(), Failure> {
        let passed_over = load_all(context, chosen, targets, &mut |target, loaded| match loaded {
            Err(failure) => self.unread(context, target.origin(), failure),
            Ok(all) => all.iter().for_each(|loaded| {
                let is_file = loaded.document.is_some();
                let baseline = if is_file { &chosen.files } else { &chosen.live };
                // An exemption by image covers a reading with the image, and no other reading of the template.
                let mut readings = judged_readings(loaded, baseline);
                let home = loaded.revision.as_ref().map(|arn| (arn.account.as_str(), arn.region.as_str()));
                let exemptions = if is_file { &mut self.files } else { &mut self.live };
                readings.iter_mut().for_each(|results| exemptions.apply(results, home));
                let results = worst_reading(readings.iter().cloned());
                match &loaded.document {
                    Some(document) => {
                        let path = file(&self.folder, &document.origin);
                        let places = loaded.places_of(&readings, &results);
                        self.output.add_file(results, path.as_deref(), places);
                    }
                    None => self.output.add_definition(results),
                }
            }),
        })?;
        self.output.coverage.passed_over = passed_over;
        Ok(())
    }

    /// Reads and judges the account.
    fn account(
        &mut self,
        context: &Context,
        baseline: &Baseline,
        selection: &selection::Account,
        depth: Depth,
    ) -> Result<(), Failure> {
        let Self { output, live, .. } = self;
        let (found, calls) = wait(async {
            let aws = context.aws(Intent::Look).await?;
            let mut each = |described: &Described, scope, time| {
                let mut results = judged_revision(described, baseline, scope, time);
                live.apply(&mut results, Some((&described.arn.account, &described.arn.region)));
                output.add_definition(results);
            };
            let found = read(&aws, selection, depth, &mut each).await;
            Ok::<_, Failure>((found, aws.calls().by_operation()))
        })?;
        let Read { account, families, definitions, missing } = found;
        let unlisted = families.iter().map(|unread| judge_unread_definition(&account.resource(), unread));
        let unread = definitions.iter().map(|(resource, unread)| judge_unread_definition(resource, unread));
        for mut results in judge_by_rule(&account, baseline).chain(unlisted).chain(unread) {
            live.apply(&mut results, Some((&account.account, &account.region)));
            output.add(results);
        }
        let unread: BTreeSet<&Unread> = account.unread().into_iter().collect();
        report(context, &unread);
        let (denied, failed): (Vec<&Unread>, Vec<&Unread>) = unread.into_iter().partition(|one| one.is_denied);
        output.coverage.account = Some(AccountCoverage {
            account: account.account.clone(),
            region: account.region.clone(),
            depth,
            clusters: account.ecs.clusters().count(),
            services: account.ecs.services().count(),
            tasks: account.ecs.tasks().count(),
            capacity_providers: account.ecs.capacity_providers.value().map_or(0, Vec::len),
            missing_rights: denied.into_iter().map(MissingRight::of).collect(),
            failed_reads: failed.into_iter().map(FailedRead::of).collect(),
        });
        output.coverage.calls = calls;
        for (target, failure) in missing {
            self.unread(context, target, failure);
        }
        Ok(())
    }

    /// Notes a target that Logweir could not read.
    fn unread(&mut self, context: &Context, target: String, failure: Failure) {
        context.printer.target_failure(&target, &failure);
        self.output.coverage.errors.push(UnreadTarget { target, message: failure.message });
    }

    /// Returns the sorted results and the exit code. `is_whole` says that the run read the whole account.
    fn finish(mut self, is_whole: bool) -> (RunbookOutput, Exit) {
        self.output.sort();
        let is_complete = is_whole && self.output.is_read();
        let remarks = self.files.remarks(false).into_iter().chain(self.live.remarks(is_complete));
        self.output.exemptions = remarks.collect();
        let exit = match (self.output.is_read(), self.output.failures()) {
            (false, _) => Exit::Error,
            (true, 0) => Exit::Fine,
            (true, _) => Exit::Findings,
        };
        (self.output, exit)
    }
}

/// Reports the reads that failed. Calls that fail for the same reason, such as an outage, have one message.
fn report(context: &Context, unread: &BTreeSet<&Unread>) {
    for one in unread {
        let Unread { action, message, is_denied } = one;
        // The help about a denied call names the call, so each denied call has its own message.
        let failure = match is_denied {
            true => Failure::error(message.as_str())
                .help(format!("allow the caller {action}; until then, the rules that need the call are not checked")),
            false => Failure::error(one.cause()).help(
                "correct what the message says, or run the command again; the rules that need the call are not checked",
            ),
        };
        context.printer.target_failure(action, &failure);
    }
}

/// Returns the results about each branch of the conditions in a template, because a place belongs to one branch.
fn judged_readings(loaded: &Loaded, baseline: &Baseline) -> Vec<Results> {
    let given = Given::of(loaded);
    loaded.definitions().map(|definition| judge([given.subject(definition, baseline)])).collect()
}

/// What is known around a task definition.
struct Given<'l> {
    loaded: &'l Loaded,
    arn: Option<String>,
    /// The tags in a file. `None` if the file shows none.
    written: Option<Vec<(String, String)>>,
    time: Option<Timestamp>,
}

impl<'l> Given<'l> {
    fn of(loaded: &'l Loaded) -> Self {
        let arn = loaded.revision.as_ref().map(ToString::to_string);
        let tags = loaded.document.iter().flat_map(|document| &document.tags);
        let written: Vec<_> = tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let time = arn.as_ref().map(|_| Timestamp::now());
        Self { loaded, arn, written: Some(written).filter(|tags| !tags.is_empty()), time }
    }

    fn subject<'s>(&'s self, definition: &'s TaskDefinition, baseline: &'s Baseline) -> Subject<'s> {
        let Self { loaded, arn, written, time } = self;
        Subject {
            definition,
            baseline,
            source: if arn.is_some() { "ecs:DescribeTaskDefinition" } else { &loaded.origin },
            arn: arn.as_deref(),
            tags: loaded.tags.as_deref().or(written.as_deref()),
            scope: arn.is_some().then_some(InScope::Named),
            time: *time,
            is_with_account: false,
        }
    }
}

/// Returns the results about a registered revision of the account.
fn judged_revision(described: &Described, baseline: &Baseline, scope: InScope, time: Timestamp) -> Results {
    let arn = described.arn.to_string();
    let tags: Vec<_> = described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    judge([Subject {
        definition: &described.definition,
        baseline,
        source: "ecs:DescribeTaskDefinition",
        arn: Some(&arn),
        tags: Some(&tags),
        scope: Some(scope),
        time: Some(time),
        is_with_account: true,
    }])
}
