//! The stored form of the registration rate limit, in a file and in a table.

use std::fs;

use logweir::domain::limits::rate::RateLimit;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Journal};
use serde_json::json;

use super::file::{file, open as open_file, refused};
use super::table::{body, journal};
use crate::journal_contract::budgets::{name, two};
use crate::journal_contract::run;
use crate::loopback::{Loopback, Reply};

#[test]
fn a_rate_limit_is_one_item_and_each_state_requires_its_predecessor() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let [first, second] = two(&name());
    run(journal(&table).put_state(&first)).unwrap();
    run(journal(&table).put_state(&second)).unwrap();
    assert_eq!(run(journal(&table).read_state::<RateLimit>(&name())), Ok(None));
    let calls = table.calls();
    assert_eq!([0, 1, 2].map(|call| calls[call].0.as_str()), ["PutItem", "PutItem", "GetItem"]);
    assert_eq!(body(&calls[0])["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(body(&calls[1])["ConditionExpression"], "#version = :before");
    let mut item = body(&calls[1])["Item"].clone();
    let state = item["budget"]["S"].take();
    assert_eq!(serde_json::from_str::<RateLimit>(state.as_str().unwrap()).unwrap(), second);
    // No attribute of an index.
    let expected = json!({
        "pk": {"S": "BUDGET#111122223333/eu-west-1"}, "sk": {"S": "BUDGET"}, "budget": {"S": null},
        "version": {"N": "2"}, "at": {"S": "2026-11-21T08:00:01.000000000Z"},
    });
    assert_eq!(item, expected);
    let get = body(&calls[2]);
    assert_eq!((&get["ConsistentRead"], &get["Key"]["pk"]), (&json!(true), &expected["pk"]));
}

#[test]
fn a_rate_limit_of_a_newer_version_is_refused() {
    let [first, _] = two(&name());
    let newer = RateLimit { schema: RateLimit::SCHEMA + 1, ..first };
    let folder = tempfile::tempdir().unwrap();
    run(open_file(&folder).put_state(&newer)).unwrap();
    let unknown = "line 1: the line holds data that this version of Logweir does not know";
    refused(run(open_file(&folder).read_state::<RateLimit>(&name())), unknown);
    assert!(fs::read_to_string(file(&folder)).unwrap().contains(r#""budget":{"schema":2,"account":"111122223333""#));

    let written = Loopback::serve(|_, _| Reply::ok(&json!({})));
    run(journal(&written).put_state(&newer)).unwrap();
    let item = body(&written.calls()[0])["Item"].clone();
    let table = Loopback::serve(move |_, _| Reply::ok(&json!({"Item": item})));
    let error = run(journal(&table).read_state::<RateLimit>(&name())).unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
}
