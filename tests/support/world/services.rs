//! Services as ECS keeps them: the revision of each, its deployments, and the images to which they were resolved.

use std::collections::BTreeMap;

use jiff::Timestamp;
use logweir::domain::ecs::image::{EcrImage, RunningImage};
use logweir::domain::ecs::image_name::is_pinned;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{
    Controller, Deployment, DeploymentProgress, Place, RolloutState, Service, ServiceArn, Stage, Status, User,
};
use logweir::ports::Answer;
use serde_json::{Value, json};

use super::account::{ACCOUNT, REGION, missing, refused};
use super::{Account, Lie, Revision, RevisionState};

const UPDATE: &str = "UpdateService";
const STOP: &str = "StopServiceDeployment";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LiveService {
    pub(crate) status: Status,
    pub(crate) controller: Controller,
    /// An Express service.
    pub(crate) managed: bool,
    /// Whether the circuit breaker is on. Without it, no deployment ever fails: it stays in progress.
    pub(crate) breaker: bool,
    /// Whether the circuit breaker rolls back, too.
    pub(crate) rolls_back: bool,
    /// Blue/green, linear or canary: ECS gives no `rolloutState`.
    pub(crate) shifts_traffic: bool,
    /// Whether the service has a lifecycle hook that pauses its deployments.
    pub(crate) pauses: bool,
    /// Whether such a hook pauses the deployment now.
    pub(crate) paused: bool,
    pub(crate) service_connect_logs: bool,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) desired: i32,
    /// The subnet of the tasks. A rollback by ECS returns to the subnet of the earlier service revision, too.
    pub(crate) subnet: String,
    /// The subnet after the latest act of another principal or of ECS itself. No call of Logweir may lead to another.
    pub(crate) network: String,
    pub(crate) revision: RevisionArn,
    /// Newest first. The newest is PRIMARY.
    pub(crate) deployments: Vec<LiveDeployment>,
    /// The revisions that other principals deployed to the service, the latest last.
    pub(crate) asked: Vec<RevisionArn>,
    /// The revision that the service should run: the one that another principal deployed last. If a deployment of this
    /// revision failed, it is the revision to which ECS itself rolled the service back.
    pub(crate) wanted: RevisionArn,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LiveDeployment {
    /// `ecs-svc/…`
    pub(crate) id: String,
    pub(crate) revision: RevisionArn,
    pub(crate) created: Timestamp,
    /// The time of the last change, which a change of the number of tasks sets too.
    pub(crate) updated: Timestamp,
    pub(crate) state: RolloutState,
    pub(crate) reason: String,
    /// A rollback belongs to the service deployment that it ends (source: developer guide, "View service history using
    /// Amazon ECS service deployments": only creating, changing or forcing a service creates one).
    pub(crate) service_deployment: String,
    /// A rollback returns to the earlier service revision, and so to its digests (source: ECS API reference,
    /// `Rollback` and `ContainerImage`).
    pub(crate) service_revision: String,
    pub(crate) subnet: String,
    pub(crate) desired: i32,
    pub(crate) pending: i32,
    pub(crate) running: i32,
}

/// A service deployment. ECS keeps it after its deployment is no longer listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LiveProgress {
    pub(crate) made: Timestamp,
    pub(crate) service: ServiceArn,
    pub(crate) revision: RevisionArn,
    pub(crate) stage: Stage,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) reason: Option<String>,
    /// The principal that started it.
    pub(crate) by: String,
}

impl LiveService {
    pub(super) fn new(revision: &RevisionArn) -> Self {
        Self {
            status: Status::Active,
            controller: Controller::Ecs,
            managed: false,
            breaker: true,
            rolls_back: false,
            shifts_traffic: false,
            pauses: false,
            paused: false,
            service_connect_logs: false,
            tags: Vec::new(),
            desired: 2,
            subnet: "subnet-old".into(),
            network: "subnet-old".into(),
            revision: revision.clone(),
            deployments: Vec::new(),
            asked: Vec::new(),
            wanted: revision.clone(),
        }
    }

    pub(super) fn controller_word(&self) -> &'static str {
        match self.controller {
            Controller::Ecs => "ECS",
            Controller::CodeDeploy => "CODE_DEPLOY",
            Controller::External => "EXTERNAL",
            Controller::Other => "SOMETHING_NEW",
        }
    }
}

impl LiveDeployment {
    /// Whether it has tasks that run or are about to run.
    fn has_tasks(&self) -> bool {
        self.pending + self.running > 0
    }
}

