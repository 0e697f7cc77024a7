//! The correction of one item of a run.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::check::{Agreed, check};
use super::drive::RunDriver;
use super::line::{left, of, of_report};
use super::survey::corrected;
use super::watch::{RunEvent, RunWatch};
use crate::domain::event::{Cause, RevisionRef};
use crate::domain::limits::rate::{Arrival, Wait};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::Record;
use crate::domain::report::Decision;
use crate::domain::run::{Fate, RunItem, RunLine};
use crate::ports::{Clock, ErrorKind, Journal, Ports, Timer};
use crate::workflow::correct::{correct, opening, take_slot};
use crate::workflow::decide::look_up;
use crate::workflow::reporting::{end, failed, fresh};

/// How often the run tries a correction whose error may pass.
const TRIES: u32 = 8;
/// The first and the longest pause between two tries.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// The longest single wait for a slot, after which the run looks whether it has to stop.
const GLANCE: SignedDuration = SignedDuration::from_secs(1);

/// The result of one try to correct an item.
enum Tried {
    Ended(Box<Decision>),
    /// The registration has to wait for its slot.
    Waits(Timestamp),
    Line(RunLine),
}

/// How an earlier try of the same run left the record of the source revision.
enum Begun {
    /// This run has not begun to correct the revision, or its attempt changed nothing.
    Nothing,
    Unfinished,
    Done,
    BackedOut,
}

