//! Applies the items of a plan: the canary services first, then the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;

use super::journal::moved;
use super::line::{left, of};
use super::watch::{RunEvent, RunWatch};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::run::{Fate, Run, RunId, RunItem, RunLine, RunName, RunPlan, RunResult, RunState};
use crate::ports::{Answer, Clock, Journal, Ports, Timer};
use crate::workflow::order::Order;

/// The number of failures in a row after which the run stops, because the next items would fail for the same reason.
const MOST_FAILURES: usize = 5;

/// The pause between two rounds of reads of the deployments that are still in progress.
const ROUND: Duration = Duration::from_secs(5);

/// How long a run waits.
#[derive(Clone, Copy, Debug)]
pub struct RunPatience {
    /// For a record that another worker has locked.
    pub lock: SignedDuration,
    /// For the deployment of a service.
    pub deployment: SignedDuration,
    /// For the deployment of a canary service.
    pub canary: SignedDuration,
}

/// Applies the plan of one run.
pub struct RunDriver<'r, 'o, P, W> {
    pub ports: &'r P,
    pub order: &'r Order<'o>,
    pub plan: &'r RunPlan,
    pub id: RunId,
    pub watch: &'r W,
    pub patience: RunPatience,
}

/// The state of a run while it applies the plan.
#[derive(Default)]
struct Progress {
    lines: Vec<RunLine>,
    /// Whether the services of a corrected item may follow.
    corrected: BTreeMap<RevisionArn, bool>,
    /// The services whose deployments are in progress, with the positions of their lines.
    under_way: Vec<(RevisionArn, ServiceArn, usize)>,
    /// The services that the run has handled, each with its source revision.
    handled: BTreeSet<(RevisionArn, ServiceArn)>,
    failures: usize,
    /// Why the run stops, and its state then.
    stopped: Option<(RunState, String)>,
}

