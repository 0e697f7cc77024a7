//! `logweir exec apply`: logs the sessions of clusters to the log group of the baseline.

use clap::Args;

use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::ports::Clusters;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir exec apply prod --dry-run         show what would change in the cluster; change nothing",
];

#[derive(Args)]
pub(in crate::cli) struct ExecApplyArgs {
    /// Names or ARNs of clusters
    #[arg(value_name = "CLUSTER", required = true)]
    clusters: Vec<String>,
}

impl ExecApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        wait(async {
            let placed = context.baseline().await?;
            let session = context.session(Intent::Look, Some(placed)).await?;
            for cluster in session.ports.ecs.clusters(&self.clusters).await? {
                let logging = cluster.configuration.exec().logging;
                context.printer.text(|| format!("{}: logging {}\n", cluster.arn.short(), logging.name()));
            }
            Ok(Exit::Fine)
        })
    }
}
