//! The deployment that the checks read, and the reports on what they cannot read.

use jiff::Timestamp;
use serde_json::Value;

use crate::aws::Aws;
use crate::cli::context::Context;
use crate::cli::journal::AnyJournal;
use crate::cli::session::Session;
use crate::domain::baseline::Baseline;
use crate::domain::doctor::deployment::StackDeployment;
use crate::domain::doctor::{Looked, Unseen};
use crate::domain::event::Home;
use crate::domain::outcome::Reason;
use crate::domain::report::BackoutBy;
use crate::ports::{Adapters, Answer, ErrorKind, PortError, SystemClock};

/// The context of all checks of one deployment.
pub(in crate::cli) struct Look<'l> {
    context: &'l Context,
    pub(in crate::cli) aws: &'l Aws,
    pub(in crate::cli) deployment: &'l StackDeployment,
    /// The session with the deployment's journal, in place of the functions.
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

    /// Returns the baseline that the caller selected. An error in the baseline ends only the check that reads it.
    pub(in crate::cli) async fn at_hand(&self) -> Looked<&'l Baseline> {
        let read = self.context.baseline().await;
        read.map(|placed| &placed.baseline).map_err(|failure| {
            let help = failure.help.unwrap_or_else(|| "name a baseline that can be read: --baseline FILE".into());
            Unseen { why: failure.message, help, is_missing: false }
        })
    }

    /// What the function has said last of an event.
    pub(in crate::cli) async fn reported(
        &self,
        log_group: &str,
        event_id: &str,
        since: Timestamp,
    ) -> Looked<Option<Value>> {
        seen(self.aws.last_report(log_group, event_id, since).await, "logs")
    }
}

pub(in crate::cli) fn seen<T>(answer: Answer<T>, service: &str) -> Looked<T> {
    answer.map_err(|error| unseen(&error, service))
}

/// Why something could not be read; `service` as permissions name it.
pub(in crate::cli) fn unseen(error: &PortError, service: &str) -> Unseen {
    let help = match (error.reason, error.kind) {
        (Some(Reason::AccessDenied | Reason::PassRoleDenied), _) => {
            format!("whoever runs this needs {service}:{}", error.call)
        }
        (_, ErrorKind::Retry) => "this may pass: run it again".into(),
        _ => "the message says what AWS does not like".into(),
    };
    Unseen { why: error.to_string(), help, is_missing: error.kind == ErrorKind::Missing }
}
