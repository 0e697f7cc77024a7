//! A second workload beside the compliant one, with resources of its own and with faults.

use logweir::domain::ecs::image_name::EcrReference;
use logweir::domain::runbook::account::identity::Parameter;
use logweir::domain::runbook::account::images::{Repository, Scan};
use logweir::domain::runbook::account::network::{FlowLog, NetworkInterface, Subnet, TargetGroup};
use logweir::domain::runbook::account::{Account, Fact};
use serde_json::json;

use super::account::{
    BALANCER, DEFINITION, IMAGE, ROLE, TARGETS, compliant, definition, listener, of, policy, read, repository, role,
    subnet, trails,
};

/// Adds a second workload with resources of its own: a cluster, a service, a task definition, a VPC, a load balancer, a
/// role, a parameter, a secret, an image, a trail and a rule of EventBridge. Facts that are missing stay missing.
pub(crate) fn neighbour(account: &mut Account) {
    let mut other = compliant();
    let Account { ecs, network, identity, images, trail, .. } = account;
    let renamed = |text: &str| text.replace("web", "other").replace("prod", "stage").replace("main", "second");
    let mut cluster = of(&mut other.ecs.clusters).remove(0);
    (cluster.arn, cluster.name) = (renamed(&cluster.arn), renamed(&cluster.name));
    for service in of(&mut cluster.services) {
        (service.arn, service.name, service.cluster) = (renamed(&service.arn), "other".into(), "stage".into());
        service.definitions = [renamed(DEFINITION)].into();
        service.target_groups = vec![renamed(TARGETS)];
        service.placement.network.as_mut().unwrap().subnets = vec!["subnet-other".into()];
    }
    for task in of(&mut cluster.tasks) {
        (task.arn, task.cluster, task.group) = (renamed(&task.arn), "stage".into(), "service:other".into());
        (task.definition, task.subnets) = (renamed(DEFINITION), vec!["subnet-other".into()]);
        task.interfaces = vec!["eni-other".into()];
    }
    push(&mut ecs.clusters, cluster);
    let name = "/stage/db".to_owned();
    let mut own = definition();
    (own.arn, own.family, own.task_role) = (renamed(DEFINITION), "other".into(), Some("other".into()));
    (own.images, own.secrets) = (vec![renamed(IMAGE)], vec![name.clone()]);
    ecs.definitions.push(own);
    push(
        &mut network.subnets,
        Subnet { id: "subnet-other".into(), vpc: "vpc-2".into(), ..subnet("subnet-b", "eu-west-1a") },
    );
    let log = of(&mut other.network.flow_logs).remove(0);
    push(
        &mut network.flow_logs,
        FlowLog { id: "fl-2".into(), resource: "vpc-2".into(), traffic: "REJECT".into(), ..log },
    );
    let interface = of(&mut other.network.interfaces).remove(0);
    let public_address = Some("203.0.113.9".into());
    push(&mut network.interfaces, NetworkInterface { id: "eni-other".into(), public_address, ..interface });
    let group = of(&mut other.network.target_groups).remove(0);
    let (arn, load_balancers) = (renamed(TARGETS), vec![renamed(BALANCER)]);
    push(&mut network.target_groups, TargetGroup { arn, name: "other".into(), load_balancers, ..group });
    let mut weak = listener(&mut other).clone();
    (weak.arn, weak.policy) = (renamed(&weak.arn), Some("ELBSecurityPolicy-2016-08".into()));
    network.listeners.insert(renamed(BALANCER), read(vec![weak]));
    let mut broad = role(&mut other).clone();
    (broad.name, broad.arn) = ("other".into(), renamed(ROLE));
    broad.inline = read(vec![("own".into(), Some(policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}))))]);
    identity.roles.insert(renamed(ROLE), read(Some(broad)));
    let plain = Parameter { name: name.clone(), arn: None, kind: "String".into() };
    identity.parameters.insert(name, read(Some(plain)));
    let image = EcrReference::parse(&renamed(IMAGE)).unwrap();
    let moving = Repository { mutability: "MUTABLE".into(), ..repository(&mut other).clone() };
    images.repositories.insert(image.repository.clone(), read(Some(moving)));
    images.scans.insert(image, read(Some(Scan::default())));
    let mut second = trails(&mut other).remove(0);
    (second.name, second.arn, second.validates_files) = ("second".into(), renamed(&second.arn), false);
    push(&mut trail.trails, second);
}

fn push<T>(fact: &mut Fact<Vec<T>>, value: T) {
    if let Fact::Read { value: all, .. } = fact {
        all.push(value);
    }
}
