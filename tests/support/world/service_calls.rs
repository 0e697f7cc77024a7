//! The port of services.

use jiff::Timestamp;
use logweir::domain::ecs::image::{EcrImage, RunningImage};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{DeploymentProgress, Service, ServiceArn};
use logweir::domain::record::{Entry, EntryKind};
use logweir::ports::{Answer, RevisionUsers, Services};

use super::account::missing;
use super::{Account, Lie, World};

impl Services for World {
    async fn users_of(&self, revisions: &[RevisionArn]) -> Answer<RevisionUsers> {
        let users = |account: &mut Account| match account.lie {
            Some(Lie::NothingRuns) => Ok(RevisionUsers::new()),
            _ => {
                let users = revisions.iter().map(|revision| (revision.clone(), account.users_of(revision)));
                Ok(users.filter(|(_, users)| !users.is_empty()).collect())
            }
        };
        let about: Vec<String> = revisions.iter().map(RevisionArn::short).collect();
        self.call("ListServices", about.join(" "), users).await
    }

    async fn service(&self, service: &ServiceArn) -> Answer<Service> {
        let look = |account: &mut Account| {
            let lags = account.lag.services > 0;
            if lags && account.seen_services().get(service) != account.services.get(service) {
                account.fires("a description of a service is late");
            }
            let described = account.described("DescribeServices", service, account.seen_services())?;
            account.looked.saw(service, &described.revision);
            Ok(account.falsified(described))
        };
        self.call("DescribeServices", service.short(), look).await
    }

    async fn update(&self, service: &ServiceArn, to: &RevisionArn) -> Answer<Service> {
        let point = |account: &mut Account| {
            account.watch_point(service, to);
            let by = account.principal.clone();
            account.update_service(service, to, false, &by)?;
            account.watch_network(service);
            account.described("UpdateService", service, &account.services)
        };
        self.call("UpdateService", format!("{} {}", service.short(), to.short()), point).await
    }

    async fn progress(&self, deployment: &str) -> Answer<DeploymentProgress> {
        self.call("DescribeServiceDeployments", deployment, |account| account.progress_of(deployment)).await
    }

    async fn deployed_since(&self, service: &ServiceArn, since: Timestamp) -> Answer<Vec<RevisionArn>> {
        let deployed = |account: &mut Account| {
            let made = account.service_deployments.values().filter(|progress| progress.made >= since);
            let of_it = made.filter(|progress| progress.service == *service);
            Ok(of_it.map(|progress| progress.revision.clone()).collect())
        };
        self.call("ListServiceDeployments", service.short(), deployed).await
    }

    async fn stop(&self, deployment: &str) -> Answer<()> {
        let stop = |account: &mut Account| {
            account.watch_stop(deployment);
            account.stop_deployment(deployment)?;
            let stopped = account.service_deployments[deployment].service.clone();
            account.watch_network(&stopped);
            Ok(())
        };
        self.call("StopServiceDeployment", deployment, stop).await
    }

    async fn running_images(&self, service: &Service) -> Answer<Vec<RunningImage>> {
        let look = |account: &mut Account| match service.service_revisions.first() {
            None => Ok(Vec::new()),
            Some(newest) => match account.service_revisions.get(newest) {
                Some(images) => Ok(images.clone()),
                None => missing("DescribeServiceRevisions", "MISSING"),
            },
        };
        self.call("DescribeServiceRevisions", service.arn.short(), look).await
    }

    async fn digest(&self, image: &EcrImage) -> Answer<Option<String>> {
        let EcrImage { account, region, repository, tag } = image;
        let name = format!("{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}");
        self.call("DescribeImages", name.clone(), |account| Ok(account.digest_of(&name))).await
    }
}

impl Account {
    /// The description of a service under the lies about services.
    fn falsified(&self, mut service: Service) -> Service {
        let truly = self.services.get(&service.arn).and_then(|live| live.deployments.first()).map(|newest| &newest.id);
        let id = match self.lie {
            Some(Lie::NewestIsLogweirs) => self.last_deployment_of_logweir(&service),
            Some(Lie::StaleIsRolledBack) if service.primary().map(|newest| &newest.id) != truly => {
                Some(format!("ecs-svc/unknown-{}", self.now))
            }
            _ => None,
        };
        if let (Some(id), Some(newest)) = (id, service.deployments.iter_mut().find(|it| it.primary)) {
            newest.id = id;
            if self.lie == Some(Lie::StaleIsRolledBack) {
                newest.created = Some(self.now);
            }
        }
        service
    }

    fn last_deployment_of_logweir(&self, service: &Service) -> Option<String> {
        let own = self.records.values().filter(|record| record.head.corrected.as_ref() == Some(&service.revision));
        let started = |entry: &Entry| match &entry.what {
            EntryKind::ServiceUpdated { service: of, deployment, stoppable: true } if *of == service.arn => {
                Some(deployment.clone())
            }
            _ => None,
        };
        own.flat_map(|record| &record.entries).filter_map(started).next_back()
    }
}
