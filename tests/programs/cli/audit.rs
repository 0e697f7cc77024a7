//! `check --all`: every family of the account and Region.

use serde_json::{Value, json};

use super::{BLOCKING, logweir, run};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

fn document(family: &str, mode: &str) -> Value {
    let text = BLOCKING.replacen("\"web\"", &format!("\"{family}\""), 1);
    serde_json::from_str(&text.replace("\"mode\": \"blocking\"", mode)).unwrap()
}

fn blocking(family: &str) -> Value {
    document(family, "\"mode\": \"blocking\"")
}

fn compliant(family: &str) -> Value {
    document(family, "\"mode\": \"non-blocking\", \"max-buffer-size\": \"25m\"")
}

/// The targets with their revisions, and whether each has findings.
fn targets(ran: &Ran) -> Vec<(String, u64, bool)> {
    let found = |target: &Value| !target["findings"].as_array().unwrap().is_empty();
    let told = |target: &Value| {
        (target["target"].as_str().unwrap().to_owned(), target["revision"].as_u64().unwrap_or(0), found(target))
    };
    ran.json()["targets"].as_array().unwrap().iter().map(told).collect()
}

/// An account with a compliant log group. `answers` replaces some of its answers.
fn account(documents: &[Value], answers: impl Fn(&str, &str) -> Option<Reply> + Send + 'static) -> Operator {
    let Operator { account, folder, .. } = Operator::of(documents);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, body| match (operation, answers(operation, body)) {
        (_, Some(reply)) => reply,
        ("DescribeLogGroups", None) => {
            Reply::ok(&json!({"logGroups": [{"logGroupName": "/ecs/web", "retentionInDays": 30, "storedBytes": 1}]}))
        }
        _ => service(operation, body),
    });
    Operator { folder, account, aws }
}

#[test]
fn every_family_is_checked_by_its_newest_active_revision_and_nothing_is_changed() {
    let documents = [blocking("web"), blocking("gone"), compliant("api"), blocking("jobs"), compliant("jobs")];
    let operator = account(&documents, |_, _| None);
    operator.account.deregisters("gone", 1);
    let ran = operator.run(&["check", "--all", "--format", "json"]);
    let expected = [("ecs:api", 1, false), ("ecs:jobs", 2, false), ("ecs:web", 1, true)];
    assert_eq!(targets(&ran), expected.map(|(target, revision, found)| (target.to_owned(), revision, found)));
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "no progress without a terminal");
    assert_eq!(operator.writing_calls(), [""; 0]);
    let text = operator.run(&["check", "--all"]);
    assert!(text.out.contains("3 task definitions checked: 2 compliant, 2 findings"), "{text:?}");
    assert_eq!(operator.run(&["check", "--all", "ecs:web"]).code, 64, "`--all` excludes targets");
    assert_eq!(operator.run(&["check"]).code, 64, "`--all` is not the default");
}

#[test]
fn a_family_that_cannot_be_read_has_no_verdict_and_the_others_have_one() {
    let operator = account(&[compliant("api"), blocking("jobs"), compliant("web")], |operation, body| {
        let denied = operation == "DescribeTaskDefinition" && body.contains("\"jobs\"");
        denied.then(|| Reply::error("AccessDeniedException", "not for you"))
    });
    let ran = operator.run(&["check", "--all", "--format", "json"]);
    let (json, names) = (ran.json(), targets(&ran));
    assert_eq!((ran.code, names.len(), &json["summary"]["compliant"]), (2, 3, &json!(2)), "{ran:?}");
    assert!(json["targets"][1]["error"].as_str().unwrap().starts_with("ecs:jobs: "), "{json:#}");
    assert!(ran.err.contains("ecs:jobs: DescribeTaskDefinition: AccessDeniedException: not for you"), "{ran:?}");
}

#[test]
fn without_the_list_of_families_there_is_no_verdict() {
    let operator = account(&[compliant("web")], |operation, _| {
        (operation == "ListTaskDefinitionFamilies").then(|| Reply::error("AccessDeniedException", "not for you"))
    });
    let ran = operator.run(&["check", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("ListTaskDefinitionFamilies: AccessDeniedException"), "{ran:?}");
}

#[test]
fn an_account_without_families_is_reported_with_its_region() {
    let ran = account(&[], |_, _| None).run(&["check", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "0 task definitions checked: 0 compliant, 0 findings\n"));
    assert!(ran.err.contains("no task-definition family in eu-west-1 has an ACTIVE revision"), "{ran:?}");
}

#[test]
fn a_new_baseline_is_compared_over_every_family() {
    let operator = account(&[compliant("api"), compliant("web")], |_, _| None);
    let old = operator.file("old.toml", logweir::settings::SHIPPED_BASELINE);
    let new = logweir::settings::SHIPPED_BASELINE.replacen("delivery = \"non-blocking\"", "delivery = \"blocking\"", 1);
    let new = operator.file("new.toml", &new);
    let ran = operator.run(&["check", "--all", "--baseline", &new, "--against", &old]);
    assert!(ran.code == 1 && ran.out.contains("2 checked, differences in 2: "), "{ran:?}");
}

#[test]
fn a_throttled_read_is_retried_for_longer_than_the_sdk_does() {
    let refused = std::sync::atomic::AtomicU32::new(0);
    let operator = account(&[blocking("web")], move |operation, _| {
        let is_busy =
            operation == "DescribeTaskDefinition" && refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 3;
        is_busy.then(|| Reply::error("ThrottlingException", "Rate exceeded"))
    });
    let ran = operator.run(&["check", "--all"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
}

#[test]
fn check_all_needs_a_region() {
    let ran = run(&mut logweir(&["check", "--all"]));
    assert!(ran.code == 2 && ran.err.contains("no AWS Region"), "{ran:?}");
}
