//! `logweir apply`: corrects registered revisions for an operator, with the same steps and records as the deployed
//! function.

mod all;
mod older;
mod survey;
mod watch;

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::account_default::{AccountDefaultArgs, How};
use all::{RunArgs, Shared};
pub(in crate::cli) use watch::TerminalWatch;

use super::rollout::roll_out;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::plan_live;
use crate::cli::loaded::Loaded;
use crate::cli::printer::Printer;
use crate::cli::session::Session;
use crate::cli::targets::{self, Target, Targets, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::{Cause, RevisionRef, ServiceChange, Trigger};
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::{Report, schema};
use crate::domain::rules::packs::LOGGING;
use crate::ports::{Clock, Journal};
use crate::render::Output;
use crate::workflow::{Origin, remediate};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir apply ecs:web --dry-run           show the plan; change nothing",
    "logweir apply ecs:web                     ask, then register the corrected revision",
    "logweir apply ecs:web --mode rollout      also update the services that run the revision",
    "logweir apply --all                       one plan for all families; ask, then apply it",
    "logweir apply --plan plan.json            apply a plan that --plan-out wrote",
];

#[derive(Args)]
pub(in crate::cli) struct ApplyArgs {
    /// ecs:FAMILY[:REVISION] or ARNs of task definitions
    #[arg(value_name = "TARGET", required_unless_present_any = ["all", "plan", "resume", "account_default"])]
    targets: Vec<String>,
    #[command(flatten)]
    many: RunArgs,
    /// register: only register the corrected revision. rollout: also update the services that run the source
    /// revision, one at a time
    #[arg(long, env = "LOGWEIR_MODE", hide_env = true, default_value = "register")]
    mode: Mode,
    /// Show the plan; make no call that writes
    #[arg(long)]
    dry_run: bool,
    /// Act without asking
    #[arg(long)]
    yes: bool,
    /// Act even if the correction was backed out, the family is on hold or its fuse is open, or the service was rolled
    /// back
    #[arg(long)]
    force: bool,
    /// Seconds to wait for deployments and for a locked record [default: 30; 3600 for a canary]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    #[command(flatten)]
    account_default: AccountDefaultArgs,
}

impl ApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let Targets { list: named, folders, .. } = targets::read(&self.targets, &WalkArgs::default())?;
        if let Some(option) = self.many.misplaced() {
            return Err(Failure::usage(format!("{option} needs --all")).help("leave the targets out, and add --all"));
        }
        let other = named.iter().find(|target| !matches!(target, Target::Live(_)));
        let folder = folders.first().map(|folder| folder.display().to_string());
        if let Some(name) = folder.or(other.map(Target::origin)) {
            let help = other.and_then(Target::suggestion);
            let help = help.unwrap_or("use ecs:FAMILY[:REVISION] or an ARN; `logweir fix` fixes files".into());
            return Err(Failure::usage(format!("{name} is not a registered revision")).help(help));
        }
        if self.mode == Mode::Observe && !self.dry_run && !self.many.is_given() {
            return Err(Failure::usage("apply cannot act in mode observe").help("use --dry-run to show the plan"));
        }
        if self.account_default.is_given() {
            let how = How { dry_run: self.dry_run, force: self.force, patience: self.patience() };
            return self.account_default.run(context, how);
        }
        if self.many.is_given() {
            let Self { mode, dry_run, yes, wait, .. } = *self;
            return self.many.run(context, Shared { mode, dry_run, yes, wait });
        }
        if !self.dry_run && !self.yes {
            context.printer.can_ask("--format json cannot prompt", "add --yes or --dry-run")?;
        }
        let placed = wait(context.baseline())?;
        wait(async {
            let session = context.session(if self.dry_run { Intent::Look } else { Intent::Act }, Some(placed)).await?;
            let apply = Apply { args: self, printer: &context.printer, session: &session, baseline: &placed.baseline };
            let (mut exit, mut reports) = (Exit::Fine, Vec::new());
            for target in &named {
                let Target::Live(name) = target else { continue };
                match apply.one(target, name).await {
                    Ok((ended, of_it)) => {
                        exit = exit.max(ended);
                        reports.extend(of_it);
                    }
                    Err(failed) => {
                        exit = exit.max(failed.exit);
                        context.printer.target_failure(&target.origin(), &failed);
                    }
                }
            }
            context.printer.json(|| json!({"schema": schema::APPLY, "reports": reports}));
            Ok(exit)
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.wait.unwrap_or(30))
    }
}

