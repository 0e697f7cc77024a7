//! What other principals do to services, and what ECS does by itself. All of it bypasses the ports and takes no time. A
//! call that ECS would refuse is a mistake of the test, and panics.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{RolloutState, Stage, Status};
use serde_json::json;

use super::services::LiveService;
use super::{Account, DEPLOYER};

/// The reason that ECS gives when its circuit breaker opens.
pub(crate) const TASKS_FAILED: &str = "ECS deployment circuit breaker: tasks failed to start.";

impl Account {
    /// Creates a service, `CLUSTER/NAME`, that runs a revision. Its first deployment is in progress.
    pub(crate) fn creates_service(&mut self, name: &str, revision: &RevisionArn) {
        self.creates_service_as(name, revision, |_| {});
    }

    /// Like [`Account::creates_service`], with other settings.
    pub(crate) fn creates_service_as(
        &mut self,
        name: &str,
        revision: &RevisionArn,
        like: impl FnOnce(&mut LiveService),
    ) {
        let arn = self.service_arn(name);
        let is_free = self.services.get(&arn).is_none_or(|service| service.status == Status::Inactive);
        assert!(is_free, "Creation of service was not idempotent.");
        self.can_be_started("CreateService", revision).unwrap();
        let mut service = LiveService::new(revision);
        like(&mut service);
        service.network = service.subnet.clone();
        service.asked.push(revision.clone());
        self.writes_services();
        self.services.insert(arn.clone(), service);
        self.deploy(&arn, revision, DEPLOYER);
        let service = &self.services[&arn];
        let request = json!({
            "cluster": arn.cluster, "serviceName": arn.name, "taskDefinition": revision.short(),
            "desiredCount": service.desired, "deploymentController": {"type": service.controller_word()}
        });
        let response = json!({"service": self.service_element(&arn)});
        self.reports_call(DEPLOYER, "CreateService", request, response);
        self.reports_newest(&arn);
    }

    /// Creates a service, and completes its first deployment.
    pub(crate) fn runs_service(&mut self, name: &str, revision: &RevisionArn) {
        self.creates_service(name, revision);
        self.completes(name);
    }

    /// Updates a service to a revision.
    pub(crate) fn updates_service(&mut self, name: &str, revision: &RevisionArn) {
        self.updates(name, revision, false);
    }

    /// Forces a new deployment of the revision that the service runs.
    pub(crate) fn forces_deployment(&mut self, name: &str) {
        let revision = self.service(name).revision.clone();
        self.updates(name, &revision, true);
    }

    fn updates(&mut self, name: &str, revision: &RevisionArn, force: bool) {
        let arn = self.service_arn(name);
        self.update_service(&arn, revision, force, DEPLOYER).unwrap();
        let service = self.service_mut(name);
        service.asked.push(revision.clone());
        service.wanted = revision.clone();
    }

