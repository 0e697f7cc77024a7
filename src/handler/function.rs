//! One invocation of a Lambda function, from its payload to its reply.

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Diagnostic;
use serde_json::Value;

use super::reporter::Reporter;
use super::{BackoutCaller, HandlerReply, Queues, handle, handle_backout};
use crate::domain::event::Home;
use crate::domain::limits::reconciliation::{Finished, ReconciliationName};
use crate::domain::notice::{Tally, Unconfirmed};
use crate::domain::outcome::{Mode, Outcome};
use crate::domain::report::BackoutBy;
use crate::ports::{Answer, Clock, Journal, Notifier, OwnLog, Ports, Queue};
use crate::settings::{BACKOUT_LEASE, LEASE, Remediation, Role, Settings};
use crate::telemetry::{FailedNotification, not_notified};
use crate::workflow::{Order, Origin, last_reconciliation};

/// The period that an observation digest covers. This period equals the interval between two digests.
const DIGEST: SignedDuration = SignedDuration::from_hours(24);

pub struct Function<P, Q, N, L> {
    pub settings: Settings,
    pub region: String,
    pub ports: P,
    /// The event queue and its dead-letter queue.
    pub queues: Queues<Q>,
    pub notifier: N,
    pub own_log: L,
}

/// The input that Lambda passes to a function for one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'i> {
    pub payload: &'i Value,
    pub request: &'i str,
    /// The ARN with which the function was invoked.
    pub arn: &'i str,
    /// The function's name.
    pub name: &'i str,
}

impl<P: Ports, Q: Queue, N: Notifier, L: OwnLog> Function<P, Q, N, L> {
    /// Handles the payload of an invocation, and returns the reply. `calls` returns the number of AWS calls so far, and
    /// `write` receives the log lines. Returns an error only if a retry can succeed, because Lambda delivers the event
    /// again after an error.
    pub async fn answer(
        &self,
        invocation: Invocation<'_>,
        calls: &(dyn Fn() -> u64 + Sync),
        write: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Value, Diagnostic> {
        let Invocation { payload, request, arn, name: function } = invocation;
        let (ports, region) = (&self.ports, &self.region);
        let home = Home::of_function(arn, region, &self.settings.own_roles, &self.settings.scope);
        let worker = format!("{request}-{}", ports.clock().now().as_nanosecond());
        let before = calls();
        let calls = || calls() - before;
        let mut telling = Reporter { function, write, notices: Vec::new(), digest: false };
        let reply = match &self.settings.role {
            Role::Remediate(remediation) => {
                let Remediation { mode, finishes, exec, exec_finishes, baseline, .. } = &**remediation;
                let order = Order {
                    mode: *mode,
                    finishes: *finishes,
                    exec: *exec,
                    exec_finishes: *exec_finishes,
                    baseline,
                    home: &home,
                    origin: Origin::Event,
                    worker,
                    registrar: None,
                    lease: LEASE,
                    backout: &self.settings.backout(region),
                };
                let reply = handle(ports, &order, &self.queues, payload, &calls, &mut telling).await;
                if telling.digest {
                    let unconfirmed = Unconfirmed { mode: finishes.name(), baseline: baseline.digest() };
                    self.sum_up(&home, *mode, (mode != finishes).then_some(unconfirmed), &mut telling).await;
                }
                reply
            }
            Role::Backout { retires } => {
                let me = BackoutBy::Function { name: function.to_owned(), region: region.clone() };
                let (lease, retires) = (BACKOUT_LEASE, *retires);
                let taker = BackoutCaller { home: &home, worker: &worker, lease, backout: &me, retires };
                handle_backout(ports, taker, payload, &calls, &mut telling).await
            }
        };
        telling.tell(&self.notifier, ports.clock().now()).await;
        self.answered(&reply)
    }

    /// Converts a reply into the result of the invocation. The backout function never returns an error, because its
    /// caller reads the report and may repeat the request.
    fn answered(&self, reply: &HandlerReply) -> Result<Value, Diagnostic> {
        match (reply.retry(), &self.settings.role) {
            (Some(decision), Role::Remediate(_)) => {
                let why = decision.error.as_ref().unwrap_or(&decision.message);
                Err(Diagnostic { error_type: "retryable".into(), error_message: why.clone() })
            }
            _ => Ok(reply.to_json()),
        }
    }

    /// Sends the digest. Only in mode `observe`, the function's log contains observed revisions.
    async fn sum_up(&self, home: &Home, mode: Mode, unconfirmed: Option<Unconfirmed<'_>>, telling: &mut Reporter<'_>) {
        let now = self.ports.clock().now();
        let mut tally = Tally::default();
        let read = match mode {
            Mode::Observe => self.observed(&mut tally, now).await,
            Mode::Register | Mode::Rollout => Ok(()),
        };
        // In mode `observe`, the end of a hold releases nothing.
        let held = match mode {
            Mode::Observe => Ok(Vec::new()),
            Mode::Register | Mode::Rollout => self.ports.journal().stopped().await.map(|listed| listed.readable),
        };
        let standing = last_reconciliation(&self.ports, &ReconciliationName::of(home)).await;
        let errors = [read.err(), held.as_ref().err().cloned(), standing.as_ref().err().cloned()];
        for error in errors.into_iter().flatten() {
            let error = error.to_string();
            let failed = [FailedNotification { family: None, error: &error }];
            (telling.write)(&not_notified(&failed, telling.function, now));
        }
        let is_recent = |last: &Finished| now.duration_since(last.at) < DIGEST * 2;
        if let Some(last) = standing.ok().flatten().filter(is_recent) {
            tally.stand(last.counts.standing);
        }
        tally.hold(held.unwrap_or_default());
        telling.notices.extend(tally.notice(home, unconfirmed, now));
    }

    /// Adds the revisions that the function has observed since the last digest to the tally.
    async fn observed(&self, tally: &mut Tally, now: Timestamp) -> Answer<()> {
        let since = now.saturating_sub(DIGEST).unwrap_or(now);
        let is_complete = self.own_log.lines(Outcome::Observed, since, &mut |line| tally.line(line)).await?;
        if !is_complete {
            tally.cut();
        }
        Ok(())
    }
}