/// The key for the digest of an image's name. No tag means `latest`.
fn registry_key(image: &str) -> String {
    EcrImage::parse(image).map_or_else(|| image.to_owned(), |image| format!("{image:?}"))
}

impl Account {
    pub(crate) fn service(&self, name: &str) -> &LiveService {
        &self.services[&self.service_arn(name)]
    }

    pub(crate) fn service_mut(&mut self, name: &str) -> &mut LiveService {
        self.writes_services();
        let arn = self.service_arn(name);
        self.services.get_mut(&arn).unwrap()
    }

    /// UpdateService with a revision, and with `forceNewDeployment` or without.
    ///
    /// A revision that the service has already starts no deployment: `forceNewDeployment` exists "to start a new
    /// deployment with no service definition changes", and a service deployment is created by an update of "service
    /// properties that require a deployment" (source: ECS API reference, UpdateService; developer guide, "View service
    /// history using Amazon ECS service deployments").
    pub(super) fn update_service(&mut self, arn: &ServiceArn, to: &RevisionArn, force: bool, by: &str) -> Answer<()> {
        let forced = if force { json!({"forceNewDeployment": true}) } else { json!({}) };
        self.update_service_with(arn, to, &forced, by)
    }

    /// UpdateService with a revision and these other members. Any of them leads to a new deployment.
    pub(super) fn update_service_with(
        &mut self,
        arn: &ServiceArn,
        to: &RevisionArn,
        members: &Value,
        by: &str,
    ) -> Answer<()> {
        let Some(service) = self.services.get(arn) else {
            return missing(UPDATE, "ServiceNotFoundException: Service not found.");
        };
        if service.status != Status::Active {
            return refused(UPDATE, "ServiceNotActiveException: Service was not ACTIVE.");
        }
        match service.controller {
            Controller::Ecs => {}
            Controller::CodeDeploy => {
                return refused(
                    UPDATE,
                    "InvalidParameterException: Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
                );
            }
            // That ECS refuses is established (API reference, UpdateService). Its message is not.
            Controller::External | Controller::Other => {
                return refused(
                    UPDATE,
                    "InvalidParameterException: Unable to update task definition on services with this deployment controller.",
                );
            }
        }
        let members = members.as_object().cloned().unwrap_or_default();
        let changes = !members.is_empty() || service.revision != *to;
        let is_hidden = |found: &Revision| found.is_active() && self.seen(found, self.lag.starts).is_none();
        if self.revision(to).is_some_and(is_hidden) {
            self.fires("ECS does not know a new revision yet");
        }
        self.can_be_started(UPDATE, to)?;
        if changes {
            self.deploy(arn, to, by);
        }
        let mut request = json!({"cluster": arn.cluster, "service": arn.name, "taskDefinition": to.short()});
        request.as_object_mut().unwrap().extend(members);
        let response = json!({"service": self.service_element(arn)});
        self.reports_call(by, UPDATE, request, response);
        if changes {
            self.reports_newest(arn);
        }
        Ok(())
    }

    pub(super) fn can_be_started(&self, call: &'static str, revision: &RevisionArn) -> Answer<()> {
        match self.revision(revision) {
            Some(found) if found.is_active() && self.seen(found, self.lag.starts).is_some() => Ok(()),
            Some(found) if matches!(found.state(), RevisionState::Inactive | RevisionState::Deleting) => {
                refused(call, "ClientException: TaskDefinition is inactive")
            }
            Some(_) | None => missing(call, "ClientException: TaskDefinition not found."),
        }
    }

    /// Starts a new deployment of a revision. The tags of its images are resolved again.
    pub(super) fn deploy(&mut self, arn: &ServiceArn, revision: &RevisionArn, by: &str) {
        self.writes_services();
        let number = self.deployed + 1;
        let part = |kind: &str| format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{}/{number}", arn.short());
        let (service_deployment, service_revision) = (part("service-deployment"), part("service-revision"));
        let images = self.resolved(revision);
        self.service_revisions.insert(service_revision.clone(), images);
        let overtaken = self.services[arn].deployments.first().map(|newest| newest.service_deployment.clone());
        if let Some(progress) = overtaken.and_then(|overtaken| self.service_deployments.get_mut(&overtaken))
            && matches!(progress.stage, Stage::UnderWay | Stage::RollingBack)
        {
            (progress.stage, progress.finished) = (Stage::Stopped, Some(self.now));
        }
        let (made, stage) = (self.now, Stage::UnderWay);
        self.services.get_mut(arn).unwrap().paused = false;
        let progress = LiveProgress {
            made,
            service: arn.clone(),
            revision: revision.clone(),
            stage,
            finished: None,
            reason: None,
            by: by.to_owned(),
        };
        self.service_deployments.insert(service_deployment.clone(), progress);
        let reason = format!("ECS deployment ecs-svc/{number} in progress.");
        self.list(arn, revision.clone(), reason, service_deployment, service_revision);
    }

