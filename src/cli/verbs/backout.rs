//! `logweir replay --backout`: takes back what was done for an event or a record, here or by the deployed function.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::{Aws, Invoked};
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::moment::until;
use crate::cli::session::{PAUSE, Session, worker};
use crate::cli::{event_file, record_name};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{self, Home, RevisionRef, ServiceChange, Trigger};
use crate::domain::outcome::Reason;
use crate::domain::report::{Report, schema};
use crate::ports::{Filter, Journal};
use crate::render::human::report::FunctionAnswer;
use crate::settings::BACKOUT_LEASE;
use crate::workflow::{BackoutOptions, BackoutOrder, Request, back_out, preview};

#[derive(Args)]
pub(in crate::cli) struct BackoutArgs {
    /// With --backout: only show what would be taken back
    #[arg(long, requires = "backout", help_heading = "Backout")]
    dry_run: bool,
    /// Why, for the record
    #[arg(long, requires = "backout", help_heading = "Backout")]
    reason: Option<String>,
    /// Who wants it [default: whoever calls AWS]
    #[arg(long, requires = "backout", help_heading = "Backout", value_name = "WHO")]
    requested_by: Option<String>,
    /// Correct nothing of the family until then: a time, a day or a span (`2h`, `7d`)
    #[arg(long, requires = "backout", help_heading = "Backout", value_name = "UNTIL", value_parser = until)]
    hold_family: Option<Timestamp>,
    /// Restore a source that was deregistered though its family has a newer revision than ours
    #[arg(long, requires = "backout", help_heading = "Backout")]
    restore_stale: bool,
    /// Let this deployed function do it
    #[arg(long, requires = "backout", help_heading = "Backout", value_name = "NAME")]
    function: Option<String>,
}

impl BackoutArgs {
    pub(in crate::cli) fn run(&self, context: &Context, target: &Path, patience: Duration) -> VerbResult {
        wait(async {
            match &self.function {
                Some(function) => self.ask(context, target, function, patience).await,
                None => self.take_back(context, target, patience).await,
            }
        })
    }

    async fn take_back(&self, context: &Context, target: &Path, patience: Duration) -> VerbResult {
        let intent = if self.dry_run { Intent::Look } else { Intent::Act };
        let session = context.session(intent).await?;
        let source = self.source(&session, target).await?;
        let mut report = session.patiently(patience, || self.once(&session, &source)).await;
        if report.reason == Some(Reason::DeploymentUnderWay) {
            report.notes.push("the same command goes on with it when that is over".into());
        }
        context.printer.show(&report);
        Ok(Exit::from(&report))
    }

    async fn once(&self, session: &Session, source: &RevisionArn) -> Report {
        let order = BackoutOrder {
            home: &session.home,
            registrar: Some(&session.caller),
            worker: worker(),
            lease: BACKOUT_LEASE,
            backout: &session.backout,
            ask: BackoutOptions {
                reason: self.reason.clone(),
                requested_by: Some(self.requested_by.clone().unwrap_or_else(|| session.caller.clone())),
                restore_stale: self.restore_stale,
                hold_until: self.hold_family,
            },
        };
        if self.dry_run {
            preview(&session.ports, &order, source).await.report
        } else {
            back_out(&session.ports, &order, source).await.report
        }
    }

    /// The source that is meant: of an event's file, or of a record's name.
    async fn source(&self, session: &Session, target: &Path) -> Result<RevisionArn, Failure> {
        let journal = &session.ports.journal;
        if !target.is_file() {
            return record_name::source(journal, &name_of(target)).await;
        }
        let event = event_file::read(target)?;
        let (which, cause) = remediated(&event, &session.home, target)?;
        let family = match which {
            RevisionRef::Revision(arn) => return Ok(arn),
            RevisionRef::NewestOf { family, .. } => family,
        };
        // The event names no revision; the record that it began names the event.
        let filter = Filter { family: Some(family), ..Filter::all(Timestamp::now()) };
        for head in journal.list(&filter, usize::MAX).await? {
            let record = journal.read(&head.source).await?;
            let attempt = record.as_ref().and_then(|record| record.attempt().ok().flatten());
            if cause.is_some() && attempt.is_some_and(|attempt| attempt.opening.cause.event_id == cause) {
                return Ok(head.source);
            }
        }
        Err(Failure::could_not(format!("{}: no record was begun by this event", target.display()))
            .help("name the record: `logweir records` lists them"))
    }

