//! The stored state of a family in the table: the calls, their conditions, and the meaning of the answers.

use logweir::domain::limits::family::Family;
use logweir::domain::outcome::Reason;
use logweir::domain::record::EntryKind;
use logweir::ports::{CommitError, ErrorKind, Journal, Listed};
use serde_json::{Value, json};

use super::table::{body, items, journal};
use crate::journal_contract::families::{first, held, name, opened, then};
use crate::journal_contract::run;
use crate::journal_contract::sample::{Commit, revision};
use crate::loopback::{Loopback, Reply};

const KEY: &str = "FAM#111122223333/eu-west-1/web";

/// The item that is written for this state.
fn item(family: &Family) -> Value {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    run(journal(&table).put_state(family)).unwrap();
    body(&table.calls()[0])["Item"].clone()
}

fn names(table: &Loopback) -> Vec<String> {
    table.calls().into_iter().map(|(operation, _)| operation).collect()
}

#[test]
fn a_first_state_requires_an_empty_place_and_the_next_its_predecessor() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let one = first("web");
    let two = then(&one, held);
    run(journal(&table).put_state(&one)).unwrap();
    run(journal(&table).put_state(&two)).unwrap();
    assert_eq!(names(&table), ["PutItem", "PutItem"]);
    let [first, next] = [0, 1].map(|call| body(&table.calls()[call]));
    assert_eq!(first["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(next["ConditionExpression"], "#version = :before");
    assert_eq!(next["ExpressionAttributeNames"], json!({"#version": "version"}));
    assert_eq!(next["ExpressionAttributeValues"], json!({":before": {"N": "1"}}));
    let member = |put: &Value, name: &str| put["Item"][name]["S"].as_str().map(String::from);
    assert_eq!(
        ["pk", "sk", "at"].map(|name| member(&first, name).unwrap()),
        [KEY.to_owned(), "FAMILY".into(), "2026-11-21T08:00:00.000000000Z".into()]
    );
    assert_eq!((member(&first, "open"), member(&next, "open")), (None, Some("STOPPED".into())));
    assert_eq!(next["Item"]["version"], json!({"N": "2"}));
    assert_eq!(serde_json::from_str::<Family>(&member(&next, "family").unwrap()).unwrap(), two);
}

#[test]
fn a_family_is_read_by_its_key_consistently() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    assert_eq!(run(journal(&table).read_state::<Family>(&name("web"))), Ok(None));
    let [call] = table.calls().try_into().unwrap();
    assert_eq!((call.0.as_str(), &body(&call)["ConsistentRead"]), ("GetItem", &json!(true)));
    assert_eq!(body(&call)["Key"], json!({"pk": {"S": KEY}, "sk": {"S": "FAMILY"}}));
}

#[test]
fn a_put_is_not_lost_if_its_state_is_stored_already_and_lost_otherwise() {
    let two = then(&first("web"), opened);
    let other_state = then(&first("web"), held);
    for (standing, expected) in
        [(Some(&two), Ok(())), (Some(&other_state), Err(CommitError::Lost)), (None, Err(CommitError::Lost))]
    {
        let standing = standing.map(item);
        let table = Loopback::serve(move |operation, _| match (operation, &standing) {
            ("PutItem", _) => Reply::error("ConditionalCheckFailedException", "The conditional request failed"),
            (_, Some(item)) => Reply::ok(&json!({"Item": item})),
            (_, None) => Reply::ok(&json!({})),
        });
        assert_eq!(run(journal(&table).put_state(&two)), expected);
        assert_eq!(names(&table), ["PutItem", "GetItem"]);
    }
}

