//! The parameters that the command line reads from an account: a baseline, and the journal of the deployed stack.

use std::process::Command;

use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use super::{BLOCKING, logweir, run};
use crate::loopback::account::WEB_1;
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

const JOURNAL: &str = "/logweir/journal";

fn operator() -> Operator {
    let mut document: Value = serde_json::from_str(BLOCKING).unwrap();
    document["containerDefinitions"][0].as_object_mut().unwrap().shift_remove("environment");
    Operator::of(&[document])
}

/// Runs `logweir` with this account and without `--journal`.
fn without_journal(operator: &Operator, arguments: &[&str]) -> Ran {
    operator.types(&format!("logweir {} --endpoint-url {} --region eu-west-1", arguments.join(" "), operator.aws.url))
}

/// Whether there is a journal in the user's state folder.
fn has_file_journal(operator: &Operator) -> bool {
    let mut find = Command::new("find");
    let found = find.arg(operator.folder.path()).args(["-name", "journal.jsonl"]).output().unwrap();
    !found.stdout.is_empty()
}

#[test]
fn a_baseline_may_be_in_a_parameter() {
    let operator = operator();
    operator.account.publishes("/logweir/baseline", &format!("{SHIPPED_BASELINE}\n# the account's\n"));
    let checked = operator.run(&["check", "ecs:web", "--baseline", "ssm:/logweir/baseline", "--format", "json"]);
    assert_eq!((checked.code, &checked.json()["baseline"]["path"]), (1, &json!("ssm:/logweir/baseline")));
    operator.account.publishes("/logweir/baseline", "version = 1\n[logging]\nmod = 1\n");
    let wrong = operator.run(&["check", "ecs:web", "--baseline", "ssm:/logweir/baseline"]);
    assert!(wrong.code == 2 && wrong.err.contains("ssm:/logweir/baseline:3:1: "), "{wrong:?}");
    let absent = operator.run(&["fix", "ecs:web", "--baseline", "ssm:/absent"]);
    assert!(
        absent.code == 2
            && absent
                .err
                .contains("ssm:/absent: this account and Region have no Systems Manager parameter of this name"),
        "{absent:?}"
    );
}

#[test]
fn the_default_journal_is_that_of_the_deployed_stack() {
    let operator = operator();
    operator.account.publishes(JOURNAL, "dynamodb:deployed\n");
    let applied = without_journal(&operator, &["apply", "ecs:web", "--yes", "--format", "json"]);
    assert_eq!((applied.code, &applied.json()["reports"][0]["outcome"]), (0, &json!("remediated")), "{applied:?}");
    assert!(operator.account.table().contains(WEB_1) && !has_file_journal(&operator));
    let undo = applied.json()["reports"][0]["backout"].as_str().unwrap().to_owned();
    assert!(undo.contains("--journal dynamodb:deployed "), "the undo command names the same journal: {undo}");
    let records = without_journal(&operator, &["records", "web:1"]);
    assert!(records.code == 0 && records.out.contains("remediated"), "{records:?}");
    assert_eq!(asked(&operator), 2, "once for each command");
}

#[test]
fn without_a_deployed_stack_the_default_journal_is_the_users_own() {
    let operator = operator();
    let applied = without_journal(&operator, &["apply", "ecs:web", "--yes"]);
    assert!(applied.code == 0 && has_file_journal(&operator), "{applied:?}");
}

#[test]
fn every_act_says_which_journal_it_uses_and_where_the_journal_was_named() {
    let told = |ran: &Ran| ran.err.lines().find(|line| line.starts_with("journal: ")).unwrap_or_default().to_owned();
    let act = ["apply", "ecs:web", "--yes", "--format", "json"];
    let operator = operator();
    operator.account.publishes(JOURNAL, "dynamodb:deployed");
    let published = "journal: dynamodb:deployed (from the Systems Manager parameter /logweir/journal)";
    assert_eq!(told(&without_journal(&operator, &act)), published);
    for other in [&["backout", "web:1"][..], &["apply", "ecs:web", "--yes", "--mode", "rollout"]] {
        assert_eq!(told(&without_journal(&operator, other)), published, "{other:?}");
    }
    let place = format!("file:{}", operator.journal().display());
    assert_eq!(told(&operator.run(&act)), format!("journal: {place} (from --journal)"));
    let line = format!(
        "LOGWEIR_JOURNAL=dynamodb:named logweir {} --endpoint-url {} --region eu-west-1",
        act.join(" "),
        operator.aws.url
    );
    let variable = "journal: dynamodb:named (from the environment variable LOGWEIR_JOURNAL)";
    assert_eq!(told(&operator.types(&line)), variable);
    assert_eq!(told(&without_journal(&operator, &["apply", "ecs:web", "--dry-run"])), published, "every plan says so");
    for reads in [&["records"][..], &["check", "ecs:web"]] {
        assert_eq!(told(&without_journal(&operator, reads)), "", "{reads:?} does not act");
    }
}

#[test]
fn an_act_on_the_default_journal_says_so() {
    let operator = operator();
    let applied = without_journal(&operator, &["apply", "ecs:web", "--yes"]);
    assert!(applied.err.contains("journal: file:") && applied.err.contains(" (the default folder)"), "{applied:?}");
}

#[test]
fn with_a_named_journal_no_parameter_is_read() {
    let operator = operator();
    operator.account.publishes(JOURNAL, "dynamodb:deployed");
    operator.run(&["apply", "ecs:web", "--yes"]);
    assert!(operator.written().contains(WEB_1));
    assert_eq!(asked(&operator), 0);
}

/// The number of reads of the journal's parameter.
fn asked(operator: &Operator) -> usize {
    let is_asked = |(operation, body): &(String, String)| operation == "GetParameter" && body.contains(JOURNAL);
    operator.aws.calls().iter().filter(|call| is_asked(call)).count()
}

#[test]
fn if_the_stacks_journal_cannot_be_read_a_journal_must_be_named() {
    for (answer, why) in [
        (Reply::error as fn(&str, &str) -> Reply, "AccessDeniedException: not you"),
        (|_, _| Reply::Json(502, "<html>".into()), "the HTTP status is 502"),
        (|_, _| Reply::ok(&json!({"Parameter": {"Value": "s3:bucket"}})), "`s3:bucket` is not a journal"),
    ] {
        let operator = Operator::at(Loopback::serve(move |operation, _| match operation {
            "GetParameter" => answer("AccessDeniedException", "not you"),
            _ => Reply::Cut,
        }));
        let ran = without_journal(&operator, &["records"]);
        assert!(
            ran.code == 2 && ran.err.contains(why) && ran.err.contains("name the journal: --journal"),
            "{why}: {ran:?}"
        );
        assert!(!has_file_journal(&operator));
    }
}

#[test]
fn without_a_region_or_credentials_no_parameter_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let ssm = Loopback::serve(|_, _| Reply::error("AccessDeniedException", "not you"));
    for more in [["--endpoint-url", &ssm.url].as_slice(), &["--endpoint-url", &ssm.url, "--region", "eu-west-1"]] {
        let ran = run(logweir(&["records"]).args(more).env("HOME", folder.path()).env_remove("XDG_STATE_HOME"));
        assert_eq!((ran.code, ssm.calls().len()), (0, 0), "{ran:?}");
    }
}