/// The context of all corrections in one run of `logweir apply`.
struct Apply<'a> {
    args: &'a ApplyArgs,
    printer: &'a Printer,
    session: &'a Session,
    baseline: &'a Baseline,
}

/// The proposed correction of one target.
struct Proposal {
    loaded: Loaded,
    /// The source revision.
    revision: RevisionArn,
    /// The existing corrected revision, according to the journal. `None` if the revision still has to be corrected, or
    /// with `--force`.
    standing: Option<RevisionArn>,
    /// The services to update to the corrected revision.
    services: Vec<ServiceArn>,
}

impl Apply<'_> {
    async fn one(&self, target: &Target, name: &str) -> Result<(Exit, Vec<Report>), Failure> {
        let Some(proposal) = self.propose(target, name).await? else { return Ok((Exit::Error, Vec::new())) };
        if let Some(failure) = proposal.loaded.unread() {
            self.printer.text(|| proposal.loaded.findings(self.printer.is_styled()));
            self.printer.target_failure(&target.origin(), &failure);
            let report = if self.printer.is_json() { Some(self.correct(&proposal.revision).await?) } else { None };
            return Ok((Exit::Error, report.into_iter().collect()));
        }
        self.printer.text(|| proposal.text(self.printer.is_styled()));
        if !self.args.dry_run && !self.args.yes && proposal.acts() && !self.printer.asked(&proposal.question())? {
            self.printer.note(&format!("{} was not changed", proposal.revision.short()));
            return Ok((Exit::Findings, Vec::new()));
        }
        let report = self.correct(&proposal.revision).await?;
        self.printer.text(|| report.text());
        let is_corrected = report.outcome == Outcome::Remediated || report.reason == Some(Reason::Duplicate);
        let (mut exit, mut reports) = (Exit::from(&report), vec![report]);
        if is_corrected && !self.args.dry_run {
            let follow = async |service: &ServiceArn| self.follow(service).await;
            let (ended, of_services) = roll_out(self.printer, &proposal.services, self.patience(), follow).await;
            exit = exit.max(ended);
            reports.extend(of_services);
        }
        Ok((exit, reports))
    }

    /// Determines the correction of a target. Returns `None` if ECS describes the target without a revision.
    async fn propose(&self, target: &Target, name: &str) -> Result<Option<Proposal>, Failure> {
        let session = self.session;
        let mut loaded = self.load(target, name).await;
        let mut services = Vec::new();
        if self.args.mode == Mode::Rollout
            && let Ok(Loaded { revision: Some(revision), .. }) = &loaded
        {
            let source = session.source_of(revision).await?;
            services = session.services_of(&source).await?;
            if source != *revision {
                loaded = self.load(target, &source.to_string()).await;
            }
        }
        let loaded = loaded?;
        let Some(revision) = loaded.revision.clone() else { return Ok(None) };
        let standing = if self.args.force { None } else { session.correction_of(&revision).await? };
        Ok(Some(Proposal { loaded, revision, standing, services }))
    }

    async fn load(&self, target: &Target, name: &str) -> Result<Loaded, Failure> {
        targets::is_in_region(name, &self.session.home.region)?;
        let ports = &self.session.ports;
        Ok(plan_live(&ports.ecs, &ports.log_groups, self.baseline, LOGGING, target, name).await?)
    }

    fn patience(&self) -> Duration {
        self.args.patience()
    }

    /// Corrects a revision, or shows the correction in a dry run.
    async fn correct(&self, revision: &RevisionArn) -> Result<Report, Failure> {
        let mode = if self.args.dry_run { Mode::Observe } else { self.args.mode };
        let cause = Cause { user_agent: Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into()), ..self.cause() };
        let trigger = Trigger::Remediate { which: RevisionRef::Revision(revision.clone()), cause };
        let mut report = self.session.patiently(self.patience(), || self.decide(mode, trigger.clone())).await;
        if self.args.dry_run {
            let before = self.session.calls.count();
            report.notes.extend(self.in_the_way(revision).await?);
            report.aws_calls += self.session.calls.count() - before;
        }
        Ok(report)
    }

    /// Updates a service to the corrected revision, or continues the rollout of the service.
    async fn follow(&self, service: &ServiceArn) -> Report {
        let trigger = Trigger::Service { service: service.clone(), change: ServiceChange::Look, cause: self.cause() };
        self.session.patiently(self.patience(), || self.decide(self.args.mode, trigger.clone())).await
    }

    fn cause(&self) -> Cause {
        Cause { actor: Some(self.session.caller.clone()), ..Cause::default() }
    }

    async fn decide(&self, mode: Mode, trigger: Trigger) -> Report {
        let order = self.session.order(self.baseline, mode, Origin::Apply { again: self.args.force });
        remediate(&self.session.ports, &order, trigger).await.report
    }

    /// Returns the note of a dry run that says why `logweir apply` without `--force` would skip or refuse this
    /// revision.
    async fn in_the_way(&self, revision: &RevisionArn) -> Result<Option<String>, Failure> {
        if self.args.force {
            return Ok(None);
        }
        let ports = &self.session.ports;
        let record = ports.journal.read(revision).await?;
        if record.is_some_and(|record| record.head.suppressed) {
            return Ok(Some(format!(
                "the correction of {0} was backed out earlier; --force corrects {0} again",
                revision.short()
            )));
        }
        let family = ports.journal.read_state::<Family>(&FamilyName::of(revision)).await?;
        let stopped = family.and_then(|family| family.stopped(ports.clock.now()));
        Ok(stopped.map(|stopped| format!("{stopped}; --force corrects {} anyway", revision.short())))
    }
}

