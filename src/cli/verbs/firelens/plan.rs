//! `logweir firelens plan`: plans the migration of a task definition to FireLens, or the way back. Changes nothing.

use clap::{Args, ValueEnum};

use super::migration::{MigrationArgs, PlannedMigration};
use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::render::human::firelens::ShownPlan;
use crate::render::json::FirelensPlan;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir firelens plan web.json                          the plan for a file; no AWS account needed",
    "logweir firelens plan ecs:web --style same-names        log streams that keep their names",
    "logweir firelens plan web.json --style alertlogic --plugin go",
    "logweir firelens plan web.json --also splunk:host=splunk.example.com",
    "logweir firelens plan web.json --to awslogs             the way back",
];

#[derive(Args, Clone)]
pub(in crate::cli) struct PlanArgs {
    #[command(flatten)]
    pub(super) migration: MigrationArgs,
    /// Plan the way back to this log driver
    #[arg(long, value_enum, conflicts_with_all = ["style", "plugin", "image", "health", "also", "config_folder", "registration_key"])]
    to: Option<To>,
}

/// The log driver of a way back.
#[derive(Clone, Copy, ValueEnum)]
enum To {
    Awslogs,
}

impl PlanArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let planned = wait(self.planned(context))?;
        context.printer.show(&shown(&planned));
        Ok(Exit::of_left(planned.migration.blockers.len()))
    }

    /// Reads the target, and plans its migration or its way back.
    pub(super) async fn planned(&self, context: &Context) -> Result<PlannedMigration, Failure> {
        match self.to {
            Some(To::Awslogs) => self.migration.to_awslogs(context).await,
            None => self.migration.to_firelens(context).await,
        }
    }
}

/// Returns the plan as an output.
pub(in crate::cli) fn shown(planned: &PlannedMigration) -> ShownPlan {
    let migration = &planned.migration;
    ShownPlan {
        plan: FirelensPlan {
            schema: FirelensPlan::SCHEMA,
            target: planned.origin.clone(),
            style: migration.style.name(),
            document: planned.document(),
            text: planned.text.clone(),
            diff: planned.diff(),
            files: migration.files.clone(),
            iam: migration.iam.clone(),
            blockers: migration.blockers.clone(),
            changes: migration.changes.clone(),
        },
        is_done: migration.is_done,
        shown_diff: planned.shown_diff(),
    }
}
