//! `logweir backout` and `logweir replay --backout` undo the correction or the migration of a record, or the correction
//! that followed an event. Either this process or the deployed function undoes the correction.

mod named;
mod run;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::named::{Named, cluster, is_cluster, is_setting, name_of, resource_name, setting};
use crate::aws::{Aws, Invoked};
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::event_file::EventFile;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::moment::until;
use crate::cli::record_name;
use crate::cli::session::{PAUSE, Session, worker};
use crate::domain::ecs::resource::ResourceArn;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{self, Home, RevisionRef, ServiceChange, Trigger};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::Record;
use crate::domain::report::{Report, schema};
use crate::domain::run::RunId;
use crate::ports::{Filter, Journal, Listed};
use crate::render::human::report::FunctionAnswer;
use crate::render::human::resource_change::ResourceChangeOutput;
use crate::settings::BACKOUT_LEASE;
use crate::workflow::{
    BackoutOptions, BackoutOrder, Request, back_out, back_out_account_default, back_out_cluster, back_out_resource,
    preview, preview_account_default, preview_cluster, preview_resource, record_named,
};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir backout web:1 --dry-run           show what would be undone; change nothing",
    "logweir backout web:1 --reason 'INC-42'   undo, and record why",
    "logweir backout web:1 --function logweir-backout",
    "logweir backout --run run-20261201T143833Z-0f3a9c41d2e7",
];

#[derive(Args)]
pub(in crate::cli) struct BackoutArgs {
    /// FAMILY:REVISION or an ARN, of the source revision or of the revision that Logweir registered; cluster/NAME;
    /// runbook/cluster/NAME or runbook/service/CLUSTER/NAME; account-default; or the file of an event
    #[arg(value_name = "RECORD", required_unless_present = "run")]
    target: Option<PathBuf>,
    /// Back out every correction of this run of `logweir apply --all`, the newest first
    #[arg(long, value_name = "ID", conflicts_with_all = ["target", "event_id"])]
    run: Option<RunId>,
    /// The id of the event, if RECORD is a file that contains several events
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    #[command(flatten)]
    flags: BackoutFlags,
    /// Seconds to wait for a locked record
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// Act without asking; without a terminal, Logweir never asks
    #[arg(long)]
    yes: bool,
}

impl BackoutArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if let Some(run) = &self.run {
            let patience = SignedDuration::from_secs(i64::try_from(self.wait).unwrap_or(i64::MAX));
            return self.flags.run_of(context, run, patience, self.yes);
        }
        let Some(target) = &self.target else { return Err(Failure::usage("name a record or a run")) };
        let target = EventFile { path: target, id: self.event_id.as_deref() };
        self.flags.run(context, target, Duration::from_secs(self.wait), self.yes)
    }
}

/// The options that `logweir backout` and `logweir replay --backout` share.
#[derive(Args)]
pub(in crate::cli) struct BackoutFlags {
    /// Show what would be undone; make no call that writes
    #[arg(long)]
    dry_run: bool,
    /// The reason for the backout, which the record keeps
    #[arg(long)]
    reason: Option<String>,
    /// The person or the ticket that requests the backout [default: the AWS caller]
    #[arg(long, value_name = "WHO")]
    requested_by: Option<String>,
    /// Put the family on hold until a time, through a day (in UTC) or for a span (`2h`, `7d`)
    #[arg(long, value_name = "UNTIL", value_parser = until)]
    hold_family: Option<Timestamp>,
    /// Re-register the deregistered source revision even if the family has a newer revision (the old code becomes the
    /// newest revision)
    #[arg(long)]
    restore_over_newer: bool,
    /// Re-register the deregistered source revision even if no service needs it
    #[arg(long)]
    restore_source: bool,
    /// Deregister the corrected revision even if an EventBridge rule or schedule pins it (its tasks then fail to start)
    #[arg(long)]
    ignore_pins: bool,
    /// Invoke this deployed function, which backs out the correction
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
}

impl BackoutFlags {
    pub(in crate::cli) fn run(
        &self,
        context: &Context,
        target: EventFile<'_>,
        patience: Duration,
        yes: bool,
    ) -> VerbResult {
        wait(async {
            match &self.function {
                Some(function) => self.ask(context, target, function, patience).await,
                None => self.back_out_here(context, target, patience, yes).await,
            }
        })
    }

