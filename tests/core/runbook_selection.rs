//! The rules of the runbook in a run of named clusters: no verdict claims what another cluster could change.

use logweir::domain::baseline::Baseline;
use logweir::domain::runbook::account::{Account, Fact};
use logweir::domain::runbook::{RunbookResult, Verdict, judge_account};
use serde_json::json;

use super::runbook_depths::compliant;

const SCOPE: &str = "only the clusters and services that the caller named";

/// Returns the worst result of the rule, in a run of the whole account or of named clusters.
fn result(rule: &str, is_whole: bool, change: impl Fn(&mut Account)) -> RunbookResult {
    let mut account = compliant();
    account.is_whole = is_whole;
    change(&mut account);
    let results = judge_account(&account, &Baseline::parse("version = 1").unwrap()).into_iter();
    results.map(|(_, result)| result).filter(|one| one.rule == rule).max_by_key(|one| one.verdict).unwrap()
}

fn of<T>(fact: &mut Fact<T>) -> &mut T {
    let Fact::Read { value, .. } = fact else { panic!("the fact is missing") };
    value
}

#[test]
fn a_role_that_one_named_family_uses_is_not_checked_because_another_family_may_use_it() {
    assert_eq!(result("reused-task-role", true, |_| {}).verdict, Verdict::Pass);
    let named = result("reused-task-role", false, |_| {});
    assert_eq!(named.verdict, Verdict::NotChecked);
    assert!(named.message.contains(SCOPE), "{}", named.message);
}

#[test]
fn a_role_that_two_named_families_use_is_advice_in_every_run() {
    for is_whole in [true, false] {
        let found = result("reused-task-role", is_whole, |account| {
            let mut other = account.ecs.definitions[0].clone();
            other.family = "other".into();
            account.ecs.definitions.push(other);
        });
        assert_eq!(found.verdict, Verdict::Advice);
    }
}

#[test]
fn a_verdict_that_another_cluster_could_change_names_the_scope_of_the_run() {
    type Change = Box<dyn Fn(&mut Account)>;
    let no_log = |account: &mut Account| of(&mut account.network.flow_logs).clear();
    let of_subnet = |account: &mut Account| of(&mut account.network.flow_logs)[0].resource = "subnet-a".into();
    let with = |mutability: &'static str, tag: &'static str| {
        move |account: &mut Account| {
            let repository = of(account.images.repositories.values_mut().next().unwrap()).as_mut().unwrap();
            (repository.mutability, repository.exclusions) = (mutability.into(), vec![tag.into()]);
        }
    };
    let cases: [(&str, Verdict, Change); 4] = [
        ("missing-flow-log", Verdict::Advice, Box::new(no_log)),
        ("missing-flow-log", Verdict::Pass, Box::new(of_subnet)),
        ("mutable-repository", Verdict::Pass, Box::new(with("IMMUTABLE_WITH_EXCLUSION", "dev-*"))),
        ("mutable-repository", Verdict::Advice, Box::new(with("MUTABLE_WITH_EXCLUSION", "1"))),
    ];
    for (rule, verdict, change) in cases {
        for is_whole in [true, false] {
            let found = result(rule, is_whole, &change);
            assert_eq!((found.verdict, found.message.contains(SCOPE)), (verdict, !is_whole), "{rule}: {found:?}");
        }
    }
}

#[test]
fn events_of_instances_without_a_target_are_not_checked_because_another_cluster_may_have_instances() {
    let without = |account: &mut Account| {
        let types = ["ECS Task State Change", "ECS Deployment State Change", "ECS Service Action"];
        of(&mut account.trail.rules)[0].pattern = Some(json!({"source": ["aws.ecs"], "detail-type": types}));
    };
    assert_eq!(result("untargeted-events", true, without).verdict, Verdict::Pass);
    assert_eq!(result("untargeted-events", false, without).verdict, Verdict::NotChecked);
    assert_eq!(result("untargeted-events", false, |_| {}).verdict, Verdict::Pass);
}

#[test]
fn a_rule_without_a_resource_says_whether_the_run_looked_at_the_whole_account() {
    for is_whole in [true, false] {
        let found = result("untagged-service", is_whole, |account| {
            of(&mut of(&mut account.ecs.clusters)[0].services).clear();
        });
        assert_eq!(found.verdict, Verdict::NotApplicable);
        assert_eq!(found.message.contains(SCOPE), !is_whole, "{}", found.message);
    }
}

#[test]
fn a_classic_load_balancer_is_not_checked_and_the_message_has_the_commands() {
    for rule in ["weak-listener", "plaintext-target-group"] {
        let found = result(rule, true, |account| {
            let service = &mut of(&mut of(&mut account.ecs.clusters)[0].services)[0];
            service.classic_balancers = vec!["old-web".into()];
        });
        assert_eq!((found.verdict, found.resource.name.as_str()), (Verdict::NotChecked, "prod/web"));
        for command in ["describe-load-balancers --load-balancer-names old-web", "describe-load-balancer-policies"] {
            assert!(found.message.contains(command), "{}", found.message);
        }
    }
}
