//! The rules of the runbook beside the controls of AWS Security Hub and AWS Control Tower that judge services, task
//! sets, clusters and capacity providers. A verdict may differ only for a reason in `DIFFERENCES`, which
//! `docs/runbook.md` explains.

use logweir::domain::baseline::Baseline;
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::ecs::{Cluster, Network, Placement, ProviderKind, Service, TaskSet};
use logweir::domain::runbook::{Verdict, judge_account, rule_names};

use super::runbook_account::{account, group, provider, tags, with_cluster, with_providers, with_service};
use super::security_hub::Passes;

/// A control with the logic that AWS documents for it, and the rule of Logweir that judges the same fact.
struct Control {
    id: &'static str,
    judge: fn(&Account) -> Passes,
    rule: &'static str,
}

/// Sources: the page *Amazon ECS controls* of the AWS Security Hub CSPM user guide, and the rule specifications on the
/// page *Amazon ECS controls* of the AWS Control Tower control reference.
const CONTROLS: [Control; 10] = [
    Control { id: "ECS.2", judge: service_address, rule: "public-address" },
    Control { id: "ECS.10", judge: latest_platform, rule: "old-platform-version" },
    Control {
        id: "ECS.12",
        judge: |account| of_cluster(account, |one| Some(matches!(insights(one), Some("enabled" | "enhanced")))),
        rule: "missing-container-insights",
    },
    Control { id: "ECS.13", judge: |account| of_service(account, |one| tagged(&one.tags)), rule: "untagged-service" },
    Control { id: "ECS.14", judge: |account| of_cluster(account, |one| tagged(&one.tags)), rule: "untagged-cluster" },
    Control { id: "ECS.16", judge: set_address, rule: "public-address" },
    Control { id: "ECS.19", judge: termination_protection, rule: "missing-termination-protection" },
    Control { id: "CT.ECS.PR.1", judge: named_latest, rule: "old-platform-version" },
    Control {
        id: "CT.ECS.PR.2",
        judge: |account| of_cluster(account, |one| Some(insights(one) == Some("enabled"))),
        rule: "missing-container-insights",
    },
    Control { id: "CT.ECS.PR.9", judge: service_address, rule: "public-address" },
];

/// A reason why Logweir's verdict differs from the verdict of a control.
struct Difference {
    control: &'static str,
    theirs: Passes,
    ours: Verdict,
    /// Whether the reason holds for the account.
    holds: fn(&Account) -> bool,
    /// The reason, as `docs/runbook.md` gives it.
    reason: &'static str,
}

const DIFFERENCES: [Difference; 6] = [
    Difference {
        control: "ECS.10",
        theirs: None,
        ours: Verdict::Fail,
        holds: |account| any_service(account, |one| !one.placement.strategy.is_empty()),
        reason: "the control judges the launch type Fargate alone, and Logweir also the capacity providers of Fargate",
    },
    Difference {
        control: "ECS.13",
        theirs: Some(false),
        ours: Verdict::Advice,
        holds: |account| any_service(account, |one| tagged(&one.tags) == Some(false)),
        reason: "without `required-tags`, a service without tags is advice",
    },
    Difference {
        control: "ECS.14",
        theirs: Some(false),
        ours: Verdict::Advice,
        holds: |account| of_cluster(account, |one| tagged(&one.tags)) == Some(false),
        reason: "without `required-tags`, a cluster without tags is advice",
    },
    Difference {
        control: "CT.ECS.PR.1",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: |account| any_service(account, |one| one.placement.platform_version.is_some()),
        reason: "the control demands `LATEST`, and Logweir accepts the number of the latest version",
    },
    Difference {
        control: "CT.ECS.PR.1",
        theirs: None,
        ours: Verdict::Fail,
        holds: |account| any_service(account, |one| !one.placement.strategy.is_empty()),
        reason: "the control judges the launch type Fargate alone, and Logweir also the capacity providers of Fargate",
    },
    Difference {
        control: "CT.ECS.PR.2",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: |account| of_cluster(account, |one| Some(insights(one) == Some("enhanced"))) == Some(true),
        reason: "the control accepts the value `enabled` alone, and `enhanced` shows more",
    },
];

