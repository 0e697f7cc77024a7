//! Finds the services for `logweir apply --mode rollout`, updates the services one at a time, and waits for each
//! deployment.

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

/// The first pause between two reads of a deployment. The pause doubles up to `LONGEST`, because most deployments run
/// for minutes and each read makes several AWS calls.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

impl Session {
    /// Returns the source revision of a revision that Logweir registered. Returns every other revision unchanged.
    pub(in crate::cli) async fn source_of(&self, revision: &RevisionArn) -> Result<RevisionArn, Failure> {
        Ok(self.ports.journal.source_of(revision).await?.unwrap_or_else(|| revision.clone()))
    }

    /// Returns the corrected revision of a source revision. Returns `None` unless the correction is complete and was
    /// not backed out.
    pub(in crate::cli) async fn correction_of(&self, source: &RevisionArn) -> Result<Option<RevisionArn>, Failure> {
        let head = self.ports.journal.read(source).await?.map(|record| record.head);
        let remediated = |closing: &Conclusion| closing.outcome == Outcome::Remediated;
        let stands = |head: &Head| !head.open && !head.suppressed && head.closing.as_ref().is_some_and(remediated);
        Ok(head.filter(stands).and_then(|head| head.corrected))
    }

    /// Returns the services to update, in this order: the services whose rollout is in progress, the services that
    /// still run the source revision, the services that wait for a rollout. Includes the services that Logweir will
    /// skip, so that the report of such a service says why Logweir skips the service. Reads all services of the account
    /// and Region.
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

/// Updates the services one at a time, and waits for the deployments, for at most `patience` in total. Returns a report
/// for each service. The function `follow` performs the next step of the rollout of one service.
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
            printer.hint(&format!(
                "{name}: the deployment is still in progress; repeat the command to keep waiting (--wait SECONDS)"
            ));
        }
        exit = exit.max(Exit::of_rollout(&report, is_under_way));
        reports.push(report);
    }
    (exit, reports)
}

/// Returns whether the deployment of this service is in progress. The report may also describe other services.
fn is_under_way(report: &Report, service: &ServiceArn) -> bool {
    let updated = |line: &ServiceReport| line.service == service.short() && line.action == ServiceAction::Updated;
    report.reason == Some(Reason::DeploymentUnderWay) || report.services.iter().any(updated)
}
