//! The rules of the runbook about the network, the identities, the images and the trails of an account: each rule with
//! an account for each of its verdicts, and the law that a missing fact never makes a pass.

mod account;
mod identity;
mod images;
mod neighbour;
mod network;
mod trail;
mod unreadings;

use std::collections::BTreeSet;
use std::fs;

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::runbook::account::ecs::Definition;
use logweir::domain::runbook::account::{Account, Store};
use logweir::domain::runbook::{Depth, RunbookResult, Verdict, account_rules, judge_account};

pub(super) use account::compliant;
use account::{denied, read};
pub(super) use neighbour::neighbour;
use serde_json::{Value, json};
use unreadings::Unreading;
pub(super) use unreadings::unreadings;

/// A rule, its expected verdict, and the change of the compliant account that leads to it.
pub(super) type Case = (&'static str, Verdict, Box<dyn Fn(&mut Account)>);

/// Returns a case.
fn case(rule: &'static str, verdict: Verdict, change: impl Fn(&mut Account) + 'static) -> Case {
    (rule, verdict, Box::new(change))
}

/// Returns the results of the rule about the account.
fn results(account: &Account, rule: &str) -> Vec<RunbookResult> {
    let baseline = Baseline::parse("version = 1").unwrap();
    let results = judge_account(account, &baseline).into_iter().map(|(_, result)| result);
    results.filter(|result| result.rule == rule).collect()
}

/// Returns the worst verdict of the rule about the account.
fn verdict(account: &Account, rule: &str) -> Option<Verdict> {
    results(account, rule).iter().map(|result| result.verdict).max()
}

pub(super) fn cases() -> Vec<Case> {
    [network::cases(), identity::cases(), images::cases(), trail::cases()].into_iter().flatten().collect()
}

/// Returns the rules that a run of the depth `ecs` leaves out.
fn rules() -> BTreeSet<&'static str> {
    Depth::ALL[1..].iter().flat_map(|depth| account_rules(*depth)).map(|(rule, _)| rule).collect()
}

#[test]
fn each_rule_gives_each_of_its_verdicts() {
    for (index, (rule, expected, change)) in cases().into_iter().enumerate() {
        let mut account = compliant();
        change(&mut account);
        let found = verdict(&account, rule);
        assert_eq!(found, Some(expected), "case {index}: {rule}: {:#?}", results(&account, rule));
    }
}

#[test]
fn each_rule_has_cases_for_a_fault_and_passes_on_the_compliant_account() {
    let faults = [Verdict::Fail, Verdict::Advice];
    let cases = cases();
    for rule in rules() {
        let has_fault = cases.iter().any(|(name, verdict, _)| *name == rule && faults.contains(verdict));
        assert!(has_fault, "{rule} has no case with a fault");
        assert_eq!(verdict(&compliant(), rule), Some(Verdict::Pass), "{rule}: {:#?}", results(&compliant(), rule));
    }
    assert_eq!(rules().len(), 23);
}

#[test]
fn a_result_with_a_verdict_about_a_fact_has_its_evidence_with_a_time() {
    let mut all = vec![compliant()];
    all.extend(cases().into_iter().map(|(_, _, change)| {
        let mut account = compliant();
        change(&mut account);
        account
    }));
    for account in all {
        for rule in rules() {
            for result in results(&account, rule) {
                let is_about_a_fact = matches!(result.verdict, Verdict::Pass | Verdict::Fail | Verdict::Advice);
                assert!(!is_about_a_fact || result.evidence.is_some_and(|one| one.time.is_some()), "{rule}");
            }
        }
    }
}

