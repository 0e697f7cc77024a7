//! The verdicts of every rule of the runbook over all fixtures, and the laws of the results: counts, order and
//! independence.

use std::collections::{BTreeMap, BTreeSet};

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::fleet::facts::Unread;
use logweir::domain::runbook::account::{Account, Fact};
use logweir::domain::runbook::{
    ResourceKind, Results, RunbookResult, Subject, Verdict, judge, judge_account, judge_unread_definition, rule_names,
};
use logweir::render::json::RunbookOutput;
use serde_json::json;

use super::runbook_depths::{compliant, neighbour, unreadings};
use super::{runbook, runbook_account, runbook_depths};

type Rule = (&'static str, &'static str);

fn baseline() -> Baseline {
    Baseline::parse("version = 1").unwrap()
}

/// Returns the accounts of all cases.
fn accounts() -> Vec<Account> {
    let changed = runbook_depths::cases().into_iter().map(|(_, _, change)| {
        let mut account = compliant();
        change(&mut account);
        account
    });
    let unread = unreadings().into_iter().map(|one| {
        let mut account = compliant();
        (one.unread)(&mut account);
        account
    });
    let of_ecs = runbook_account::cases().into_iter().map(|(_, _, account)| account);
    [compliant(), empty()].into_iter().chain(changed).chain(unread).chain(of_ecs).collect()
}

/// Returns an account without any resource.
fn empty() -> Account {
    let mut account = compliant();
    let (clusters, network) = (&mut account.ecs.clusters, &mut account.network);
    clear(clusters);
    account.ecs.definitions.clear();
    (account.identity, account.images) = Default::default();
    clear(&mut network.subnets);
    clear(&mut network.endpoints);
    clear(&mut network.flow_logs);
    clear(&mut network.target_groups);
    network.listeners.clear();
    clear(&mut account.trail.trails);
    clear(&mut account.trail.rules);
    account
}

fn clear<T>(fact: &mut Fact<Vec<T>>) {
    if let Fact::Read { value, .. } = fact {
        value.clear();
    }
}

/// Returns the results about a task definition, as a file and as a registered revision.
fn of_definition(text: &str) -> Results {
    let definition = TaskDefinition::parse(text.to_owned()).unwrap();
    let (requiring, plain) = (runbook::baseline(), baseline());
    let of = |arn, baseline, tags, is_with_account| {
        let source = "web.json";
        judge([Subject {
            definition: &definition,
            baseline,
            source,
            arn,
            tags,
            scope: None,
            time: None,
            is_with_account,
        }])
    };
    let (none, team) = (Vec::new(), vec![("team".to_owned(), "a".to_owned())]);
    let arn = Some("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1");
    let (none, team) = (Some(none.as_slice()), Some(team.as_slice()));
    let of_file = of(None, &requiring, None, false);
    let registered = [(&requiring, team), (&requiring, none), (&plain, none)];
    of_file
        .into_iter()
        .chain(registered.into_iter().flat_map(|(baseline, tags)| of(arn, baseline, tags, true)))
        .collect()
}

fn all_results() -> Results {
    let requiring = runbook::baseline();
    let of_accounts = accounts()
        .into_iter()
        .flat_map(|account| [judge_account(&account, &baseline()), judge_account(&account, &requiring)].concat());
    let unread = Unread { action: "ecs:DescribeTaskDefinition", message: "no".into(), is_denied: true };
    let of_unread = judge_unread_definition(&compliant().resource(), &unread);
    let of_definitions = runbook::cases().into_iter().flat_map(|(_, _, _, text)| of_definition(&text.to_string()));
    of_accounts.chain(of_unread).chain(of_definitions).collect()
}

