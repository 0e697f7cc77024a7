//! An account in which every rule of the network, identities, images and trails passes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use logweir::domain::ecs::image_name::EcrReference;
use logweir::domain::fleet::facts::Unread;
use logweir::domain::runbook::Depth;
use logweir::domain::runbook::account::ecs::{Cluster, Definition, EcsFacts, Network, Placement, Service, Task};
use logweir::domain::runbook::account::identity::{IdentityFacts, Parameter, Role, Secret};
use logweir::domain::runbook::account::images::{ImageFacts, RegistryScanning, Repository, Scan, ScanningRule};
use logweir::domain::runbook::account::network::{
    FlowLog, Ingress, Listener, NetworkFacts, NetworkInterface, Route, RouteTable, SecurityGroup, Subnet, TargetGroup,
    VpcEndpoint,
};
use logweir::domain::runbook::account::trail::{EventRule, Trail, TrailFacts, TrailStatus};
use logweir::domain::runbook::account::{Account, Fact};
use serde_json::{Value, json};

pub(super) const OWNER: &str = "111122223333";
pub(super) const REGION: &str = "eu-west-1";
pub(super) const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
pub(super) const ROLE: &str = "arn:aws:iam::111122223333:role/web";
pub(super) const POLICY: &str = "arn:aws:iam::111122223333:policy/web";
pub(super) const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";
pub(super) const BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
pub(super) const TARGETS: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/943f017f100becff";
pub(super) const DEFINITION: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
const CLUSTER: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";
const TASK: &str = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123";

/// The endpoints that tasks on Fargate with images, logs, parameters and secrets need.
pub(super) const INTERFACES: [&str; 5] = ["ecr.api", "ecr.dkr", "logs", "ssm", "secretsmanager"];

/// Returns a fact that Logweir read.
pub(super) fn read<T>(value: T) -> Fact<T> {
    Fact::Read { value, source: "test:Read", time: time() }
}

fn time() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

/// Returns a fact that Logweir could not read.
pub(super) fn denied<T>(action: &'static str) -> Fact<T> {
    Fact::Unread(Unread { action, message: "AccessDenied: no".into(), is_denied: true })
}

/// Returns the value of a fact to change it.
pub(super) fn of<T>(fact: &mut Fact<T>) -> &mut T {
    match fact {
        Fact::Read { value, .. } => value,
        Fact::Unread(_) | Fact::NotAsked(_) => panic!("the fact is missing"),
    }
}

pub(super) fn cluster(account: &mut Account) -> &mut Cluster {
    &mut of(&mut account.ecs.clusters)[0]
}

pub(super) fn service(account: &mut Account) -> &mut Service {
    &mut of(&mut cluster(account).services)[0]
}

pub(super) fn role(account: &mut Account) -> &mut Role {
    of(account.identity.roles.get_mut(ROLE).unwrap()).as_mut().unwrap()
}

pub(super) fn listener(account: &mut Account) -> &mut Listener {
    &mut of(account.network.listeners.get_mut(BALANCER).unwrap())[0]
}

pub(super) fn repository(account: &mut Account) -> &mut Repository {
    of(account.images.repositories.values_mut().next().unwrap()).as_mut().unwrap()
}

pub(super) fn scan(account: &mut Account) -> &mut Scan {
    of(account.images.scans.values_mut().next().unwrap()).as_mut().unwrap()
}

pub(super) fn trails(account: &mut Account) -> &mut Vec<Trail> {
    of(&mut account.trail.trails)
}

pub(crate) fn compliant() -> Account {
    let ecs = EcsFacts {
        unread_definitions: Vec::new(),
        clusters: read(vec![the_cluster()]),
        capacity_providers: read(Vec::new()),
        default_insights: read(Some("enabled".into())),
        definitions: vec![definition()],
    };
    let mut account = Account::of_ecs("aws".into(), OWNER.into(), REGION.into(), Depth::Trail, ecs);
    (account.network, account.identity) = (network(), identity());
    (account.images, account.trail) = (images(), trail());
    account
}

fn the_cluster() -> Cluster {
    Cluster {
        arn: CLUSTER.into(),
        name: "prod".into(),
        settings: Vec::new(),
        tags: Vec::new(),
        capacity_providers: Vec::new(),
        default_strategy: Vec::new(),
        session_key: None,
        container_instances: 0,
        services: read(vec![the_service()]),
        tasks: read(vec![task()]),
    }
}

