//! The context of a verb that decides or acts in the account: ports, caller and backout command.

use std::future::Future;
use std::time::{Duration, Instant};

use super::connect::{Intent, home};
use super::context::Context;
use super::failure::Failure;
use super::journal::AnyJournal;
use crate::aws::{Calls, Ecs, Logs};
use crate::domain::baseline::Baseline;
use crate::domain::event::Home;
use crate::domain::outcome::{Mode, Reason};
use crate::domain::report::{BackoutBy, Report};
use crate::ports::{Adapters, SystemClock};
use crate::settings::LEASE;
use crate::workflow::{Order, Origin};

/// Between two tries at a record that somebody else is at.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Session {
    pub(super) ports: Adapters<Ecs, Logs, AnyJournal, SystemClock>,
    pub(super) home: Home,
    /// Who calls AWS.
    pub(super) caller: String,
    pub(super) calls: Calls,
    pub(super) backout: BackoutBy,
}

impl Context {
    pub(super) async fn session(&self, intent: Intent) -> Result<Session, Failure> {
        let aws = self.aws(intent).await?;
        let (home, caller) = home(&aws).await?;
        let journal = self.journal(&aws, intent).await?;
        let (calls, backout) = (aws.calls().clone(), self.backout_by(&home.region)?);
        let ports = Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock };
        Ok(Session { ports, home, caller, calls, backout })
    }
}

impl Session {
    /// What one decision is made with.
    pub(super) fn order<'o>(&'o self, baseline: &'o Baseline, mode: Mode, origin: Origin) -> Order<'o> {
        Order {
            mode,
            finishes: mode,
            baseline,
            home: &self.home,
            origin,
            worker: worker(),
            registrar: Some(&self.caller),
            lease: LEASE,
            backout: &self.backout,
        }
    }

    /// Tries again, for as long as `patience` lasts, while somebody else is at the record. The report counts the calls
    /// of all tries.
    pub(super) async fn patiently<F: Future<Output = Report>>(
        &self,
        patience: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> Report {
        let (begun, before) = (Instant::now(), self.calls.count());
        loop {
            let report = attempt().await;
            if report.reason != Some(Reason::LeaseHeld) || begun.elapsed() + PAUSE > patience {
                return Report { aws_calls: self.calls.count() - before, ..report };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A name for a worker that no other has.
pub(super) fn worker() -> String {
    format!("cli-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond())
}
