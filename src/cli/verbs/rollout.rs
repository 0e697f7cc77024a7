//! The services of `logweir apply --mode rollout`: which they are, pointing them one after the other, and waiting for the
//! truth about each.

use std::time::{Duration, Instant};

use crate::cli::failure::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Place, ServiceArn};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::Head;
use crate::domain::report::{Report, ServiceAction, ServiceReport};
use crate::ports::{Journal, Services};
use crate::render::Output;

/// Between two looks at a deployment: most take minutes, and each look is some calls.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

impl Session {
    /// The source that is meant where one of our own revisions is named.
    pub(in crate::cli) async fn source_of(&self, revision: &RevisionArn) -> Result<RevisionArn, Failure> {
        Ok(self.ports.journal.source_of(revision).await?.unwrap_or_else(|| revision.clone()))
    }

    /// Our revision of a source, if its record says that it is corrected.
    pub(in crate::cli) async fn correction_of(&self, source: &RevisionArn) -> Result<Option<RevisionArn>, Failure> {
        let head = self.ports.journal.read(source).await?.map(|record| record.head);
        let remediated = |closing: &Conclusion| closing.outcome == Outcome::Remediated;
        let stands = |head: &Head| !head.open && !head.suppressed && head.closing.as_ref().is_some_and(remediated);
        Ok(head.filter(stands).and_then(|head| head.corrected))
    }

    /// The services that are on their way from a source, whose turn it is, and then those that run it, or still do for a while:
    /// why those are left alone is said as well. Looks at the whole account and Region.
    pub(in crate::cli) async fn services_of(&self, source: &RevisionArn) -> Result<Vec<ServiceArn>, Failure> {
        let record = self.ports.journal.read(source).await?;
        let attempt = record.as_ref().and_then(|record| record.attempt().ok().flatten());
        let is_in_flight = |service: &ServiceArn| {
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            rollout.is_some_and(|rollout| rollout.is_in_flight())
        };
        let following = record.iter().flat_map(|record| record.head.following.clone());
        let (mut services, waiting): (Vec<ServiceArn>, Vec<_>) = following.partition(is_in_flight);
        let users = self.ports.ecs.users(source).await?;
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

/// Updates each service, and waits for its deployment until `patience` ends. Returns a report for each service.
/// `follow` performs the next step of one service.
pub(in crate::cli) async fn roll_out(
    printer: &Printer,
    services: &[ServiceArn],
    patience: Duration,
    follow: impl AsyncFn(&ServiceArn) -> Report,
) -> (Exit, Vec<Report>) {
    let begun = Instant::now();
    let (mut exit, mut reports) = (Exit::Fine, Vec::new());
    for service in services {
        let mut report = follow(service).await;
        let progress = Progress::of(service.short());
        let mut pause = SHORTEST;
        while is_under_way(&report, service) && begun.elapsed() + pause < patience {
            progress.under_way(begun.elapsed());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
            report = follow(service).await;
        }
        drop(progress);
        printer.text(|| report.text());
        let is_under_way = is_under_way(&report, service);
        if is_under_way {
            let name = service.short();
            printer.hint(&format!("{name} is still on its way: the same command waits on (--wait SECONDS)"));
        }
        exit = exit.max(Exit::of_rollout(&report, is_under_way));
        reports.push(report);
    }
    (exit, reports)
}

/// Whether a deployment of the service has begun and not ended. The report may tell of the next one's too.
fn is_under_way(report: &Report, service: &ServiceArn) -> bool {
    let updated = |line: &ServiceReport| line.service == service.short() && line.action == ServiceAction::Updated;
    report.reason == Some(Reason::DeploymentUnderWay) || report.services.iter().any(updated)
}
