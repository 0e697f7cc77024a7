//! The events of other principals' calls: the samples of `tests/core/events`, with other resources.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use serde_json::{Value, json};

/// The members of a sample that name something without its ARN, each with the new name.
type Names<'n> = [(&'n str, &'n str)];

/// The event of the registration of this revision.
pub fn registered(revision: &RevisionArn) -> Value {
    let family = &revision.family;
    let names = [
        ("/detail/requestParameters/family", family.as_str()),
        ("/detail/responseElements/taskDefinition/family", family),
    ];
    filled("register-task-definition", &[(REVISION, &*of(revision))], &revision.account, &names)
}

/// The event of the creation of a service that runs this revision.
pub fn created(service: &ServiceArn, revision: &RevisionArn) -> Value {
    let names = [
        ("/detail/requestParameters/cluster", service.cluster.as_str()),
        ("/detail/requestParameters/serviceName", &service.name),
        ("/detail/requestParameters/taskDefinition", &revision.family),
        ("/detail/responseElements/service/serviceName", &service.name),
    ];
    about("create-service", service, revision, &names)
}

/// The event of the update of a service to this revision.
pub fn updated(service: &ServiceArn, revision: &RevisionArn) -> Value {
    let names = [
        ("/detail/requestParameters/cluster", service.cluster.as_str()),
        ("/detail/requestParameters/service", &service.name),
        ("/detail/responseElements/service/serviceName", &service.name),
    ];
    about("update-service", service, revision, &names)
}

/// The same with this role as the caller.
pub fn updated_by(role: &str, service: &ServiceArn, revision: &RevisionArn) -> Value {
    let mut event = updated(service, revision);
    event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = json!(role);
    event
}

/// The CloudTrail event with another time.
pub fn at(mut event: Value, time: Timestamp) -> Value {
    event["detail"]["eventTime"] = json!(format!("{time:.0}"));
    event
}

/// The event of a deployment of the service that has started, completed or failed.
pub fn deployment(sample: &str, service: &ServiceArn, id: &str) -> Value {
    let ends = [(SERVICE, &*of_service(service)), (CLUSTER, &of_cluster(service))];
    filled(sample, &ends, &service.account, &[("/detail/deploymentId", id)])
}

pub fn completed(service: &ServiceArn, id: &str) -> Value {
    deployment("deployment-completed", service, id)
}

/// The event of a task started by revision number.
pub fn ran(revision: &RevisionArn) -> Value {
    filled("run-task", &[(REVISION, &*of(revision))], &revision.account, &[])
}

const REVISION: &str = "task-definition/web:41";
const SERVICE: &str = "service/prod/web";
const CLUSTER: &str = "cluster/prod";

fn of(revision: &RevisionArn) -> String {
    format!("task-definition/{}", revision.short())
}

fn of_service(service: &ServiceArn) -> String {
    format!("service/{}", service.short())
}

fn of_cluster(service: &ServiceArn) -> String {
    format!("cluster/{}", service.cluster)
}

fn about(sample: &str, service: &ServiceArn, revision: &RevisionArn, names: &Names<'_>) -> Value {
    let ends = [(SERVICE, &*of_service(service)), (CLUSTER, &of_cluster(service)), (REVISION, &of(revision))];
    filled(sample, &ends, &service.account, names)
}

/// The sample with these endings of ARNs and these names instead of its own, and with the current time.
fn filled(sample: &str, ends: &[(&str, &str)], account: &str, names: &Names<'_>) -> Value {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/core/events/{sample}.json"));
    let text = fs::read_to_string(path).unwrap();
    let text = ends.iter().fold(text, |text, (from, to)| text.replace(&format!(":{from}\""), &format!(":{to}\"")));
    let mut event: Value = serde_json::from_str(&text.replace("111122223333", account)).unwrap();

    let now = Timestamp::now();
    let id = format!("c0ffee00-0000-4000-8000-{:012}", COUNT.fetch_add(1, Ordering::Relaxed));
    let (second, millisecond) = (format!("{now:.0}"), format!("{now:.3}"));
    // CloudTrail records whole seconds.
    let own = [
        ("/id", id.as_str()),
        ("/time", &second),
        ("/detail/eventID", &id),
        ("/detail/eventTime", &second),
        ("/detail/updatedAt", &millisecond),
    ];
    for (pointer, value) in own.iter().chain(names) {
        if let Some(place) = event.pointer_mut(pointer) {
            *place = json!(value);
        }
    }
    for (pointer, _) in names {
        assert!(event.pointer(pointer).is_some(), "{sample} has no {pointer}");
    }
    event
}