/// Each fact is needed by some rule, and no rule that needs an unread fact passes by it.
#[test]
fn a_denied_read_leaves_its_rules_not_checked_and_turns_no_fault_into_a_pass() {
    for Unreading { action, rules: needing, unread } in unreadings() {
        let mut account = compliant();
        unread(&mut account);
        for rule in needing {
            assert_eq!(
                verdict(&account, rule),
                Some(Verdict::NotChecked),
                "{action} {rule}: {:#?}",
                results(&account, rule)
            );
            let named = results(&account, rule).iter().any(|result| result.message.contains(action));
            assert!(named, "{rule} does not name {action}: {:#?}", results(&account, rule));
        }
        assert!(account.unread().iter().any(|unread| unread.action == action), "{action}");
    }
    for (rule, _, change) in cases() {
        let mut faulty = compliant();
        change(&mut faulty);
        let before = verdict(&faulty, rule);
        if !matches!(before, Some(Verdict::Fail | Verdict::Advice | Verdict::Undecidable)) {
            continue;
        }
        for Unreading { action, unread, .. } in unreadings().into_iter().filter(|one| one.rules.contains(&rule)) {
            let mut account = faulty.clone();
            unread(&mut account);
            assert_ne!(verdict(&account, rule), Some(Verdict::Pass), "{action} hides the fault of {rule}");
        }
    }
}

#[test]
fn the_credentials_of_a_registry_are_a_secret_and_no_parameter() {
    let definition = json!({"containerDefinitions": [{
        "secrets": [{"name": "A", "valueFrom": "db"}], "repositoryCredentials": {"credentialsParameter": "registry"}
    }]});
    let definition = TaskDefinition::parse(definition.to_string()).unwrap();
    let mut account = compliant();
    account.ecs.definitions = vec![Definition::of("arn", &definition, true, Timestamp::UNIX_EPOCH)];
    let names = |store| account.references(store).into_iter().flat_map(|one| one.names).collect::<Vec<_>>();
    assert_eq!(names(Store::Parameters), ["db"]);
    assert_eq!(names(Store::Secrets), ["registry"]);
}

/// ECS accepts every text in place of the name of a parameter.
#[test]
fn a_secret_in_place_of_the_name_of_a_parameter_is_in_no_result() {
    for parameter in [read(None), denied("ssm:DescribeParameters")] {
        let mut account = compliant();
        account.ecs.definitions[0].secrets = vec!["hunter2".into()];
        account.identity.parameters.insert("hunter2".into(), parameter);
        let results = results(&account, "plain-parameter");
        assert_eq!(results.len(), 1);
        assert!(!format!("{results:?}").contains("hunter2"), "{results:#?}");
    }
    for secret in [read(None), denied("secretsmanager:DescribeSecret")] {
        let mut account = compliant();
        account.ecs.definitions[0].credentials = vec!["user:hunter2".into()];
        account.identity.secrets.insert("user:hunter2".into(), secret);
        let results = results(&account, "secret-without-rotation");
        assert!(!format!("{results:?}").contains("hunter2"), "{results:#?}");
    }
}

/// The Python tests compare the policies with the calls that the sources can make.
#[test]
fn the_policy_of_each_depth_has_the_rights_that_its_rules_name() {
    let mut smaller = BTreeSet::new();
    for depth in Depth::ALL {
        let path = format!("{}/infra/policies/runbook/{}.json", env!("CARGO_MANIFEST_DIR"), depth.name());
        let policy: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let statements = policy["Statement"].as_array().unwrap().iter();
        let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
        let actions: BTreeSet<&str> = actions.map(|action| action.as_str().unwrap()).collect();
        let named: BTreeSet<String> =
            account_rules(depth).into_iter().flat_map(|(_, reads)| reads).map(|read| (*read).to_owned()).collect();
        assert!(named.iter().all(|read| actions.contains(read.as_str())), "{depth:?}: {named:?}");
        let new: BTreeSet<String> = actions.iter().map(|action| (*action).to_owned()).collect();
        let new: BTreeSet<String> = new.difference(&smaller).cloned().collect();
        assert!(depth == Depth::Ecs || new.is_subset(&named), "{depth:?}: {:?}", new.difference(&named));
        smaller.extend(new);
    }
}

#[test]
fn texts_of_an_attacker_are_neutral_in_every_result() {
    let hostile = "\u{1b}[31mx\u{202e}\n";
    let mut account = compliant();
    account::spoil(&mut account, hostile);
    for rule in rules() {
        for result in results(&account, rule) {
            let text = format!("{}{}{:?}", result.message, result.resource.name, result.evidence.map(|one| one.value));
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\n'), "{rule}: {text:?}");
        }
    }
}
