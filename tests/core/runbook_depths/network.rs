//! The cases of the rules about the network.

use logweir::domain::runbook::Verdict::{Advice, Fail, NotApplicable, NotChecked, Pass, Undecidable};
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::network::{HttpActions, RouteTable, VpcEndpoint};

use super::account::{cluster, denied, endpoint, listener, of, read, route, service, subnet, task};
use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [missing_endpoints(), unusable_endpoints(), flow_logs(), listeners(), interfaces()].into_iter().flatten().collect()
}

fn endpoints(account: &mut Account) -> &mut Vec<VpcEndpoint> {
    of(&mut account.network.endpoints)
}

fn table(account: &mut Account) -> &mut RouteTable {
    &mut of(&mut account.network.route_tables)[0]
}

fn missing_endpoints() -> Vec<Case> {
    const RULE: &str = "missing-vpc-endpoint";
    let without =
        |name: &'static str| move |account: &mut Account| endpoints(account).retain(|one| !one.id.ends_with(name));
    vec![
        case(RULE, Fail, without("ecr.api")),
        case(RULE, Fail, without("s3")),
        case(RULE, Fail, move |account| {
            without("logs")(account);
            table(account).routes = vec![route("10.0.0.0/16", "local")];
        }),
        case(RULE, Undecidable, move |account| {
            without("logs")(account);
            table(account).routes.push(route("10.0.0.0/8", "tgw-1"));
        }),
        case(RULE, Fail, |account| service(account).has_exec = true),
        case(RULE, Pass, |account| {
            service(account).has_exec = true;
            endpoints(account).push(endpoint("ssmmessages"));
        }),
        case(RULE, Fail, |account| {
            service(account).has_exec = true;
            cluster(account).session_key = Some("key".into());
            endpoints(account).push(endpoint("ssmmessages"));
        }),
        case(RULE, Fail, |account| service(account).placement.launch_type = Some("EC2".into())),
        case(RULE, Pass, |account| {
            service(account).placement.launch_type = Some("EC2".into());
            endpoints(account).extend(["ecs", "ecs-agent", "ecs-telemetry"].map(endpoint));
        }),
        case(RULE, Pass, |account| {
            account.ecs.definitions[0].logs_with_awslogs = false;
            endpoints(account).retain(|one| !one.id.ends_with("logs"));
        }),
        // The credentials of a registry are a secret, also by their name.
        case(RULE, Fail, move |account| {
            account.ecs.definitions[0].secrets = vec!["db".into()];
            account.ecs.definitions[0].credentials = vec!["registry".into()];
            without("secretsmanager")(account);
        }),
        case(RULE, NotApplicable, |account| service(account).placement.launch_type = Some("EXTERNAL".into())),
        // The routes decide whether another VPC may have the endpoint.
        case(RULE, NotChecked, move |account| {
            without("logs")(account);
            account.network.route_tables = denied("ec2:DescribeRouteTables");
        }),
        // Only instances need the endpoints of ECS, so the capacity provider decides.
        case(RULE, NotChecked, |account| {
            let placement = &mut service(account).placement;
            (placement.launch_type, placement.strategy) = (None, vec!["own".into()]);
            account.ecs.capacity_providers = denied("ecs:DescribeCapacityProviders");
        }),
        case(RULE, Undecidable, |account| {
            let placement = &mut service(account).placement;
            (placement.launch_type, placement.strategy) = (None, vec!["own".into()]);
        }),
        case(RULE, Pass, |account| {
            let placement = &mut service(account).placement;
            (placement.launch_type, placement.strategy) = (None, vec!["own".into()]);
            endpoints(account).extend(["ecs", "ecs-agent", "ecs-telemetry"].map(endpoint));
        }),
        case(RULE, NotChecked, |account| account.ecs.definitions.clear()),
        case(RULE, NotApplicable, |account| {
            for definition in &mut account.ecs.definitions {
                definition.images.clear();
                definition.secrets.clear();
                definition.logs_with_awslogs = false;
            }
        }),
        case(RULE, Undecidable, |account| service(account).placement.network = None),
        case(RULE, Undecidable, |account| of(&mut account.network.subnets)[0].owner = "444455556666".into()),
        case(RULE, Undecidable, |account| of(&mut account.network.subnets).clear()),
        case(RULE, NotChecked, |account| cluster(account).services = denied("ecs:DescribeServices")),
        case(RULE, Fail, |account| {
            let mut alone = task();
            alone.group = "family:jobs".into();
            of(&mut cluster(account).tasks).push(alone);
            of(&mut cluster(account).services).clear();
            endpoints(account).clear();
        }),
        case(RULE, Pass, |account| {
            account.region = "cn-north-1".into();
            account.ecs.definitions[0].images.clear();
            account.ecs.definitions[0].secrets = vec!["db".into()];
            for one in endpoints(account) {
                one.service = one.service.replace("com.amazonaws.eu-west-1", "cn.com.amazonaws.cn-north-1");
            }
        }),
    ]
}

