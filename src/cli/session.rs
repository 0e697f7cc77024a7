//! The context of a verb that decides about corrections or makes changes in the AWS account. The context contains the
//! adapters, the account and the caller.

use std::future::Future;
use std::time::{Duration, Instant};

use super::connect::{Intent, home};
use super::context::Context;
use super::failure::Failure;
use super::journal::AnyJournal;
use super::placed_baseline::PlacedBaseline;
use crate::aws::{Calls, Ecs, Logs};
use crate::domain::baseline::Baseline;
use crate::domain::event::Home;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Mode, Reason};
use crate::domain::report::{BackoutBy, Report};
use crate::ports::{Adapters, SystemClock};
use crate::settings::LEASE;
use crate::workflow::{Order, Origin};

/// The pause between two attempts to claim a record that another worker has locked.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Session {
    pub(super) ports: Adapters<Ecs, Logs, AnyJournal, SystemClock>,
    pub(super) home: Home,
    /// The ARN of the principal that calls AWS.
    pub(super) caller: String,
    pub(super) calls: Calls,
    pub(super) backout: BackoutBy,
}

impl Context {
    /// Connects to the account and the journal, and says which ones they are. `baseline` is the baseline that the verb
    /// applies. `None` if the verb applies none.
    pub(super) async fn session(&self, intent: Intent, baseline: Option<&PlacedBaseline>) -> Result<Session, Failure> {
        let aws = self.aws(intent).await?;
        let (home, caller) = home(&aws).await?;
        let journal = self.journal(&aws, intent).await?;
        let baseline = baseline.map_or_else(|| "baseline: not used by this verb".into(), ToString::to_string);
        self.show_destination(&aws, &home, &[baseline, self.journal_line().await?]).await?;
        let (calls, backout) = (aws.calls().clone(), self.backout_by(&home.region)?);
        let ports = Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock };
        Ok(Session { ports, home, caller, calls, backout })
    }
}

impl Session {
    /// Returns the inputs of one decision.
    pub(super) fn order<'o>(&'o self, baseline: &'o Baseline, mode: Mode, origin: Origin) -> Order<'o> {
        Order {
            mode,
            finishes: mode,
            exec: ExecMode::Off,
            exec_finishes: ExecMode::Off,
            baseline,
            home: &self.home,
            origin,
            worker: worker(),
            registrar: Some(&self.caller),
            lease: LEASE,
            backout: &self.backout,
        }
    }

    /// Repeats the attempt while another worker has locked the record, for at most `patience`. The returned report
    /// contains the number of AWS calls of all attempts.
    pub(super) async fn patiently<F: Future<Output = Report>>(
        &self,
        patience: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> Report {
        let (begun, before) = (Instant::now(), self.calls.count());
        loop {
            let report = attempt().await;
            if report.reason != Some(Reason::Locked) || begun.elapsed() + PAUSE > patience {
                return Report { aws_calls: self.calls.count() - before, ..report };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Returns a unique name for a worker.
pub(super) fn worker() -> String {
    format!("cli-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond())
}
