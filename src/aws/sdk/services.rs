//! Reads and updates one Amazon ECS service, and reads the progress of its deployments.

use std::fmt::Display;

use aws_sdk_ecs::types::{
    CreatedAt, Deployment as Rollout, Failure, Service as Found, ServiceDeployment, ServiceField, ServiceRevision,
    StopServiceDeploymentStopType,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::ecs::{Ecs, once};
use crate::aws::errors::{port_error, unreadable};
use crate::domain::ecs::image::{EcrImage, RunningImage};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{
    Controller, Deployment, DeploymentProgress, RolloutState, Service, ServiceArn, Stage, Status,
};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, ErrorKind, PortError, RevisionUsers, Services};

/// The largest number of service revisions in one request (source: ECS API reference, DescribeServiceRevisions).
const MOST_REVISIONS: usize = 20;

impl Services for Ecs {
    async fn users_of(&self, revisions: &[RevisionArn]) -> Answer<RevisionUsers> {
        self.users_everywhere(revisions).await
    }

    /// The request identifies the cluster by its ARN, which is unique across accounts. The request identifies the
    /// service by its name, because a service ARN has an old and a new format.
    async fn service(&self, service: &ServiceArn) -> Answer<Service> {
        const CALL: &str = "DescribeServices";
        let call = self.client.describe_services().cluster(service.cluster_arn()).services(&service.name);
        let described =
            Box::pin(call.include(ServiceField::Tags).send()).await.map_err(|error| port_error(CALL, &error))?;
        all_described(CALL, described.failures())?;
        match described.services().first() {
            Some(found) => read(CALL, service, found),
            None => Err(missing(CALL, format_args!("there is no service {}", service.short()))),
        }
    }

    async fn update(&self, service: &ServiceArn, to: &RevisionArn) -> Answer<Service> {
        const CALL: &str = "UpdateService";
        let call = self.client.update_service().cluster(service.cluster_arn()).service(&service.name);
        let call = call.task_definition(to.to_string()).customize().config_override(once());
        let updated = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        let found = updated.service().ok_or_else(|| unreadable(CALL, "the service is missing"))?;
        // Even if the response cannot be read, ECS has updated the service, so the error must not say that ECS refused
        // the update.
        read(CALL, service, found).map_err(|error| PortError { kind: ErrorKind::Retry, ..error })
    }

    async fn progress(&self, deployment: &str) -> Answer<DeploymentProgress> {
        const CALL: &str = "DescribeServiceDeployments";
        let call = self.client.describe_service_deployments().service_deployment_arns(deployment);
        let described = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        all_described(CALL, described.failures())?;
        match described.service_deployments().first() {
            Some(found) => Ok(progress(found)),
            None => Err(missing(CALL, format_args!("there is no service deployment {deployment}"))),
        }
    }

    async fn stop(&self, deployment: &str) -> Answer<()> {
        const CALL: &str = "StopServiceDeployment";
        let call = self.client.stop_service_deployment().service_deployment_arn(deployment);
        let call = call.stop_type(StopServiceDeploymentStopType::Rollback);
        Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        Ok(())
    }

    async fn deployed_since(&self, service: &ServiceArn, since: Timestamp) -> Answer<Vec<RevisionArn>> {
        const CALL: &str = "ListServiceDeployments";
        let made = CreatedAt::builder().after(DateTime::from_millis(since.as_millisecond())).build();
        let call = self.client.list_service_deployments().cluster(service.cluster_arn()).service(&service.name);
        let call = call.created_at(made).max_results(MOST_REVISIONS as i32);
        let listed = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        let targets = listed.service_deployments().iter().filter_map(|made| made.target_service_revision_arn());
        let revisions: Vec<String> = targets.map(String::from).collect();
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.client.describe_service_revisions().set_service_revision_arns(Some(revisions));
        let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeServiceRevisions", &error))?;
        let revisions = described.service_revisions().iter().filter_map(ServiceRevision::task_definition);
        Ok(revisions.filter_map(|revision| revision.parse().ok()).collect())
    }

    /// Returns the images of the newest service revision, according to the creation times in the response. Returns no
    /// images if ECS no longer stores the service revision.
    async fn running_images(&self, service: &Service) -> Answer<Vec<RunningImage>> {
        const CALL: &str = "DescribeServiceRevisions";
        let revisions: Vec<String> = service.service_revisions.iter().take(MOST_REVISIONS).cloned().collect();
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.client.describe_service_revisions().set_service_revision_arns(Some(revisions));
        let described = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
        all_described(CALL, described.failures())?;
        let newest = described.service_revisions().iter().max_by_key(|revision| revision.created_at());
        Ok(newest.map(images).unwrap_or_default())
    }

    async fn digest(&self, image: &EcrImage) -> Answer<Option<String>> {
        self.signed.digest(image).await
    }
}

/// Returns an error if ECS could not describe a resource that may exist. For a resource that does not exist, ECS
/// reports the failure `MISSING`, with HTTP status 200. If ECS reports any other failure, the resource may exist.
pub(in crate::aws) fn all_described(call: &'static str, failures: &[Failure]) -> Answer<()> {
    match failures.iter().find(|failure| failure.reason() != Some("MISSING")) {
        None => Ok(()),
        Some(failure) => {
            let why =
                format!("ECS did not describe {}: {}", failure.arn().unwrap_or("?"), failure.reason().unwrap_or("?"));
            Err(unknown(call, &why))
        }
    }
}