    fn list(&mut self, arn: &ServiceArn, revision: RevisionArn, reason: String, deployment: String, version: String) {
        self.deployed += 1;
        let (id, created, forgets) = (format!("ecs-svc/{}", self.deployed), self.now, self.forgets_overtaken);
        let service = self.services.get_mut(arn).unwrap();
        if forgets {
            service.deployments.retain(|older| older.state != RolloutState::InProgress || older.running > 0);
        }
        service.revision = revision.clone();
        let newest = LiveDeployment {
            id,
            revision,
            created,
            updated: created,
            state: RolloutState::InProgress,
            reason,
            service_deployment: deployment,
            service_revision: version,
            subnet: service.subnet.clone(),
            desired: service.desired,
            pending: service.desired,
            running: 0,
        };
        service.deployments.insert(0, newest);
    }

    /// Ends the newest deployment as failed, and rolls back to the last completed deployment. Does not roll back if
    /// there is none, or if its revision is INACTIVE. What ECS does then is not established; this is the worse case.
    pub(super) fn roll_back(&mut self, arn: &ServiceArn, words: &str) {
        self.writes_services();
        let service = self.services.get_mut(arn).unwrap();
        let newest = service.deployments.first_mut().unwrap();
        (newest.state, newest.pending, newest.running) = (RolloutState::Failed, 0, 0);
        let ends = newest.service_deployment.clone();
        let completed = service.deployments.iter().find(|older| older.state == RolloutState::Completed).cloned();
        let is_active = |older: &LiveDeployment| self.revision(&older.revision).is_some_and(Revision::is_active);
        let Some(back) = completed.filter(is_active) else {
            self.service_deployments.get_mut(&ends).unwrap().stage = Stage::Over;
            return;
        };
        let reason = format!("{words}: rolling back to deploymentId {}.", back.id);
        let progress = self.service_deployments.get_mut(&ends).unwrap();
        (progress.stage, progress.reason) = (Stage::RollingBack, Some(reason.clone()));
        self.services.get_mut(arn).unwrap().subnet = back.subnet;
        self.list(arn, back.revision, reason, ends, back.service_revision);
        self.reports_newest(arn);
    }

    /// Delivers ECS's event about the newest deployment, if ECS is the deployment controller.
    pub(super) fn reports_newest(&mut self, arn: &ServiceArn) {
        if self.services[arn].controller != Controller::Ecs {
            return;
        }
        let newest = self.services[arn].deployments[0].clone();
        self.reports_deployment(arn, &newest.id, newest.state, &newest.reason);
    }

    /// StopServiceDeployment with ROLLBACK. The text of the rollback's reason is not established.
    pub(super) fn stop_deployment(&mut self, deployment: &str) -> Answer<()> {
        let Some(progress) = self.service_deployments.get(deployment) else {
            return missing(STOP, "ServiceDeploymentNotFoundException: The service deployment was not found.");
        };
        let arn = progress.service.clone();
        match progress.stage {
            Stage::UnderWay => {
                self.roll_back(&arn, "ECS deployment stopped");
                Ok(())
            }
            // "The service deployment continues the rollback operation" (developer guide, stop-service-deployment).
            Stage::RollingBack => Ok(()),
            Stage::Succeeded | Stage::Stopped | Stage::Over => {
                refused(STOP, "ConflictException: The service deployment is not in a state that can be stopped.")
            }
        }
    }

