//! `logweir exec apply`: logs the sessions of clusters to the log group of the baseline, with the same steps and records as
//! the deployed function.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::writers::obstacle;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::session::Session;
use crate::domain::baseline::Baseline;
use crate::domain::ecs::cluster::{ClusterArn, ExecLogging};
use crate::domain::event::Cause;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Mode, Outcome};
use crate::domain::report::{ClusterAction, ClusterReport, Report, schema};
use crate::render::Output;
use crate::workflow::{Order, Origin, configure_cluster};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir exec apply prod --dry-run         show what would change in the cluster; change nothing",
    "logweir exec apply prod                   ask, then log the sessions to the baseline's log group",
    "logweir exec apply prod test --yes        two clusters, without a question",
    "logweir backout cluster/prod              undo: restore the former configuration",
];

#[derive(Args)]
pub(in crate::cli) struct ExecApplyArgs {
    /// Names or ARNs of clusters
    #[arg(value_name = "CLUSTER", required = true)]
    clusters: Vec<String>,
    /// Show what would change; make no call that writes
    #[arg(long)]
    dry_run: bool,
    /// Act without asking
    #[arg(long)]
    yes: bool,
    /// Act even if the correction was backed out, or if the cluster is on hold or its fuse is open
    #[arg(long)]
    force: bool,
    /// Seconds to wait for a locked record
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
}

impl ExecApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if !self.dry_run && !self.yes {
            context.printer.can_ask("--format json cannot prompt", "add --yes or --dry-run")?;
        }
        wait(async {
            let placed = context.baseline().await?;
            let session = context.session(if self.dry_run { Intent::Look } else { Intent::Act }, Some(placed)).await?;
            let apply = Apply { args: self, context, session: &session, baseline: &placed.baseline };
            let (mut exit, mut reports) = (Exit::Fine, Vec::new());
            for named in &self.clusters {
                let (ended, report) = match apply.one(named).await {
                    Ok(done) => done,
                    Err(failed) => {
                        context.printer.target_failure(named, &failed);
                        (failed.exit, None)
                    }
                };
                exit = exit.max(ended);
                reports.extend(report);
            }
            context.printer.json(|| json!({"schema": schema::APPLY, "reports": reports}));
            Ok(exit)
        })
    }
}

/// The context of all corrections in one run.
struct Apply<'a> {
    args: &'a ExecApplyArgs,
    context: &'a Context,
    session: &'a Session,
    baseline: &'a Baseline,
}

impl Apply<'_> {
    async fn one(&self, named: &str) -> Result<(Exit, Option<Report>), Failure> {
        let printer = &self.context.printer;
        let cluster = self.cluster(named)?;
        let planned = self.configure(&cluster, ExecMode::Observe).await;
        let planned = self.unless_unloggable(&cluster, planned).await?;
        if self.args.dry_run || planned.outcome != Outcome::Observed {
            printer.text(|| planned.text());
            return Ok((Exit::from(&planned), Some(planned)));
        }
        if !self.args.yes {
            printer.text(|| planned.text());
            let question = format!("Change where {} logs its sessions? [y/N] ", cluster.short());
            if !printer.asked(&question)? {
                printer.note(&format!("{} was not changed", cluster.short()));
                return Ok((Exit::Findings, None));
            }
        }
        // The question and the simulation take time, and are about the change that was planned.
        let again = self.configure(&cluster, ExecMode::Observe).await;
        if again.cluster != planned.cluster {
            return Err(Failure::error(format!("another principal changed {}", cluster.short()))
                .help("run the command again to see the new plan"));
        }
        let patience = Duration::from_secs(self.args.wait);
        let report = self.session.patiently(patience, || self.configure(&cluster, ExecMode::Correct)).await;
        printer.text(|| report.text());
        Ok((Exit::from(&report), Some(report)))
    }

    /// Returns the planned report, or its refusal if sessions that are logged now would not be logged any more. With
    /// `logging: NONE`, no session is logged now.
    async fn unless_unloggable(&self, cluster: &ClusterArn, planned: Report) -> Result<Report, Failure> {
        let logs_none = planned.cluster.as_ref().is_none_or(|change| change.from == ExecLogging::None.name());
        if planned.outcome != Outcome::Observed || logs_none {
            return Ok(planned);
        }
        let aws = self.context.aws(Intent::Look).await?;
        let group = self.baseline.exec().log_group_of(&cluster.name);
        match obstacle(&aws, cluster, &group).await? {
            Some(why) => {
                let unchanged = |change| ClusterReport { action: ClusterAction::NotChanged, ..change };
                Ok(Report { cluster: planned.cluster.clone().map(unchanged), ..planned.ends(why) })
            }
            None => Ok(planned),
        }
    }

    /// Returns the cluster that the argument names, which must be in the account and Region of the session.
    fn cluster(&self, named: &str) -> Result<ClusterArn, Failure> {
        let home = &self.session.home;
        let name = named.strip_prefix("cluster/").unwrap_or(named);
        let cluster = home.cluster(name).ok_or_else(|| {
            Failure::usage(format!("{named} is not the name of a cluster")).help("use a name or the ARN of a cluster")
        })?;
        if (&cluster.account, &cluster.region) != (&home.account, &home.region) {
            return Err(Failure::usage(format!(
                "{} is in account {} and Region {}, but this run is in account {} and Region {}",
                cluster.short(),
                cluster.account,
                cluster.region,
                home.account,
                home.region
            ))
            .help("select them with --profile and --region"));
        }
        Ok(cluster)
    }

    async fn configure(&self, cluster: &ClusterArn, exec: ExecMode) -> Report {
        let origin = Origin::Apply { again: self.args.force };
        let order = Order { exec, exec_finishes: exec, ..self.session.order(self.baseline, Mode::Observe, origin) };
        let user_agent = Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into());
        let cause = Cause { actor: Some(self.session.caller.clone()), user_agent, ..Cause::default() };
        configure_cluster(&self.session.ports, &order, cluster, cause).await.report
    }
}