fn unusable_endpoints() -> Vec<Case> {
    const RULE: &str = "unusable-vpc-endpoint";
    let first = |change: fn(&mut VpcEndpoint)| move |account: &mut Account| change(&mut endpoints(account)[0]);
    let gateway = |account: &mut Account| endpoints(account).iter().position(|one| one.is_gateway).unwrap();
    let ingress = |change: fn(&mut logweir::domain::runbook::account::network::Ingress)| {
        move |account: &mut Account| change(&mut of(&mut account.network.security_groups)[0].ingress[0])
    };
    vec![
        case(RULE, Fail, first(|one| one.state = "pendingAcceptance".into())),
        case(RULE, Fail, first(|one| one.has_private_dns = false)),
        case(RULE, Pass, |account| {
            // Another endpoint for the same service is good enough.
            let spare = VpcEndpoint { has_private_dns: false, ..endpoints(account)[0].clone() };
            endpoints(account).push(spare);
        }),
        case(RULE, Fail, move |account| {
            let gateway = gateway(account);
            endpoints(account)[gateway].route_tables.clear();
        }),
        case(RULE, Fail, |account| {
            // The subnet has a route table of its own.
            let own = RouteTable {
                id: "rtb-2".into(),
                is_main: false,
                subnets: vec!["subnet-a".into()],
                ..table(account).clone()
            };
            of(&mut account.network.route_tables).push(own);
        }),
        case(RULE, Fail, ingress(|one| one.ports = Some((80, 80)))),
        case(RULE, Fail, ingress(|one| one.protocol = "udp".into())),
        case(RULE, Fail, ingress(|one| one.security_groups = vec!["sg-other".into()])),
        case(RULE, Pass, ingress(|one| (one.protocol, one.ports) = ("-1".into(), None))),
        case(RULE, Pass, ingress(|one| (one.security_groups, one.ranges) = (Vec::new(), vec!["10.0.0.0/16".into()]))),
        case(RULE, Fail, ingress(|one| (one.security_groups, one.ranges) = (Vec::new(), vec!["10.0.9.0/24".into()]))),
        case(RULE, Undecidable, ingress(|one| (one.security_groups, one.has_prefix_list) = (Vec::new(), true))),
        // Two permissions together admit the subnets.
        case(RULE, Pass, |account| {
            of(&mut account.network.subnets).push(subnet("subnet-b", "eu-west-1a"));
            service(account).placement.network.as_mut().unwrap().subnets.push("subnet-b".into());
            let ingress = &mut of(&mut account.network.security_groups)[0].ingress;
            (ingress[0].security_groups, ingress[0].ranges) = (Vec::new(), vec!["10.0.1.0/24".into()]);
            let mut other = ingress[0].clone();
            (other.ports, other.ranges) = (Some((0, 65535)), vec!["10.0.2.0/24".into()]);
            ingress.push(other);
        }),
        // Two halves of the address space admit every address.
        case(
            RULE,
            Pass,
            ingress(|one| {
                one.security_groups.clear();
                one.ranges = vec!["128.0.0.0/1".into(), "0.0.0.0/1".into()];
            }),
        ),
        case(
            RULE,
            Pass,
            ingress(|one| {
                one.security_groups.clear();
                one.ranges = vec!["10.0.1.128/25".into(), "10.0.1.0/25".into()];
            }),
        ),
        case(RULE, Undecidable, |account| {
            of(&mut account.network.subnets)[0].range.clear();
            of(&mut account.network.security_groups)[0].ingress[0].security_groups.clear();
        }),
        case(RULE, Undecidable, |account| {
            service(account).placement.network.as_mut().unwrap().security_groups.clear();
        }),
        case(RULE, Advice, |account| {
            of(&mut account.network.subnets).push(subnet("subnet-b", "eu-west-1b"));
            endpoints(account)[0].subnets = vec!["subnet-b".into()];
        }),
        case(RULE, NotApplicable, |account| endpoints(account).clear()),
    ]
}

