//! `logweir schema`: prints the JSON Schemas of outputs and of the baseline.

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir schema check > check.schema.json       the output of `check --format json`",
    "logweir schema baseline                        the keys of logweir.toml, for editors",
    "logweir schema report                          the report on one decision",
];

#[derive(Args)]
pub(in crate::cli) struct SchemaArgs {
    /// The document that the schema describes
    #[arg(value_enum)]
    of: Described,
}

/// A document that has a JSON Schema.
#[derive(Clone, Copy, ValueEnum)]
enum Described {
    /// The output of `logweir check --format json`
    Check,
    /// The baseline, with its TOML read as JSON
    Baseline,
    /// The report on one decision
    Report,
    /// The output of `logweir firelens plan --format json`
    Firelens,
    /// The output of `logweir activity --format json`
    Activity,
    /// The output of `logweir audit --format json`
    Audit,
    /// The output of `logweir runbook --format json`
    Runbook,
    /// The plan file of `logweir apply --all --plan-out`
    Plan,
    /// The result of `logweir apply --all` and of `logweir backout --run`
    Run,
}

impl SchemaArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        context.printer.document(match self.of {
            Described::Check => include_str!("../../../docs/schemas/check.schema.json"),
            Described::Baseline => include_str!("../../../docs/schemas/baseline.schema.json"),
            Described::Report => include_str!("../../../docs/schemas/report.schema.json"),
            Described::Firelens => include_str!("../../../docs/schemas/firelens.schema.json"),
            Described::Activity => include_str!("../../../docs/schemas/activity.schema.json"),
            Described::Audit => include_str!("../../../docs/schemas/audit.schema.json"),
            Described::Runbook => include_str!("../../../docs/schemas/runbook.schema.json"),
            Described::Plan => include_str!("../../../docs/schemas/plan.schema.json"),
            Described::Run => include_str!("../../../docs/schemas/run.schema.json"),
        });
        Ok(Exit::Fine)
    }
}
