//! `logweir apply --all`, `--plan FILE` and `--resume ID`: one plan for the account and Region, applied in one run.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::SignedDuration;
use serde_json::json;

use super::survey::survey;
use super::watch::TerminalWatch;
use crate::bounded_file;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::families::family_targets;
use crate::cli::interrupt::Interrupt;
use crate::cli::session::{Session, worker};
use crate::cli::{output_files, whole_file};
use crate::domain::baseline::Baseline;
use crate::domain::outcome::Mode;
use crate::domain::report::schema;
use crate::domain::run::{self, RunId, RunName, RunPlan};
use crate::domain::text::count;
use crate::domain::text::plain::without_number;
use crate::render::Output;
use crate::render::human::run::{PlanOutput, ResultOutput};
use crate::settings::LEASE;
use crate::workflow::{Order, Origin, RunDriver, RunPatience, begin_run, read_run};

/// The largest plan file that Logweir reads, in bytes.
const LARGEST: u64 = 64 << 20;

/// The most changes of a run without a reviewed plan.
const MOST_CHANGES: usize = 25;

/// How long a run waits for the deployment of a canary service by default.
const CANARY: SignedDuration = SignedDuration::from_hours(1);

/// The options of a run over many families.
#[derive(Args)]
pub(in crate::cli) struct RunArgs {
    /// Correct the newest revision of each family in the account and Region, with one plan
    #[arg(long, conflicts_with_all = ["targets", "force"])]
    pub(super) all: bool,
    /// Write the plan of --all to this file; change nothing
    #[arg(long, value_name = "FILE", requires = "all")]
    pub(super) plan_out: Option<PathBuf>,
    /// Apply the plan in this file; leave alone what has changed since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "force", "all", "resume", "canary"])]
    pub(super) plan: Option<PathBuf>,
    /// Continue the run with this ID
    #[arg(long, value_name = "ID", conflicts_with_all = ["targets", "force", "all", "canary", "dry_run"])]
    pub(super) resume: Option<RunId>,
    /// Change nothing if the plan has more changes (corrected families and updated services) [default: 25; no limit
    /// with --plan and --resume]
    #[arg(long, value_name = "N")]
    max_changes: Option<usize>,
    /// With --all --mode rollout: update the first N services, wait until their deployments complete, then the rest
    #[arg(long, value_name = "N", requires = "all", default_value_t = 0, hide_default_value = true)]
    canary: usize,
}

/// The options that a run shares with a correction of named revisions.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub(super) mode: Mode,
    pub(super) dry_run: bool,
    pub(super) yes: bool,
    /// The seconds that the caller gave with `--wait`.
    pub(super) wait: Option<u64>,
}

impl RunArgs {
    /// Whether the caller asks for a run over many families.
    pub(super) fn is_given(&self) -> bool {
        self.all || self.plan.is_some() || self.resume.is_some()
    }