fn of_service(account: &Account, judge: fn(&Service) -> Passes) -> Passes {
    account.ecs.services().next().and_then(judge)
}

fn any_service(account: &Account, holds: fn(&Service) -> bool) -> bool {
    account.ecs.services().any(holds)
}

fn of_cluster(account: &Account, judge: fn(&Cluster) -> Passes) -> Passes {
    account.ecs.clusters().next().and_then(judge)
}

fn insights(cluster: &Cluster) -> Option<&str> {
    cluster.setting("containerInsights")
}

/// Security Hub passes over the tags of AWS, whose keys start with `aws:`.
fn tagged(tags: &[(String, String)]) -> Passes {
    Some(tags.iter().any(|(key, _)| !key.starts_with("aws:")))
}

fn is_private(placement: &Placement) -> Passes {
    placement.network.as_ref().map(|network| network.assign_public_ip.as_deref() != Some("ENABLED"))
}

fn service_address(account: &Account) -> Passes {
    of_service(account, |service| is_private(&service.placement))
}

fn set_address(account: &Account) -> Passes {
    of_service(account, |service| service.task_sets.first().and_then(|set| is_private(&set.placement)))
}

fn on_fargate(service: &Service) -> Option<Option<&str>> {
    let placement = &service.placement;
    (placement.launch_type.as_deref() == Some("FARGATE")).then_some(placement.platform_version.as_deref())
}

/// The parameters of ECS.10 name the versions 1.4.0 of Linux and 1.0.0 of Windows.
fn latest_platform(account: &Account) -> Passes {
    of_service(account, |service| {
        let is_windows = service.placement.platform_family.as_deref().is_some_and(|one| one.starts_with("Windows"));
        let latest = if is_windows { "1.0.0" } else { "1.4.0" };
        on_fargate(service).map(|version| version.is_none_or(|version| version == "LATEST" || version == latest))
    })
}

fn named_latest(account: &Account) -> Passes {
    of_service(account, |service| on_fargate(service).map(|version| version.is_none_or(|version| version == "LATEST")))
}

fn termination_protection(account: &Account) -> Passes {
    match &account.ecs.capacity_providers.value()?.first()?.kind {
        ProviderKind::AutoScalingGroup { termination_protection } => {
            Some(termination_protection.as_deref() == Some("ENABLED"))
        }
        ProviderKind::ManagedInstances | ProviderKind::Other => None,
    }
}

/// Returns accounts with one resource that decides.
fn cases() -> Vec<Account> {
    let network =
        |address: Option<&str>| Some(Network { assign_public_ip: address.map(String::from), ..Network::default() });
    let platform = |launch_type: Option<&str>, strategy: &[&str], version: Option<&str>, family: &str| {
        with_service(|service| {
            service.placement = Placement {
                launch_type: launch_type.map(String::from),
                strategy: strategy.iter().map(ToString::to_string).collect(),
                platform_version: version.map(String::from),
                platform_family: Some(family.into()),
                network: network(Some("DISABLED")),
            };
        })
    };
    let mut cases = vec![with_service(|_| {}), with_cluster(|_| {}), account(Vec::new())];
    for address in [None, Some("ENABLED"), Some("DISABLED")] {
        cases.push(with_service(|service| service.placement.network = network(address)));
        cases.push(with_service(|service| {
            let placement = Placement { network: network(address), ..Placement::default() };
            service.task_sets = vec![TaskSet { arn: "arn:set".into(), id: "1".into(), placement }];
        }));
    }
    for version in [None, Some("LATEST"), Some("1.4.0"), Some("1.3.0")] {
        cases.push(platform(Some("FARGATE"), &[], version, "Linux"));
        cases.push(platform(None, &["FARGATE_SPOT"], version, "Linux"));
    }
    cases.extend(
        ["LATEST", "1.0.0", "0.9.0"]
            .map(|version| platform(Some("FARGATE"), &[], Some(version), "Windows Server 2022 Core")),
    );
    cases.push(platform(Some("EC2"), &[], None, "Linux"));
    cases.extend(
        ["enabled", "enhanced", "disabled"]
            .map(|value| with_cluster(|cluster| cluster.settings = vec![("containerInsights".into(), value.into())])),
    );
    for keys in [&["team"][..], &["aws:cloudformation:stack-name"], &["aws:x", "team"]] {
        cases.push(with_service(|service| service.tags = tags(keys)));
        cases.push(with_cluster(|cluster| cluster.tags = tags(keys)));
    }
    let kinds = [group(None), group(Some("DISABLED")), group(Some("ENABLED")), ProviderKind::ManagedInstances];
    cases.extend(kinds.map(|kind| with_providers(account(Vec::new()), vec![provider("own", kind)])));
    cases
}

