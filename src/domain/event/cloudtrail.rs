//! Selects, by the API action, the function that reads a call that CloudTrail recorded.

use serde_json::Value;

use super::call::RecordedCall;
use super::{
    Cause, Home, Ignored, Nothing, RevisionRef, Trigger, Unreadable, cluster, consumer, pin, service, session,
    withdrawal,
};
use crate::domain::ecs::revision::{RevisionArn, is_family};

pub(super) fn read_bare(record: &Value, home: &Home) -> (Cause, Result<Trigger, Nothing>) {
    read(RecordedCall::bare(record, home))
}

pub(super) fn read_enveloped(envelope: &Value, home: &Home) -> (Cause, Result<Trigger, Nothing>) {
    read(RecordedCall::in_envelope(envelope, home))
}

fn read(call: RecordedCall) -> (Cause, Result<Trigger, Nothing>) {
    let trigger = trigger(&call);
    (call.cause, trigger)
}

fn trigger(call: &RecordedCall) -> Result<Trigger, Nothing> {
    if !call.record.is_object() {
        return Err(Unreadable::NotAnEvent("detail").into());
    }
    let name = call.text("/eventName").unwrap_or_default();
    match (call.text("/eventSource"), call.source) {
        (Some("ecs.amazonaws.com"), None | Some("aws.ecs")) => match name {
            "RegisterTaskDefinition" => registered(call),
            "DeregisterTaskDefinition" => withdrawal::deregistered(call),
            "DeleteTaskDefinitions" => withdrawal::deleted(call),
            "CreateService" | "UpdateService" => service::asked(call),
            "CreateCluster" => cluster::configured(call, true),
            "UpdateCluster" => cluster::configured(call, false),
            "RunTask" | "StartTask" => consumer::task(call, name),
            "CreateTaskSet" => consumer::task_set(call),
            "RegisterDaemonTaskDefinition" => consumer::daemon_definition(call),
            "CreateDaemon" | "UpdateDaemon" => consumer::daemon(call),
            "ExecuteCommand" => session::executed(call),
            _ => Err(Ignored::OtherEvent.into()),
        },
        (Some("events.amazonaws.com"), None | Some("aws.events")) => match name {
            "PutTargets" => pin::targets_set(call),
            "RemoveTargets" => pin::targets_removed(call),
            "DeleteRule" => pin::rule_deleted(call),
            _ => Err(Ignored::OtherEvent.into()),
        },
        (Some("ssm.amazonaws.com"), None | Some("aws.ssm")) if name == "StartSession" => session::started(call),
        // Source: EventBridge events reference, Amazon EventBridge Scheduler events.
        (Some("scheduler.amazonaws.com"), None | Some("aws.scheduler")) => match name {
            "CreateSchedule" | "UpdateSchedule" => pin::schedule_set(call),
            "DeleteSchedule" => pin::schedule_deleted(call),
            _ => Err(Ignored::OtherEvent.into()),
        },
        _ => Err(Ignored::OtherEvent.into()),
    }
}

/// Reads a recorded call of RegisterTaskDefinition.
fn registered(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let named = call.text("/responseElements/taskDefinition/taskDefinitionArn");
    let arn = named.and_then(|arn| arn.parse::<RevisionArn>().ok());
    call.guard(named.filter(|_| arn.is_some()))?;
    let which = match arn {
        Some(arn) => RevisionRef::Revision(arn),
        None => RevisionRef::NewestOf {
            family: call
                .text("/requestParameters/family")
                .filter(|family| is_family(family))
                .ok_or(Unreadable::NoTaskDefinition)?
                .into(),
            at: call.cause.time.ok_or(Unreadable::NoTime)?,
        },
    };
    Ok(Trigger::Remediate { which, cause: call.cause.clone() })
}
