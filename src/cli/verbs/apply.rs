//! `logweir apply`: corrects live revisions by hand, with the same steps and the same record as the function.

use crate::domain::limits::family::Family;
use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::check::{difference, show_findings};
use crate::cli::acting::{Acting, Intent, ok, patiently, worker};
use crate::cli::live::{failure, wait};
use crate::cli::targets::{self, Loaded, Target};
use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::{Cause, RevisionRef, Trigger};
use crate::domain::limits::family::FamilyName;
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::Report;
use crate::ports::{Clock, Journal};
use crate::settings::LEASE;
use crate::workflow::{Order, Origin, remediate};

#[derive(Args)]
pub(in crate::cli) struct Apply {
    /// ecs:FAMILY[:REVISION] or ARNs
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// register, or rollout: also point the services at it that run the target, one after the other
    #[arg(long, env = "LOGWEIR_MODE", hide_env = true, default_value = "register")]
    pub(in crate::cli) mode: Mode,
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

impl Apply {
    pub(in crate::cli) fn run(&self, context: &Context) -> Ended {
        let targets = targets::read(&self.targets)?;
        if let Some(other) = targets.iter().find(|target| !matches!(target, Target::Live(_))) {
            return Err(Failure::usage(format!("{} is no live revision", other.origin()))
                .help("apply takes ecs:FAMILY[:REVISION] or an ARN; `logweir fix` mends files"));
        }
        if self.mode == Mode::Observe && !self.dry_run {
            return Err(Failure::usage("apply acts").help("--dry-run shows what it would do"));
        }
        if !self.dry_run && !self.yes && context.is_json() {
            return Err(Failure::usage("json shows no plan to agree to").help("--yes acts without asking"));
        }
        if !self.dry_run && !self.yes && !io::stdin().is_terminal() {
            return Err(Failure::usage("there is no terminal to ask at").help("--yes acts without asking"));
        }
        wait(async {
            let acting = context.acting(if self.dry_run { Intent::Look } else { Intent::Act }).await?;
            let (mut exit, mut reports) = (Exit::Fine, Vec::new());
            for target in &targets {
                let Target::Live(name) = target else { continue };
                match self.one(context, &acting, target, name).await {
                    Ok((ended, of_it)) => {
                        exit = exit.max(ended);
                        reports.extend(of_it);
                    }
                    Err(failed) => {
                        let message = format!("{}: {}", target.origin(), failed.message);
                        context.printer.error(&message, failed.help.as_deref());
                        exit = exit.max(failed.exit);
                    }
                }
            }
            if context.is_json() {
                context.printer.json(&json!({"schema": "logweir.apply/1", "reports": reports}));
            }
            Ok(exit)
        })?
    }

    async fn one(
        &self,
        context: &Context,
        acting: &Acting,
        target: &Target,
        name: &str,
    ) -> Result<(Exit, Vec<Report>), Failure> {
        let mut loaded = context.plan_with(&acting.ports.ecs, &acting.ports.log_groups, target, name).await;
        let mut services = Vec::new();
        if self.mode == Mode::Rollout
            && let Ok(Loaded { revision: Some(revision), .. }) = &loaded
        {
            let source = acting.source_of(revision).await?;
            services = acting.services_of(&source).await?;
            if source != *revision {
                let source = source.to_string();
                loaded = context.plan_with(&acting.ports.ecs, &acting.ports.log_groups, target, &source).await;
            }
        }
        let loaded = loaded.map_err(|error| failure(&error))?;
        let Some(revision) = loaded.revision.clone() else { return Ok((Exit::CouldNot, Vec::new())) };
        let standing = if self.again { None } else { acting.correction_of(&revision).await? };
        if !context.is_json() {
            match &standing {
                Some(ours) => {
                    let line = format!("{} is corrected already, by {}\n", revision.short(), ours.short());
                    context.printer.result(&line);
                }
                None => self.show(context, &loaded, &revision),
            }
            let line =
                |service: &ServiceArn| format!("service {} follows, if nothing is in the way\n", service.short());
            context.printer.result(&services.iter().map(line).collect::<String>());
        }
        let acts = (standing.is_none() && loaded.plan.changes_something()) || !services.is_empty();
        let question = match &standing {
            Some(ours) => format!("Lead services to {}? [y/N] ", ours.short()),
            None => format!("Correct {}? [y/N] ", revision.short()),
        };
        if !self.dry_run && acts && !self.yes && !asked(context, &question)? {
            context.printer.note(&format!("{} is left as it is", revision.short()));
            return Ok((Exit::Findings, Vec::new()));
        }
        let mode = if self.dry_run { Mode::Observe } else { self.mode };
        let patience = Duration::from_secs(self.wait);
        let before = acting.calls.count();
        let mut report = patiently(patience, || self.remediate(context, acting, mode, &revision)).await;
        if self.dry_run {
            report.notes.extend(self.in_the_way(acting, &revision).await?);
        }
        report.aws_calls = acting.calls.count() - before;
        if !context.is_json() {
            context.show(&report);
        }
        let is_corrected = report.outcome == Outcome::Remediated || report.reason == Some(Reason::Duplicate);
        let (mut exit, mut reports) = (Exit::from(&report), vec![report]);
        if is_corrected && !self.dry_run {
            let (ended, of_services) = self.roll_out(context, acting, &services, patience).await;
            exit = exit.max(ended);
            reports.extend(of_services);
        }
        Ok((exit, reports))
    }

