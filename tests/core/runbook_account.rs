//! The rules of the runbook about an account: each rule with an account for each of its verdicts.

mod cases;

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::fleet::facts::Unread;
use logweir::domain::runbook::account::ecs::{
    CapacityProvider, Cluster, ConnectPort, Definition, EcsFacts, Network, Placement, ProviderKind, Service,
    ServiceConnect, Task,
};
use logweir::domain::runbook::account::{Account, Fact};
use logweir::domain::runbook::{
    Depth, Requirement, ResourceKind, RunbookResult, Verdict, account_rules, judge_account, judge_unread_definition,
};
use serde_json::json;

pub(super) use cases::cases;

const REGION: &str = "arn:aws:ecs:eu-west-1:111122223333";
const TIME: &str = "2026-12-01T08:00:00Z";

fn read<T>(value: T, source: &'static str) -> Fact<T> {
    Fact::Read { value, source, time: time() }
}

fn time() -> Timestamp {
    TIME.parse().unwrap()
}

fn denied<T>(action: &'static str) -> Fact<T> {
    Fact::Unread(Unread { action, message: "AccessDeniedException: no".into(), is_denied: true })
}

pub(super) fn tags(keys: &[&str]) -> Vec<(String, String)> {
    keys.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect()
}

pub(super) fn service() -> Service {
    Service {
        arn: format!("{REGION}:service/prod/web"),
        name: "web".into(),
        cluster: "prod".into(),
        placement: Placement::default(),
        task_sets: Vec::new(),
        tags: Vec::new(),
        propagate_tags: None,
        has_managed_tags: false,
        has_exec: false,
        classic_balancers: Vec::new(),
        service_connect: None,
        target_groups: Vec::new(),
        definitions: [format!("{REGION}:task-definition/web:1")].into(),
    }
}

pub(super) fn task(group: &str) -> Task {
    Task {
        arn: format!("{REGION}:task/prod/a1"),
        id: "a1".into(),
        cluster: "prod".into(),
        group: group.into(),
        definition: format!("{REGION}:task-definition/jobs:1"),
        launch_type: None,
        capacity_provider: None,
        platform_version: None,
        platform_family: None,
        container_instance: None,
        interfaces: Vec::new(),
        subnets: Vec::new(),
        images: Vec::new(),
    }
}

pub(super) fn cluster(services: Vec<Service>, tasks: Vec<Task>) -> Cluster {
    Cluster {
        arn: format!("{REGION}:cluster/prod"),
        name: "prod".into(),
        settings: Vec::new(),
        tags: Vec::new(),
        capacity_providers: Vec::new(),
        default_strategy: Vec::new(),
        session_key: None,
        container_instances: 0,
        services: read(services, "ecs:DescribeServices"),
        tasks: read(tasks, "ecs:DescribeTasks"),
    }
}

pub(super) fn account(clusters: Vec<Cluster>) -> Account {
    let ecs = EcsFacts {
        unread_definitions: Vec::new(),
        clusters: read(clusters, "ecs:DescribeClusters"),
        capacity_providers: read(Vec::new(), "ecs:DescribeCapacityProviders"),
        default_insights: read(None, "ecs:ListAccountSettings"),
        definitions: Vec::new(),
    };
    Account::of_ecs("aws".into(), "111122223333".into(), "eu-west-1".into(), Depth::Ecs, ecs)
}

pub(super) fn with_service(change: impl FnOnce(&mut Service)) -> Account {
    let mut service = service();
    change(&mut service);
    account(vec![cluster(vec![service], Vec::new())])
}

fn with_task(change: impl FnOnce(&mut Task)) -> Account {
    let mut task = task("family:jobs");
    change(&mut task);
    account(vec![cluster(Vec::new(), vec![task])])
}

pub(super) fn with_cluster(change: impl FnOnce(&mut Cluster)) -> Account {
    let mut cluster = cluster(Vec::new(), Vec::new());
    change(&mut cluster);
    account(vec![cluster])
}

pub(super) fn provider(name: &str, kind: ProviderKind) -> CapacityProvider {
    let arn = format!("{REGION}:capacity-provider/{name}");
    CapacityProvider { arn, name: name.into(), kind, tags: Vec::new() }
}

