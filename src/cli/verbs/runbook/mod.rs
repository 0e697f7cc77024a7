//! `logweir runbook`: judges an account, or task definitions, by the ECS security runbook.

mod account;
mod reads;
mod selection;

use clap::Args;
use jiff::Timestamp;

use self::account::{Read, read};
use self::selection::Selected;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::placed_baseline::ChosenBaselines;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{Targets, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::{
    Depth, InScope, Results, RunbookExemptions, Subject, judge, judge_account, judge_unread_definitions,
};
use crate::ports::Described;
use crate::render::json::{AccountCoverage, MissingRight, RunbookOutput, UnreadTarget};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir runbook                           the account and Region: what runs, and each newest revision",
    "logweir runbook prod prod-eu/web          a cluster, and a service of another one",
    "logweir runbook --depth trail             also networks, roles, images and trails",
    "logweir runbook web.json                  a file; no AWS account needed",
    "logweir runbook infra/ --format json      each task definition in a folder",
    "logweir runbook ecs:web                   the newest revision of a family",
    "logweir controls                          the controls of other catalogues for each requirement",
];

#[derive(Args)]
pub(in crate::cli) struct RunbookArgs {
    /// CLUSTER, CLUSTER/SERVICE, files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs [default: the account
    /// and Region]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How much of the account to read: ecs, network, identity, images or trail. Each includes the ones before it
    #[arg(long, value_name = "DEPTH", default_value = "ecs", value_parser = depth, hide_default_value = false)]
    depth: Depth,
    #[command(flatten)]
    walk: WalkArgs,
}

fn depth(word: &str) -> Result<Depth, String> {
    let words = Depth::ALL.map(Depth::name).join(", ");
    Depth::parse(word).ok_or_else(|| format!("use one of {words}"))
}

impl RunbookArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let selected = Selected::parse(&self.targets, &self.walk)?;
        let targets = &selected.definitions.list;
        let baselines = match selected.account {
            Some(_) => wait(context.account_baselines(targets))?,
            None => wait(context.baselines(targets))?,
        };
        let chosen = baselines.choose(&RuleChoiceArgs::default(), &[]);
        let now = Timestamp::now();
        let mut run = Run {
            output: RunbookOutput::default(),
            files: RunbookExemptions::new(&chosen.files, now),
            live: RunbookExemptions::new(&chosen.live, now),
        };
        run.definitions(context, &chosen, &selected.definitions)?;
        if let Some(selection) = &selected.account {
            run.account(context, &chosen.live, selection, self.depth)?;
        }
        Ok(run.finish(context, selected.is_whole_account))
    }
}

/// The results of a run so far.
struct Run<'b> {
    output: RunbookOutput,
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
                let mut results = judged(loaded, baseline);
                let home = loaded.revision.as_ref().map(|arn| (arn.account.as_str(), arn.region.as_str()));
                let exemptions = if is_file { &mut self.files } else { &mut self.live };
                exemptions.apply(&mut results, home);
                self.output.add_definition(results);
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
        let Read { account, families, missing } = found;
        let mut results = judge_account(&account, baseline);
        if let Some(unread) = &families {
            results.extend(judge_unread_definitions(&account, unread));
        }
        live.apply(&mut results, Some((&account.account, &account.region)));
        output.add(results);
        let unread = account.unread().into_iter().chain(&families);
        let mut rights: Vec<MissingRight> =
            unread.map(|one| MissingRight { right: one.action, message: one.message.clone() }).collect();
        rights.sort();
        rights.dedup();
        for MissingRight { right, message } in &rights {
            let failure = Failure::error(message.clone());
            let help = format!("allow the caller {right}; until then, the rules that need it are not checked");
            context.printer.target_failure(right, &failure.help(help));
        }
        output.coverage.account = Some(AccountCoverage {
            account: account.account.clone(),
            region: account.region.clone(),
            depth,
            clusters: account.ecs.clusters().count(),
            services: account.ecs.services().count(),
            tasks: account.ecs.tasks().count(),
            capacity_providers: account.ecs.capacity_providers.value().map_or(0, Vec::len),
            missing_rights: rights,
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

    /// Shows the results, and returns the exit code. `is_whole` says that the run read the whole account.
    fn finish(mut self, context: &Context, is_whole: bool) -> Exit {
        self.output.sort();
        let is_complete = is_whole && self.output.is_read();
        let remarks = self.files.remarks(false).into_iter().chain(self.live.remarks(is_complete));
        self.output.exemptions = remarks.collect();
        context.printer.show(&self.output);
        match (self.output.is_read(), self.output.failures()) {
            (false, _) => Exit::Error,
            (true, 0) => Exit::Fine,
            (true, _) => Exit::Findings,
        }
    }
}

/// Returns the results about a task definition, over all branches of the conditions in its template.
fn judged(loaded: &Loaded, baseline: &Baseline) -> Results {
    let arn = loaded.revision.as_ref().map(ToString::to_string);
    let written = loaded
        .document
        .as_ref()
        .map(|document| document.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect::<Vec<_>>());
    let of_file = written.as_deref().filter(|tags| !tags.is_empty());
    let time = arn.as_ref().map(|_| Timestamp::now());
    let subject = |definition| Subject {
        definition,
        baseline,
        source: if arn.is_some() { "ecs:DescribeTaskDefinition" } else { &loaded.origin },
        arn: arn.as_deref(),
        tags: loaded.tags.as_deref().or(of_file),
        scope: arn.is_some().then_some(InScope::Named),
        time,
        is_with_account: false,
    };
    match &loaded.document {
        Some(document) => judge(document.readings.iter().map(|reading| subject(&reading.definition))),
        None => judge([subject(&loaded.definition)]),
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