/// The verdicts that each rule can give. Each rule is also `not-checked` without its facts.
const VERDICTS: [(&str, &str, &str); 66] = [
    ("1", "absent-task-role", "pass advice"),
    ("1", "shared-task-role", "pass fail not-applicable undecidable"),
    ("1", "reused-task-role", "pass advice not-applicable"),
    ("1", "broad-task-role", "pass fail advice not-applicable undecidable"),
    ("1", "unrestricted-pass-role", "pass fail advice not-applicable undecidable"),
    ("1", "untrusted-source", "pass fail advice not-applicable undecidable"),
    ("2", "foreign-registry", "pass fail advice undecidable"),
    ("2", "mutable-tag", "pass advice not-applicable undecidable"),
    ("2", "mutable-repository", "pass fail advice not-applicable undecidable"),
    ("2", "default-repository-key", "pass advice not-applicable undecidable"),
    ("3", "missing-vpc-endpoint", "pass fail not-applicable undecidable"),
    ("3", "unusable-vpc-endpoint", "pass fail advice not-applicable undecidable"),
    ("4", "literal-secret", "pass fail advice undecidable"),
    ("4", "malformed-secret-reference", "pass fail not-applicable undecidable"),
    ("4", "secret-without-execution-role", "pass fail not-applicable undecidable"),
    ("4", "plain-parameter", "pass fail not-applicable undecidable"),
    ("5", "literal-secret", "pass fail undecidable"),
    ("5", "malformed-secret-reference", "pass fail not-applicable undecidable"),
    ("5", "secret-without-execution-role", "pass fail not-applicable undecidable"),
    ("5", "secret-without-rotation", "pass advice not-applicable undecidable"),
    ("6", "missing-log-driver", "pass fail undecidable"),
    ("7", "unrecorded-call", "pass fail advice undecidable"),
    ("7", "single-region-trail", "pass fail not-applicable"),
    ("7", "undelivered-trail", "pass fail not-applicable"),
    ("7", "unvalidated-trail", "pass fail not-applicable"),
    ("7", "unencrypted-trail", "pass advice not-applicable"),
    ("8", "missing-flow-log", "pass fail advice not-applicable undecidable"),
    ("8", "undelivered-flow-log", "pass fail not-applicable undecidable"),
    ("9", "unscanned-repository", "pass fail not-applicable undecidable"),
    ("9", "unscanned-image", "pass fail not-applicable undecidable"),
    ("9", "vulnerable-image", "pass advice not-applicable undecidable"),
    ("10", "kept-capabilities", "pass advice not-applicable undecidable"),
    ("10", "special-permission-file", "not-applicable undecidable"),
    ("11", "root-user", "pass fail advice not-applicable undecidable"),
    ("11", "windows-administrator", "pass fail not-applicable undecidable"),
    ("12", "writable-root", "pass fail not-applicable undecidable"),
    ("13", "plaintext-efs", "pass fail not-applicable undecidable"),
    ("13", "plaintext-service-connect", "pass fail not-applicable"),
    ("13", "weak-listener", "pass fail not-applicable undecidable"),
    ("13", "plaintext-target-group", "pass advice not-applicable undecidable"),
    ("14", "public-address", "pass fail not-applicable undecidable"),
    ("14", "public-interface", "pass fail advice not-applicable undecidable"),
    ("15", "instance-launch-type", "pass fail advice not-applicable undecidable"),
    ("15", "instance-placement", "pass fail advice not-applicable undecidable"),
    ("O1", "missing-container-insights", "pass fail not-applicable undecidable"),
    ("O1", "disabled-default-insights", "pass advice"),
    ("O2", "retired-xray-daemon", "advice not-applicable undecidable"),
    ("O2", "untargeted-events", "pass fail advice"),
    ("O3", "missing-tag", "pass fail advice"),
    ("O3", "untagged-cluster", "pass fail advice not-applicable"),
    ("O3", "untagged-service", "pass fail advice not-applicable"),
    ("O3", "unpropagated-tags", "pass advice not-applicable"),
    ("O3", "missing-managed-tags", "pass advice not-applicable"),
    ("O4", "missing-cpu-share", "pass advice undecidable"),
    ("O4", "missing-memory-limit", "pass fail undecidable"),
    ("X1", "host-ipc", "pass fail undecidable"),
    ("X1", "host-network", "pass fail undecidable"),
    ("X1", "host-pid", "pass fail undecidable"),
    ("X2", "privileged-container", "pass fail undecidable"),
    ("X3", "added-capability", "pass fail not-applicable undecidable"),
    ("X4", "host-mount", "fail advice not-applicable undecidable"),
    ("X5", "old-platform-version", "pass fail not-applicable undecidable"),
    ("X6", "missing-termination-protection", "pass fail not-applicable"),
    ("X7", "retired-service", "pass fail undecidable"),
    ("X8", "disabled-version-consistency", "pass advice undecidable"),
    ("X8", "missing-restart-policy", "pass advice not-applicable undecidable"),
];

