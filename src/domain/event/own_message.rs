//! The events that Logweir itself sends to its queue. They have the form of CloudTrail records without an envelope, so
//! the function and `logweir doctor` read them as they read every other event.

use serde_json::{Value, json};

use super::Cause;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;

/// Returns an event that reports the registration of a revision.
pub fn registration(source: &RevisionArn, cause: &Cause) -> Value {
    let response = json!({"taskDefinition": {"taskDefinitionArn": source.to_string()}});
    call("RegisterTaskDefinition", source, cause, &response)
}

/// Returns an event that reports the deregistration of a revision.
pub fn deregistration(source: &RevisionArn, cause: &Cause) -> Value {
    let response = json!({"taskDefinition": {"taskDefinitionArn": source.to_string()}});
    call("DeregisterTaskDefinition", source, cause, &response)
}

/// Returns an event that reports the update of a service to a revision.
pub fn service_update(service: &ServiceArn, source: &RevisionArn, cause: &Cause) -> Value {
    let response = json!({"service": {
        "serviceArn": service.to_string(), "clusterArn": service.cluster_arn(), "taskDefinition": source.to_string()
    }});
    call("UpdateService", source, cause, &response)
}

fn call(name: &str, source: &RevisionArn, cause: &Cause, response: &Value) -> Value {
    json!({
        "eventSource": "ecs.amazonaws.com", "eventName": name, "eventID": cause.event_id, "eventTime": cause.time,
        "recipientAccountId": source.account, "awsRegion": source.region,
        "userIdentity": {"type": cause.actor_type, "arn": cause.actor}, "userAgent": cause.user_agent,
        "sourceIPAddress": cause.source_ip, "responseElements": response
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Home, RevisionRef, ServiceChange, Trigger, read};
    use super::*;

    #[test]
    fn logweir_reads_its_own_messages_as_it_reads_the_events_that_they_repeat() {
        let (partition, account, region) = ("aws".into(), "111122223333".into(), "eu-west-1".into());
        let home = Home { partition, account, region, ..Home::default() };
        let source = home.revision("web:41").unwrap();
        let service = home.service("web", Some("prod")).unwrap();
        let cause = Cause {
            event_id: Some("e-1".into()),
            time: Some("2026-11-21T12:00:00Z".parse().unwrap()),
            actor: Some("arn:aws:sts::111122223333:assumed-role/Deployer/session".into()),
            actor_type: Some("AssumedRole".into()),
            user_agent: Some("aws-cli/2".into()),
            source_ip: Some("203.0.113.9".into()),
            run: None,
        };
        for cause in [cause, Cause::default()] {
            let which = RevisionRef::Revision(source.clone());
            let registered = Trigger::Remediate { which, cause: cause.clone() };
            assert_eq!(read(&registration(&source, &cause), &home), Ok(registered));
            let revisions = vec![source.clone()];
            let withdrawn = Trigger::Withdrawn { revisions, deleted: false, cause: cause.clone() };
            assert_eq!(read(&deregistration(&source, &cause), &home), Ok(withdrawn));
            let change = ServiceChange::Asked { revision: Some(source.clone()) };
            let updated = Trigger::Service { service: service.clone(), change, cause: cause.clone() };
            assert_eq!(read(&service_update(&service, &source, &cause), &home), Ok(updated));
        }
    }
}