    /// What is wrong, and what would be changed about it.
    fn show(&self, context: &Context, loaded: &Loaded, revision: &RevisionArn) {
        show_findings(context, loaded);
        context.printer.result(&difference(loaded));
        for change in &loaded.plan.log_groups {
            let line = match change {
                LogGroupChange::Create(group) => {
                    format!("log group {}: make it, retention {} days\n", group.name, group.retention_days)
                }
                LogGroupChange::SetRetention { name, old, new, .. } => {
                    let old = old.map_or("never expires".to_owned(), |days| format!("{days} days"));
                    format!("log group {name}: {old} → {new} days\n")
                }
            };
            context.printer.result(&line);
        }
        if !loaded.plan.edits.is_empty() {
            context.printer.result(&format!("a corrected revision follows {}\n", revision.short()));
        }
    }

    async fn remediate(&self, context: &Context, acting: &Acting, mode: Mode, revision: &RevisionArn) -> Report {
        let cause = Cause {
            actor: Some(acting.caller.clone()),
            user_agent: Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into()),
            ..Cause::default()
        };
        let which = RevisionRef::Revision(revision.clone());
        self.decide(context, acting, mode, Trigger::Remediate { which, cause }).await
    }

    pub(in crate::cli) async fn decide(
        &self,
        context: &Context,
        acting: &Acting,
        mode: Mode,
        trigger: Trigger,
    ) -> Report {
        let order = Order {
            mode,
            finishes: mode,
            baseline: &context.baseline,
            home: &acting.home,
            origin: Origin::Apply { again: self.again },
            worker: worker(),
            registrar: Some(&acting.caller),
            lease: LEASE,
            backout: &acting.backout,
        };
        remediate(&acting.ports, &order, trigger).await.report
    }

    /// What would keep an act from being one, for a run that only shows it.
    async fn in_the_way(&self, acting: &Acting, revision: &RevisionArn) -> Result<Option<String>, Failure> {
        if self.again {
            return Ok(None);
        }
        let journal = &acting.ports.journal;
        let record = ok(journal.read(revision).await)?;
        if record.is_some_and(|record| record.head.suppressed) {
            return Ok(Some(format!("{} was taken back: it takes --again to correct it", revision.short())));
        }
        let family = ok(journal.read_state::<Family>(&FamilyName::of(revision)).await)?;
        let stopped = family.and_then(|family| family.stopped(acting.ports.clock.now()));
        Ok(stopped.map(|stopped| format!("{stopped}: it takes --again to correct it")))
    }
}

/// Asks once. Whatever is no yes is a no.
pub(in crate::cli) fn asked(context: &Context, question: &str) -> Result<bool, Failure> {
    context.printer.ask(question);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Failure::could_not(error.to_string()))?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