pub(super) fn group(protection: Option<&str>) -> ProviderKind {
    ProviderKind::AutoScalingGroup { termination_protection: protection.map(String::from) }
}

pub(super) fn with_providers(mut account: Account, providers: Vec<CapacityProvider>) -> Account {
    account.ecs.capacity_providers = read(providers, "ecs:DescribeCapacityProviders");
    account
}

fn placed(launch_type: Option<&str>, strategy: &[&str]) -> Account {
    with_service(|service| {
        service.placement.launch_type = launch_type.map(String::from);
        service.placement.strategy = strategy.iter().map(ToString::to_string).collect();
    })
}

/// Returns an account whose service has neither a launch type nor a strategy, in a cluster with a default strategy.
fn placed_by_default(strategy: &[&str], change: impl FnOnce(&mut Service)) -> Account {
    let mut service = service();
    change(&mut service);
    let mut cluster = cluster(vec![service], Vec::new());
    cluster.default_strategy = strategy.iter().map(ToString::to_string).collect();
    account(vec![cluster])
}

fn versioned(version: Option<&str>, family: Option<&str>) -> Account {
    with_service(|service| {
        service.placement.launch_type = Some("FARGATE".into());
        service.placement.platform_version = version.map(String::from);
        service.placement.platform_family = family.map(String::from);
    })
}

fn addressed(address: Option<&str>) -> Account {
    with_service(|service| {
        service.placement.network = Some(Network { assign_public_ip: address.map(String::from), ..Network::default() });
    })
}

fn connected(is_enabled: bool, ports: &[bool]) -> Account {
    let ports = ports.iter().map(|has_tls| ConnectPort { name: "http".into(), has_tls: *has_tls }).collect();
    with_service(|service| service.service_connect = Some(ServiceConnect { deployment: 1, is_enabled, ports }))
}

fn insights(value: &str) -> Account {
    with_cluster(|cluster| cluster.settings = vec![("containerInsights".into(), value.into())])
}

fn roles(families: &[(&str, &str)]) -> Account {
    let mut account = account(Vec::new());
    let definition = |(family, role): &(&str, &str)| {
        let text =
            json!({"family": family, "taskRoleArn": role, "containerDefinitions": [{"name": "app"}]}).to_string();
        let arn = format!("{REGION}:task-definition/{family}:1");
        Definition::of(&arn, &TaskDefinition::parse(text).unwrap(), true, time())
    };
    account.ecs.definitions = families.iter().map(definition).collect();
    account
}

fn results(account: &Account, required: &str) -> Vec<(Requirement, RunbookResult)> {
    let baseline = Baseline::parse(&format!("version = 1\n[runbook]\nrequired-tags = [{required}]")).unwrap();
    judge_account(account, &baseline)
}

#[test]
fn each_rule_gives_each_of_its_verdicts() {
    let cases = cases();
    for (index, (rule, expected, account)) in cases.iter().enumerate() {
        let results = results(account, "");
        let found: Vec<Verdict> =
            results.iter().filter(|(_, result)| result.rule == *rule).map(|(_, result)| result.verdict).collect();
        assert!(found.contains(expected), "case {index} of {rule}: {found:?}");
    }
    for (rule, reads) in account_rules(Depth::Ecs) {
        assert!(cases.iter().any(|(name, ..)| *name == rule), "{rule} has no case");
        assert!(reads.iter().all(|action| action.starts_with("ecs:")), "{rule}");
    }
}

#[test]
fn required_tags_are_those_of_clusters_and_services_too() {
    let account = account(vec![cluster(vec![service()], Vec::new())]);
    let results = results(&account, "\"team\", \"stage\"");
    for rule in ["untagged-cluster", "untagged-service"] {
        let (_, result) = results.iter().find(|(_, result)| result.rule == rule).unwrap();
        assert_eq!(result.verdict, Verdict::Fail, "{rule}");
        assert!(result.message.contains("team, stage"), "{}", result.message);
    }
}

