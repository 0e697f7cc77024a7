//! What is remembered of a service, in the one table: which calls it takes, on which conditions, and what answers mean.

use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::outcome::Reason;
use logweir::ports::{CommitError, ErrorKind, Journal};
use serde_json::{Value, json};

use super::table::{body, journal};
use crate::journal_contract::pointings::{first, then};
use crate::journal_contract::run;
use crate::journal_contract::sample::service;
use crate::loopback::{Loopback, Reply};

const KEY: &str = "SVC#arn:aws:ecs:eu-west-1:111122223333:service/prod/web";

/// The item of this state, as it is put.
fn item(pointings: &ServiceHistory) -> Value {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    run(journal(&table).put_state(pointings)).unwrap();
    body(&table.calls()[0])["Item"].clone()
}

fn names(table: &Loopback) -> Vec<String> {
    table.calls().into_iter().map(|(operation, _)| operation).collect()
}

fn taken() -> Reply {
    Reply::error("ConditionalCheckFailedException", "The conditional request failed")
}

#[test]
fn a_first_state_is_put_where_none_is_and_the_next_upon_the_one_before() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let one = first("prod/web");
    let two = then(&one, 44);
    run(journal(&table).put_state(&one)).unwrap();
    run(journal(&table).put_state(&two)).unwrap();
    assert_eq!(names(&table), ["PutItem", "PutItem"]);
    let [first, next] = [0, 1].map(|call| body(&table.calls()[call]));
    assert_eq!(first["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(next["ConditionExpression"], "#version = :before");
    assert_eq!(next["ExpressionAttributeNames"], json!({"#version": "version"}));
    assert_eq!(next["ExpressionAttributeValues"], json!({":before": {"N": "1"}}));
    let mut item = next["Item"].clone();
    let state = item["pointings"]["S"].take();
    assert_eq!(serde_json::from_str::<ServiceHistory>(state.as_str().unwrap()).unwrap(), two);
    // Nothing that an index asks for.
    let expected = json!({
        "pk": {"S": KEY}, "sk": {"S": "SERVICE"}, "pointings": {"S": null}, "version": {"N": "2"},
        "at": {"S": "2026-11-21T08:01:00.000000000Z"},
    });
    assert_eq!(item, expected);
}

#[test]
fn a_service_is_read_by_its_key_consistently() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    assert_eq!(run(journal(&table).read_state::<ServiceHistory>(&service("prod/web"))), Ok(None));
    let [call] = table.calls().try_into().unwrap();
    assert_eq!((call.0.as_str(), &body(&call)["ConsistentRead"]), ("GetItem", &json!(true)));
    assert_eq!(body(&call)["Key"], json!({"pk": {"S": KEY}, "sk": {"S": "SERVICE"}}));
}

#[test]
fn a_state_that_stands_is_not_lost_and_any_other_is() {
    let ours = then(&first("prod/web"), 44);
    let theirs = then(&first("prod/web"), 46);
    for (standing, expected) in
        [(Some(&ours), Ok(())), (Some(&theirs), Err(CommitError::Lost)), (None, Err(CommitError::Lost))]
    {
        let standing = standing.map(item);
        let table = Loopback::serve(move |operation, _| match (operation, &standing) {
            ("PutItem", _) => taken(),
            (_, Some(item)) => Reply::ok(&json!({"Item": item})),
            (_, None) => Reply::ok(&json!({})),
        });
        assert_eq!(run(journal(&table).put_state(&ours)), expected);
        assert_eq!(names(&table), ["PutItem", "GetItem"]);
    }
}

#[test]
fn a_lost_answer_is_asked_for_again_and_the_state_is_found_put() {
    let one = first("prod/web");
    let standing = item(&one);
    let mut puts = 0;
    let table = Loopback::serve(move |operation, _| {
        puts += i32::from(operation == "PutItem");
        match (operation, puts) {
            ("PutItem", 1) => Reply::Cut,
            ("PutItem", _) => taken(),
            _ => Reply::ok(&json!({"Item": standing})),
        }
    });
    assert_eq!(run(journal(&table).put_state(&one)), Ok(()));
    assert_eq!(names(&table), ["PutItem", "PutItem", "GetItem"]);
}

#[test]
fn a_state_that_nobody_can_read_is_named_and_nothing_of_it_is_repeated() {
    let mut standing = item(&first("prod/web"));
    let newer = standing["pointings"]["S"].as_str().unwrap().replace("\"schema\":1", "\"schema\":2");
    for text in [newer, r#"{"CANARY":1}"#.into(), "CANARY".into()] {
        standing["pointings"]["S"] = text.into();
        let answer = json!({"Item": standing});
        let table = Loopback::serve(move |operation, _| match operation {
            "PutItem" => taken(),
            _ => Reply::ok(&answer),
        });
        let put = match run(journal(&table).put_state(&first("prod/web"))) {
            Err(CommitError::Port(error)) => error,
            other => panic!("{other:?}"),
        };
        for error in [run(journal(&table).read_state::<ServiceHistory>(&service("prod/web"))).unwrap_err(), put] {
            assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
            assert!(error.message.starts_with(&format!("the item {KEY}, SERVICE holds")), "{error}");
            assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        }
    }
}

#[test]
fn an_error_of_any_call_says_whether_another_try_can_help() {
    for (code, kind) in [
        ("ProvisionedThroughputExceededException", ErrorKind::Retry),
        ("AccessDeniedException", ErrorKind::Refused),
        ("ResourceNotFoundException", ErrorKind::Missing),
    ] {
        let table = Loopback::serve(move |_, _| Reply::error(code, "said so"));
        let Err(CommitError::Port(put)) = run(journal(&table).put_state(&first("prod/web"))) else { panic!("{code}") };
        let get = run(journal(&table).read_state::<ServiceHistory>(&service("prod/web"))).unwrap_err();
        for (error, call) in [(put, "PutItem"), (get, "GetItem")] {
            assert_eq!((error.kind, error.call), (kind, call), "{error}");
        }
    }
}
