//! `replay --backout --function`: invokes the deployed function, and shows its answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use logweir::domain::report::Decision;
use logweir::handler::{BackoutCaller, handle_backout};
use logweir::settings::LEASE;
use logweir::workflow::Request;
use serde_json::{Value, json};

use crate::loopback::operator::Operator;
use crate::loopback::{Loopback, Reply};
use crate::world::World;
use crate::world::story::{BLOCKING, by, event, home, register};

const INVOCATIONS: &str = "/2015-03-31/functions/logweir-backout/invocations";
const FAILED: &str = "X-Amz-Function-Error: Unhandled\r\n";

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A world in which web:1 was corrected by web:2.
fn corrected() -> World {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    now(register(&world, &event(&source)));
    world
}

/// An operator who can invoke the backout function of this world, and the function's last answer.
fn asking(world: &World) -> (Operator, Arc<Mutex<Value>>) {
    let (world, answered) = (world.clone(), Arc::new(Mutex::new(Value::Null)));
    let last = Arc::clone(&answered);
    let lambda = Loopback::serve(move |path, body| {
        if path != INVOCATIONS {
            return Reply::Json(
                404,
                json!({"__type": "ResourceNotFoundException", "Message": format!("Function not found: {path}")})
                    .to_string(),
            );
        }
        let (home, by) = (home(), by());
        let taker = BackoutCaller { home: &home, worker: "function", lease: LEASE, backout: &by, retires: true };
        let payload = serde_json::from_str(body).unwrap();
        let reply = now(handle_backout(&world, taker, &payload, &|| 0, &mut |_: &Decision| {}));
        *last.lock().unwrap() = reply.to_json();
        match reply.retry() {
            Some(report) => Reply::Http(200, FAILED.into(), json!({"errorMessage": report.message}).to_string()),
            None => Reply::ok(&reply.to_json()),
        }
    });
    (Operator::at(lambda), answered)
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

const ASKED: [&str; 4] = ["backout", "web:1", "--function", "logweir-backout"];

#[test]
fn the_function_gets_a_request_with_every_option() {
    let world = corrected();
    world.account(|account| account.deregisters(&account.arn("web", 1)));
    let (operator, _) = asking(&world);
    let wishes = [
        "--reason",
        "incident 7",
        "--requested-by",
        "me",
        "--restore-over-newer",
        "--restore-source",
        "--hold-family",
        "2099-01-01",
    ];
    let ran = operator.run(&[&ASKED[..], &wishes].concat());
    assert_eq!((ran.code, active(&world)), (0, vec![3]), "{ran:?}");
    let calls = operator.aws.calls();
    let sent: Value = serde_json::from_str(&calls.last().unwrap().1).unwrap();
    assert_eq!(
        sent,
        json!({
            "logweir": "backout", "record": "web:1", "reason": "incident 7", "requested_by": "me",
            "restore_over_newer": true, "restore_source": true, "hold_family": "2099-01-02T00:00:00Z", "dry_run": false
        })
    );
    assert!(serde_json::from_value::<Request>(sent).is_ok());
    assert_eq!(calls_of_the_verb(&operator).len(), 1, "nothing else was called");
}

#[test]
fn the_function_gets_the_revision_that_an_event_names() {
    let world = corrected();
    let (operator, _) = asking(&world);
    let source = world.account(|account| account.arn("web", 1));
    let path = operator.file("event.json", &event(&source).to_string());
    let ran = operator.run(&["backout", &path, "--function", "logweir-backout"]);
    assert_eq!((ran.code, active(&world)), (0, vec![1]), "{ran:?}");
    let sent: Value = serde_json::from_str(&operator.aws.calls().last().unwrap().1).unwrap();
    assert_eq!(
        sent.get("restore_source"),
        None,
        "a function of an earlier version refuses a member that it does not know"
    );
    assert_eq!(sent.get("restore_over_newer"), None, "a function before 0.1.0 refuses a member that it does not know");
}

#[test]
fn a_dry_run_of_the_function_changes_nothing() {
    let world = corrected();
    let before = world.picture();
    let (operator, answered) = asking(&world);
    let ran = operator.run(&[&ASKED[..], &["--dry-run"]].concat());
    assert_eq!((ran.code, &answered.lock().unwrap()["outcome"]), (0, &json!("observed")), "{ran:?}");
    assert_eq!(world.picture(), before);
}

#[test]
fn the_functions_report_is_shown_like_a_local_one() {
    let world = corrected();
    let (operator, answered) = asking(&world);
    let ran = operator.run(&ASKED);
    for line in ["web:1: backed-out", "change       app: mode non-blocking → blocking", "log group    /ecs/web kept"]
    {
        assert!(ran.out.contains(line), "{line} is not in {}", ran.out);
    }
    let again = operator.run(&[&ASKED[..], &["--format", "json"]].concat());
    assert_eq!((again.code, &again.json()), (0, &*answered.lock().unwrap()));
}

#[test]
fn the_exit_code_shows_what_the_function_did_not_do() {
    let world = corrected();
    world.account(|account| drop(account.running.insert("service prod/web".into(), account.arn("web", 2))));
    let (operator, _) = asking(&world);
    let ran = operator.run(&ASKED);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("partial (still-running)") && ran.out.contains("service prod/web"), "{}", ran.out);
    let ask = |record: &str| operator.run(&["backout", record, "--function", "logweir-backout"]).code;
    assert_eq!(ask("web:7"), 2, "no such record");
    assert_eq!(ask("arn:aws:ecs:us-east-1:111122223333:task-definition/web:1"), 1, "refused: another Region");
}

