//! Reads recorded calls of CreateService and UpdateService.

use super::call::RecordedCall;
use super::{Nothing, ServiceChange, Trigger, Unreadable};

/// Reads a call that creates or updates a service. The response of the call names the exact revision. The revision in
/// the request counts only if it is an ARN with a revision number, because ECS resolves the name of a family to the
/// family's newest revision at the time of the call. A service without a task definition has the deployment controller
/// EXTERNAL.
pub(super) fn asked(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let [service, cluster, revision] = ["serviceArn", "clusterArn", "taskDefinition"]
        .map(|name| call.text(&format!("/responseElements/service/{name}")));
    let [asked_service, created, asked_cluster, asked_revision] =
        ["service", "serviceName", "cluster", "taskDefinition"]
            .map(|name| call.text(&format!("/requestParameters/{name}")));
    let named = [service, cluster, revision, asked_service, asked_cluster, asked_revision];
    call.guard(named.into_iter().flatten())?;

    let answered = service.and_then(|arn| super::ServiceArn::of(arn, cluster).ok());
    // If CloudTrail left out the response, or if the response names no service, the request names the service.
    let asked = || call.home.service(asked_service.or(created)?, asked_cluster);
    let service = answered.or_else(asked).ok_or(Unreadable::NoService)?;
    let revision = [revision, asked_revision].into_iter().flatten().find_map(|arn| arn.parse().ok());
    Ok(Trigger::Service { service, change: ServiceChange::Asked { revision }, cause: call.cause.clone() })
}
