//! What others do to services, and what ECS does by itself: past the ports, and none of it takes time. What ECS would
//! refuse them is a mistake of the test, and panics.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{RolloutState, Stage, Status};
use serde_json::json;

use super::services::LiveService;
use super::{Account, DEPLOYER};

/// What ECS says when its circuit breaker opens.
pub(crate) const TASKS_FAILED: &str = "ECS deployment circuit breaker: tasks failed to start.";

impl Account {
    /// Somebody makes a service, `CLUSTER/NAME`, that runs a revision. Its first deployment is under way.
    pub(crate) fn creates_service(&mut self, name: &str, revision: &RevisionArn) {
        self.creates_service_as(name, revision, |_| {});
    }

    /// As [`Account::creates_service`], with settings of its own.
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
        service.asked.push(revision.clone());
        self.services.insert(arn.clone(), service);
        self.deploy(&arn, revision);
        let service = &self.services[&arn];
        let request = json!({
            "cluster": arn.cluster, "serviceName": arn.name, "taskDefinition": revision.short(),
            "desiredCount": service.desired, "deploymentController": {"type": service.controller_word()}
        });
        let response = json!({"service": self.service_element(&arn)});
        self.reports_call(DEPLOYER, "CreateService", request, response);
        self.reports_newest(&arn);
    }

    /// Somebody makes a service, and its first deployment completes.
    pub(crate) fn runs_service(&mut self, name: &str, revision: &RevisionArn) {
        self.creates_service(name, revision);
        self.completes(name);
    }

    /// Somebody points a service at a revision.
    pub(crate) fn updates_service(&mut self, name: &str, revision: &RevisionArn) {
        self.updates(name, revision, false);
    }

    /// Somebody has what runs deployed anew.
    pub(crate) fn forces_deployment(&mut self, name: &str) {
        let revision = self.service(name).revision.clone();
        self.updates(name, &revision, true);
    }

    fn updates(&mut self, name: &str, revision: &RevisionArn, force: bool) {
        let arn = self.service_arn(name);
        self.update_service(&arn, revision, force, DEPLOYER).unwrap();
        self.service_mut(name).asked.push(revision.clone());
    }

    /// The first task of the newest deployment runs.
    pub(crate) fn starts(&mut self, name: &str) {
        let newest = self.service_mut(name).deployments.first_mut();
        if let Some(newest) = newest.filter(|newest| newest.state == RolloutState::InProgress && newest.pending > 0) {
            (newest.pending, newest.running) = (newest.pending - 1, newest.running + 1);
        }
    }

    /// The newest deployment reaches its steady state, if it is under way, and the others are listed no more.
    pub(crate) fn completes(&mut self, name: &str) {
        let arn = self.service_arn(name);
        let service = self.service_mut(name);
        let Some(newest) = service.deployments.first_mut().filter(|d| d.state == RolloutState::InProgress) else {
            return;
        };
        newest.state = RolloutState::Completed;
        newest.reason = format!("ECS deployment {} completed.", newest.id);
        (newest.pending, newest.running) = (0, newest.desired);
        let deployment = newest.service_deployment.clone();
        service.paused = false;
        service.deployments.truncate(1);
        let progress = self.service_deployments.get_mut(&deployment).unwrap();
        progress.stage = if progress.stage == Stage::RollingBack { Stage::Over } else { Stage::Succeeded };
        self.reports_newest(&arn);
    }

    /// The tasks of the newest deployment do not start, if it is under way. With the circuit breaker it ends as failed,
    /// and ECS rolls back where it was told to; a rollback that fails is not rolled back. Without, nothing ends it.
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
        self.reports_deployment(&arn, &id, RolloutState::Failed, reason);
        let progress = self.service_deployments.get_mut(&deployment).unwrap();
        if rolls_back && progress.stage == Stage::UnderWay {
            self.roll_back(&arn, "ECS deployment circuit breaker");
        } else {
            (progress.stage, progress.reason) = (Stage::Over, Some(reason.to_owned()));
        }
    }

    /// Somebody deletes a service, and its tasks have not ended yet.
    pub(crate) fn drains(&mut self, name: &str) {
        self.service_mut(name).status = Status::Draining;
    }

    /// A service that was deleted has no tasks any more. ECS shows it for a while, and deletes its service deployments.
    pub(crate) fn deletes_service(&mut self, name: &str) {
        let arn = self.service_arn(name);
        let service = self.service_mut(name);
        service.status = Status::Inactive;
        service.deployments.clear();
        self.service_deployments.retain(|_, progress| progress.service != arn);
    }

    /// A service that was deleted is not shown any more.
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

    /// Somebody pushes an image: from now on its name means this digest. Deployments keep what they were resolved to.
    pub(crate) fn pushes(&mut self, image: &str, digest: &str) {
        self.pushed(image, Some(digest));
    }

    /// Somebody takes an image's name away: nobody can say any more what it means.
    pub(crate) fn unpushes(&mut self, image: &str) {
        self.pushed(image, None);
    }
}