#[test]
fn an_invalid_record_name_is_not_sent() {
    let (operator, _) = asking(&World::new());
    for name in ["web", "web:x", "event.jsn", "arn:aws:s3:::bucket"] {
        let ran = operator.run(&["backout", name, "--function", "logweir-backout"]);
        assert_eq!((ran.code, operator.aws.calls().len()), (64, 0), "{name}: {ran:?}");
    }
}

#[test]
fn a_function_that_fails_is_retried_until_the_wait_ends() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lambda = Loopback::serve(move |operation, _| match operation {
        INVOCATIONS if count.fetch_add(1, Ordering::SeqCst) > 0 => {
            Reply::ok(&json!({"schema": "logweir.report/1", "outcome": "backed-out", "record": "web:1"}))
        }
        _ => Reply::Http(200, FAILED.into(), json!({"errorMessage": "left alone: locked"}).to_string()),
    });
    let operator = Operator::at(lambda);
    let ran = operator.run(&[&ASKED[..], &["--wait", "0"]].concat());
    assert_eq!((ran.code, asked.load(Ordering::SeqCst)), (2, 1));
    assert!(ran.err.contains("logweir-backout: left alone: locked"), "{}", ran.err);
    asked.store(0, Ordering::SeqCst);
    let ran = operator.run(&[&ASKED[..], &["--wait", "30"]].concat());
    assert_eq!((ran.code, asked.load(Ordering::SeqCst)), (0, 2), "{ran:?}");
}

#[test]
fn a_locked_record_is_retried_until_the_wait_ends() {
    // A function before 0.1.0 calls it `lease-held`.
    for reason in ["locked", "lease-held"] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lambda = Loopback::serve(move |_, _| {
            let (outcome, reason) = match count.fetch_add(1, Ordering::SeqCst) {
                0 => ("skipped", json!(reason)),
                _ => ("backed-out", json!(null)),
            };
            Reply::ok(&json!({"schema": "logweir.report/1", "outcome": outcome, "reason": reason, "record": "web:1"}))
        });
        let operator = Operator::at(lambda);
        let ran = operator.run(&[&ASKED[..], &["--requested-by", "me", "--wait", "30"]].concat());
        assert_eq!((ran.code, asked.load(Ordering::SeqCst)), (0, 2), "{reason}: {ran:?}");
    }
}

#[test]
fn a_third_party_or_missing_function_is_reported() {
    let stranger = Operator::at(Loopback::serve(|_, _| Reply::ok(&json!({"statusCode": 200, "body": "\u{1b}[31mhi"}))));
    let ran = stranger.run(&ASKED);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("returned no report"), "{}", ran.err);
    let (operator, _) = asking(&World::new());
    let ran = operator.run(&["backout", "web:1", "--function", "prod/backout"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("ResourceNotFoundException") && ran.err.contains("prod%2Fbackout"), "{}", ran.err);
}

#[test]
fn a_hostile_report_leaves_one_harmless_line_for_each_of_its_texts() {
    let hostile = "a\u{1b}[2Jb\nundo   rm -rf\u{202e}";
    let report = json!({
        "schema": "logweir.report/1", "outcome": "refused", "reason": hostile, "record": hostile, "error": hostile,
        "corrected": hostile, "notes": [hostile], "actor": hostile, "rules": [hostile],
        "changes": [{"container": hostile, "option": hostile, "from": hostile, "to": hostile}],
        "log_groups": [{"name": hostile, "action": hostile}], "services": [{"service": hostile}]
    });
    let operator = Operator::at(Loopback::serve(move |_, _| Reply::ok(&report)));
    for more in [&[][..], &["--color", "always"]] {
        let ran = operator.run(&[&ASKED[..], more].concat());
        assert_eq!(ran.code, 1);
        assert!(!ran.out.contains("\u{1b}[2J") && !ran.out.contains('\u{202e}'), "{}", ran.out);
        assert!(!ran.out.lines().any(|line| line.starts_with("undo")), "{}", ran.out);
    }
}

#[test]
fn an_operator_who_may_only_invoke_the_function_holds_and_releases_a_family() {
    let world = World::new();
    world.account(|account| account.registers(BLOCKING));
    let (operator, _) = asking(&world);
    let function = ["--function", "logweir-backout", "--requested-by", "me"];
    let hold = ["hold", "web", "--until", "2099-12-24", "--reason", "INC-42"];
    let ran = operator.run(&[&hold[..], &function].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("web: held\n") && ran.out.contains("until 2099-12-25T00:00:00Z"), "{}", ran.out);
    assert!(ran.out.contains("requested by me"), "{}", ran.out);
    let sent: Value = serde_json::from_str(&operator.aws.calls().last().unwrap().1).unwrap();
    let until = "2099-12-25T00:00:00Z";
    let wanted = json!({"logweir": "hold", "family": "web", "until": until, "reason": "INC-42", "requested_by": "me"});
    assert_eq!(sent, wanted);
    let ran = operator.run(&[&["hold", "--release", "web"][..], &function].concat());
    assert_eq!((ran.code, ran.out.lines().next()), (0, Some("web: released")), "{ran:?}");
    let ran = operator.run(&[&["hold", "--release", "web"][..], &function].concat());
    assert_eq!((ran.code, ran.out.lines().next()), (0, Some("web: skipped (not-on-hold)")), "{ran:?}");
    assert_eq!(calls_of_the_verb(&operator).len(), 3, "nothing else was called");
}

/// The calls so far, without those that say in which account the run acts.
fn calls_of_the_verb(operator: &Operator) -> Vec<(String, String)> {
    let mut calls = operator.aws.calls();
    calls.retain(|(name, _)| !["GetCallerIdentity", "ListAccountAliases"].contains(&name.as_str()));
    calls
}