    async fn back_out_here(
        &self,
        context: &Context,
        target: EventFile<'_>,
        patience: Duration,
        yes: bool,
    ) -> VerbResult {
        let intent = if self.dry_run { Intent::Look } else { Intent::Act };
        if !target.exists() && !is_cluster(target) && !is_setting(target) && resource_name(target).is_none() {
            record_name::parse(&name_of(target))?;
        }
        context.needs_folder(&context.journal_place().await?)?;
        let session = context.session(intent, None).await?;
        if let Some(name) = resource_name(target) {
            let resource = session.resource(&name)?;
            return self.back_out_resource(context, &session, &resource, patience, yes).await;
        }
        let record = match (setting(&session, target)?, cluster(&session, target)?) {
            (Some(setting), _) => Named::Setting(setting),
            (None, Some(cluster)) => Named::Cluster(cluster),
            (None, None) => Named::Revision(self.source(&session, target).await?),
        };
        let question = format!("Back out the record of {}? [y/N] ", record.arn());
        let act = async || {
            let mut report = session.patiently(patience, || self.once(&session, &record)).await;
            if report.reason == Some(Reason::DeploymentUnderWay) {
                report.notes.push("run the same command again when the deployment has ended".into());
            }
            context.printer.show(&report);
            Ok(Exit::from(&report))
        };
        context.if_agreed(intent, yes, &question, act).await
    }

    /// Undoes what `logweir runbook apply` changed.
    async fn back_out_resource(
        &self,
        context: &Context,
        session: &Session,
        resource: &ResourceArn,
        patience: Duration,
        yes: bool,
    ) -> VerbResult {
        let intent = if self.dry_run { Intent::Look } else { Intent::Act };
        let question = format!("Back out the changes of {}? [y/N] ", resource.short());
        let act = async || {
            let once = async || match self.dry_run {
                true => preview_resource(&session.ports, &self.order(session), resource).await,
                false => back_out_resource(&session.ports, &self.order(session), resource).await,
            };
            let report = session.until_settled(patience, once).await;
            let exit = Exit::of_resource(&report, false);
            let is_previewed = self.dry_run && report.outcome == Outcome::Observed;
            context.printer.show(&ResourceChangeOutput(vec![report]));
            Ok(if is_previewed { Exit::Fine } else { exit })
        };
        context.if_agreed(intent, yes, &question, act).await
    }

    /// Returns the context of each backout.
    fn order<'s>(&self, session: &'s Session) -> BackoutOrder<'s> {
        BackoutOrder {
            home: &session.home,
            registrar: Some(&session.caller),
            worker: worker(),
            lease: BACKOUT_LEASE,
            backout: &session.backout,
            ask: BackoutOptions {
                reason: self.reason.clone(),
                requested_by: Some(self.requested_by.clone().unwrap_or_else(|| session.caller.clone())),
                restore_over_newer: self.restore_over_newer,
                restore_source: self.restore_source,
                ignore_pins: self.ignore_pins,
                hold_until: self.hold_family,
            },
        }
    }

    async fn once(&self, session: &Session, record: &Named) -> Report {
        let order = self.order(session);
        let ports = &session.ports;
        let decision = match (record, self.dry_run) {
            (Named::Revision(source), true) => preview(ports, &order, source).await,
            (Named::Revision(source), false) => back_out(ports, &order, source).await,
            (Named::Cluster(cluster), true) => preview_cluster(ports, &order, cluster).await,
            (Named::Cluster(cluster), false) => back_out_cluster(ports, &order, cluster).await,
            (Named::Setting(name), true) => preview_account_default(ports, &order, name).await,
            (Named::Setting(name), false) => back_out_account_default(ports, &ports.ecs, &order, name).await,
        };
        decision.report
    }

    /// Returns the source revision of the event in the file `target`, or the revision of the record that `target`
    /// names.
    async fn source(&self, session: &Session, target: EventFile<'_>) -> Result<RevisionArn, Failure> {
        let journal = &session.ports.journal;
        if !target.exists() {
            return record_name::revision(journal, &name_of(target)).await;
        }
        let event = target.read()?;
        let (which, cause) = remediated(&event, &session.home, target)?;
        let family = match which {
            RevisionRef::Revision(arn) => return no_migration(journal, arn).await,
            RevisionRef::NewestOf { family, .. } => family,
        };
        // If the event names no revision, Logweir looks for the record that contains the id of the event.
        let filter = Filter { family: Some(family), ..Filter::all(Timestamp::now()) };
        let Listed { readable, mut unreadable } = journal.list(&filter, usize::MAX).await?;
        for head in readable {
            let record = match journal.read_record(&head.key()).await {
                Err(error) if error.is_unreadable() => {
                    unreadable.push(head.source.to_string());
                    continue;
                }
                record => record?,
            };
            let attempt = record.as_ref().and_then(|record| record.attempt().ok().flatten());
            if cause.is_some() && attempt.is_some_and(|attempt| attempt.opening.cause.event_id == cause) {
                return Ok(head.source);
            }
        }
        if !unreadable.is_empty() {
            return Err(record_name::unread(&unreadable));
        }
        Err(Failure::error(format!("{}: the journal has no record of this event", target.shown()))
            .help("name the record; `logweir records` lists all records"))
    }

    /// Invokes the deployed function, and shows the report that the function returns.
    async fn ask(&self, context: &Context, target: EventFile<'_>, function: &str, patience: Duration) -> VerbResult {
        if resource_name(target).is_some() {
            return Err(Failure::usage("the function has no permission to change settings and tags")
                .help("run the command without --function"));
        }
        if !target.exists() && is_setting(target) {
            return Err(Failure::usage("no function may change an account setting").help("leave --function out"));
        }
        if !target.exists() && !is_cluster(target) {
            record_name::parse(&name_of(target))?;
        }
        let aws = context.aws(Intent::Act).await?;
        let (home, caller) = home(&aws).await?;
        context.show_destination(&aws, &home, &[format!("function: {function}, with its own journal")]).await?;
        let record = if target.exists() {
            let (which, _) = remediated(&target.read()?, &home, target)?;
            let RevisionRef::Revision(arn) = which else {
                let failure = Failure::error(format!("{}: the event names no revision", target.shown()));
                return Err(failure.help("name the record; `logweir records` lists all records"));
            };
            arn.to_string()
        } else {
            name_of(target)
        };
        let requested_by = self.requested_by.clone().unwrap_or(caller);
        let request = Request {
            logweir: Default::default(),
            record,
            reason: self.reason.clone(),
            requested_by: Some(requested_by),
            restore_over_newer: self.restore_over_newer,
            restore_source: self.restore_source,
            ignore_pins: self.ignore_pins,
            hold_family: self.hold_family,
            dry_run: self.dry_run,
        };
        let answer = FunctionAnswer(invoke(&aws, function, &json!(request), patience).await?);
        context.printer.show(&answer);
        Ok(Exit::of_answer(&answer.0, self.dry_run))
    }
}

