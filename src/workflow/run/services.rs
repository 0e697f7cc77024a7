//! The services that follow in a run.

use std::time::Duration;

use jiff::SignedDuration;

use super::drive::RunDriver;
use super::line::of;
use super::watch::{RunEvent, RunWatch};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::ServiceChange;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::run::{Fate, RunLine};
use crate::ports::{Clock, Ports, Timer};
use crate::workflow::lease::Halt;
use crate::workflow::reporting::fresh;
use crate::workflow::rollout::{RolloutDriver, ServiceHint};

/// The first pause between two reads of a deployment, and the longest one. Each read makes several AWS calls.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// How often the run tries a step of a rollout whose error may pass.
const TRIES: u32 = 8;

impl<P: Ports, W: RunWatch> RunDriver<'_, '_, P, W>
where
    P::Clock: Timer,
{
    /// Updates a service to the corrected revision of `source`, and waits at most `patience` for the end of the
    /// deployment.
    pub(super) async fn roll_out(
        &self,
        source: &RevisionArn,
        service: &ServiceArn,
        patience: SignedDuration,
    ) -> RunLine {
        let (clock, name) = (self.ports.clock(), service.short());
        let begun = clock.now();
        let (mut pause, mut failures) = (SHORTEST, 0);
        loop {
            let (line, is_retried) = match self.step(source, service).await {
                Ok(conclusion) => (of(name.clone(), &conclusion), false),
                Err(halt) => {
                    failures += 1;
                    let is_retried = matches!(&halt, Halt::LeaseLost)
                        || matches!(&halt, Halt::Port(error) if super::correct::may_pass(error) && failures < TRIES);
                    (of(name.clone(), &halted(&halt)), is_retried)
                }
            };
            let waited = clock.now().duration_since(begun);
            let limit = if is_retried { patience.max(self.patience.lock) } else { patience };
            let goes_on = is_retried || line.fate == Fate::UnderWay;
            let is_over = waited + SignedDuration::try_from(pause).unwrap_or_default() > limit;
            if !goes_on || is_over || self.watch.is_stopped() {
                return line;
            }
            let why = line.why.as_deref().unwrap_or("deployment in progress");
            self.watch.sees(RunEvent::Waits { about: &name, why });
            clock.wait(pause).await;
            if self.is_backed_out().await {
                return line;
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Makes the next step of the rollout to a service.
    pub(super) async fn step(&self, source: &RevisionArn, service: &ServiceArn) -> Result<Conclusion, Halt> {
        let cause = self.cause();
        let mut report = fresh(self.order, &cause, self.ports.clock().now()).report;
        let hint = ServiceHint { service, change: &ServiceChange::Look, cause: &cause };
        RolloutDriver { ports: self.ports, order: self.order }.follow_planned(&mut report, source, &hint).await
    }
}

fn halted(halt: &Halt) -> Conclusion {
    match halt {
        Halt::LeaseLost => Outcome::Skipped.because(Reason::Locked).saying(halt.to_string()),
        Halt::Waiting(why) => Outcome::Partial.because(Reason::DeploymentUnderWay).saying(why),
        Halt::Port(error) => Conclusion::new(Outcome::Failed, error.reason, Some(error.to_string())),
        halt => Outcome::NeedsOperator.because(Reason::Unreadable).saying(halt.to_string()),
    }
}
