//! `logweir runbook apply`: switches Container Insights on, and adds tags to clusters and services. Everything else
//! that the runbook finds is in a task definition, and so a change at the source of that task definition.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::session::{PAUSE, Session, worker};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::resource::{Insights, ResourceArn};
use crate::domain::event::Cause;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::ResourceReport;
use crate::domain::text::{count, names};
use crate::render::human::resource_change::ResourceChangeOutput;
use crate::settings::LEASE;
use crate::workflow::{ResourceOrder, ResourceWish, change_resource};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir runbook apply --all --insights enhanced --dry-run    show which clusters lack Container Insights",
    "logweir runbook apply prod --insights enabled                ask, then switch Container Insights on",
    "logweir runbook apply prod prod/web --tag team=payments      add a tag to a cluster and to a service",
    "logweir backout runbook/cluster/prod                         undo the changes of a cluster",
];

/// What Container Insights cost, and where AWS says so.
const COST: &str = "Container Insights cost money: AWS charges for their metrics and logs; `enhanced` has more metrics \
                    (https://aws.amazon.com/cloudwatch/pricing/)";

#[derive(Args)]
pub(in crate::cli) struct RunbookApplyArgs {
    /// Clusters and services: CLUSTER, CLUSTER/SERVICE or an ARN
    #[arg(value_name = "TARGET", required_unless_present = "all")]
    targets: Vec<String>,
    /// All clusters and, with --tag, all services that lack what the options name
    #[arg(long, conflicts_with = "targets")]
    all: bool,
    /// Set the setting containerInsights of each cluster whose Container Insights are off. AWS charges for them
    #[arg(long, value_name = "VALUE", value_enum)]
    insights: Option<InsightsValue>,
    /// Add this tag to each cluster and service that has no tag with this key; repeatable
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Show what would change; make no call that writes
    #[arg(long)]
    dry_run: bool,
    /// Act without asking
    #[arg(long)]
    yes: bool,
    /// Act even if the change was backed out, or if the cluster is on hold or its fuse is open
    #[arg(long)]
    force: bool,
    /// Seconds to wait for a locked record, for a throttled call, and until ECS shows a change
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum InsightsValue {
    Enabled,
    Enhanced,
}

pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl RunbookApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if !self.dry_run && !self.yes {
            context.printer.can_ask("--format json cannot prompt", "add --yes or --dry-run")?;
        }
        wait(async {
            let placed = context.baseline().await?;
            let wish = self.wish(&placed.baseline)?;
            let required = placed.baseline.runbook().required_tags.iter();
            let lacking: Vec<&str> = required.filter(|key| !wish.tags.contains_key(*key)).map(String::as_str).collect();
            if !wish.tags.is_empty() && !lacking.is_empty() {
                context.printer.hint(&format!("the baseline also requires the tags {}", names(lacking)));
            }
            let session = context.session(if self.dry_run { Intent::Look } else { Intent::Act }, Some(placed)).await?;
            let apply = Apply { args: self, context, session: &session, baseline: &placed.baseline, wish };
            apply.run().await
        })
    }

    /// Returns what the options ask for. Returns an error if they ask for nothing, or for a tag that Logweir never
    /// sets.
    fn wish(&self, baseline: &Baseline) -> Result<ResourceWish, Failure> {
        let insights = self.insights.map(|value| match value {
            InsightsValue::Enabled => Insights::Enabled,
            InsightsValue::Enhanced => Insights::Enhanced,
        });
        let mut tags = BTreeMap::new();
        for (key, value) in &self.tags {
            if let Some(why) = ResourceWish::obstacle(baseline, key, value) {
                return Err(Failure::usage(format!("Logweir does not set the tag `{key}`: {why}"))
                    .help("set the tag with your own tool, if its owner agrees"));
            }
            if tags.insert(key.clone(), value.clone()).is_some_and(|other| other != *value) {
                return Err(Failure::usage(format!("--tag gives the key `{key}` two values")));
            }
        }
        if insights.is_none() && tags.is_empty() {
            let required = &baseline.runbook().required_tags;
            let example = required.first().map_or("team", String::as_str);
            return Err(Failure::usage("nothing to apply: the command needs --insights or --tag").help(format!(
                "add --insights enabled, or a tag such as --tag {example}=VALUE; `logweir runbook patch` prints the \
                 changes of task definitions"
            )));
        }
        Ok(ResourceWish { insights, tags })
    }
}

/// The context of all changes in one run.
struct Apply<'a> {
    args: &'a RunbookApplyArgs,
    context: &'a Context,
    session: &'a Session,
    baseline: &'a Baseline,
    wish: ResourceWish,
}

