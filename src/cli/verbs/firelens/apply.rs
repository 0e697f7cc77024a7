//! `logweir firelens apply`: registers the planned document of a registered revision as a new revision. Updates no
//! service, because the deployment of a router is a decision of its owner.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use super::migration::PlannedMigration;
use super::plan::{PlanArgs, shown};
use super::rights::Rights;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::session::{PAUSE, Session};
use crate::cli::targets::{self, Target, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::task_definition::{COMPUTED, TaskDefinition};
use crate::domain::ecs::wire;
use crate::domain::event::Cause;
use crate::domain::limits::family::FamilyName;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::report::{Report, schema};
use crate::domain::text::names;
use crate::render::Output;
use crate::workflow::{Origin, migrate, refused_migration, unfinished_migration};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir firelens apply ecs:web                          ask, then register the planned task definition",
    "logweir firelens apply ecs:web --style same-names --yes",
    "logweir firelens apply ecs:web --to awslogs             the way back",
    "logweir backout web:2                                   undo: deregister the revision once nothing runs it",
];

#[derive(Args)]
pub(in crate::cli) struct FirelensApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Act without asking
    #[arg(long)]
    yes: bool,
    /// Seconds to wait for a locked record, and until ECS shows the new revision
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

impl FirelensApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let target = &self.plan.migration.target;
        let named = named(target)?;
        if !self.yes {
            context.printer.can_ask("--format json cannot prompt", "add --yes")?;
        }
        wait(async {
            let placed = context.baseline().await?;
            let session = context.session(Intent::Act, Some(placed)).await?;
            let mut plan = self.plan.clone();
            if let Some(source) = unfinished(&session, &named).await? {
                context
                    .printer
                    .note(&format!("an earlier migration of {} is unfinished; it comes first", source.short()));
                plan.migration.target = source.to_string();
            }
            let planned = plan.planned(context).await?;
            let apply = Apply { args: self, context, session: &session, baseline: &placed.baseline };
            apply.run(&planned).await
        })
    }
}

/// Returns the argument for DescribeTaskDefinition that the target names. Only a registered revision has a source
/// revision, from which the record and the backout of the migration follow.
fn named(target: &str) -> Result<String, Failure> {
    let read = targets::read(&[target.to_owned()], &WalkArgs::default())?;
    match read.list.as_slice() {
        [Target::Live(name)] => Ok(name.clone()),
        other => {
            let help = other.first().and_then(Target::suggestion);
            let help = help.unwrap_or_else(|| {
                "use ecs:FAMILY[:REVISION] or an ARN; `logweir firelens plan` plans files, and you register the result".into()
            });
            Err(Failure::usage(format!("{target} is not a registered revision")).help(help))
        }
    }
}

/// Returns the source revision of an unfinished migration of the family, if the target names a family without a revision.
async fn unfinished(session: &Session, name: &str) -> Result<Option<RevisionArn>, Failure> {
    let family = targets::family_of(name);
    if family.contains(':') {
        return Ok(None);
    }
    let (account, region) = (session.home.account.clone(), session.home.region.clone());
    let family = FamilyName { account, region, family: family.to_owned() };
    Ok(unfinished_migration(&session.ports, &family).await?)
}

/// The context of one run.
struct Apply<'a> {
    args: &'a FirelensApplyArgs,
    context: &'a Context,
    session: &'a Session,
    baseline: &'a Baseline,
}

