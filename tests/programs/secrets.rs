//! No environment value, secret option or whole document leaves the programs. The tests plant canaries wherever a
//! secret may be, and search everything that the programs write on every path.

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::loopback::account::{Account, WEB_1, account, event};
use crate::loopback::function::{Function, invoke, invoke_backout};
use crate::loopback::operator::Operator;
use crate::loopback::{Loopback, Reply};

/// The value of every member of the document that Logweir does not need.
const CANARY: &str = "CANARY-7f3a";

/// A document that needs a correction, with canaries in every place that may hold a secret.
fn document() -> Value {
    json!({
        "family": "web",
        "alien": CANARY,
        "containerDefinitions": [
            {
                "name": "app", "image": CANARY, "command": [CANARY],
                "environment": [{"name": "TOKEN", "value": CANARY}],
                "secrets": [{"name": "S", "valueFrom": CANARY}],
                "dockerLabels": {"label": CANARY},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
                        "mode": "blocking", "unknown-token": CANARY
                    },
                    "secretOptions": [{"name": "x", "valueFrom": CANARY}],
                    "alien": CANARY
                }
            },
            {
                "name": "splunk", "image": CANARY,
                "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": CANARY, "splunk-url": CANARY}}
            },
            {
                "name": "gelf", "image": CANARY,
                "logConfiguration": {"logDriver": "gelf", "options": {"gelf-address": CANARY}}
            },
            {"name": "bare", "environment": [{"name": "TOKEN", "value": CANARY}], "image": CANARY}
        ]
    })
}

fn assert_clean(text: &str, what: &str) {
    assert!(!text.contains(CANARY), "{what}: {}", text.lines().find(|line| line.contains(CANARY)).unwrap_or_default());
    assert!(!text.contains("CANARY-KEY"), "{what} holds the credentials");
}

fn logweir(arguments: &[&str], aws: Option<&Loopback>, input: &str) -> (String, i32) {
    let mut command = Command::cargo_bin("logweir").unwrap();
    command.env_clear().env("AWS_REGION", "eu-west-1").env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY").env("RUST_LOG", "trace");
    if let Some(aws) = aws {
        command.args(["--endpoint-url", &aws.url]);
    }
    let output = command.args(arguments).write_stdin(input).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap())
}

#[test]
fn no_check_of_a_file_shows_a_secret_in_any_layout() {
    let layouts =
        [document().to_string(), format!("{:#}", document()), format!("{:#}", document()).replace('\n', "\r\n")];
    let replace = TempDir::new().unwrap();
    let baseline = replace.path().join("baseline.toml");
    std::fs::write(&baseline, "version = 1\n[logging]\nreplace = [\"gelf\"]\n").unwrap();
    for text in layouts {
        for more in [&["--diff"][..], &["--format", "json"], &["--diff", "--color", "always"]] {
            for with in [&[][..], &["--baseline", baseline.to_str().unwrap()]] {
                let (out, code) = logweir(&[&["check", "-"], more, with].concat(), None, &text);
                assert_eq!(code, 1, "{out}");
                assert_clean(&out, &format!("check {more:?}"));
            }
        }
    }
}

#[test]
fn no_error_about_a_broken_file_shows_a_secret() {
    let whole = format!("{:#}", document());
    for cut in (0..whole.len()).step_by(37) {
        let (out, code) = logweir(&["check", "-"], None, &whole[..cut]);
        assert_eq!(code, 2);
        assert_clean(&out, "check of half a file");
    }
    for odd in [
        "\"CANARY-7f3a\"",
        "[\"CANARY-7f3a\"]",
        "{\"containerDefinitions\": \"CANARY-7f3a\"}",
        "{\"containerDefinitions\": [\"CANARY-7f3a\"]}",
    ] {
        assert_clean(&logweir(&["check", "-"], None, odd).0, "check of an odd file");
    }
}

#[test]
fn neither_report_nor_journal_of_a_correction_contains_a_secret() {
    let aws = Loopback::serve(account(document()));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("event.json");
    std::fs::write(&path, event(WEB_1).to_string()).unwrap();
    let journal = format!("file:{}", folder.path().join("journal").display());
    for (arguments, wanted) in [
        (&["check", "ecs:web", "--diff"][..], 1),
        (&["replay", path.to_str().unwrap(), "--mode", "register"], 0),
        (&["replay", path.to_str().unwrap(), "--mode", "register", "--format", "json"], 0),
        (&["records"], 0),
        (&["records", "web:1"], 0),
        (&["records", "web:1", "--format", "json"], 0),
    ] {
        let (out, code) = logweir(&[arguments, &["--journal", &journal]].concat(), Some(&aws), "");
        assert_eq!(code, wanted, "{arguments:?}: {out}");
        assert_clean(&out, &format!("{arguments:?}"));
    }
    assert_clean(&std::fs::read_to_string(folder.path().join("journal/journal.jsonl")).unwrap(), "the file journal");
    let sent = aws.calls().into_iter().find(|(operation, _)| operation == "RegisterTaskDefinition").unwrap().1;
    assert!(sent.contains(CANARY), "ECS received the whole document");
}