impl<P: Ports, W: RunWatch> RunDriver<'_, '_, P, W>
where
    P::Clock: Timer,
{
    /// Corrects the source revision of an item, unless the present state of the account differs from the plan.
    pub(super) async fn correct(&self, item: &RunItem) -> RunLine {
        let (mut arrival, mut pause, mut tries) = (Arrival::First, SHORTEST, 0);
        let begun = self.ports.clock().now();
        loop {
            let tried = self.try_once(item, arrival).await;
            let decision = match tried {
                Tried::Line(line) => return line,
                Tried::Waits(slot) => {
                    if !self.wait_for(slot).await {
                        return left(item.source.short(), "the run was interrupted");
                    }
                    arrival = Arrival::InSlot;
                    continue;
                }
                Tried::Ended(decision) => decision,
            };
            tries += 1;
            let is_locked = decision.reason == Some(Reason::Locked);
            let waited = self.ports.clock().now().duration_since(begun);
            let may_wait = if is_locked { waited < self.patience.lock } else { tries < TRIES };
            if !decision.is_retried() || !may_wait || self.watch.is_stopped() {
                return of_report(&decision);
            }
            let why = match &decision.error {
                Some(error) => error.clone(),
                None if is_locked => "another worker has locked the record".to_owned(),
                None => decision.message.clone(),
            };
            self.watch.sees(RunEvent::Waits { about: &item.source.short(), why: &why });
            self.ports.clock().wait(pause).await;
            if self.is_backed_out().await {
                return of_report(&decision);
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    async fn try_once(&self, item: &RunItem, arrival: Arrival) -> Tried {
        let mut decision = fresh(self.order, &self.cause(), self.ports.clock().now());
        decision.report.about(&item.source);
        let record = match self.ports.journal().read(&item.source).await {
            Ok(record) => record,
            Err(error) => return Tried::Ended(Box::new(failed(decision, &error))),
        };
        match record.as_ref().map_or(Begun::Nothing, |record| self.begun(record)) {
            Begun::Done => Tried::Line(done(item, record.as_ref())),
            Begun::BackedOut => {
                let why = "the correction was backed out since";
                let conclusion = Outcome::Skipped.because(Reason::BackedOutBefore).saying(why);
                Tried::Line(of(item.source.short(), &conclusion))
            }
            Begun::Unfinished => Tried::Ended(Box::new(self.resume(item, decision).await)),
            Begun::Nothing => self.begin(item, decision, arrival).await,
        }
    }

    /// Begins the correction, if the item agrees and the registration rate limit allows a registration.
    async fn begin(&self, item: &RunItem, mut decision: Decision, arrival: Arrival) -> Tried {
        let (ports, order) = (self.ports, self.order);
        let Agreed { described, plan } = match check(ports, order, item, &mut decision).await {
            Ok(Ok(agreed)) => agreed,
            Ok(Err(conclusion)) => return Tried::Ended(Box::new(decision.ends(conclusion))),
            Err(undecided) => return Tried::Ended(Box::new(undecided.end(decision))),
        };
        if item.registers() {
            match take_slot(ports, order, &described, arrival).await {
                Ok(None) => {}
                Ok(Some(Wait::Until(slot))) => return Tried::Waits(slot),
                Ok(Some(Wait::Full)) => {
                    let why = "all slots of the registration rate limit in the next 24 hours are reserved";
                    let conclusion = Outcome::Skipped.because(Reason::RateLimited).saying(why);
                    return Tried::Ended(Box::new(decision.ends(conclusion)));
                }
                Err(halt) => return Tried::Ended(Box::new(end(decision, Err(halt)))),
            }
        }
        let opening = opening(order, &described.arn, &decision, self.cause(), &plan);
        let acted = correct(ports, order, &mut decision, &described, Some(opening)).await;
        Tried::Ended(Box::new(end(decision, acted)))
    }

    /// Finishes the correction that an earlier try of the same run began.
    async fn resume(&self, item: &RunItem, mut decision: Decision) -> Decision {
        let (ports, order) = (self.ports, self.order);
        let which = RevisionRef::Revision(item.source.clone());
        match look_up(ports, order.home, which, &mut decision.report).await {
            Ok(described) => {
                let acted = correct(ports, order, &mut decision, &described, None).await;
                end(decision, acted)
            }
            Err(undecided) => undecided.end(decision),
        }
    }

    fn begun(&self, record: &Record) -> Begun {
        let attempt = record.attempt().ok().flatten();
        let is_own = attempt.is_some_and(|attempt| attempt.opening.cause.run.as_deref() == Some(self.id.as_str()));
        match &record.head {
            _ if !is_own => Begun::Nothing,
            head if head.suppressed => Begun::BackedOut,
            head if head.open => Begun::Unfinished,
            _ if record.head.closing.as_ref().is_some_and(|closing| closing.outcome == Outcome::Remediated) => {
                Begun::Done
            }
            _ => Begun::Nothing,
        }
    }

    /// Whether this run has corrected the source revision of the item, or the plan names an earlier correction that is
    /// still in effect.
    pub(super) async fn may_follow(&self, item: &RunItem) -> Result<bool, crate::ports::PortError> {
        let Some(record) = self.ports.journal().read(&item.source).await? else { return Ok(false) };
        Ok(match &item.corrected {
            Some(planned) => corrected(&record) == Some(planned),
            None => matches!(self.begun(&record), Begun::Done),
        })
    }

    /// Waits for a slot of the registration rate limit. Returns `false` if the run has to stop.
    async fn wait_for(&self, slot: Timestamp) -> bool {
        self.watch.sees(RunEvent::WaitsForSlot { until: slot });
        loop {
            let left = slot.duration_since(self.ports.clock().now());
            if self.watch.is_stopped() {
                return false;
            }
            let Ok(pause) = Duration::try_from(left.min(GLANCE)) else { return true };
            if pause.is_zero() {
                return true;
            }
            self.ports.clock().wait(pause).await;
        }
    }

    pub(super) fn cause(&self) -> Cause {
        Cause {
            actor: self.order.registrar.map(String::from),
            user_agent: Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into()),
            run: Some(self.id.to_string()),
            ..Cause::default()
        }
    }
}

fn done(item: &RunItem, record: Option<&Record>) -> RunLine {
    let corrected = record.and_then(|record| record.head.corrected.as_ref());
    RunLine {
        fate: Fate::Done,
        corrected: corrected.map(crate::domain::ecs::revision::RevisionArn::short),
        ..of(item.source.short(), &Outcome::Remediated.into())
    }
}

/// Whether an error of a call may pass.
pub(super) fn may_pass(error: &crate::ports::PortError) -> bool {
    error.kind == ErrorKind::Retry
}