impl Apply<'_> {
    async fn run(&self, planned: &PlannedMigration) -> VerbResult {
        let printer = &self.context.printer;
        let plan = shown(planned);
        printer.text(|| plan.text());
        let json = |report: Option<&Report>| {
            let reports: Vec<&Report> = report.into_iter().collect();
            printer.json(|| json!({"schema": schema::APPLY, "plan": plan.json(), "reports": reports}));
        };
        let Some((source, document)) = to_register(planned)? else {
            json(None);
            return Ok(Exit::of_left(planned.migration.blockers.len()));
        };
        let rights =
            Rights::of(&self.context.aws(Intent::Look).await?, &self.session.home, &planned.migration.iam).await;
        let report = match self.obstacle(&rights) {
            Some(why) => self.refused(&source, why),
            None if !self.args.yes && !printer.asked(&question(&source, &rights))? => {
                printer.note("nothing was registered");
                return Ok(Exit::of_left(1));
            }
            None => self.migrate(&source, &document).await,
        };
        printer.text(|| report.text());
        json(Some(&report));
        Ok(Exit::from(&report))
    }

    /// Returns why Logweir does not register the document. Without an answer of the simulator, only a person at the
    /// terminal can decide.
    fn obstacle(&self, rights: &Rights) -> Option<Conclusion> {
        let all = |rights: &[String]| names(rights.iter().map(String::as_str));
        if !rights.denied.is_empty() {
            let why = format!("{}; add the statements of the plan to the role, then try again", all(&rights.denied));
            return Some(Outcome::Refused.because(Reason::AccessDenied).saying(why));
        }
        if !rights.unknown.is_empty() && self.args.yes {
            let why = format!("{}; without --yes, Logweir asks on a terminal", all(&rights.unknown));
            return Some(Outcome::Failed.because(Reason::Unreadable).saying(why));
        }
        None
    }

    fn cause(&self) -> Cause {
        Cause {
            actor: Some(self.session.caller.clone()),
            user_agent: Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into()),
            ..Cause::default()
        }
    }

    fn refused(&self, source: &RevisionArn, why: Conclusion) -> Report {
        let order = self.session.order(self.baseline, Mode::Register, Origin::Apply { again: false });
        refused_migration(&self.session.ports, &order, source, &self.cause(), why).report
    }

    /// Registers the document, and tries again while another worker has locked the record or a read does not show the new
    /// revision yet.
    async fn migrate(&self, source: &RevisionArn, document: &TaskDefinition) -> Report {
        let (begun, before) = (Instant::now(), self.session.calls.count());
        let patience = Duration::from_secs(self.args.wait);
        let mut decision = loop {
            let order = self.session.order(self.baseline, Mode::Register, Origin::Apply { again: false });
            let decision = migrate(&self.session.ports, &order, source, document, self.cause()).await;
            if !decision.is_retried() || begun.elapsed() + PAUSE > patience {
                break decision;
            }
            tokio::time::sleep(PAUSE).await;
        };
        decision.report.aws_calls = self.session.calls.count() - before;
        let is_retried = decision.is_retried();
        let report = &mut decision.report;
        if is_retried {
            report
                .notes
                .push("run the same command again: it searches for the revision before it registers one".into());
        } else if report.outcome == Outcome::Migrated {
            report
                .notes
                .push("no service was updated: deploy the migrated revision as you deploy your revisions".into());
        }
        decision.report
    }
}

/// Returns the source revision and the document to register. Returns `None` if there is nothing to migrate, or if a
/// blocker stands.
fn to_register(planned: &PlannedMigration) -> Result<Option<(RevisionArn, TaskDefinition)>, Failure> {
    let migration = &planned.migration;
    let (Some(source), Some(migrated)) = (&planned.revision, &migration.definition) else { return Ok(None) };
    if migration.is_done || !migration.blockers.is_empty() {
        return Ok(None);
    }
    if !migration.placeholders.is_empty() {
        let all = names(migration.placeholders.iter().map(String::as_str));
        return Err(Failure::usage(format!("the planned document contains values that you have to give: {all}"))
            .help("give them with the options of the plan, such as --config-folder, --registration-key or --also"));
    }
    let text = wire::without(migrated.text(), &COMPUTED).map_err(|error| Failure::error(error.to_string()))?;
    let document = TaskDefinition::parse(text).map_err(|error| Failure::error(error.to_string()))?;
    Ok(Some((source.clone(), document)))
}

/// Returns the question before the registration, with the rights that the simulator gave no answer about.
fn question(source: &RevisionArn, rights: &Rights) -> String {
    let unknown: String = rights.unknown.iter().map(|why| format!("unknown: {why}\n")).collect();
    format!("{unknown}Register this as a new revision of {}, and update no service? [y/N] ", source.family)
}
