//! An account for each verdict of each rule about Amazon ECS.

use logweir::domain::runbook::Verdict;
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::ecs::{Network, Placement, ProviderKind, TaskSet};

use super::{
    REGION, account, addressed, connected, denied, group, insights, placed, placed_by_default, provider, read, roles,
    tags, versioned, with_cluster, with_providers, with_service, with_task,
};

/// Returns the cases: the rule, a verdict that it gives, and the account.
pub(crate) fn cases() -> Vec<(&'static str, Verdict, Account)> {
    use Verdict::{Advice, Fail, NotApplicable, NotChecked, Pass, Undecidable};
    let unread_services = || with_cluster(|cluster| cluster.services = denied("ecs:ListServices"));
    let unread_tasks = || with_cluster(|cluster| cluster.tasks = denied("ecs:ListTasks"));
    let unread_clusters = || {
        let mut account = account(Vec::new());
        account.ecs.clusters = denied("ecs:ListClusters");
        account
    };
    let unread_providers = |mut account: Account| {
        account.ecs.capacity_providers = denied("ecs:DescribeCapacityProviders");
        account
    };
    let unread_setting = || {
        let mut account = account(Vec::new());
        account.ecs.default_insights = denied("ecs:ListAccountSettings");
        account
    };
    let default = |value: &str| {
        let mut account = account(Vec::new());
        account.ecs.default_insights = read(Some(value.into()), "ecs:ListAccountSettings");
        account
    };
    let task_set = |launch_type: &str, address: &str| {
        with_service(|service| {
            let network = Some(Network { assign_public_ip: Some(address.into()), ..Network::default() });
            let placement = Placement { launch_type: Some(launch_type.into()), network, ..Placement::default() };
            let arn = format!("{REGION}:task-set/prod/web/ecs-svc/1");
            service.task_sets = vec![TaskSet { arn, id: "ecs-svc/1".into(), placement }];
        })
    };
    let bare_set = || {
        let arn = format!("{REGION}:task-set/prod/web/ecs-svc/1");
        TaskSet { arn, id: "ecs-svc/1".into(), placement: Placement::default() }
    };
    let managed = || vec![provider("cp", ProviderKind::ManagedInstances)];
    let role = "arn:aws:iam::111122223333:role/app";
    vec![
        ("reused-task-role", Pass, roles(&[("web", role)])),
        ("reused-task-role", Advice, roles(&[("web", role), ("api", "app")])),
        ("plaintext-service-connect", NotApplicable, with_service(|_| {})),
        ("plaintext-service-connect", NotApplicable, connected(false, &[false])),
        ("plaintext-service-connect", NotApplicable, connected(true, &[])),
        ("plaintext-service-connect", Pass, connected(true, &[true])),
        ("plaintext-service-connect", Fail, connected(true, &[true, false])),
        ("plaintext-service-connect", NotChecked, unread_services()),
        ("public-address", Fail, addressed(Some("ENABLED"))),
        ("public-address", Pass, addressed(Some("DISABLED"))),
        ("public-address", Pass, addressed(None)),
        ("public-address", Undecidable, addressed(Some("MAYBE"))),
        ("public-address", NotApplicable, with_service(|_| {})),
        ("public-address", Fail, task_set("FARGATE", "ENABLED")),
        ("public-address", NotChecked, unread_services()),
        ("public-address", NotChecked, unread_clusters()),
        ("instance-placement", Pass, placed(Some("FARGATE"), &[])),
        ("instance-placement", Pass, placed(None, &["FARGATE_SPOT", "FARGATE"])),
        ("instance-placement", Pass, with_providers(placed(None, &["FARGATE", "cp"]), managed())),
        ("instance-placement", Fail, placed(Some("EC2"), &[])),
        ("instance-placement", Fail, placed(Some("EXTERNAL"), &[])),
        ("instance-placement", Fail, with_providers(placed(None, &["cp"]), vec![provider("cp", group(None))])),
        ("instance-placement", Advice, placed(Some("MANAGED_INSTANCES"), &[])),
        ("instance-placement", Advice, with_providers(placed(None, &["cp"]), managed())),
        ("instance-placement", NotChecked, placed(None, &["cp"])),
        ("instance-placement", NotChecked, unread_providers(placed(None, &["cp"]))),
        ("instance-placement", NotChecked, unread_tasks()),
        ("instance-placement", Undecidable, placed(None, &[])),
        // The default strategy of the cluster decides for a service or a task set that has neither.
        ("instance-placement", Pass, placed_by_default(&["FARGATE_SPOT"], |_| {})),
        ("instance-placement", NotChecked, placed_by_default(&["cp"], |_| {})),
        ("instance-placement", Advice, with_providers(placed_by_default(&["cp"], |_| {}), managed())),
        (
            "instance-placement",
            Fail,
            placed_by_default(&["FARGATE"], |service| service.placement.launch_type = Some("EC2".into())),
        ),
        (
            "instance-placement",
            NotApplicable,
            placed_by_default(&["FARGATE"], |service| service.task_sets = vec![bare_set()]),
        ),
        ("instance-placement", Pass, placed_by_default(&["FARGATE"], |service| service.task_sets = vec![bare_set()])),
        (
            "old-platform-version",
            Fail,
            placed_by_default(&["FARGATE"], |service| service.placement.platform_version = Some("1.3.0".into())),
        ),
        ("instance-placement", Fail, task_set("EC2", "DISABLED")),
        ("instance-placement", Pass, with_task(|task| task.launch_type = Some("FARGATE".into()))),
        ("instance-placement", Fail, with_task(|task| task.launch_type = Some("EC2".into()))),
        ("instance-placement", Fail, with_task(|task| task.launch_type = Some("EXTERNAL".into()))),
        ("instance-placement", Pass, with_task(|task| task.capacity_provider = Some("FARGATE_SPOT".into()))),
        ("missing-container-insights", Pass, insights("enabled")),
        ("missing-container-insights", Pass, insights("enhanced")),
        ("missing-container-insights", Fail, insights("disabled")),
        ("missing-container-insights", Fail, with_cluster(|_| {})),
        ("missing-container-insights", Undecidable, insights("new-value")),
        ("missing-container-insights", NotChecked, unread_clusters()),
        ("disabled-default-insights", Pass, default("enhanced")),
        ("disabled-default-insights", Advice, default("disabled")),
        ("disabled-default-insights", Advice, account(Vec::new())),
        ("disabled-default-insights", NotChecked, unread_setting()),
        ("untagged-cluster", Advice, with_cluster(|_| {})),
        ("untagged-cluster", Advice, with_cluster(|cluster| cluster.tags = tags(&["aws:x"]))),
        ("untagged-cluster", Pass, with_cluster(|cluster| cluster.tags = tags(&["team"]))),
        ("untagged-cluster", NotChecked, unread_clusters()),
        ("untagged-service", Advice, with_service(|_| {})),
        ("untagged-service", Pass, with_service(|service| service.tags = tags(&["team"]))),
        ("untagged-service", NotChecked, unread_services()),
        ("unpropagated-tags", Advice, with_service(|_| {})),
        ("unpropagated-tags", Advice, with_service(|service| service.propagate_tags = Some("NONE".into()))),
        ("unpropagated-tags", Pass, with_service(|service| service.propagate_tags = Some("SERVICE".into()))),
        ("unpropagated-tags", NotChecked, unread_services()),
        ("missing-managed-tags", Advice, with_service(|_| {})),
        ("missing-managed-tags", Pass, with_service(|service| service.has_managed_tags = true)),
        ("missing-managed-tags", NotChecked, unread_services()),
        ("old-platform-version", Pass, versioned(Some("LATEST"), None)),
        ("old-platform-version", Pass, versioned(Some("1.4.0"), Some("Linux"))),
        ("old-platform-version", Fail, versioned(Some("1.3.0"), Some("Linux"))),
        ("old-platform-version", Pass, versioned(Some("1.0.0"), Some("Windows Server 2022 Core"))),
        ("old-platform-version", Undecidable, versioned(Some("next"), None)),
        ("old-platform-version", NotApplicable, placed(Some("EC2"), &[])),
        ("old-platform-version", NotApplicable, with_task(|task| task.launch_type = Some("EC2".into()))),
        (
            "old-platform-version",
            Fail,
            with_task(|task| {
                task.launch_type = Some("FARGATE".into());
                task.platform_version = Some("1.3.0".into());
            }),
        ),
        ("old-platform-version", NotChecked, unread_tasks()),
        (
            "missing-termination-protection",
            Pass,
            with_providers(account(Vec::new()), vec![provider("cp", group(Some("ENABLED")))]),
        ),
        (
            "missing-termination-protection",
            Fail,
            with_providers(account(Vec::new()), vec![provider("cp", group(Some("DISABLED")))]),
        ),
        ("missing-termination-protection", NotApplicable, with_providers(account(Vec::new()), managed())),
        ("missing-termination-protection", NotChecked, unread_providers(account(Vec::new()))),
    ]
}