    /// Moves a service to another subnet: a new deployment of the same revision.
    pub(crate) fn changes_network(&mut self, name: &str, subnet: &str) {
        let arn = self.service_arn(name);
        let service = self.service_mut(name);
        (service.subnet, service.network) = (subnet.into(), subnet.into());
        let revision = service.revision.clone();
        let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet]}}});
        self.update_service_with(&arn, &revision, &network, DEPLOYER).unwrap();
    }

    /// Changes the number of tasks. This starts no deployment.
    pub(crate) fn scales(&mut self, name: &str, desired: i32) {
        let (arn, now) = (self.service_arn(name), self.now);
        let service = self.service_mut(name);
        service.desired = desired;
        if let Some(newest) = service.deployments.first_mut() {
            newest.updated = now;
            newest.desired = desired;
            newest.running = newest.running.min(desired);
            newest.pending = desired - newest.running;
        }
        let request = json!({"cluster": arn.cluster, "service": arn.name, "desiredCount": desired});
        let response = json!({"service": self.service_element(&arn)});
        self.reports_call(DEPLOYER, "UpdateService", request, response);
    }

    /// Pauses the newest deployment at a lifecycle hook, if the deployment is in progress.
    pub(crate) fn pauses(&mut self, name: &str) {
        let service = self.service_mut(name);
        service.paused = service.deployments.first().is_some_and(|newest| newest.state == RolloutState::InProgress);
    }

    /// Continues a paused deployment.
    pub(crate) fn continues(&mut self, name: &str) {
        self.service_mut(name).paused = false;
    }

    /// Starts one task of the newest deployment, if the deployment is in progress.
    pub(crate) fn starts(&mut self, name: &str) {
        let newest = self.service_mut(name).deployments.first_mut();
        if let Some(newest) = newest.filter(|newest| newest.state == RolloutState::InProgress && newest.pending > 0) {
            (newest.pending, newest.running) = (newest.pending - 1, newest.running + 1);
        }
    }

    /// Completes the newest deployment, if it is in progress. The other deployments are no longer listed.
    pub(crate) fn completes(&mut self, name: &str) {
        let (arn, now) = (self.service_arn(name), self.now);
        let service = self.service_mut(name);
        let Some(newest) = service.deployments.first_mut().filter(|d| d.state == RolloutState::InProgress) else {
            return;
        };
        newest.updated = now;
        newest.state = RolloutState::Completed;
        newest.reason = format!("ECS deployment {} completed.", newest.id);
        (newest.pending, newest.running) = (0, newest.desired);
        let deployment = newest.service_deployment.clone();
        service.paused = false;
        service.deployments.truncate(1);
        let progress = self.service_deployments.get_mut(&deployment).unwrap();
        progress.stage = if progress.stage == Stage::RollingBack { Stage::Over } else { Stage::Succeeded };
        progress.finished = Some(now);
        self.reports_newest(&arn);
    }

    /// Fails the newest deployment, if it is in progress and the service has a circuit breaker. ECS then rolls back if
    /// the service asks for it. A failed rollback is not rolled back. Without a circuit breaker, no deployment ends.
    pub(crate) fn fails(&mut self, name: &str, reason: &str) {
        let arn = self.service_arn(name);
        let service = self.service_mut(name);
        let (breaks, rolls_back) = (service.breaker || service.rolls_back, service.rolls_back);
        let Some(newest) =
            service.deployments.first_mut().filter(|newest| newest.state == RolloutState::InProgress && breaks)
        else {
            return;
        };
        newest.reason = reason.to_owned();
        (newest.state, newest.pending, newest.running) = (RolloutState::Failed, 0, 0);
        let (id, deployment) = (newest.id.clone(), newest.service_deployment.clone());
        let is_wanted = newest.revision == service.wanted;
        self.reports_deployment(&arn, &id, RolloutState::Failed, reason);
        let progress = self.service_deployments.get_mut(&deployment).unwrap();
        if rolls_back && progress.stage == Stage::UnderWay {
            self.roll_back(&arn, "ECS deployment circuit breaker");
            let service = self.services.get_mut(&arn).unwrap();
            service.network = service.subnet.clone();
            if is_wanted {
                service.wanted = service.revision.clone();
            }
        } else {
            (progress.stage, progress.reason) = (Stage::Over, Some(reason.to_owned()));
        }
    }

    /// Deletes a service whose tasks have not ended yet.
    pub(crate) fn drains(&mut self, name: &str) {
        self.service_mut(name).status = Status::Draining;
    }

    /// Deletes a service without tasks. ECS shows the service for a while, and deletes its service deployments.
    pub(crate) fn deletes_service(&mut self, name: &str) {
        let arn = self.service_arn(name);
        let service = self.service_mut(name);
        service.status = Status::Inactive;
        service.deployments.clear();
        self.service_deployments.retain(|_, progress| progress.service != arn);
    }

    /// Deletes a service, which ECS no longer shows.
    pub(crate) fn forgets_service(&mut self, name: &str) {
        self.deletes_service(name);
        let arn = self.service_arn(name);
        self.services.remove(&arn);
    }

    pub(crate) fn tags_service(&mut self, name: &str, key: &str, value: &str) {
        let tags = &mut self.service_mut(name).tags;
        tags.retain(|(other, _)| other != key);
        tags.push((key.into(), value.into()));
    }

    /// Pushes an image: its name now resolves to this digest. Existing deployments keep their digests.
    pub(crate) fn pushes(&mut self, image: &str, digest: &str) {
        self.pushed(image, Some(digest));
    }

    /// Removes an image's name, which then no longer resolves.
    pub(crate) fn unpushes(&mut self, image: &str) {
        self.pushed(image, None);
    }
}
