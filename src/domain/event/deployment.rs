//! Reads the events `ECS Deployment State Change`, with which ECS reports on the deployments of services (source: ECS
//! developer guide, Amazon ECS service deployment state change events).

use serde_json::Value;

use super::home::Whereabouts;
use super::{Cause, Home, Ignored, LONGEST, Nothing, ServiceChange, Trigger, Unreadable};
use crate::domain::ecs::service::{RolloutState, ServiceArn};
use crate::domain::text::plain::plain;

pub(super) fn read(event: &Value, home: &Home) -> (Cause, Result<Trigger, Nothing>) {
    let cause = cause(event);
    (cause.clone(), went_on(event, home, cause))
}

/// Returns the cause of the event, without an actor, because the event does not say whether ECS acted automatically or
/// for a caller.
fn cause(event: &Value) -> Cause {
    let time = |text: &Value| text.as_str().and_then(|time| time.parse().ok());
    Cause {
        event_id: event["id"].as_str().map(|id| plain(id, LONGEST)),
        time: time(&event["detail"]["updatedAt"]).or_else(|| time(&event["time"])),
        ..Cause::default()
    }
}

fn went_on(event: &Value, home: &Home, cause: Cause) -> Result<Trigger, Nothing> {
    let detail = &event["detail"];
    if !detail.is_object() {
        return Err(Unreadable::NotAnEvent("detail").into());
    }
    let state = match detail["eventName"].as_str() {
        Some("SERVICE_DEPLOYMENT_IN_PROGRESS") => RolloutState::InProgress,
        Some("SERVICE_DEPLOYMENT_COMPLETED") => RolloutState::Completed,
        Some("SERVICE_DEPLOYMENT_FAILED") => RolloutState::Failed,
        _ => return Err(Ignored::OtherEvent.into()),
    };
    let cluster = detail["clusterArn"].as_str();
    let resources = || event["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut places = vec![Whereabouts { account: event["account"].as_str(), region: event["region"].as_str() }];
    places.extend(resources().chain(cluster).map(Whereabouts::of_arn));
    if let Some(elsewhere) = home.elsewhere(&places) {
        return Err(elsewhere.into());
    }
    let service = resources().find_map(|arn| ServiceArn::of(arn, cluster).ok()).ok_or(Unreadable::NoService)?;
    let text = |member: &str| detail[member].as_str().map(|text| plain(text, LONGEST)).filter(|text| !text.is_empty());
    let change = match text("deploymentId") {
        Some(id) => ServiceChange::Deployment { id, state, reason: text("reason") },
        None => ServiceChange::Look,
    };
    Ok(Trigger::Service { service, change, cause })
}