impl Apply<'_> {
    async fn run(&self) -> VerbResult {
        let resources = self.resources().await?;
        let mut planned = Vec::new();
        for resource in &resources {
            planned.push(self.change(resource, true).await);
        }
        let lacking: Vec<&ResourceReport> =
            planned.iter().filter(|report| report.outcome == Outcome::Observed).collect();
        if self.args.dry_run || lacking.is_empty() {
            return Ok(self.show(planned));
        }
        if !self.args.yes {
            self.context.printer.text(|| ResourceChangeOutput(planned.clone()).to_text());
            if lacking.iter().any(|report| report.insights.is_some()) {
                self.context.printer.note(COST);
            }
            let question = format!("Change {}? [y/N] ", count(lacking.len() as u64, "resource"));
            if !self.context.printer.asked(&question)? {
                self.context.printer.note("nothing was changed");
                return Ok(Exit::Findings);
            }
        }
        let mut reports = Vec::new();
        for report in planned {
            reports.push(if report.outcome == Outcome::Observed { self.agreed(report).await } else { report });
        }
        Ok(self.show(reports))
    }

    /// Makes a change that a person has agreed to, unless the plan has changed since.
    async fn agreed(&self, planned: ResourceReport) -> ResourceReport {
        let again = self.change(&planned.arn, true).await;
        if (&again.insights, &again.tags) != (&planned.insights, &planned.tags) {
            let reason = match &planned.arn {
                ResourceArn::Cluster(_) => Reason::ClusterChanged,
                ResourceArn::Service(_) => Reason::ServiceChanged,
            };
            let why = format!("another principal changed {}; run the command again to see the new plan", planned.name);
            return ResourceReport::new(&planned.arn).ends(Outcome::Superseded.because(reason).saying(why));
        }
        self.session.until_settled(Duration::from_secs(self.args.wait), || self.change(&planned.arn, false)).await
    }

    fn show(&self, mut reports: Vec<ResourceReport>) -> Exit {
        // A run over the whole account shows what lacks something, and what could not be changed.
        if self.args.all {
            reports.retain(|report| report.outcome != Outcome::Compliant);
        }
        let exit = reports.iter().map(|report| Exit::of_resource(report, self.args.dry_run)).max();
        let is_costly = self.args.dry_run && reports.iter().any(|report| report.insights.is_some());
        self.context.printer.show(&ResourceChangeOutput(reports));
        if is_costly {
            self.context.printer.hint(COST);
        }
        exit.unwrap_or(Exit::Fine)
    }

    async fn change(&self, resource: &ResourceArn, is_dry_run: bool) -> ResourceReport {
        let user_agent = Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into());
        let order = ResourceOrder {
            baseline: self.baseline,
            cause: Cause { actor: Some(self.session.caller.clone()), user_agent, ..Cause::default() },
            worker: worker(),
            lease: LEASE,
            backout: &self.session.backout,
            is_dry_run,
            is_forced: self.args.force,
        };
        change_resource(&self.session.ports, &order, resource, &self.wish).await
    }

    /// Returns the named resources, each once, or all resources of the account and Region.
    async fn resources(&self) -> Result<Vec<ResourceArn>, Failure> {
        if !self.args.all {
            let resources: Result<BTreeSet<ResourceArn>, Failure> =
                self.args.targets.iter().map(|target| self.session.resource(target)).collect();
            return Ok(resources?.into_iter().collect());
        }
        let aws = self.context.aws(Intent::Look).await?;
        let (mut resources, mut unread) = (Vec::new(), Vec::new());
        for cluster in aws.cluster_arns().await? {
            if !self.wish.tags.is_empty() {
                for service in aws.service_arns(&cluster).await? {
                    match service.parse() {
                        Ok(service) => resources.push(service),
                        Err(_) => unread.push(service),
                    }
                }
            }
            match cluster.parse() {
                Ok(cluster) => resources.push(cluster),
                Err(_) => unread.push(cluster),
            }
        }
        if !unread.is_empty() {
            let message = format!(
                "left out {}, whose ARN does not contain the cluster: {}",
                count(unread.len() as u64, "service"),
                names(unread.iter().map(String::as_str))
            );
            self.context.printer.warning(
                &message,
                "opt in to the long format of ARNs and create the service again: ECS has no tags for the short format",
            );
        }
        resources.sort();
        Ok(resources)
    }
}

impl Session {
    /// Returns the cluster or service that the text names, which must be in the account and Region of the session.
    pub(in crate::cli) fn resource(&self, named: &str) -> Result<ResourceArn, Failure> {
        let home = &self.home;
        let cluster = |name: &str| home.cluster(name).map(ResourceArn::Cluster);
        let service = |name: &str| home.service(name, None).map(ResourceArn::Service);
        let resource = match named.split_once('/') {
            _ if named.starts_with("arn:") => named.parse().ok(),
            Some(("cluster", name)) => cluster(name),
            Some(("service", name)) if name.contains('/') => service(name),
            Some(_) => service(named),
            None => cluster(named),
        };
        let resource = resource.ok_or_else(|| {
            Failure::usage(format!("{named} is not the name of a cluster or a service"))
                .help("use CLUSTER, CLUSTER/SERVICE or the ARN of one of them")
        })?;
        if (resource.account(), resource.region()) != (&home.account, &home.region) {
            return Err(Failure::usage(format!(
                "{} is in account {} and Region {}, but this run is in account {} and Region {}",
                resource.short(),
                resource.account(),
                resource.region(),
                home.account,
                home.region
            ))
            .help("select them with --profile and --region"));
        }
        Ok(resource)
    }

    /// Repeats a change or a backout while another worker has locked the record, AWS throttles a call, or ECS does not
    /// show a change yet, for at most `patience`.
    pub(in crate::cli) async fn until_settled<F: Future<Output = ResourceReport>>(
        &self,
        patience: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> ResourceReport {
        let begun = Instant::now();
        loop {
            let report = attempt().await;
            let waits = [Reason::Locked, Reason::Throttled, Reason::NotVisibleYet];
            let is_settled = report.reason.is_none_or(|reason| !waits.contains(&reason));
            if is_settled || begun.elapsed() + PAUSE > patience {
                return report;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