fn flow_logs() -> Vec<Case> {
    const RULE: &str = "missing-flow-log";
    let log = |change: fn(&mut logweir::domain::runbook::account::network::FlowLog)| {
        move |account: &mut Account| change(&mut of(&mut account.network.flow_logs)[0])
    };
    let on_instances = |account: &mut Account| service(account).placement.launch_type = Some("EC2".into());
    vec![
        case(RULE, Advice, |account| of(&mut account.network.flow_logs).clear()),
        case(RULE, Fail, move |account| {
            on_instances(account);
            of(&mut account.network.flow_logs).clear();
        }),
        case(RULE, Fail, move |account| {
            on_instances(account);
            log(|one| one.is_active = false)(account);
        }),
        case(RULE, Fail, move |account| {
            on_instances(account);
            log(|one| one.traffic = "ACCEPT".into())(account);
        }),
        case(RULE, Advice, move |account| {
            on_instances(account);
            log(|one| one.traffic = "REJECT".into())(account);
        }),
        // The default strategy of the cluster decides for a service without a launch type and a strategy.
        case(RULE, Advice, |account| {
            service(account).placement.launch_type = None;
            cluster(account).default_strategy = vec!["FARGATE".into()];
            of(&mut account.network.flow_logs).clear();
        }),
        // The kind of the capacity provider decides whether the fault is a failure or advice.
        case(RULE, Undecidable, |account| {
            let placement = &mut service(account).placement;
            (placement.launch_type, placement.strategy) = (None, vec!["FARGATE".into(), "own".into()]);
            of(&mut account.network.flow_logs).clear();
        }),
        case(RULE, NotChecked, |account| {
            let placement = &mut service(account).placement;
            (placement.launch_type, placement.strategy) = (None, vec!["own".into()]);
            account.ecs.capacity_providers = denied("ecs:DescribeCapacityProviders");
            of(&mut account.network.flow_logs).clear();
        }),
        case(RULE, Pass, log(|one| one.resource = "subnet-a".into())),
        // Two flow logs together record all traffic, also if one is of the VPC and the other of the subnet.
        case(RULE, Pass, move |account| {
            log(|one| one.traffic = "ACCEPT".into())(account);
            let logs = of(&mut account.network.flow_logs);
            let mut other = logs[0].clone();
            (other.traffic, other.resource) = ("REJECT".into(), "subnet-a".into());
            logs.push(other);
        }),
        case(RULE, Advice, log(|one| one.resource = "subnet-z".into())),
        case(RULE, Undecidable, |account| {
            service(account).placement.network = None;
            of(&mut cluster(account).tasks).clear();
        }),
        case(RULE, Undecidable, |account| of(&mut account.network.subnets)[0].owner = "444455556666".into()),
        case("undelivered-flow-log", Fail, log(|one| one.delivery = Some("FAILED".into()))),
        case("undelivered-flow-log", Undecidable, log(|one| one.delivery = None)),
    ]
}

fn listeners() -> Vec<Case> {
    const RULE: &str = "weak-listener";
    let http = |actions: HttpActions| {
        move |account: &mut Account| {
            let listener = listener(account);
            (listener.protocol, listener.policy, listener.http) = ("HTTP".into(), None, Some(actions.clone()));
        }
    };
    let unread = logweir::domain::fleet::facts::Unread {
        action: "elasticloadbalancing:DescribeRules",
        message: "AccessDenied".into(),
        is_denied: true,
    };
    let protocol = |name: &'static str| move |account: &mut Account| listener(account).protocol = name.into();
    let targets = |name: &'static str| {
        move |account: &mut Account| of(&mut account.network.target_groups)[0].protocol = name.into()
    };
    vec![
        case(RULE, Fail, |account| listener(account).policy = Some("ELBSecurityPolicy-TLS13-1-0-2021-06".into())),
        case(RULE, Fail, |account| listener(account).policy = Some("ELBSecurityPolicy-2016-08".into())),
        case(RULE, Undecidable, |account| listener(account).policy = Some("ELBSecurityPolicy-New".into())),
        case(RULE, Undecidable, |account| listener(account).policy = None),
        case(RULE, Fail, http(HttpActions::Forwards)),
        case(RULE, Pass, http(HttpActions::Redirects)),
        case(RULE, NotChecked, http(HttpActions::Unread(unread))),
        case(RULE, Pass, protocol("TLS")),
        case(RULE, Pass, protocol("QUIC")),
        case(RULE, Undecidable, protocol("TCP")),
        case(RULE, NotChecked, |account| service(account).classic_balancers = vec!["old".into()]),
        case("plaintext-target-group", NotChecked, |account| service(account).classic_balancers = vec!["old".into()]),
        case("plaintext-target-group", Advice, targets("HTTP")),
        case("plaintext-target-group", Undecidable, targets("TCP")),
    ]
}

fn interfaces() -> Vec<Case> {
    const RULE: &str = "public-interface";
    vec![
        case(RULE, Fail, |account| {
            of(&mut account.network.interfaces)[0].public_address = Some("203.0.113.5".into());
        }),
        case(RULE, Advice, |account| of(&mut account.network.interfaces)[0].has_ipv6 = true),
        case(RULE, NotApplicable, |account| cluster(account).tasks = read(Vec::new())),
        case(RULE, NotApplicable, |account| account.network.interfaces = read(Vec::new())),
        case(RULE, Undecidable, |account| {
            service(account).placement.network = None;
            cluster(account).tasks = read(Vec::new());
        }),
    ]
}