/// Returns the worst verdict of the rule.
fn verdict(account: &Account, rule: &str) -> Option<Verdict> {
    let results = judge_account(account, &Baseline::parse("version = 1").unwrap());
    results.into_iter().filter(|(_, one)| one.rule == rule).map(|(_, one)| one.verdict).max()
}

#[test]
fn logweir_agrees_with_each_control_about_an_account_except_for_the_documented_reasons() {
    let mut used = [false; DIFFERENCES.len()];
    for control in CONTROLS {
        let mut judged = [false; 3];
        for account in cases() {
            let theirs = (control.judge)(&account);
            judged[theirs.map_or(2, usize::from)] = true;
            let ours = verdict(&account, control.rule).unwrap();
            let agrees = match theirs {
                Some(true) => ours == Verdict::Pass,
                Some(false) => ours == Verdict::Fail,
                // A task set of a service without a network of its own decides for the service too.
                None => is_other(control.id, &account) || matches!(ours, Verdict::Pass | Verdict::NotApplicable),
            };
            if agrees {
                continue;
            }
            let reasons = DIFFERENCES.iter().zip(&mut used);
            let is_it = |one: &Difference| {
                (one.control, one.theirs, one.ours) == (control.id, theirs, ours) && (one.holds)(&account)
            };
            let (_, used) = reasons
                .into_iter()
                .find(|(one, _)| is_it(one))
                .unwrap_or_else(|| panic!("{} {theirs:?} {ours:?} {account:#?}", control.id));
            *used = true;
        }
        assert_eq!(judged, [true; 3], "{} has a case that fails, one that passes, and one of another kind", control.id);
    }
    assert_eq!(used, [true; DIFFERENCES.len()], "each difference has a case");
}

/// Whether the rule also judges the resource of another control: `public-address` judges services and task sets.
fn is_other(control: &str, account: &Account) -> bool {
    let other = match control {
        "ECS.2" | "CT.ECS.PR.9" => set_address(account),
        "ECS.16" => service_address(account),
        _ => None,
    };
    other.is_some()
}

#[test]
fn each_control_about_an_account_belongs_to_the_requirement_of_its_rule() {
    for control in CONTROLS {
        let (requirement, _) = rule_names().into_iter().find(|(_, rule)| *rule == control.rule).unwrap();
        let controls = requirement.controls();
        let mut mapped = controls.security_hub.iter().chain(controls.control_tower);
        assert!(mapped.any(|id| *id == control.id), "{} {}", control.id, requirement.id());
    }
}

#[test]
fn the_page_about_the_runbook_explains_each_difference_about_an_account() {
    let page = include_str!("../../docs/runbook.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for one in DIFFERENCES {
        assert!(page.contains(&format!("| {} | {} |", one.control, one.reason)), "{} {}", one.control, one.reason);
    }
}