/// Repeats the invocation while the function fails or another worker has locked the record, for at most `patience`. The
/// function fails only if another attempt can help.
pub(super) async fn invoke(aws: &Aws, function: &str, request: &Value, patience: Duration) -> Result<Value, Failure> {
    let begun = std::time::Instant::now();
    loop {
        match aws.invoke(function, request).await? {
            Invoked::Answer(report) if report["schema"] == schema::REPORT => {
                if !is_locked(&report) || begun.elapsed() + PAUSE > patience {
                    return Ok(report);
                }
                tokio::time::sleep(PAUSE).await;
            }
            Invoked::Answer(_) => {
                return Err(Failure::error(format!(
                    "{function} returned no report: check that {function} is Logweir's backout function"
                )));
            }
            Invoked::Failed(why) if begun.elapsed() + PAUSE > patience => {
                return Err(Failure::error(format!("{function}: {why}")).help("try again: the error may be temporary"));
            }
            Invoked::Failed(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Returns whether the report says that another worker has locked the record. Functions before version 0.1.0 report the
/// reason `lease-held`.
fn is_locked(report: &Value) -> bool {
    matches!(report["reason"].as_str(), Some("locked" | "lease-held"))
}

/// Returns the revision of an event, unless it names the record of a migration. No event leads to a migration.
async fn no_migration(journal: &impl Journal, revision: RevisionArn) -> Result<RevisionArn, Failure> {
    match record_named(journal, &revision).await? {
        Some(Record { head, .. }) if !head.kind.is_correction() => {
            let name = revision.short();
            Err(Failure::error(format!("the journal has no correction of {name}, only a migration"))
                .help(format!("to undo the migration, name it: logweir backout {}", head.named_by().short())))
        }
        _ => Ok(revision),
    }
}

/// Returns the revision whose registration or deployment the event reports, and the id of the event.
fn remediated(event: &Value, home: &Home, target: EventFile<'_>) -> Result<(RevisionRef, Option<String>), Failure> {
    let failure = |why: &str| Failure::error(format!("{}: {why}", target.shown()));
    match event::read(event, home) {
        Ok(Trigger::Remediate { which, cause }) => Ok((which, cause.event_id)),
        Ok(Trigger::Overdue { revision }) => Ok((RevisionRef::Revision(revision), None)),
        Ok(Trigger::Service { change: ServiceChange::Asked { revision: Some(revision) }, cause, .. }) => {
            Ok((RevisionRef::Revision(revision), cause.event_id))
        }
        Ok(Trigger::Service { service, .. }) => {
            let why =
                format!("{}: the event is about service {} and names no revision", target.shown(), service.short());
            Err(Failure::usage(why).help("name the record; `logweir records` lists all records"))
        }
        Ok(Trigger::Cluster { cluster, .. }) => {
            let why = format!("{}: the event is about {}, not about a revision", target.shown(), cluster.short());
            let help = format!("name the record: logweir backout {}", cluster.short());
            Err(Failure::usage(why).help(help))
        }
        Ok(
            Trigger::Ignore { .. }
            | Trigger::Used { .. }
            | Trigger::Pinned { .. }
            | Trigger::Withdrawn { .. }
            | Trigger::Session { .. },
        ) => Err(failure("Logweir does not act on this event")),
        Err(error) => Err(failure(&error.to_string())),
    }
}