fn the_service() -> Service {
    let network = Network {
        subnets: vec!["subnet-a".into()],
        security_groups: vec!["sg-web".into()],
        assign_public_ip: Some("DISABLED".into()),
    };
    let placement = Placement { launch_type: Some("FARGATE".into()), network: Some(network), ..Placement::default() };
    Service {
        arn: SERVICE.into(),
        name: "web".into(),
        cluster: "prod".into(),
        placement,
        task_sets: Vec::new(),
        tags: Vec::new(),
        propagate_tags: None,
        has_managed_tags: false,
        has_exec: false,
        classic_balancers: Vec::new(),
        service_connect: None,
        target_groups: vec![TARGETS.into()],
        definitions: BTreeSet::from([DEFINITION.to_owned()]),
    }
}

pub(super) fn task() -> Task {
    Task {
        arn: TASK.into(),
        id: "0123".into(),
        cluster: "prod".into(),
        group: "service:web".into(),
        definition: DEFINITION.into(),
        launch_type: Some("FARGATE".into()),
        capacity_provider: None,
        platform_version: None,
        platform_family: None,
        container_instance: None,
        interfaces: vec!["eni-1".into()],
        subnets: vec!["subnet-a".into()],
        images: Vec::new(),
    }
}

pub(super) fn definition() -> Definition {
    Definition {
        arn: DEFINITION.into(),
        family: "web".into(),
        task_role: Some("web".into()),
        execution_role: None,
        images: vec![IMAGE.into()],
        secrets: vec!["/prod/db".into(), format!("{SECRET}:password::")],
        credentials: Vec::new(),
        logs_with_awslogs: true,
        is_in_use: true,
        time: time(),
    }
}

pub(super) fn endpoint(service: &str) -> VpcEndpoint {
    VpcEndpoint {
        id: format!("vpce-{service}"),
        vpc: "vpc-1".into(),
        service: format!("com.amazonaws.{REGION}.{service}"),
        is_gateway: false,
        state: "available".into(),
        has_private_dns: true,
        subnets: vec!["subnet-a".into()],
        security_groups: vec!["sg-endpoints".into()],
        route_tables: Vec::new(),
    }
}

pub(super) fn subnet(id: &str, zone: &str) -> Subnet {
    let range = if id == "subnet-a" { "10.0.1.0/24" } else { "10.0.2.0/24" };
    Subnet { id: id.into(), vpc: "vpc-1".into(), owner: OWNER.into(), zone: zone.into(), range: range.into() }
}

pub(super) fn route(destination: &str, target: &str) -> Route {
    Route { destination: destination.into(), target: target.into() }
}

fn network() -> NetworkFacts {
    let gateway = VpcEndpoint {
        is_gateway: true,
        has_private_dns: false,
        route_tables: vec!["rtb-1".into()],
        subnets: Vec::new(),
        security_groups: Vec::new(),
        ..endpoint("s3")
    };
    let mut endpoints: Vec<VpcEndpoint> = INTERFACES.into_iter().map(endpoint).collect();
    endpoints.push(gateway);
    let routes = vec![route("10.0.0.0/16", "local"), route("pl-1", "vpce-s3"), route("0.0.0.0/0", "nat-1")];
    let table = RouteTable { id: "rtb-1".into(), vpc: "vpc-1".into(), is_main: true, subnets: Vec::new(), routes };
    let ingress = Ingress {
        protocol: "tcp".into(),
        ports: Some((443, 443)),
        security_groups: vec!["sg-web".into()],
        ..Ingress::default()
    };
    let listener = Listener {
        arn: format!("{}/1", BALANCER.replace("loadbalancer", "listener")),
        port: 443,
        protocol: "HTTPS".into(),
        policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".into()),
        http: None,
    };
    NetworkFacts {
        subnets: read(vec![subnet("subnet-a", "eu-west-1a")]),
        endpoints: read(endpoints),
        route_tables: read(vec![table]),
        security_groups: read(vec![SecurityGroup { id: "sg-endpoints".into(), ingress: vec![ingress] }]),
        flow_logs: read(vec![FlowLog {
            id: "fl-1".into(),
            resource: "vpc-1".into(),
            is_active: true,
            traffic: "ALL".into(),
            delivery: Some("SUCCESS".into()),
            error: None,
        }]),
        interfaces: read(vec![NetworkInterface {
            id: "eni-1".into(),
            public_address: None,
            has_ipv6: false,
            security_groups: vec!["sg-web".into()],
        }]),
        target_groups: read(vec![TargetGroup {
            arn: TARGETS.into(),
            name: "web".into(),
            protocol: "HTTPS".into(),
            load_balancers: vec![BALANCER.into()],
        }]),
        listeners: BTreeMap::from([(BALANCER.to_owned(), read(vec![listener]))]),
    }
}

