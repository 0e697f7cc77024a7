//! The services of `logweir apply --mode rollout`: which they are, pointing them one after the other, and waiting for the
//! truth about each.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::apply::Apply;
use crate::cli::acting::{Acting, ok, patiently};
use crate::cli::{Context, Exit, Failure};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Place, ServiceArn};
use crate::domain::event::{Cause, ServiceChange, Trigger};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::Head;
use crate::domain::report::{Report, ServiceAction, ServiceReport};
use crate::ports::{Journal, Services};

/// Between two looks at a deployment: most take minutes, and each look is some calls.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

impl Acting {
    /// The source that is meant where one of our own revisions is named.
    pub(in crate::cli) async fn source_of(&self, revision: &RevisionArn) -> Result<RevisionArn, Failure> {
        Ok(ok(self.ports.journal.source_of(revision).await)?.unwrap_or_else(|| revision.clone()))
    }

    /// Our revision of a source, if its record says that it is corrected.
    pub(in crate::cli) async fn correction_of(&self, source: &RevisionArn) -> Result<Option<RevisionArn>, Failure> {
        let head = ok(self.ports.journal.read(source).await)?.map(|record| record.head);
        let remediated = |closing: &Conclusion| closing.outcome == Outcome::Remediated;
        let stands = |head: &Head| !head.open && !head.suppressed && head.closing.as_ref().is_some_and(remediated);
        Ok(head.filter(stands).and_then(|head| head.corrected))
    }

    /// The services that are on their way from a source, whose turn it is, and then those that run it, or still do for a while:
    /// why those are left alone is said as well. Looks at the whole account and Region.
    pub(in crate::cli) async fn services_of(&self, source: &RevisionArn) -> Result<Vec<ServiceArn>, Failure> {
        let record = ok(self.ports.journal.read(source).await)?;
        let attempt = record.as_ref().and_then(|record| record.attempt().ok().flatten());
        let is_in_flight = |service: &ServiceArn| {
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            rollout.is_some_and(|rollout| rollout.is_in_flight())
        };
        let following = record.iter().flat_map(|record| record.head.following.clone());
        let (mut services, waiting): (Vec<ServiceArn>, Vec<_>) = following.partition(is_in_flight);
        let users = ok(self.ports.ecs.users(source).await)?;
        let running = users.into_iter().filter_map(|user| match user.place {
            Place::Service(service) => Some(service),
            Place::Task(_) => None,
        });
        for service in running.chain(waiting) {
            if !services.contains(&service) {
                services.push(service);
            }
        }
        Ok(services)
    }
}

impl Apply {
    /// Points each service, and waits for its deployment as long as `patience` lasts. A report for each.
    pub(in crate::cli) async fn roll_out(
        &self,
        context: &Context,
        acting: &Acting,
        services: &[ServiceArn],
        patience: Duration,
    ) -> (Exit, Vec<Report>) {
        let begun = Instant::now();
        let (mut exit, mut reports) = (Exit::Fine, Vec::new());
        for service in services {
            let mut report = self.follow(context, acting, service, patience).await;
            let progress = Progress::of(service);
            let mut pause = SHORTEST;
            while is_under_way(&report, service) && begun.elapsed() + pause < patience {
                progress.show(begun.elapsed());
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
                report = self.follow(context, acting, service, patience).await;
            }
            progress.end();
            let ended = if is_under_way(&report, service) { Exit::Findings } else { Exit::from(&report) };
            if !context.is_json() {
                context.show(&report);
                if is_under_way(&report, service) {
                    let name = service.short();
                    context
                        .printer
                        .note(&format!("{name} is still on its way: the same command waits on (--wait SECONDS)"));
                }
            }
            exit = exit.max(ended);
            reports.push(report);
        }
        (exit, reports)
    }

    async fn follow(&self, context: &Context, acting: &Acting, service: &ServiceArn, patience: Duration) -> Report {
        let before = acting.calls.count();
        let report = patiently(patience, || {
            let cause = Cause { actor: Some(acting.caller.clone()), ..Cause::default() };
            let trigger = Trigger::Service { service: service.clone(), change: ServiceChange::Look, cause };
            self.decide(context, acting, self.mode, trigger)
        });
        let report = report.await;
        Report { aws_calls: acting.calls.count() - before, ..report }
    }
}

/// Whether a deployment of the service has begun and not ended. The report may tell of the next one's too.
fn is_under_way(report: &Report, service: &ServiceArn) -> bool {
    let updated = |line: &ServiceReport| line.service == service.short() && line.action == ServiceAction::Updated;
    report.reason == Some(Reason::DeploymentUnderWay) || report.services.iter().any(updated)
}

/// What a person at a terminal sees while a deployment is under way.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn of(service: &ServiceArn) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_message(service.short());
        Self(Some(bar.with_style(ProgressStyle::default_spinner())))
    }

    fn show(&self, since: Duration) {
        if let Some(bar) = &self.0 {
            let name = bar.message();
            let name = name.split(':').next().unwrap_or_default();
            bar.set_message(format!("{name}: the deployment is under way, {} s", since.as_secs()));
            bar.tick();
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
