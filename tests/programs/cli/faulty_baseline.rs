//! An unreadable baseline: only the verbs that apply it fail.

use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use super::BLOCKING;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::stack::{DEAD_LETTERS, Message, Stack};
use crate::loopback::{Loopback, Reply};

/// Each kind of fault: the value of `LOGWEIR_BASELINE`, and the error.
const FAULTS: [(&str, &str); 4] = [
    ("absent.toml", "absent.toml: No such file or directory"),
    ("wrong.toml", "wrong.toml:3:1: unknown field `mod`"),
    (
        "ssm:/absent/baseline",
        "ssm:/absent/baseline: this account and Region have no Systems Manager parameter of this name",
    ),
    ("ssm:/denied/baseline", "ssm:/denied/baseline: GetParameter: AccessDeniedException: not you"),
];

/// A Parameter Store that denies one parameter.
fn at(mut service: impl FnMut(&str, &str) -> Reply + Send + 'static) -> Operator {
    let operator = Operator::at(Loopback::serve(move |operation, body| {
        if operation == "GetParameter" && body.contains("/denied/baseline") {
            return Reply::error("AccessDeniedException", "not you");
        }
        service(operation, body)
    }));
    operator.file("wrong.toml", "version = 1\n[logging]\nmod = 1\n");
    operator
}

/// An account with one task definition that blocks.
fn operator() -> Operator {
    let operator = Operator::of(&[serde_json::from_str(BLOCKING).unwrap()]);
    Operator { account: operator.account.clone(), ..at(operator.account.service()) }
}

/// Runs `logweir` with this value of `LOGWEIR_BASELINE`.
fn run(operator: &Operator, baseline: &str, arguments: &[&str]) -> Ran {
    let (folder, journal) = (operator.folder.path().display().to_string(), operator.journal());
    let journal = format!("file:{}", journal.display());
    let options = ["--endpoint-url", &operator.aws.url, "--region", "eu-west-1", "--journal", &journal];
    let words = shlex::try_join(["logweir"].into_iter().chain(arguments.iter().copied()).chain(options)).unwrap();
    operator.types(&format!("cd {folder} && LOGWEIR_BASELINE={baseline} {words}"))
}

#[test]
fn a_verb_that_uses_the_baseline_fails_and_changes_nothing() {
    let operator = operator();
    let event = operator.file("event.json", &event(WEB_1).to_string());
    let verbs: [&[&str]; 8] = [
        &["check", "ecs:web"],
        &["check", "--all", "--format", "json"],
        &["check", "ecs:web", "--against", "ssm:/other"],
        &["fix", "ecs:web"],
        &["apply", "ecs:web", "--yes"],
        &["apply", "ecs:web", "--dry-run"],
        &["replay", &event],
        &["replay", &event, "--mode", "register"],
    ];
    for (baseline, says) in FAULTS {
        for verb in verbs {
            let ran = run(&operator, baseline, verb);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{baseline} {verb:?}: {ran:?}");
            assert!(ran.err.starts_with(&format!("error: {says}")), "{baseline} {verb:?}: {}", ran.err);
        }
    }
    let asked = operator.aws.calls().into_iter().map(|(operation, _)| operation);
    let asked: Vec<String> = asked.filter(|operation| operation != "GetParameter").collect();
    assert!(asked.is_empty() && operator.written().is_empty(), "{asked:?}");
}

#[test]
fn a_verb_that_uses_no_baseline_does_not_read_it() {
    let operator = operator();
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0);
    let before = operator.aws.calls().len();
    let event = operator.file("event.json", &event(WEB_1).to_string());
    let verbs: [&[&str]; 8] = [
        &["rules"],
        &["rules", "blocking-delivery"],
        &["records"],
        &["records", "--format", "json"],
        &["records", "web:1"],
        &["records", "web:1", "--format", "json"],
        &["replay", "web:1", "--backout", "--dry-run"],
        &["replay", &event, "--backout", "--dry-run"],
    ];
    for verb in verbs {
        let wanted = operator.run(verb);
        assert_eq!(wanted.code, 0, "{verb:?}: {wanted:?}");
        for (baseline, _) in FAULTS {
            let ran = run(&operator, baseline, verb);
            assert_eq!(
                (ran.code, ran.out, ran.err),
                (0, wanted.out.clone(), wanted.err.clone()),
                "{baseline} {verb:?}"
            );
        }
    }
    let undone = run(&operator, "absent.toml", &["replay", "web:1", "--backout"]);
    assert!(undone.code == 0 && undone.out.contains("backed-out"), "{undone:?}");
    assert!(operator.aws.calls().iter().skip(before).all(|(operation, _)| operation != "GetParameter"));
}