#[test]
fn neither_log_nor_answer_nor_table_of_the_function_contains_a_secret() {
    let aws = Loopback::serve(account(document()));
    let function = invoke(&aws, "register", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].answer["outcome"], "remediated", "{}", function.stdout);
    assert_clean(&function.stdout, "the function's log");
    assert_clean(&function.stderr, "the function's standard error");
    assert_clean(&function.invocations[0].answer.to_string(), "the function's answer");
    let written: Vec<_> = aws.calls().into_iter().filter(|(operation, _)| operation == "TransactWriteItems").collect();
    assert!(written.len() >= 6, "the journal was written to");
    for (_, body) in written {
        assert_clean(&body, "the table");
    }
}

#[test]
fn an_error_from_ecs_that_repeats_the_document_is_not_shown() {
    let mut inner = account(document());
    let aws = Loopback::serve(move |operation, body| match operation {
        // The only call that carries the document.
        "RegisterTaskDefinition" => {
            Reply::error("ClientException", &format!("environment value {CANARY} is not allowed in {body}"))
        }
        _ => inner(operation, body),
    });
    let function = invoke(&aws, "register", vec![event(WEB_1)]);
    assert_eq!(function.invocations[0].answer["outcome"], "partial", "the log group was created");
    assert_clean(&function.stdout, "the function's log");
    assert_clean(&function.invocations[0].answer.to_string(), "the function's answer");
    for (_, body) in aws.calls().into_iter().filter(|(operation, _)| operation == "TransactWriteItems") {
        assert_clean(&body, "the table");
    }
}

#[test]
fn the_content_of_an_event_is_not_shown() {
    let aws = Loopback::serve(account(document()));
    let mut open = event(WEB_1);
    open["detail"]["requestParameters"]["containerDefinitions"] = document()["containerDefinitions"].clone();
    let mut strange = open.clone();
    strange["detail"]["responseElements"]["taskDefinition"]["taskDefinitionArn"] = CANARY.into();
    strange["detail"]["requestParameters"]["family"] = json!([CANARY]);
    let function =
        invoke(&aws, "observe", vec![open, strange, json!(CANARY), json!({"detail": CANARY, "source": [CANARY]})]);
    assert_eq!(function.invocations.len(), 4);
    assert_clean(&function.stdout, "the function's log");
    for invocation in function.invocations {
        assert_clean(&invocation.answer.to_string(), "the function's answer");
    }
}

/// Asserts that the output and the journal of each verb contain no canary.
fn assert_all_clean(operator: &Operator, verbs: &[(&[&str], i32)]) {
    for (arguments, code) in verbs {
        let ran = operator.run(arguments);
        assert_eq!(ran.code, *code, "{arguments:?}: {ran:?}");
        assert_clean(&ran.out, &format!("{arguments:?}"));
        assert_clean(&ran.err, &format!("the standard error of {arguments:?}"));
        assert_clean(&operator.written(), &format!("the journal after {arguments:?}"));
    }
    assert!(operator.written().contains("backout-requested"), "the journal has the backout");
}

#[test]
fn neither_apply_nor_backout_shows_a_secret_and_the_journal_contains_none() {
    let operator = Operator::of(&[document()]);
    assert_all_clean(
        &operator,
        &[
            (&["apply", "ecs:web", "--dry-run"], 1),
            (&["apply", "ecs:web", "--dry-run", "--format", "json"], 1),
            (&["apply", "ecs:web:1", "--yes"], 0),
            (&["apply", "ecs:web:1", "--yes", "--format", "json"], 0),
            (&["backout", "web:1", "--dry-run"], 0),
            (&["backout", "web:1"], 0),
            (&["backout", "web:1", "--format", "json"], 0),
            (&["apply", "ecs:web:1", "--yes", "--force", "--color", "always"], 0),
            (&["backout", "web:1", "--format", "json"], 0),
            (&["records"], 0),
            (&["records", "--format", "json"], 0),
            (&["records", "web:1"], 0),
            (&["records", "web:1", "--format", "json"], 0),
        ],
    );
}