    /// The answer of DescribeServices, given the services that it shows. Callers may not rely on the order of the
    /// deployments.
    pub(super) fn described(
        &self,
        call: &'static str,
        arn: &ServiceArn,
        services: &BTreeMap<ServiceArn, LiveService>,
    ) -> Answer<Service> {
        let Some(service) = services.get(arn) else { return missing(call, "MISSING") };
        // Deployments are listed "only when a service uses the ECS deployment controller" (API reference, Deployment).
        let listed = if service.controller == Controller::Ecs { service.deployments.as_slice() } else { &[] };
        let describe = |(index, deployment): (usize, &LiveDeployment)| {
            let rollout = (!service.shifts_traffic).then(|| self.shown(deployment, &listed[0])).unzip();
            Deployment {
                id: deployment.id.clone(),
                primary: index == 0,
                revision: deployment.revision.clone(),
                created: Some(deployment.created),
                updated: Some(deployment.updated),
                state: rollout.0,
                reason: rollout.1,
                desired: deployment.desired,
                pending: deployment.pending,
                running: deployment.running,
            }
        };
        let mut revisions: Vec<String> = Vec::new();
        for deployment in listed.iter().filter(|deployment| deployment.has_tasks()) {
            if !revisions.contains(&deployment.service_revision) {
                revisions.push(deployment.service_revision.clone());
            }
        }
        Ok(Service {
            arn: arn.clone(),
            status: service.status,
            controller: service.controller,
            managed: service.managed,
            revision: service.revision.clone(),
            deployments: listed.iter().enumerate().map(describe).rev().collect(),
            rolls_back: service.rolls_back,
            pauses: service.pauses,
            tags: service.tags.clone(),
            service_deployment: listed.first().map(|newest| newest.service_deployment.clone()),
            service_revisions: revisions,
            service_connect_logs: service.service_connect_logs,
        })
    }

    /// The state of a deployment and its reason, as they are shown.
    fn shown(&self, deployment: &LiveDeployment, newest: &LiveDeployment) -> (RolloutState, String) {
        let is_new = newest.state == RolloutState::InProgress && newest.running == 0;
        match deployment.state {
            RolloutState::Failed if self.fails_late && is_new => {
                (RolloutState::InProgress, format!("ECS deployment {} in progress.", deployment.id))
            }
            state => (state, deployment.reason.clone()),
        }
    }

    pub(super) fn progress_of(&self, deployment: &str) -> Answer<DeploymentProgress> {
        let Some(progress) = self.service_deployments.get(deployment) else {
            return missing("DescribeServiceDeployments", "MISSING");
        };
        let waits = self.services.get(&progress.service).is_some_and(|service| service.paused);
        let paused = waits && progress.stage == Stage::UnderWay && self.lie != Some(Lie::NothingPauses);
        let (stage, finished, reason) = (progress.stage, progress.finished, progress.reason.clone());
        Ok(DeploymentProgress { stage, paused, finished, reason })
    }

    /// The true users of a revision, in order: services (also those in `running`), and tasks.
    pub(super) fn users_of(&self, revision: &RevisionArn) -> Vec<User> {
        let mut users: BTreeMap<Place, bool> = BTreeMap::new();
        for (arn, service) in self.services.iter().filter(|(_, service)| service.status != Status::Inactive) {
            if service.revision == *revision {
                users.insert(Place::Service(arn.clone()), service.status == Status::Draining);
            } else if service.deployments.iter().any(|older| older.revision == *revision) {
                users.insert(Place::Service(arn.clone()), true);
            }
        }
        for (place, _) in self.running.iter().filter(|(_, runs)| *runs == revision) {
            let place = match place.strip_prefix("service ") {
                Some(name) => Place::Service(self.service_arn(name)),
                None => Place::Task(place.trim_start_matches("task ").to_owned()),
            };
            users.insert(place, false);
        }
        users.into_iter().map(|(place, draining)| User { place, draining }).collect()
    }

    /// The digest to which a name resolves now. A pinned name has its own digest.
    pub(super) fn digest_of(&self, image: &str) -> Option<String> {
        match is_pinned(image) {
            true => image.rsplit_once('@').map(|(_, digest)| digest.to_owned()),
            false => self.registry.get(&registry_key(image)).cloned(),
        }
    }

    pub(super) fn pushed(&mut self, image: &str, digest: Option<&str>) {
        let key = registry_key(image);
        match digest {
            Some(digest) => drop(self.registry.insert(key, digest.to_owned())),
            None => drop(self.registry.remove(&key)),
        }
    }

    /// The containers of a revision, with the current digests of their images.
    fn resolved(&self, revision: &RevisionArn) -> Vec<RunningImage> {
        let document: Value = serde_json::from_str(&self.revision(revision).unwrap().text).unwrap();
        let containers = document["containerDefinitions"].as_array().cloned().unwrap_or_default();
        let text = |container: &Value, member: &str| container[member].as_str().unwrap_or_default().to_owned();
        let resolve = |container: &Value| RunningImage {
            container: text(container, "name"),
            image: text(container, "image"),
            digest: self.digest_of(&text(container, "image")),
        };
        containers.iter().map(resolve).collect()
    }
}