impl Proposal {
    /// Returns whether the proposal changes anything.
    fn acts(&self) -> bool {
        (self.standing.is_none() && self.loaded.plan.changes_something()) || !self.services.is_empty()
    }

    fn question(&self) -> String {
        match &self.standing {
            Some(corrected) => format!("Update services to {}? [y/N] ", corrected.short()),
            None => format!("Correct {}? [y/N] ", self.revision.short()),
        }
    }

    fn text(&self, is_styled: bool) -> String {
        let mut text = match &self.standing {
            Some(corrected) => format!("{} is already corrected by {}\n", self.revision.short(), corrected.short()),
            None => self.changes(is_styled),
        };
        for service in &self.services {
            text += &format!(
                "will update service {} to the corrected revision, unless a rollout guard prevents the update\n",
                service.short()
            );
        }
        text
    }

    /// Returns the text about the findings and the planned changes.
    fn changes(&self, is_styled: bool) -> String {
        let plan = &self.loaded.plan;
        let mut text = self.loaded.findings(is_styled) + &self.loaded.difference();
        for change in &plan.log_groups {
            text += &match change {
                LogGroupChange::Create(group) => {
                    let retention = group.retention_days.map(|days| format!(" with a retention of {days} days"));
                    format!("will create log group {}{}\n", group.name, retention.unwrap_or_default())
                }
                LogGroupChange::SetRetention { name, old, new, .. } => {
                    let old = old.map_or("unlimited".to_owned(), |days| format!("{days} days"));
                    format!("will change the retention of log group {name} from {old} to {new} days\n")
                }
            };
        }
        if !plan.edits.is_empty() {
            text += &format!("will register a corrected revision based on {}\n", self.revision.short());
        }
        text
    }
}