/// The unhealthy checks of a stack, as `state check: says`, with the exit code.
fn faults(stack: &Stack, baseline: &str) -> (i32, Vec<String>, Operator) {
    let operator = at(stack.service());
    let ran = run(&operator, baseline, &["doctor", "--format", "json"]);
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = ran.json()["checks"].as_array().unwrap().clone();
    let faults = checks.iter().filter(|check| check["state"] != "ok").inspect(|check| {
        assert!(!text(check, "help").is_empty(), "every fault says what to do: {check}");
    });
    let faults =
        faults.map(|it| format!("{} {}: {}", text(it, "state"), text(it, "check"), text(it, "says"))).collect();
    (ran.code, faults, operator)
}

#[test]
fn doctor_reports_that_it_cannot_compare_the_confirmed_baseline_with_a_faulty_one() {
    for (baseline, says) in FAULTS {
        let (code, found, _) = faults(&Stack::in_mode("register"), baseline);
        let wanted =
            format!("unknown baseline: doctor cannot tell whether the selected baseline is the confirmed one: {says}");
        assert!(code == 2 && found.len() == 1 && found[0].starts_with(&wanted), "{baseline}: {found:?}");
        let unconfirmed = Stack::in_mode("register");
        unconfirmed.with(|state| {
            state.functions.get_mut("logweir-remediator").unwrap()["Environment"]["Variables"]["LOGWEIR_CONFIRMED_BASELINE"] =
                "".into();
        });
        let (code, found, _) = faults(&unconfirmed, baseline);
        assert_eq!((code, found.len()), (1, 1), "{baseline}: {found:?}");
        assert!(found[0].starts_with("problem baseline: the baseline is not confirmed"), "{baseline}: {found:?}");
    }
}

#[test]
fn doctor_needs_no_local_baseline_if_none_is_compared() {
    let in_a_parameter = Stack::in_mode("register");
    in_a_parameter.with(|state| {
        state.functions.get_mut("logweir-remediator").unwrap()["Environment"]["Variables"]["LOGWEIR_BASELINE"] =
            "ssm:/logweir/baseline".into();
        let deployment = state.parameters.get_mut("/logweir/deployment").unwrap();
        *deployment = deployment.replace("baseline.toml", "ssm:/logweir/baseline");
        state.parameters.insert("/logweir/baseline".into(), SHIPPED_BASELINE.into());
    });
    let nowhere = Stack::in_mode("register");
    nowhere.with(|state| state.parameters.clear());
    for (baseline, _) in FAULTS {
        let (code, found, _) = faults(&Stack::in_mode("observe"), baseline);
        assert_eq!((code, found), (0, vec![]), "{baseline}");
        let (code, found, operator) = faults(&in_a_parameter, baseline);
        assert_eq!((code, found), (0, vec![]), "{baseline}");
        let asked = |(operation, body): &(String, String)| operation == "GetParameter" && body.contains("/denied/");
        assert!(!operator.aws.calls().iter().any(asked), "the deployed one is enough");
        let (code, found, _) = faults(&nowhere, baseline);
        assert_eq!((code, found.len()), (1, 1), "{baseline}: {found:?}");
        assert!(found[0].starts_with("problem deployment: no Logweir stack is deployed"), "{found:?}");
    }
}

#[test]
fn doctor_says_that_it_cannot_decide_about_the_dead_letters_and_still_shows_and_redrives_them() {
    let stack = Stack::in_mode("observe");
    stack.account.registers(&serde_json::from_str(BLOCKING).unwrap());
    let letter = || Message::new("m-1", &event(WEB_1).to_string(), json!(null));
    stack.with(|state| state.messages.get_mut(DEAD_LETTERS).unwrap().push(letter()));
    for (baseline, says) in FAULTS {
        let (code, found, operator) = faults(&stack, baseline);
        let wanted =
            format!("unknown baseline: doctor cannot tell what the function would do with the dead letters: {says}");
        assert!(code == 2 && found.len() == 2 && found[0].starts_with(&wanted), "{baseline}: {found:?}");
        assert!(
            found[1].starts_with("problem dead-letters: the dead-letter queue contains 1 dead letter"),
            "{baseline}: {found:?}"
        );
        let ran = run(&operator, baseline, &["doctor", "--format", "json"]);
        let told = &ran.json()["dead_letters"][0];
        assert_eq!((&told["about"], &told["now"]), (&json!("registration of web:1"), &Value::Null), "{baseline}");
    }
    let operator = at(stack.service());
    let ran = run(&operator, "absent.toml", &["doctor", "--fix", "--yes", "--format", "json"]);
    assert_eq!(ran.json()["redriven"], json!({"moved": 1, "deleted": 0, "left": 0}), "{ran:?}");
}