    /// Returns the option that has no meaning without a run over many families. The parser does not refuse it if the
    /// caller also names targets, because targets conflict with `--all`.
    pub(super) fn misplaced(&self) -> Option<&'static str> {
        let given = [
            (self.plan_out.is_some(), "--plan-out"),
            (self.canary > 0, "--canary"),
            (self.max_changes.is_some(), "--max-changes"),
        ];
        let option = given.into_iter().find(|(is_given, _)| *is_given).map(|(_, option)| option);
        option.filter(|_| !self.is_given())
    }

    pub(super) fn run(&self, context: &Context, shared: Shared) -> VerbResult {
        if self.plan_out.is_some() && !self.all {
            return Err(
                Failure::usage("--plan-out writes the plan of --all").help("leave --plan-out out, or use --all")
            );
        }
        let shared = Shared { dry_run: shared.dry_run || self.plan_out.is_some(), ..shared };
        if shared.mode == Mode::Observe {
            let failure = Failure::usage("a plan corrects revisions, and mode observe corrects nothing");
            return Err(failure.help("use --mode register or --mode rollout"));
        }
        if self.canary > 0 && shared.mode != Mode::Rollout {
            let failure = Failure::usage("--canary counts services, and only mode rollout updates services");
            return Err(failure.help("add --mode rollout, or leave --canary out"));
        }
        if !shared.dry_run && !shared.yes {
            let help = match (self.all, &self.resume) {
                (true, _) => "add --yes, --dry-run or --plan-out FILE",
                (false, None) => "add --yes or --dry-run",
                (false, Some(_)) => "add --yes",
            };
            context.printer.can_ask("--format json cannot prompt", help)?;
        }
        self.plan_out.as_deref().map(output_files::writable).transpose()?;
        let given = self.plan.as_deref().map(|path| read(context, path)).transpose()?;
        if let Some(plan) = &given
            && plan.head.mode != shared.mode
        {
            let mode = plan.head.mode.name();
            return Err(Failure::usage(format!("the plan is for mode {mode}")).help(format!("add --mode {mode}")));
        }
        let placed = wait(context.baseline())?;
        let families = if self.all { family_targets(context)? } else { Vec::new() };
        wait(async {
            let intent = if shared.dry_run { Intent::Look } else { Intent::Act };
            let session = context.session(intent, Some(placed)).await?;
            let baseline = &placed.baseline;
            let plan = match (given, &self.resume) {
                (Some(plan), _) => plan,
                (None, Some(id)) => self.standing(&session, id).await?,
                (None, None) => {
                    let order = order(&session, baseline, shared.mode);
                    survey(context, &session, &order, &families, self.canary).await?
                }
            };
            is_of(&plan, &session, baseline)?;
            self.act(context, &session, baseline, plan, shared).await
        })
    }

    /// Shows the plan, asks, and applies the plan.
    async fn act(
        &self,
        context: &Context,
        session: &Session,
        baseline: &Baseline,
        plan: RunPlan,
        shared: Shared,
    ) -> VerbResult {
        let (printer, summary) = (&context.printer, plan.summary());
        let exit = if plan.unread.is_empty() { Exit::Fine } else { Exit::Error };
        let shown = PlanOutput { plan: &plan };
        printer.text(|| shown.text());
        if shared.dry_run {
            if let Some(path) = &self.plan_out {
                write(path, &format!("{:#}\n", shown.json()))?;
                let command = context.apply_plan(path, plan.head.mode, &session.home.region)?;
                printer.hint(&format!("the plan is in {}; to apply it: {command}", path.display()));
                return Ok(exit);
            }
            printer.json(|| shown.json());
            return Ok(exit.max(if summary.changes > 0 { Exit::Findings } else { Exit::Fine }));
        }
        self.is_allowed(summary.changes)?;
        if summary.changes == 0 && self.resume.is_none() {
            printer.json(|| json!({"schema": schema::RUN, "run": null, "lines": []}));
            return Ok(exit);
        }
        let question = format!("Apply this plan ({})? [y/N] ", count(summary.changes as u64, "change"));
        if !shared.yes && !printer.asked(&question)? {
            printer.note("nothing was changed");
            return Ok(exit.max(Exit::Findings));
        }
        let driven = self.drive(context, session, baseline, &plan, shared).await?;
        Ok(exit.max(driven))
    }

    async fn drive(
        &self,
        context: &Context,
        session: &Session,
        baseline: &Baseline,
        plan: &RunPlan,
        shared: Shared,
    ) -> VerbResult {
        let (order, region) = (order(session, baseline, plan.head.mode), &session.home.region);
        let resume = context.resume_run(&plan.id(), region)?;
        let run = begin_run(&session.ports, plan, &worker(), &session.caller).await?;
        let id = run.name.id.clone();
        context.printer.note(&format!("run {id}; after an interruption: {resume}"));
        let watch = TerminalWatch::begin(&context.printer, Interrupt::listen(), plan.summary().changes);
        let driver = RunDriver {
            ports: &session.ports,
            order: &order,
            plan,
            id,
            watch: &watch,
            patience: patience(shared.wait),
        };
        let (result, stored) = driver.apply(run).await;
        drop(watch);
        let backout = context.backout_run(&result.run, region)?;
        let output = ResultOutput { backout, resume: Some(resume), result };
        context.printer.show(&output);
        if let Err(error) = stored {
            context.printer.failure(&Failure::from(error));
            return Ok(Exit::Error);
        }
        Ok(Exit::of_code(output.result.exit_code()))
    }

    /// Returns the plan of the run that the caller continues.
    async fn standing(&self, session: &Session, id: &RunId) -> Result<RunPlan, Failure> {
        let name =
            RunName { account: session.home.account.clone(), region: session.home.region.clone(), id: id.clone() };
        match read_run(&session.ports, &name).await? {
            Some((_, plan)) => Ok(plan),
            None => Err(Failure::error(format!("the journal has no run {id} in this account and Region"))
                .help("check the ID, --region and --journal")),
        }
    }

    /// Returns an error if the plan has more changes than the caller allows.
    fn is_allowed(&self, changes: usize) -> Result<(), Failure> {
        let is_reviewed = self.plan.is_some() || self.resume.is_some();
        let limit = self.max_changes.or((!is_reviewed).then_some(MOST_CHANGES));
        if limit.is_none_or(|limit| changes <= limit) {
            return Ok(());
        }
        let most = limit.unwrap_or_default();
        let message = format!("the plan has {changes} changes, and --max-changes allows {most}: nothing was changed");
        let failure = Failure::error(message).help(format!(
            "review the plan with --plan-out FILE and apply it with --plan FILE, or add --max-changes {changes}"
        ));
        Err(Failure { exit: Exit::Findings, ..failure })
    }
}