#[test]
fn a_result_names_its_resource_its_member_its_operation_and_the_time_of_the_read() {
    let results = results(&addressed(Some("ENABLED")), "");
    let (requirement, result) = results.iter().find(|(_, result)| result.rule == "public-address").unwrap();
    assert_eq!((requirement.id(), result.resource.kind), ("14", ResourceKind::Service));
    assert_eq!(result.resource.name, "prod/web");
    let evidence = result.evidence.as_ref().unwrap();
    assert_eq!(evidence.source, "ecs:DescribeServices");
    assert_eq!(evidence.member, "/networkConfiguration/awsvpcConfiguration/assignPublicIp");
    assert_eq!((evidence.value.as_deref(), evidence.time), (Some("ENABLED"), Some(time())));
}

#[test]
fn the_evidence_of_service_connect_points_at_the_newest_deployment() {
    let member = |account: &Account| {
        let results = results(account, "");
        let (_, result) = results.iter().find(|(_, result)| result.rule == "plaintext-service-connect").unwrap();
        result.evidence.as_ref().unwrap().member.clone()
    };
    let of_newest = "/deployments/1/serviceConnectConfiguration";
    assert_eq!(member(&connected(true, &[false])), format!("{of_newest}/services"));
    assert_eq!(member(&connected(false, &[])), format!("{of_newest}/enabled"));
    assert_eq!(member(&with_service(|_| {})), "/deployments");
}

#[test]
fn a_missing_right_never_passes_and_is_named_with_the_result() {
    let mut account = with_cluster(|cluster| {
        cluster.services = denied("ecs:DescribeServices");
        cluster.tasks = denied("ecs:ListTasks");
    });
    account.ecs.capacity_providers = denied("ecs:DescribeCapacityProviders");
    account.ecs.default_insights = denied("ecs:ListAccountSettings");
    for (_, result) in results(&account, "") {
        let is_of_cluster = ["missing-container-insights", "untagged-cluster"].contains(&result.rule);
        assert_eq!(result.verdict == Verdict::NotChecked, !is_of_cluster, "{}", result.rule);
        assert_ne!(result.verdict, Verdict::Pass, "{}", result.rule);
    }
    let actions: Vec<&str> = account.unread().into_iter().map(|unread| unread.action).collect();
    for action in ["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeCapacityProviders", "ecs:ListAccountSettings"]
    {
        assert!(actions.contains(&action), "{action}");
        assert!(results(&account, "").iter().any(|(_, result)| result.message.contains(action)), "{action}");
    }
}

#[test]
fn a_smaller_depth_leaves_the_rules_of_the_larger_ones_unchecked_and_says_which_depth_reads_them() {
    let results = results(&account(Vec::new()), "");
    for id in ["3", "7", "8", "9"] {
        let mut of_it = results.iter().filter(|(requirement, _)| requirement.id() == id);
        assert!(of_it.all(|(_, result)| result.verdict == Verdict::NotChecked), "{id}");
    }
}

#[test]
fn unlisted_task_definitions_leave_each_rule_about_them_unchecked() {
    let unread = Unread { action: "ecs:ListTaskDefinitionFamilies", message: "denied".into(), is_denied: true };
    let results = judge_unread_definition(&account(Vec::new()).resource(), &unread);
    assert!(results.len() > 30);
    for (_, result) in results {
        assert_eq!((result.verdict, result.resource.kind), (Verdict::NotChecked, ResourceKind::Account));
        assert!(result.message.contains("ecs:ListTaskDefinitionFamilies"));
    }
}

#[test]
fn hostile_names_of_resources_are_harmless_in_results() {
    let hostile = "a\u{1b}[31m\u{202e}\nb";
    let account = with_service(|service| {
        service.name = hostile.into();
        service.placement.strategy = vec![hostile.into(); 1000];
        service.tags = tags(&[hostile]);
    });
    for (_, result) in results(&account, "") {
        let evidence = result.evidence.as_ref().and_then(|evidence| evidence.value.clone()).unwrap_or_default();
        for text in [&result.message, &result.resource.name, &evidence] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\n']), "{}: {text:?}", result.rule);
            assert!(text.chars().count() <= 1_001, "{}", result.rule);
        }
    }
}
