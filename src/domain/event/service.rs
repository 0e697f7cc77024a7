//! CreateService and UpdateService.

use super::call::RecordedCall;
use super::{Nothing, ServiceChange, Trigger, Unreadable};

/// The response names the exact revision. What the request names is taken as it stands only if it is a revision's ARN: a
/// family means whatever was its newest at that moment. A service without a task definition has the controller EXTERNAL.
pub(super) fn asked(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let [service, cluster, revision] = ["serviceArn", "clusterArn", "taskDefinition"]
        .map(|name| call.text(&format!("/responseElements/service/{name}")));
    let [asked_service, created, asked_cluster, asked_revision] =
        ["service", "serviceName", "cluster", "taskDefinition"]
            .map(|name| call.text(&format!("/requestParameters/{name}")));
    let named = [service, cluster, revision, asked_service, asked_cluster, asked_revision];
    call.guard(named.into_iter().flatten())?;

    let answered = service.and_then(|arn| super::ServiceArn::of(arn, cluster).ok());
    // The response was left out, or is none of a service.
    let asked = || call.home.service(asked_service.or(created)?, asked_cluster);
    let service = answered.or_else(asked).ok_or(Unreadable::NoService)?;
    let revision = [revision, asked_revision].into_iter().flatten().find_map(|arn| arn.parse().ok());
    Ok(Trigger::Service { service, change: ServiceChange::Asked { revision }, cause: call.cause.clone() })
}