#[test]
fn a_put_without_an_answer_is_retried_and_finds_its_state_stored() {
    let one = first("web");
    let standing = item(&one);
    let mut puts = 0;
    let table = Loopback::serve(move |operation, _| {
        puts += i32::from(operation == "PutItem");
        match (operation, puts) {
            ("PutItem", 1) => Reply::Cut,
            ("PutItem", _) => Reply::error("ConditionalCheckFailedException", "The conditional request failed"),
            _ => Reply::ok(&json!({"Item": standing})),
        }
    });
    assert_eq!(run(journal(&table).put_state(&one)), Ok(()));
    assert_eq!(names(&table), ["PutItem", "PutItem", "GetItem"]);
}

#[test]
fn stopped_families_are_one_query_of_the_index_of_open_work() {
    let (two, other) = (then(&first("web"), opened), then(&first("api"), held));
    let last = |at| json!({"pk": {"S": KEY}, "sk": {"S": "FAMILY"}, "open": {"S": "STOPPED"}, "at": {"S": at}});
    let mut pages = vec![
        json!({"Items": [item(&other)]}),
        json!({"Items": [], "LastEvaluatedKey": last("b")}),
        json!({"Items": [item(&two)], "LastEvaluatedKey": last("c")}),
    ];
    let table = Loopback::serve(move |_, _| Reply::ok(&pages.pop().unwrap()));
    assert_eq!(run(journal(&table).stopped()), Ok(vec![two, other].into()));
    assert_eq!(names(&table), ["Query"; 3], "one for each page");
    let asked = body(&table.calls()[0]);
    assert_eq!(
        (&asked["IndexName"], &asked["ExpressionAttributeNames"]),
        (&json!("by-open"), &json!({"#key": "open"}))
    );
    assert_eq!(asked["ExpressionAttributeValues"], json!({":key": {"S": "STOPPED"}}));
}

#[test]
fn an_unreadable_state_is_named_and_its_content_is_not_shown() {
    let mut standing = item(&then(&first("web"), held));
    let newer = standing["family"]["S"].as_str().unwrap().replace("\"schema\":1", "\"schema\":2");
    for text in [newer, r#"{"CANARY":1}"#.into(), "CANARY".into()] {
        standing["family"]["S"] = text.into();
        let answer = json!({"Item": standing, "Items": [standing]});
        let table = Loopback::serve(move |operation, _| match operation {
            "PutItem" => Reply::error("ConditionalCheckFailedException", "The conditional request failed"),
            _ => Reply::ok(&answer),
        });
        let put = match run(journal(&table).put_state(&first("web"))) {
            Err(CommitError::Port(error)) => Err(error),
            other => panic!("{other:?}"),
        };
        let named = vec![name("web").to_string()];
        assert_eq!(run(journal(&table).stopped()), Ok(Listed { readable: Vec::new(), unreadable: named }));
        let answers = [run(journal(&table).read_state::<Family>(&name("web"))).map(drop), put];
        for answer in answers {
            let error = answer.unwrap_err();
            assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
            assert!(error.message.starts_with(&format!("the item {KEY}, FAMILY holds")), "{error}");
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
        let Err(CommitError::Port(put)) = run(journal(&table).put_state(&first("web"))) else { panic!("{code}") };
        let get = run(journal(&table).read_state::<Family>(&name("web"))).unwrap_err();
        let query = run(journal(&table).stopped()).unwrap_err();
        for (error, call) in [(put, "PutItem"), (get, "GetItem"), (query, "Query")] {
            assert_eq!((error.kind, error.call), (kind, call), "{error}");
        }
    }
}

#[test]
fn a_restored_revision_names_its_source_in_the_same_transaction() {
    let claim = Commit::first("web:41", "a");
    let restored = claim.then("a", EntryKind::Restored { step: 0, restored: revision("web:43") });
    let items = items(&[claim, restored]);
    let [.., own] = items.as_slice() else { panic!("head, entry and source") };
    let arn = |number| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:{number}");
    let expected = json!({"pk": {"S": format!("REV#{}", arn(43))}, "sk": {"S": "OWN"}, "source": {"S": arn(41)}});
    assert_eq!(*own, expected);
}