#[test]
fn each_rule_gives_exactly_its_verdicts_over_all_fixtures() {
    let mut seen: BTreeMap<Rule, BTreeSet<&str>> = BTreeMap::new();
    for (requirement, result) in all_results() {
        seen.entry((requirement.id(), result.rule)).or_default().insert(result.verdict.name());
    }
    let rules: BTreeSet<Rule> = rule_names().into_iter().map(|(requirement, rule)| (requirement.id(), rule)).collect();
    assert_eq!(rules, VERDICTS.into_iter().map(|(id, rule, _)| (id, rule)).collect(), "each rule is in the list");
    for (id, rule, verdicts) in VERDICTS {
        let expected: BTreeSet<&str> = verdicts.split(' ').chain(["not-checked"]).collect();
        assert_eq!(seen.get(&(id, rule)), Some(&expected), "{id} {rule}");
    }
}

#[test]
fn the_name_of_a_rule_is_unique_in_its_requirement_and_stands_on_the_page_about_the_runbook() {
    let page = include_str!("../../docs/runbook.md");
    let mut seen = BTreeSet::new();
    for (requirement, rule) in rule_names() {
        assert!(seen.insert((requirement.id(), rule)), "{} {rule} occurs twice", requirement.id());
        assert!(page.contains(&format!("`{rule}`")), "the page does not name {rule}");
    }
}

#[test]
fn the_numbers_of_the_verdicts_are_together_the_number_of_the_results() {
    for account in accounts() {
        let results = judge_account(&account, &baseline());
        let number = results.len();
        let mut output = RunbookOutput::default();
        output.add(results);
        let sum: usize = Verdict::ALL.into_iter().map(|verdict| output.count(verdict)).sum();
        assert_eq!((sum + output.exempt(), output.results().count()), (number, number));
        for line in &output.requirements {
            let sum: usize = Verdict::ALL.into_iter().map(|verdict| line.count(verdict)).sum();
            assert_eq!(sum + line.exempt(), line.results.len(), "{}", line.id);
        }
    }
}

#[test]
fn a_rule_has_one_result_for_a_resource() {
    for account in accounts() {
        let mut seen = BTreeSet::new();
        for (requirement, result) in judge_account(&account, &baseline()) {
            let key = (requirement.id(), result.rule, result.resource.clone());
            assert!(seen.insert(key), "{} {} {:?}", requirement.id(), result.rule, result.resource);
        }
    }
}

#[test]
fn each_verdict_but_not_checked_has_evidence() {
    for (requirement, result) in all_results() {
        let has_reason = result.evidence.is_some() || result.verdict == Verdict::NotChecked;
        assert!(has_reason && !result.message.is_empty(), "{} {result:#?}", requirement.id());
    }
}