impl<P: Ports, W: RunWatch> RunDriver<'_, '_, P, W>
where
    P::Clock: Timer,
{
    /// Applies the plan of a run that the journal knows, and stores the state of the run at the end. The result names
    /// each item and each service of the plan. A run that an operator backs out corrects nothing more.
    pub async fn apply(&self, run: Run) -> (RunResult, Answer<Run>) {
        let mut progress = Progress { stopped: self.refused(run.state), ..Progress::default() };
        self.canaries(&mut progress).await;
        for item in &self.plan.items {
            self.correct_once(&mut progress, item).await;
            for service in &item.services {
                self.follow(&mut progress, item, service, self.patience.deployment).await;
            }
            progress.lines.extend(unplaced(item).inspect(|line| self.watch.sees(RunEvent::Ends(line))));
        }
        self.settle(&mut progress).await;
        let is_left = progress.lines.iter().any(|line| matches!(line.fate, Fate::Left | Fate::UnderWay));
        let state = match progress.stopped {
            Some((state, _)) => state,
            None if is_left => RunState::Interrupted,
            None => RunState::Ended,
        };
        let result = RunResult { run: self.id.clone(), state, lines: progress.lines };
        // Only a backout stores that a backout has begun or ended.
        if state.is_backout() {
            return (result, Ok(run));
        }
        let stored = moved(self.ports, run, state, &self.order.worker).await;
        // An operator may have begun a backout after the last item.
        let state = stored.as_ref().map_or(state, |run| run.state);
        (RunResult { state, ..result }, stored)
    }

    /// Corrects the items of the canary services, and updates these services. Stops the run unless each deployment
    /// completes.
    async fn canaries(&self, progress: &mut Progress) {
        let canaries = self.plan.canaries();
        for item in &self.plan.items {
            for service in item.services.iter().filter(|service| canaries.contains(service)) {
                self.correct_once(progress, item).await;
                self.follow(progress, item, service, self.patience.canary).await;
                let line = progress.lines.last().filter(|line| line.about == service.short());
                if progress.stopped.is_none() && line.is_none_or(|line| line.fate != Fate::Done) {
                    let is_under_way = line.is_some_and(|line| line.fate == Fate::UnderWay);
                    let state = if is_under_way { RunState::Interrupted } else { RunState::CanaryFailed };
                    let why = format!("the rollout to the canary service {} did not complete", service.short());
                    progress.stopped = Some((state, why));
                }
            }
        }
    }

    async fn correct_once(&self, progress: &mut Progress, item: &RunItem) {
        if progress.corrected.contains_key(&item.source) {
            return;
        }
        self.look_for_backout(progress).await;
        let is_standing = !item.corrects();
        let line = match self.stop(progress) {
            Some(why) if is_standing => left(item.source.short(), &why),
            Some(why) => self.says(progress, left(item.source.short(), &why)),
            None if is_standing => of(item.source.short(), &Outcome::Remediated.into()),
            None => {
                self.watch.sees(RunEvent::Begins { about: &item.source.short() });
                let line = self.correct(item).await;
                self.says(progress, line)
            }
        };
        let may_follow = !item.services.is_empty() && line.fate != Fate::Left;
        let may_follow = may_follow && self.may_follow(item).await.unwrap_or(false);
        progress.corrected.insert(item.source.clone(), may_follow);
    }

    async fn follow(&self, progress: &mut Progress, item: &RunItem, service: &ServiceArn, patience: SignedDuration) {
        if !progress.handled.insert((item.source.clone(), service.clone())) {
            return;
        }
        let name = service.short();
        self.look_for_backout(progress).await;
        if let Some(why) = self.stop(progress) {
            self.says(progress, left(name, &why));
            return;
        }
        if !progress.corrected.get(&item.source).copied().unwrap_or_default() {
            let why = format!("this run did not correct {}", item.source.short());
            self.says(progress, of(name, &Conclusion::from(Outcome::Refused).saying(why)));
            return;
        }
        self.watch.sees(RunEvent::Begins { about: &name });
        let line = self.roll_out(&item.source, service, patience).await;
        if line.fate == Fate::UnderWay {
            progress.under_way.push((item.source.clone(), service.clone(), progress.lines.len()));
        }
        self.says(progress, line);
    }

    /// Reads the deployments that are still in progress again, until all of them have ended or the patience ends.
    async fn settle(&self, progress: &mut Progress) {
        let begun = self.ports.clock().now();
        while !progress.under_way.is_empty() && progress.stopped.is_none() && !self.watch.is_stopped() {
            let waited = self.ports.clock().now().duration_since(begun);
            if waited + SignedDuration::try_from(ROUND).unwrap_or_default() > self.patience.deployment {
                return;
            }
            self.ports.clock().wait(ROUND).await;
            self.look_for_backout(progress).await;
            if progress.stopped.is_some() {
                return;
            }
            for (source, service, at) in std::mem::take(&mut progress.under_way) {
                let line = match self.step(&source, &service).await {
                    Ok(conclusion) => of(service.short(), &conclusion),
                    Err(_) => progress.lines[at].clone(),
                };
                if line.fate == Fate::UnderWay {
                    progress.under_way.push((source, service, at));
                } else {
                    self.watch.sees(RunEvent::Ends(&line));
                }
                progress.lines[at] = line;
            }
        }
    }

    /// Stops the run if an operator backs it out, or if the journal does not say whether an operator does.
    async fn look_for_backout(&self, progress: &mut Progress) {
        if progress.stopped.is_some() {
            return;
        }
        progress.stopped = match self.state().await {
            Ok(state) => self.refused(state),
            Err(error) => {
                Some((RunState::Interrupted, format!("Logweir could not read the record of the run: {error}")))
            }
        };
    }

    /// Whether an operator backs out the run, as far as the journal answers.
    pub(super) async fn is_backed_out(&self) -> bool {
        self.state().await.is_ok_and(RunState::is_backout)
    }

    /// Returns the state of the run in the journal.
    async fn state(&self) -> Answer<RunState> {
        let (account, region) = (self.plan.head.account.clone(), self.plan.head.region.clone());
        let name = RunName { account, region, id: self.id.clone() };
        let found = self.ports.journal().read_state::<Run>(&name).await?;
        Ok(found.map_or(RunState::Running, |run| run.state))
    }

    /// Returns the state in which the run stops, and the reason, if an operator backs out the run.
    fn refused(&self, state: RunState) -> Option<(RunState, String)> {
        state.refusal(&self.id).map(|why| (state, why))
    }

    /// Returns why the run leaves the next item alone.
    fn stop(&self, progress: &mut Progress) -> Option<String> {
        if progress.stopped.is_none() && self.watch.is_stopped() {
            progress.stopped = Some((RunState::Interrupted, "the run was interrupted".into()));
        }
        progress.stopped.as_ref().map(|(_, why)| why.clone())
    }

    /// Adds a line to the result. Stops the run after several failures in a row, or if no slot of the registration rate
    /// limit is left.
    fn says(&self, progress: &mut Progress, line: RunLine) -> RunLine {
        self.watch.sees(RunEvent::Ends(&line));
        progress.failures = if line.fate == Fate::Failed { progress.failures + 1 } else { 0 };
        if progress.failures >= MOST_FAILURES && progress.stopped.is_none() {
            let why = format!("{MOST_FAILURES} items in a row failed");
            progress.stopped = Some((RunState::Interrupted, why));
        }
        progress.lines.push(line.clone());
        line
    }
}

/// Returns the line for an item whose services the plan does not know.
fn unplaced(item: &RunItem) -> Option<RunLine> {
    let why = item.unplaced.as_ref()?;
    let why = format!("no service was updated, because the plan does not know which services run the revision: {why}");
    Some(of(format!("services of {}", item.source.short()), &Outcome::Failed.because(Reason::Unreadable).saying(why)))
}