/// Returns the error to report for a response that Logweir cannot interpret. The error is not retryable, because
/// another try would return the same response.
pub(in crate::aws) fn unknown(call: &'static str, why: &str) -> PortError {
    PortError { kind: ErrorKind::Refused, ..unreadable(call, why) }
}

fn missing(call: &'static str, why: impl Display) -> PortError {
    PortError { kind: ErrorKind::Missing, call, message: why.to_string(), reason: None }
}

fn read(call: &'static str, arn: &ServiceArn, found: &Found) -> Answer<Service> {
    let status = match found.status() {
        Some("ACTIVE") => Status::Active,
        Some("DRAINING") => Status::Draining,
        Some("INACTIVE") => Status::Inactive,
        _ => return Err(unknown(call, "the service has an unknown status")),
    };
    // ECS omits the member `deploymentController` for a service that is older than this member.
    let controller = match found.deployment_controller().map(|controller| controller.r#type().as_str()) {
        None | Some("ECS") => Controller::Ecs,
        Some("CODE_DEPLOY") => Controller::CodeDeploy,
        Some("EXTERNAL") => Controller::External,
        Some(_) => Controller::Other,
    };
    let revision = match found.task_definition() {
        // If the deployment controller is not ECS, only the task sets of the service name task definitions.
        None if controller != Controller::Ecs => {
            let message = format!("service {} has task sets instead of a task definition", arn.short());
            let reason = Some(Reason::UnsupportedController);
            return Err(PortError { kind: ErrorKind::Refused, call, message, reason });
        }
        named => revision(call, named.unwrap_or_default())?,
    };
    let deployments = found.deployment_configuration();
    let breaker = deployments.and_then(|how| how.deployment_circuit_breaker());
    let mut hooks = deployments.into_iter().flat_map(|how| how.lifecycle_hooks()).filter_map(|hook| hook.target_type());
    let primary = found.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let connect = primary.and_then(|primary| primary.service_connect_configuration());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(Service {
        arn: arn.clone(),
        status,
        controller,
        managed: found.resource_management_type().is_some_and(|managed| managed.as_str() == "ECS"),
        revision,
        deployments: found.deployments().iter().filter_map(|one| deployment(call, one)).collect::<Answer<_>>()?,
        rolls_back: breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback()),
        pauses: hooks.any(|target| target.as_str() == "PAUSE"),
        tags: found.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect(),
        service_deployment: found.current_service_deployment().map(String::from),
        service_revisions: found.current_service_revisions().iter().filter_map(|one| one.arn.clone()).collect(),
        service_connect_logs: connect.is_some_and(|connect| connect.log_configuration().is_some()),
    })
}

/// Returns `None` if the deployment has task sets instead of a task definition.
fn deployment(call: &'static str, found: &Rollout) -> Option<Answer<Deployment>> {
    let state = found.rollout_state().map(|state| match state.as_str() {
        "COMPLETED" => RolloutState::Completed,
        "FAILED" => RolloutState::Failed,
        // A deployment with an unknown state counts as in progress.
        _ => RolloutState::InProgress,
    });
    let read = |revision| Deployment {
        id: found.id().unwrap_or_default().to_owned(),
        primary: found.status() == Some("PRIMARY"),
        revision,
        created: found.created_at().and_then(timestamp),
        updated: found.updated_at().and_then(timestamp),
        state,
        reason: found.rollout_state_reason().map(String::from),
        desired: found.desired_count(),
        pending: found.pending_count(),
        running: found.running_count(),
    };
    found.task_definition().map(|named| revision(call, named).map(read))
}

fn revision(call: &'static str, arn: &str) -> Answer<RevisionArn> {
    arn.parse().map_err(|_| unknown(call, "a task-definition ARN in the response is not valid"))
}

fn progress(found: &ServiceDeployment) -> DeploymentProgress {
    let stage = match found.status().map(|status| status.as_str()) {
        Some("ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "STOP_REQUESTED") => Stage::RollingBack,
        Some("SUCCESSFUL") => Stage::Succeeded,
        Some("STOPPED") => Stage::Stopped,
        Some("ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED") => Stage::Over,
        // A deployment is under way if its status is PENDING, IN_PROGRESS or unknown to Logweir.
        _ => Stage::UnderWay,
    };
    let waits = |status: &str| status == "AWAITING_ACTION";
    let mut hooks = found.lifecycle_hook_details().iter().filter_map(|hook| hook.status());
    DeploymentProgress {
        stage,
        paused: hooks.any(|status| waits(status.as_str())),
        finished: found.finished_at().and_then(timestamp),
        reason: found.status_reason().map(String::from),
    }
}

fn images(revision: &ServiceRevision) -> Vec<RunningImage> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let images = revision.container_images().iter().map(|found| RunningImage {
        container: text(found.container_name()),
        image: text(found.image()),
        digest: found.image_digest().filter(|digest| !digest.is_empty()).map(String::from),
    });
    images.collect()
}

/// Converts a time of the SDK, and rounds the time to milliseconds. ECS sends the milliseconds as a decimal fraction of
/// a second, which the SDK reads as a floating-point number.
fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond((at.as_secs_f64() * 1000.0).round() as i64).ok()
}
