//! The stored history of a service in the table: the calls, their conditions, and the meaning of the answers.

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

/// The item that is written for this state.
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
fn a_first_state_requires_an_empty_place_and_the_next_its_predecessor() {
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
    // No attribute of an index.
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
fn a_put_is_not_lost_if_its_state_is_stored_already_and_lost_otherwise() {
    let state = then(&first("prod/web"), 44);
    let other_state = then(&first("prod/web"), 46);
    for (standing, expected) in
        [(Some(&state), Ok(())), (Some(&other_state), Err(CommitError::Lost)), (None, Err(CommitError::Lost))]
    {
        let standing = standing.map(item);
        let table = Loopback::serve(move |operation, _| match (operation, &standing) {
            ("PutItem", _) => taken(),
            (_, Some(item)) => Reply::ok(&json!({"Item": item})),
            (_, None) => Reply::ok(&json!({})),
        });
        assert_eq!(run(journal(&table).put_state(&state)), expected);
        assert_eq!(names(&table), ["PutItem", "GetItem"]);
    }
}

#[test]
fn a_put_without_an_answer_is_retried_and_finds_its_state_stored() {
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
fn an_unreadable_state_is_named_and_its_content_is_not_shown() {
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
fn an_error_of_any_call_says_whether_a_retry_can_help() {
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