/// AWS promises no order of its lists.
#[test]
fn the_results_do_not_depend_on_the_order_of_the_lists() {
    for account in accounts() {
        let mut one = account;
        neighbour(&mut one);
        let mut other = one.clone();
        reverse(&mut other.ecs.clusters);
        reverse(&mut other.ecs.capacity_providers);
        other.ecs.definitions.reverse();
        reverse(&mut other.network.subnets);
        reverse(&mut other.network.interfaces);
        reverse(&mut other.network.target_groups);
        reverse(&mut other.network.flow_logs);
        let verdicts = |account: &Account| -> Vec<_> {
            let results = judge_account(account, &baseline()).into_iter();
            results.map(|(requirement, one)| (requirement.id(), one.rule, one.resource, one.verdict)).collect()
        };
        assert_eq!(verdicts(&one), verdicts(&other));
    }
}

fn reverse<T>(fact: &mut Fact<Vec<T>>) {
    if let Fact::Read { value, .. } = fact {
        value.reverse();
    }
}

/// Only the account as a whole has rules about several resources: its trails, and its rules of EventBridge.
#[test]
fn a_further_workload_changes_no_verdict_about_another_resource() {
    let by_resource = |account: &Account| -> BTreeMap<_, RunbookResult> {
        let results = judge_account(account, &baseline()).into_iter();
        let of_one = results.filter(|(_, one)| one.resource.kind != ResourceKind::Account);
        of_one.map(|(requirement, one)| ((requirement, one.rule, one.resource.clone()), one)).collect()
    };
    for (index, account) in accounts().into_iter().enumerate() {
        let mut more = account.clone();
        neighbour(&mut more);
        let (before, after) = (by_resource(&account), by_resource(&more));
        for (key, result) in &before {
            assert_eq!(Some(result), after.get(key), "account {index}");
        }
        assert!(after.len() > before.len() || account.ecs.clusters.value().is_none(), "account {index}");
    }
}

#[test]
fn a_further_container_changes_no_verdict_about_another_container() {
    let by_container = |results: Results| -> BTreeMap<_, Verdict> {
        let of_one = results.into_iter().filter(|(_, one)| one.resource.container.is_some());
        of_one.map(|(requirement, one)| ((requirement, one.rule, one.resource), one.verdict)).collect()
    };
    for (id, rule, _, task) in runbook::cases() {
        let mut more = task.clone();
        let other = json!({"name": "other", "image": "quay.io/a/b", "privileged": true, "user": "root"});
        more["containerDefinitions"].as_array_mut().unwrap().push(other);
        let (before, after) =
            (by_container(of_definition(&task.to_string())), by_container(of_definition(&more.to_string())));
        for (key, verdict) in &before {
            assert_eq!(Some(verdict), after.get(key), "{id} {rule} {key:?}");
        }
    }
}

/// A load balancer, a role or an image of a cluster that Logweir could not read is in no other fact.
#[test]
fn a_failed_read_leaves_not_checked_in_each_rule_that_it_may_hide_resources_from() {
    let mut account = compliant();
    neighbour(&mut account);
    let Fact::Read { value: clusters, .. } = &mut account.ecs.clusters else { unreachable!() };
    let action = "ecs:ListServices";
    clusters[1].services = Fact::Unread(Unread { action, message: "no".into(), is_denied: true });
    let results = judge_account(&account, &baseline());
    for (_, rule) in rule_names() {
        let mut of_rule = results.iter().filter(|(_, one)| one.rule == rule).peekable();
        let needs_none = rule.contains("trail") || rule.contains("call") || rule.contains("events");
        let is_wider = rule.contains("insights") || rule == "untagged-cluster" || rule.contains("termination");
        if of_rule.peek().is_none() || needs_none || is_wider {
            continue;
        }
        let names_it = |one: &RunbookResult| one.verdict == Verdict::NotChecked && one.message.contains(action);
        assert!(of_rule.any(|(_, one)| names_it(one)), "{rule} does not name {action}");
    }
    let judged = |rule: &str| results.iter().any(|(_, one)| one.rule == rule && one.verdict == Verdict::Pass);
    assert!(judged("weak-listener") && judged("plaintext-target-group") && judged("undelivered-flow-log"));
}