pub(super) fn policy(statement: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

pub(super) fn trust(statement: Value) -> Option<Value> {
    let mut all = json!({"Effect": "Allow", "Action": "sts:AssumeRole"});
    all.as_object_mut().unwrap().extend(statement.as_object().unwrap().clone());
    Some(policy(all))
}

fn identity() -> IdentityFacts {
    let read_table = json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"});
    let role = Role {
        name: "web".into(),
        arn: ROLE.into(),
        trust: trust(json!({
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": OWNER}}
        })),
        boundary: None,
        attached: read(vec![POLICY.into()]),
        inline: read(vec![("table".into(), Some(policy(read_table)))]),
    };
    let logs = json!({"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"});
    let parameter = Parameter { name: "/prod/db".into(), arn: None, kind: "SecureString".into() };
    let secret = Secret { name: "db".into(), arn: SECRET.into(), is_rotated: true, is_deleted: false, owner: None };
    IdentityFacts {
        roles: BTreeMap::from([(ROLE.to_owned(), read(Some(role)))]),
        policies: BTreeMap::from([(POLICY.to_owned(), read(Some(policy(logs))))]),
        parameters: BTreeMap::from([("/prod/db".to_owned(), read(Some(parameter)))]),
        secrets: BTreeMap::from([(format!("{SECRET}:password::"), read(Some(secret)))]),
    }
}

fn images() -> ImageFacts {
    let image = EcrReference::parse(IMAGE).unwrap();
    let repository = Repository {
        arn: format!("arn:aws:ecr:{REGION}:{OWNER}:repository/web"),
        mutability: "IMMUTABLE".into(),
        exclusions: Vec::new(),
        encryption: "KMS".into(),
        scans_on_push: false,
    };
    let rules = vec![ScanningRule { frequency: "SCAN_ON_PUSH".into(), filters: vec!["*".into()] }];
    let scan = Scan { status: Some("COMPLETE".into()), ..Scan::default() };
    ImageFacts {
        repositories: BTreeMap::from([(image.repository.clone(), read(Some(repository)))]),
        scanning: BTreeMap::from([(REGION.to_owned(), read(RegistryScanning { kind: "BASIC".into(), rules }))]),
        scans: BTreeMap::from([(image, read(Some(scan)))]),
    }
}

pub(super) fn selectors(kind: &str) -> Value {
    json!({"EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": true}]})
}

fn trail() -> TrailFacts {
    let trail = Trail {
        name: "main".into(),
        arn: format!("arn:aws:cloudtrail:{REGION}:{OWNER}:trail/main"),
        is_multi_region: true,
        validates_files: true,
        key: Some(format!("arn:aws:kms:{REGION}:{OWNER}:key/1")),
        status: read(TrailStatus { is_logging: true, delivery_error: None }),
        selectors: read(selectors("All")),
    };
    let rule = EventRule {
        name: "ecs".into(),
        arn: format!("arn:aws:events:{REGION}:{OWNER}:rule/ecs"),
        is_enabled: true,
        pattern: Some(json!({"source": ["aws.ecs"]})),
        targets: read(1),
    };
    TrailFacts { trails: read(vec![trail]), rules: read(vec![rule]) }
}

/// Puts a hostile text into every text that another principal chooses.
pub(super) fn spoil(account: &mut Account, text: &str) {
    of(&mut account.network.flow_logs)[0].error = Some(text.into());
    of(&mut account.network.flow_logs)[0].delivery = Some("FAILED".into());
    listener(account).policy = Some(text.into());
    of(&mut account.network.target_groups)[0].name = text.into();
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {text: {text: text}}});
    role(account).inline = read(vec![(text.into(), Some(policy(all)))]);
    role(account).boundary = Some(text.into());
    role(account).trust = trust(json!({"Principal": {"AWS": text}}));
    repository(account).mutability = text.into();
    scan(account).status = Some(text.into());
    trails(account)[0].name = text.into();
    trails(account)[0].status = read(TrailStatus { is_logging: true, delivery_error: Some(text.into()) });
    of(&mut account.trail.rules)[0].name = text.into();
}
