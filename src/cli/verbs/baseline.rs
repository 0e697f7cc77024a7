//! `logweir baseline`: shows the settings of a baseline that are in effect, or checks whether a baseline is valid.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::cli::placed_baseline::{faulty, unknown_exemption};
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::domain::baseline::{Baseline, Workload};
use crate::domain::ecs::revision::is_family;
use crate::render::Output;
use crate::render::human::baseline::{BaselineCheckOutput, BaselineOutput};
use crate::render::json::WorkloadLine;
use crate::settings::BaselinePlace;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir baseline show web                     the settings for a family, and what sets them",
    "logweir baseline check infra/baseline.toml    whether a baseline is valid",
];

const SHOW_EXAMPLES: &str = examples![
    "logweir baseline show web                     the settings for a family, and what sets them",
    "logweir baseline show web --container app --baseline new.toml",
];

const CHECK_EXAMPLES: &str = examples![
    "logweir baseline check infra/baseline.toml    whether a baseline is valid",
    "logweir baseline check ssm:/team/baseline     a parameter of Systems Manager",
];

#[derive(Args)]
pub(in crate::cli) struct BaselineArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Show the settings that are in effect, and whether the baseline, a profile or an option sets them
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Check whether a baseline is valid
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
}

#[derive(Args)]
struct ShowArgs {
    /// The family of the task definition
    #[arg(value_parser = family)]
    family: Option<String>,
    /// The name of the container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// The account of the task definition
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// A tag of the revision; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    tag: Vec<(String, String)>,
    /// The cluster of the service
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// A tag of the service; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    service_tag: Vec<(String, String)>,
    #[command(flatten)]
    rules: RuleChoiceArgs,
}

#[derive(Args)]
struct CheckArgs {
    /// The baseline: a file, or ssm:NAME [default: the baseline of --baseline]
    #[arg(value_name = "BASELINE")]
    place: Option<BaselinePlace>,
}

/// Parses the name of a family. Also accepts the names of its revisions, such as `ecs:web:3`.
fn family(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("ecs:").unwrap_or(text).split(':').next().unwrap_or_default();
    if is_family(name) { Ok(name.to_owned()) } else { Err("a family has only letters, digits, `-` and `_`".to_owned()) }
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("use the form KEY=VALUE".to_owned()),
    }
}

impl BaselineArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        match &self.act {
            Act::Show(show) => show.run(context),
            Act::Check(check) => check.run(context),
        }
    }
}

impl ShowArgs {
    fn run(&self, context: &Context) -> VerbResult {
        let placed = wait(context.file_baseline())?;
        let baseline = self.rules.apply(&placed.baseline);
        let workload = Workload {
            family: self.family.as_deref(),
            container: self.container.as_deref(),
            account: self.account.as_deref(),
            region: context.global.region.as_deref(),
            tags: &self.tag,
            cluster: self.cluster.as_deref(),
            service_tags: &self.service_tag,
        };
        context.printer.show(&BaselineOutput {
            baseline: placed.line(),
            workload: WorkloadLine::from(&workload),
            settings: baseline.effective(&workload),
            exemptions: baseline.exemptions_of(&workload, Timestamp::now()),
        });
        Ok(Exit::Fine)
    }
}

impl CheckArgs {
    fn run(&self, context: &Context) -> VerbResult {
        let (path, text) = wait(context.baseline_text(self.place.as_ref()))?;
        let parsed = Baseline::parse(&text).and_then(|baseline| match unknown_exemption(&text, &baseline) {
            Some(error) => Err(error),
            None => Ok(baseline),
        });
        let (digest, exemptions, error) = match parsed {
            Ok(baseline) => (Some(baseline.digest().to_owned()), baseline.exemptions(Timestamp::now()), None),
            Err(error) => (None, Vec::new(), Some(error)),
        };
        let output = BaselineCheckOutput { path, digest, exemptions, error };
        let Some(error) = &output.error else {
            context.printer.show(&output);
            return Ok(Exit::Fine);
        };
        context.printer.json(|| output.json());
        Err(faulty(&output.path, error.clone()))
    }
}
