//! The context of the checks of `logweir doctor`, and the reasons why a check cannot read a fact.

use jiff::Timestamp;
use serde_json::Value;

use crate::aws::Aws;
use crate::cli::context::Context;
use crate::cli::journal::AnyJournal;
use crate::cli::session::Session;
use crate::domain::baseline::Baseline;
use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::{ReadFailure, ReadResult};
use crate::domain::event::Home;
use crate::domain::outcome::Reason;
use crate::domain::report::BackoutBy;
use crate::ports::{Adapters, Answer, ErrorKind, PortError, SystemClock};

/// The context of all checks of one Logweir stack.
pub(in crate::cli) struct Look<'l> {
    context: &'l Context,
    pub(in crate::cli) aws: &'l Aws,
    pub(in crate::cli) deployment: &'l StackDeployment,
    /// A session with the journal that the functions of the stack use.
    pub(in crate::cli) session: Session,
}

impl<'l> Look<'l> {
    pub(in crate::cli) fn new(
        context: &'l Context,
        aws: &'l Aws,
        deployment: &'l StackDeployment,
        home: Home,
        caller: String,
    ) -> Self {
        let ports = Adapters {
            ecs: aws.ecs.clone(),
            log_groups: aws.log_groups.clone(),
            journal: AnyJournal::Table(aws.journal(deployment.table())),
            clock: SystemClock,
        };
        let backout = BackoutBy::Function { name: deployment.backout.clone(), region: home.region.clone() };
        let session = Session { ports, home, caller, calls: aws.calls().clone(), backout };
        Self { context, aws, deployment, session }
    }

    pub(in crate::cli) fn home(&self) -> &Home {
        &self.session.home
    }

    /// Returns whether the caller named a baseline.
    pub(in crate::cli) fn is_baseline_named(&self) -> bool {
        self.context.global.baseline.is_some()
    }

    /// Returns the baseline that the caller named, else the baseline of the stack. An error in this baseline affects
    /// only the checks that need the baseline.
    pub(in crate::cli) async fn at_hand(&self) -> ReadResult<&'l Baseline> {
        let read = self.context.baseline().await;
        read.map(|placed| &placed.baseline).map_err(|failure| {
            let help = failure.help.unwrap_or_else(|| "select a readable baseline: --baseline FILE".into());
            ReadFailure { why: failure.message, help, is_missing: false }
        })
    }

    /// Returns the function's newest report on an event, from the function's log.
    pub(in crate::cli) async fn reported(
        &self,
        log_group: &str,
        event_id: &str,
        since: Timestamp,
    ) -> ReadResult<Option<Value>> {
        seen(self.aws.last_report(log_group, event_id, since).await, "logs")
    }
}

pub(in crate::cli) fn seen<T>(answer: Answer<T>, service: &str) -> ReadResult<T> {
    answer.map_err(|error| unseen(&error, service))
}

/// Returns why a fact could not be read. `service` is the prefix of the IAM actions of the AWS service, such as `sqs`.
pub(in crate::cli) fn unseen(error: &PortError, service: &str) -> ReadFailure {
    let help = match (error.reason, error.kind) {
        (Some(Reason::AccessDenied | Reason::PassRoleDenied), _) => {
            format!("give the caller of doctor the permission {service}:{}", error.call)
        }
        (_, ErrorKind::Retry) => "try again: the error may be temporary".into(),
        _ => "see the message from AWS for the reason".into(),
    };
    ReadFailure { why: error.to_string(), help, is_missing: error.kind == ErrorKind::Missing }
}
