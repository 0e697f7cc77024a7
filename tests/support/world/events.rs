//! The events that EventBridge delivers (sources: ECS developer guide, "Amazon ECS service deployment state change
//! events"; CloudTrail user guide, record contents; ECS API reference for the shapes within).

use jiff::Timestamp;
use logweir::domain::ecs::service::{RolloutState, ServiceArn};
use serde_json::{Value, json};

use super::Account;
use super::account::{ACCOUNT, REGION};
use crate::cloudtrail::{Call, delivered};

/// The text that CloudTrail puts in place of environment values.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

impl Account {
    /// Removes and returns the events since the last call, oldest first.
    pub(crate) fn delivers(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// Delivers CloudTrail's record of a call that succeeded.
    pub(super) fn reports_call(&mut self, by: &str, name: &str, request: Value, response: Value) {
        if self.is_silent {
            return;
        }
        let (id, time) = (self.event_id(), seconds(self.now));
        let call = Call {
            service: "ecs",
            name,
            account: ACCOUNT,
            region: REGION,
            time: &time,
            id: &id,
            identity: identity(by),
            request,
            response,
        };
        let mut detail = call.record();
        let members = [
            ("eventVersion", json!("1.11")),
            ("sourceIPAddress", json!("203.0.113.7")),
            ("userAgent", json!("aws-cli/2.31.0")),
            ("requestID", json!(id)),
            ("readOnly", json!(false)),
            ("eventType", json!("AwsApiCall")),
            ("managementEvent", json!(true)),
            ("eventCategory", json!("Management")),
        ];
        detail.as_object_mut().unwrap().extend(members.map(|(name, value)| (name.to_owned(), value)));
        self.deliver("AWS API Call via CloudTrail", json!([]), detail);
    }

    /// Delivers ECS's own event about a deployment.
    pub(super) fn reports_deployment(&mut self, service: &ServiceArn, id: &str, state: RolloutState, reason: &str) {
        let (kind, name) = match state {
            RolloutState::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
            RolloutState::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
            RolloutState::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
        };
        let detail = json!({
            "eventType": kind, "eventName": name, "clusterArn": service.cluster_arn(), "deploymentId": id,
            "updatedAt": seconds(self.now), "reason": reason
        });
        self.deliver("ECS Deployment State Change", json!([service.to_string()]), detail);
    }

    /// Delivers the event of the registration of a family's newest revision.
    pub(super) fn reports_registration(&mut self, family: &str) {
        if self.is_silent {
            return;
        }
        let revisions = &self.families[family];
        let (number, newest) = (revisions.len(), revisions.last().unwrap());
        let (arn, by) = (self.arn(family, number).to_string(), newest.by.clone());
        let request = redacted(&newest.text);
        let mut described = request.clone();
        let members = [
            ("taskDefinitionArn", json!(arn)),
            ("revision", json!(number)),
            ("status", json!("ACTIVE")),
            ("requiresAttributes", json!([])),
            ("compatibilities", json!([])),
            ("registeredAt", json!(spoken(newest.at))),
            ("registeredBy", json!(by)),
        ];
        described.as_object_mut().unwrap().extend(members.map(|(name, value)| (name.to_owned(), value)));
        self.reports_call(&by, "RegisterTaskDefinition", request, json!({"taskDefinition": described}));
    }

    /// `responseElements.service`, with the members that are certain.
    pub(super) fn service_element(&self, arn: &ServiceArn) -> Value {
        let service = &self.services[arn];
        let deployments: Vec<Value> = service
            .deployments
            .iter()
            .enumerate()
            .map(|(index, deployment)| {
                json!({
                    "id": deployment.id, "status": if index == 0 { "PRIMARY" } else { "ACTIVE" },
                    "taskDefinition": deployment.revision.to_string(), "desiredCount": deployment.desired,
                    "pendingCount": deployment.pending, "runningCount": deployment.running,
                    "createdAt": spoken(deployment.created)
                })
            })
            .collect();
        json!({
            "serviceArn": arn.to_string(), "serviceName": arn.name, "clusterArn": arn.cluster_arn(), "status": "ACTIVE",
            "desiredCount": service.desired, "taskDefinition": service.revision.to_string(), "deployments": deployments,
            "schedulingStrategy": "REPLICA", "deploymentController": {"type": service.controller_word()}
        })
    }

    fn deliver(&mut self, detail_type: &str, resources: Value, detail: Value) {
        let (time, id) = (seconds(self.now), self.event_id());
        let mut event = delivered("aws.ecs", detail_type, [ACCOUNT, REGION], &time, &id, detail);
        event["resources"] = resources;
        self.events.push(event);
    }

    /// Returns a unique id for an event, even after a test has removed events.
    fn event_id(&mut self) -> String {
        self.reported += 1;
        format!("00000000-0000-4000-8000-{:012}", self.reported)
    }
}

/// A time as CloudTrail and EventBridge write it: in whole seconds.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap().to_string()
}

/// A time in an API response as CloudTrail writes it, such as `Nov 21, 2026, 12:00:00 PM`.
fn spoken(at: Timestamp) -> String {
    at.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

/// The caller's identity, given the ARN of a role session. The ARN of the role itself contains its path.
fn identity(by: &str) -> Value {
    let role = by.split('/').nth(1).unwrap_or_default();
    let path = if role == "Remediator" { "logweir/" } else { "" };
    let principal = "AROAEXAMPLEEXAMPLEEXA";
    json!({
        "type": "AssumedRole", "principalId": format!("{principal}:session"), "arn": by, "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLEEXAMPLEEX",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": principal, "arn": format!("arn:aws:iam::{ACCOUNT}:role/{path}{role}"),
                "accountId": ACCOUNT, "userName": role
            },
            "attributes": {"creationDate": "2026-11-21T08:00:00Z", "mfaAuthenticated": "false"}
        }
    })
}

/// A document as CloudTrail shows it: one text replaces the whole list of environment values.
fn redacted(document: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).unwrap();
    for container in document["containerDefinitions"].as_array_mut().into_iter().flatten() {
        if let Some(environment) = container.get_mut("environment") {
            *environment = HIDDEN.into();
        }
    }
    document
}