#[test]
fn the_restoration_of_a_source_with_secrets_shows_none() {
    let operator = Operator::of(&[document()]);
    operator.run(&["apply", "ecs:web", "--yes"]);
    operator.account.deregisters("web", 1);
    assert_all_clean(&operator, &[(&["backout", "web:1", "--restore-source"], 0), (&["records", "web:1"], 0)]);
    assert_eq!(operator.account.document("web", 3), document(), "ECS received the whole document");
}

/// An ECS that answers every registration with an error that repeats the request.
fn repeating(account: &Account) -> Loopback {
    let mut inner = account.service();
    Loopback::serve(move |operation, body| match operation {
        "RegisterTaskDefinition" => Reply::error("ClientException", &format!("{CANARY} is not allowed in {body}")),
        _ => inner(operation, body),
    })
}

#[test]
fn an_error_from_ecs_that_repeats_the_restored_document_is_not_shown() {
    let mut operator = Operator::of(&[document()]);
    operator.run(&["apply", "ecs:web", "--yes"]);
    operator.account.deregisters("web", 1);
    operator.aws = repeating(&operator.account);
    assert_all_clean(
        &operator,
        &[
            (&["backout", "web:1", "--restore-source"], 2),
            (&["backout", "web:1", "--restore-source", "--format", "json"], 2),
            (&["records", "web:1"], 0),
            (&["records", "web:1", "--format", "json"], 0),
        ],
    );
}

fn assert_function_clean(function: &Function, account: &Account) {
    assert_clean(&function.stdout, "the function's log");
    assert_clean(&function.stderr, "the function's standard error");
    for invocation in &function.invocations {
        assert_clean(&invocation.answer.to_string(), "the function's answer");
    }
    assert!(account.table().contains("backout-requested"), "the table has the backout");
    assert_clean(&account.table(), "the table");
}

#[test]
fn neither_log_nor_answer_nor_table_of_the_backout_function_contains_a_secret() {
    for source_is_gone in [false, true] {
        let request = json!({
            "logweir": "backout", "record": "web:1", "reason": "r", "requested_by": "me", "restore_source": source_is_gone
        });
        let account = Account::default();
        account.registers(&document());
        let aws = Loopback::serve(account.service());
        invoke(&aws, "register", vec![event(WEB_1)]);
        if source_is_gone {
            account.deregisters("web", 1);
            let refused = invoke_backout(&repeating(&account), vec![request.clone()]);
            assert_eq!(refused.invocations[0].answer["outcome"], "needs-operator", "{}", refused.stdout);
            assert_function_clean(&refused, &account);
        }
        let function = invoke_backout(&aws, vec![request.clone(), json!({"logweir": "resume"})]);
        assert_eq!(function.invocations[0].answer["outcome"], "backed-out", "{}", function.stdout);
        assert_function_clean(&function, &account);
    }
}

#[test]
fn the_content_of_an_unreadable_request_is_not_shown() {
    let account = Account::default();
    let aws = Loopback::serve(account.service());
    let mut misspelt = json!({"logweir": "backout", "record": "web:1"});
    misspelt["restore-stale"] = CANARY.into();
    let payloads = vec![
        misspelt,
        json!({"logweir": CANARY, "record": "web:1"}),
        json!({"logweir": "backout", "record": CANARY}),
        json!({"logweir": "backout", "record": "web:1", "hold_family": CANARY}),
        json!(CANARY),
        json!([CANARY]),
    ];
    let function = invoke_backout(&aws, payloads);
    assert_eq!(function.invocations.len(), 6);
    assert!(function.stdout.contains("unknown field `restore-stale`"), "a typing error is named: {}", function.stdout);
    assert_clean(&function.stdout, "the function's log");
    for invocation in function.invocations {
        assert_clean(&invocation.answer.to_string(), "the function's answer");
    }
}

#[test]
fn a_request_to_the_function_contains_no_credentials() {
    let report = json!({"schema": "logweir.report/1", "outcome": "backed-out", "record": "web:1"});
    let operator = Operator::at(Loopback::serve(move |_, _| Reply::ok(&report)));
    for more in [&[][..], &["--format", "json"]] {
        let ran = operator.run(&[&["backout", "web:1", "--function", "f"], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_clean(&format!("{}{}", ran.out, ran.err), "replay --function");
    }
    for (call, body) in operator.aws.calls() {
        assert_clean(&body, &call);
    }
}