    /// Has the deployed function do it. What it answers is what is shown.
    async fn ask(&self, context: &Context, target: &Path, function: &str, patience: Duration) -> VerbResult {
        if !target.is_file() {
            record_name::parse(&name_of(target))?;
        }
        let aws = context.aws(Intent::Act).await?;
        let record = if target.is_file() {
            let (home, _) = home(&aws).await?;
            let (which, _) = remediated(&event_file::read(target)?, &home, target)?;
            let RevisionRef::Revision(arn) = which else {
                let failure = Failure::could_not(format!("{}: the event names no revision", target.display()));
                return Err(failure.help("name the record: `logweir records` lists them"));
            };
            arn.to_string()
        } else {
            name_of(target)
        };
        let requested_by = match &self.requested_by {
            Some(who) => who.clone(),
            None => home(&aws).await?.1,
        };
        let request = Request {
            logweir: Default::default(),
            record,
            reason: self.reason.clone(),
            requested_by: Some(requested_by),
            restore_stale: self.restore_stale,
            hold_family: self.hold_family,
            dry_run: self.dry_run,
        };
        let answer = FunctionAnswer(invoke(&aws, function, &json!(request), patience).await?);
        context.printer.show(&answer);
        Ok(Exit::of_answer(&answer.0, self.dry_run))
    }
}

/// Invokes the function until it answers, or `patience` is over: it ends in an error only where another try can help.
async fn invoke(aws: &Aws, function: &str, request: &Value, patience: Duration) -> Result<Value, Failure> {
    let begun = std::time::Instant::now();
    loop {
        match aws.invoke(function, request).await? {
            Invoked::Answer(report) if report["schema"] == schema::REPORT => {
                if report["reason"] != "lease-held" || begun.elapsed() + PAUSE > patience {
                    return Ok(report);
                }
                tokio::time::sleep(PAUSE).await;
            }
            Invoked::Answer(_) => {
                return Err(Failure::could_not(format!(
                    "{function} gave no report: is it Logweir's, and for backout?"
                )));
            }
            Invoked::Failed(why) if begun.elapsed() + PAUSE > patience => {
                return Err(Failure::could_not(format!("{function}: {why}")).help("this may pass: run it again"));
            }
            Invoked::Failed(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn name_of(target: &Path) -> String {
    target.to_string_lossy().into_owned()
}

/// The revision whose registration an event tells of, or that somebody gave to a service, and the event's id.
fn remediated(event: &Value, home: &Home, target: &Path) -> Result<(RevisionRef, Option<String>), Failure> {
    let could_not = |why: &str| Failure::could_not(format!("{}: {why}", target.display()));
    match event::read(event, home) {
        Ok(Trigger::Remediate { which, cause }) => Ok((which, cause.event_id)),
        Ok(Trigger::Service { change: ServiceChange::Asked { revision: Some(revision) }, cause, .. }) => {
            Ok((RevisionRef::Revision(revision), cause.event_id))
        }
        Ok(Trigger::Service { service, .. }) => {
            let why =
                format!("{}: the event is about service {} and names no revision", target.display(), service.short());
            Err(Failure::usage(why).help("name the record: `logweir records` lists them"))
        }
        Ok(Trigger::Ignore { .. } | Trigger::Used { .. }) => Err(could_not("the event is none that Logweir acts on")),
        Err(error) => Err(could_not(&error.to_string())),
    }
}