fn order<'o>(session: &'o Session, baseline: &'o Baseline, mode: Mode) -> Order<'o> {
    session.order(baseline, mode, Origin::Apply { again: false })
}

/// Returns how long the run waits. A locked record is free at the latest when the lease of its worker ends.
fn patience(given: Option<u64>) -> RunPatience {
    let seconds = |seconds: u64| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    RunPatience {
        lock: given.map_or(LEASE + SignedDuration::from_secs(30), seconds),
        deployment: given.map_or(SignedDuration::from_secs(30), seconds),
        canary: given.map_or(CANARY, seconds),
    }
}

/// Returns an error if the plan is for another account or Region, or was made with another baseline.
fn is_of(plan: &RunPlan, session: &Session, baseline: &Baseline) -> Result<(), Failure> {
    let head = &plan.head;
    let here = (&session.home.account, &session.home.region);
    if (&head.account, &head.region) != here {
        return Err(Failure::error(format!(
            "the plan is for another account or Region than {} in {}: nothing was changed",
            here.0, here.1
        ))
        .help("select the account and the Region of the plan: --profile, --region"));
    }
    if head.baseline_digest != baseline.digest() {
        return Err(Failure::error("the baseline has changed since the plan was made: nothing was changed")
            .help("make a new plan: logweir apply --all --plan-out FILE"));
    }
    Ok(())
}

/// Reads a plan file, which another principal may have written.
fn read(context: &Context, path: &Path) -> Result<RunPlan, Failure> {
    let shown = path.display();
    let text = bounded_file::read_text(path, LARGEST)
        .map_err(|error| Failure::error(format!("{shown}: {}", without_number(&error.to_string()))))?;
    let plan = run::read(&text).map_err(|error| {
        let place = error.position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        let failure = Failure::error(format!("{shown}{place}: {error}"));
        Failure { position: error.position, ..failure }.help("write the plan with: logweir apply --all --plan-out FILE")
    })?;
    if run::is_changed(&text, &plan) {
        context.printer.note(&format!("{shown}: the plan was changed after Logweir wrote it"));
    }
    Ok(plan)
}

/// Writes a plan, which only its owner may read.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    whole_file::put_private(path, text).map_err(|error| output_files::unwritten(path, &error))
}
