//! `logweir apply`: corrects live revisions by hand, with the same steps and the same record as the function.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::rollout::roll_out;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::load::plan_live;
use crate::cli::loaded::Loaded;
use crate::cli::printer::Printer;
use crate::cli::session::Session;
use crate::cli::targets::{self, Target};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::{Cause, RevisionRef, ServiceChange, Trigger};
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::{Report, schema};
use crate::ports::{Clock, Journal};
use crate::render::Output;
use crate::workflow::{Origin, remediate};

#[derive(Args)]
pub(in crate::cli) struct ApplyArgs {
    /// ecs:FAMILY[:REVISION] or ARNs
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// register, or rollout: also point the services at it that run the target, one after the other
    #[arg(long, env = "LOGWEIR_MODE", hide_env = true, default_value = "register")]
    mode: Mode,
    /// Show the plan; no call that could write is possible
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also what was taken back, is held, was stopped by the family's fuse, or has returned to its source
    #[arg(long)]
    again: bool,
    /// How long to wait for deployments, and for somebody else who is at the record, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
}

impl ApplyArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let baseline = &wait(context.baseline())?.baseline;
        let targets = targets::read(&self.targets)?;
        if let Some(other) = targets.iter().find(|target| !matches!(target, Target::Live(_))) {
            return Err(Failure::usage(format!("{} is no live revision", other.origin()))
                .help("apply takes ecs:FAMILY[:REVISION] or an ARN; `logweir fix` mends files"));
        }
        if self.mode == Mode::Observe && !self.dry_run {
            return Err(Failure::usage("apply acts").help("--dry-run shows what it would do"));
        }
        if !self.dry_run && !self.yes {
            context.printer.can_ask("json shows no plan to agree to", "--yes acts without asking")?;
        }
        wait(async {
            let session = context.session(if self.dry_run { Intent::Look } else { Intent::Act }).await?;
            let apply = Apply { args: self, printer: &context.printer, session: &session, baseline };
            let (mut exit, mut reports) = (Exit::Fine, Vec::new());
            for target in &targets {
                let Target::Live(name) = target else { continue };
                match apply.one(target, name).await {
                    Ok((ended, of_it)) => {
                        exit = exit.max(ended);
                        reports.extend(of_it);
                    }
                    Err(failed) => {
                        exit = exit.max(failed.exit);
                        context.printer.failure(&failed.about(&target.origin()));
                    }
                }
            }
            context.printer.json(|| json!({"schema": schema::APPLY, "reports": reports}));
            Ok(exit)
        })
    }
}

/// The context of all corrections of one run.
struct Apply<'a> {
    args: &'a ApplyArgs,
    printer: &'a Printer,
    session: &'a Session,
    baseline: &'a Baseline,
}

/// The proposed correction of one target.
struct Proposal {
    loaded: Loaded,
    /// The source.
    revision: RevisionArn,
    /// The corrected revision, if the journal already has one.
    standing: Option<RevisionArn>,
    /// The services to update.
    services: Vec<ServiceArn>,
}

impl Apply<'_> {
    async fn one(&self, target: &Target, name: &str) -> Result<(Exit, Vec<Report>), Failure> {
        let Some(proposal) = self.propose(target, name).await? else { return Ok((Exit::CouldNot, Vec::new())) };
        self.printer.text(|| proposal.text(self.printer.is_styled()));
        if !self.args.dry_run && !self.args.yes && proposal.acts() && !self.printer.asked(&proposal.question())? {
            self.printer.note(&format!("{} is left as it is", proposal.revision.short()));
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

    /// Determines the correction of a target. Returns `None` if the description from ECS contains no revision.
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
        let standing = if self.args.again { None } else { session.correction_of(&revision).await? };
        Ok(Some(Proposal { loaded, revision, standing, services }))
    }

    async fn load(&self, target: &Target, name: &str) -> Result<Loaded, Failure> {
        let ports = &self.session.ports;
        Ok(plan_live(&ports.ecs, &ports.log_groups, self.baseline, target, name).await?)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.args.wait)
    }

    /// Corrects a revision, or with a dry run shows the correction.
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

    /// Updates a service to the corrected revision, or continues its rollout.
    async fn follow(&self, service: &ServiceArn) -> Report {
        let trigger = Trigger::Service { service: service.clone(), change: ServiceChange::Look, cause: self.cause() };
        self.session.patiently(self.patience(), || self.decide(self.args.mode, trigger.clone())).await
    }

    fn cause(&self) -> Cause {
        Cause { actor: Some(self.session.caller.clone()), ..Cause::default() }
    }

    async fn decide(&self, mode: Mode, trigger: Trigger) -> Report {
        let order = self.session.order(self.baseline, mode, Origin::Apply { again: self.args.again });
        remediate(&self.session.ports, &order, trigger).await.report
    }

    /// What would keep an act from being one, for a run that only shows it.
    async fn in_the_way(&self, revision: &RevisionArn) -> Result<Option<String>, Failure> {
        if self.args.again {
            return Ok(None);
        }
        let ports = &self.session.ports;
        let record = ports.journal.read(revision).await?;
        if record.is_some_and(|record| record.head.suppressed) {
            return Ok(Some(format!("{} was taken back: it takes --again to correct it", revision.short())));
        }
        let family = ports.journal.read_state::<Family>(&FamilyName::of(revision)).await?;
        let stopped = family.and_then(|family| family.stopped(ports.clock.now()));
        Ok(stopped.map(|stopped| format!("{stopped}: it takes --again to correct it")))
    }
}

impl Proposal {
    /// Whether the proposal changes anything.
    fn acts(&self) -> bool {
        (self.standing.is_none() && self.loaded.plan.changes_something()) || !self.services.is_empty()
    }

    fn question(&self) -> String {
        match &self.standing {
            Some(ours) => format!("Lead services to {}? [y/N] ", ours.short()),
            None => format!("Correct {}? [y/N] ", self.revision.short()),
        }
    }

    fn text(&self, is_styled: bool) -> String {
        let mut text = match &self.standing {
            Some(ours) => format!("{} is corrected already, by {}\n", self.revision.short(), ours.short()),
            None => self.changes(is_styled),
        };
        for service in &self.services {
            text += &format!("service {} follows, if nothing is in the way\n", service.short());
        }
        text
    }

    /// What is wrong, and what would be changed about it.
    fn changes(&self, is_styled: bool) -> String {
        let plan = &self.loaded.plan;
        let mut text = self.loaded.findings(is_styled) + &self.loaded.difference();
        for change in &plan.log_groups {
            text += &match change {
                LogGroupChange::Create(group) => {
                    format!("log group {}: make it, retention {} days\n", group.name, group.retention_days)
                }
                LogGroupChange::SetRetention { name, old, new, .. } => {
                    let old = old.map_or("never expires".to_owned(), |days| format!("{days} days"));
                    format!("log group {name}: {old} → {new} days\n")
                }
            };
        }
        if !plan.edits.is_empty() {
            text += &format!("a corrected revision follows {}\n", self.revision.short());
        }
        text
    }
}
