//! The part of the contract that is about what is left of the budget for registering, and how it stands in a file and in a
//! table.

use std::fs;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::rate::{Arrival, RateLimit, RateLimitName};
use logweir::domain::outcome::Reason;
use logweir::ports::{CommitError, ErrorKind, Journal};
use serde_json::json;

use crate::contract::run;
use crate::file::{file, open as open_file, refused};
use crate::loopback::{Loopback, Reply};
use crate::sample::now;
use crate::table::{body, journal};

pub fn name() -> RateLimitName {
    RateLimitName { account: "111122223333".into(), region: "eu-west-1".into() }
}

fn source() -> RevisionArn {
    "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1".parse().unwrap()
}

/// The first state, and the one after it a second later.
pub fn two(name: &RateLimitName) -> [RateLimit; 2] {
    let first = RateLimit::after(None, name, "a", now()).admit(Arrival::InSlot, 0.2).unwrap();
    let later = now() + SignedDuration::from_secs(1);
    let (second, _) = RateLimit::after(Some(first.clone()), name, "b", later).reserve(&source(), 0.2).unwrap();
    [first, second]
}

pub fn a_budget_is_remembered_state_by_state<J: Journal>(open: impl Fn() -> J) {
    run(async {
        assert_eq!(open().read_state::<RateLimit>(&name()).await, Ok(None));
        for state in two(&name()) {
            assert_eq!(open().put_state(&state).await, Ok(()));
            assert_eq!(open().read_state::<RateLimit>(&name()).await, Ok(Some(state)));
        }
    });
}

pub fn a_state_upon_a_budget_that_has_changed_is_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let [first, second] = two(&name());
        assert_eq!(journal.put_state(&second).await, Err(CommitError::Lost), "upon nothing");
        journal.put_state(&first).await.unwrap();
        let same_moment = RateLimit { by: "c".into(), ..first };
        assert_eq!(journal.put_state(&same_moment).await, Err(CommitError::Lost), "somebody else in the same moment");
        journal.put_state(&second).await.unwrap();
        let stale = RateLimit { by: "c".into(), ..second.clone() };
        assert_eq!(journal.put_state(&stale).await, Err(CommitError::Lost), "stale");
        assert_eq!(journal.read_state::<RateLimit>(&name()).await, Ok(Some(second)));
    });
}

pub fn each_account_and_region_has_a_budget_of_its_own<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let names = [
            name(),
            RateLimitName { account: "444455556666".into(), ..name() },
            RateLimitName { region: "eu-west-2".into(), ..name() },
        ];
        let states = names.map(|name| two(&name));
        for [first, _] in &states {
            assert_eq!(journal.put_state(first).await, Ok(()));
        }
        journal.put_state(&states[0][1]).await.unwrap();
        for [first, _] in &states[1..] {
            assert_eq!(journal.read_state::<RateLimit>(&first.name).await, Ok(Some(first.clone())));
        }
    });
}

/// A promise of the journals that answer over a network or after a crash, as for commits.
pub fn a_budget_put_again_is_not_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let [first, second] = two(&name());
        for state in [&first, &first, &second, &second] {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        assert_eq!(journal.put_state(&first).await, Err(CommitError::Lost));
    });
}

#[test]
fn a_budget_is_one_item_and_each_state_is_put_upon_the_one_before() {
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
    // Nothing that an index asks for.
    let expected = json!({
        "pk": {"S": "BUDGET#111122223333/eu-west-1"}, "sk": {"S": "BUDGET"}, "budget": {"S": null},
        "version": {"N": "2"}, "at": {"S": "2026-11-21T08:00:01.000000000Z"},
    });
    assert_eq!(item, expected);
    let get = body(&calls[2]);
    assert_eq!((&get["ConsistentRead"], &get["Key"]["pk"]), (&json!(true), &expected["pk"]));
}

#[test]
fn a_budget_that_a_newer_version_wrote_is_not_guessed_at() {
    let [first, _] = two(&name());
    let newer = RateLimit { schema: RateLimit::SCHEMA + 1, ..first };
    let folder = tempfile::tempdir().unwrap();
    run(open_file(&folder).put_state(&newer)).unwrap();
    let unknown = "line 1: the line holds what this version of Logweir does not know";
    refused(run(open_file(&folder).read_state::<RateLimit>(&name())), unknown);
    assert!(fs::read_to_string(file(&folder)).unwrap().contains(r#""budget":{"schema":2,"account":"111122223333""#));

    let written = Loopback::serve(|_, _| Reply::ok(&json!({})));
    run(journal(&written).put_state(&newer)).unwrap();
    let item = body(&written.calls()[0])["Item"].clone();
    let table = Loopback::serve(move |_, _| Reply::ok(&json!({"Item": item})));
    let error = run(journal(&table).read_state::<RateLimit>(&name())).unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
}
