//! The journal table with answers that DynamoDB gives rarely, or that no emulator gives.

use std::sync::{Arc, Mutex};

use logweir::aws::sdk::journal::DynamoJournal;
use logweir::domain::outcome::Reason;
use logweir::domain::record::{BackoutRequest, EntryKind, Undo};
use logweir::ports::{CommitError, ErrorKind, Filter, Journal, Listed};
use serde_json::{Value, json};

use crate::dynamodb::client;
use crate::journal_contract::run;
use crate::journal_contract::sample::{Commit, closed, now, registered, revision, service};
use crate::loopback::{Loopback, Reply};

pub fn journal(table: &Loopback) -> DynamoJournal {
    DynamoJournal::new(client(&table.url), "journal")
}

pub fn body(call: &(String, String)) -> Value {
    serde_json::from_str(&call.1).unwrap()
}

fn canceled(codes: &[&str]) -> Reply {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({"Code": code})).collect();
    let error = json!({"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "canceled", "CancellationReasons": reasons});
    Reply::Json(400, error.to_string())
}

/// The items that are in the table after these commits.
pub fn items(commits: &[Commit]) -> Vec<Value> {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let journal = journal(&table);
    commits.iter().for_each(|commit| run(journal.commit(&commit.expected, &commit.head, &commit.entry)).unwrap());
    let puts = |call| body(&call)["TransactItems"].as_array().unwrap().clone();
    table.calls().into_iter().flat_map(puts).map(|put| put["Put"]["Item"].clone()).collect()
}

fn two() -> [Commit; 2] {
    let first = Commit::first("web:41", "a");
    [first.clone(), first.then("a", registered("web:42"))]
}

#[test]
fn a_commit_is_one_transaction_on_the_expected_state() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let [first, second] = two();
    let third = second.then("a", closed());
    for commit in [&first, &second, &third] {
        run(journal(&table).commit(&commit.expected, &commit.head, &commit.entry)).unwrap();
    }
    let calls: Vec<Value> = table.calls().iter().map(body).collect();
    let arn = |number| format!("REV#arn:aws:ecs:eu-west-1:111122223333:task-definition/web:{number}");
    let keys = |call: &Value| -> Vec<[String; 2]> {
        let puts = call["TransactItems"].as_array().unwrap().iter().map(|put| &put["Put"]["Item"]);
        puts.map(|item| ["pk", "sk"].map(|key| item[key]["S"].as_str().unwrap().to_owned())).collect()
    };
    let [head, entry, own] = ["HEAD", "E#0000000001", "OWN"].map(String::from);
    assert_eq!(keys(&calls[1]), [[arn(41), head.clone()], [arn(41), entry], [arn(42), own]]);
    assert_eq!(keys(&calls[2]), [[arn(41), head], [arn(41), "E#0000000002".into()]]);

    let put = |call: usize, put: usize| &calls[call]["TransactItems"][put]["Put"];
    for (call, position) in [(0, 0), (0, 1), (1, 1), (2, 1)] {
        assert_eq!(put(call, position)["ConditionExpression"], "attribute_not_exists(pk)");
    }
    assert_eq!(put(2, 0)["ConditionExpression"], "#owner = :owner AND #next = :next");
    assert_eq!(put(2, 0)["ExpressionAttributeValues"], json!({":owner": {"S": "a"}, ":next": {"N": "2"}}));

    let head = |call: usize| put(call, 0)["Item"].clone();
    let indexed = ["family_key", "day", "at", "open"].map(|name| head(1)[name]["S"].as_str().unwrap().to_owned());
    assert_eq!(indexed, ["FAM#web", "DAY#2026-11-21", "2026-11-21T08:00:01.500000000Z", "OPEN"]);
    assert!(head(2).get("open").is_none(), "only open records are in that index");
}

#[test]
fn a_commit_without_an_answer_is_retried_with_the_same_token() {
    let mut answers = vec![Reply::ok(&json!({})), Reply::Json(500, "{}".into()), Reply::Cut];
    let table = Loopback::serve(move |_, _| answers.pop().unwrap());
    assert_eq!(run(Commit::first("web:41", "a").on(&journal(&table))), Ok(()));
    let tokens: Vec<Value> = table.calls().iter().map(|call| body(call)["ClientRequestToken"].clone()).collect();
    assert!(tokens.len() == 3 && tokens[0].is_string() && tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}

#[test]
fn a_commit_is_not_lost_if_it_is_stored_already_and_lost_otherwise() {
    let [commit_a, commit_b] = [Commit::first("web:41", "a"), Commit::first("web:41", "b")];
    for (standing, expected) in
        [(Some(&commit_a), Ok(())), (Some(&commit_b), Err(CommitError::Lost)), (None, Err(CommitError::Lost))]
    {
        let item = standing.map(|commit| items(std::slice::from_ref(commit))[1].clone());
        let table = Loopback::serve(move |operation, _| match (operation, &item) {
            ("TransactWriteItems", _) => canceled(&["ConditionalCheckFailed", "None"]),
            (_, Some(item)) => Reply::ok(&json!({"Item": item})),
            (_, None) => Reply::ok(&json!({})),
        });
        assert_eq!(run(commit_a.on(&journal(&table))), expected);
        let read_back = body(&table.calls()[1]);
        assert_eq!(
            (&read_back["ConsistentRead"], &read_back["Key"]["sk"]["S"]),
            (&json!(true), &json!("E#0000000000"))
        );
    }
}

#[test]
fn an_error_says_whether_a_retry_can_help() {
    let error = |code: &'static str| move || Reply::error(code, "said so");
    type Refuses = Box<dyn Fn() -> Reply + Send>;
    let cases: [(Refuses, ErrorKind, Option<Reason>); 8] = [
        (Box::new(|| canceled(&["TransactionConflict", "None"])), ErrorKind::Retry, None),
        (Box::new(|| canceled(&["None", "ThrottlingError"])), ErrorKind::Retry, None),
        (Box::new(|| canceled(&["ValidationError"])), ErrorKind::Refused, None),
        (Box::new(error("TransactionInProgressException")), ErrorKind::Retry, None),
        (Box::new(error("ProvisionedThroughputExceededException")), ErrorKind::Retry, Some(Reason::Throttled)),
        (Box::new(error("AccessDeniedException")), ErrorKind::Refused, Some(Reason::AccessDenied)),
        (Box::new(error("ResourceNotFoundException")), ErrorKind::Missing, None),
        (Box::new(|| Reply::Cut), ErrorKind::Retry, None),
    ];
    for (number, (answer, kind, reason)) in cases.into_iter().enumerate() {
        let table = Loopback::serve(move |_, _| answer());
        let commit = Commit::first("web:41", "a");
        let answer = run(journal(&table).commit(&commit.expected, &commit.head, &commit.entry));
        let Err(CommitError::Port(error)) = answer else { panic!("case {number}: {answer:?}") };
        assert_eq!((error.kind, error.reason), (kind, reason), "case {number}: {error}");
        assert_eq!(error.call, "TransactWriteItems");
        if kind == ErrorKind::Missing {
            let advice = "there is no table journal in this account and Region: deploy Logweir, or name the table with --journal dynamodb:TABLE";
            assert_eq!(error.message, advice);
        }
    }
}

#[test]
fn a_record_is_read_again_until_its_head_and_its_entries_match() {
    let [first, second] = two();
    let [old_head, entry_0, new_head, entry_1, _] = items(&[first.clone(), second.clone()]).try_into().unwrap();
    let whole = [entry_0.clone(), entry_1.clone(), new_head.clone()];
    for (answers_in_order, expected) in [
        (vec![whole.to_vec()], Some(&second)),
        // The newest entry, or the newest head, is not there yet.
        (vec![vec![entry_0.clone(), new_head.clone()], whole.to_vec()], Some(&second)),
        (vec![vec![entry_0.clone()], whole.to_vec()], Some(&second)),
        (vec![vec![entry_0.clone(), entry_1.clone(), old_head]], Some(&first)),
        // A permanent gap.
        (vec![vec![entry_1.clone(), new_head.clone()]; 3], None),
    ] {
        let count = answers_in_order.len();
        let answers = Arc::new(Mutex::new(answers_in_order.into_iter()));
        let table = Loopback::serve(move |_, _| Reply::ok(&json!({"Items": answers.lock().unwrap().next().unwrap()})));
        let record = run(journal(&table).read(&revision("web:41")));
        match expected {
            Some(commit) => assert_eq!(record.unwrap().unwrap().head, commit.head),
            None => assert_eq!(record.unwrap_err().reason, Some(Reason::Unreadable)),
        }
        assert_eq!(table.calls().len(), count);
        assert!(table.calls().iter().all(|call| body(call)["ConsistentRead"] == true));
    }
}

#[test]
fn an_unreadable_item_is_named_and_its_content_is_not_shown() {
    let [_, mut entry] = items(&[Commit::first("web:41", "CANARY")]).try_into().unwrap();
    for text in
        [r#"{"CANARY":1}"#.to_owned(), entry["entry"]["S"].as_str().unwrap().replace("\"schema\":1", "\"schema\":2")]
    {
        entry["entry"]["S"] = text.into();
        let answer = json!({"Items": [entry]});
        let table = Loopback::serve(move |_, _| Reply::ok(&answer));
        let error = run(journal(&table).read(&revision("web:41"))).unwrap_err();
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
        let place = "the item REV#arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41, E#0000000000 holds";
        assert!(error.message.starts_with(place) && !format!("{error:?}").contains("CANARY"), "{error:?}");
    }
}

#[test]
fn an_entry_that_is_too_large_is_refused_before_it_is_sent() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    let long = |length| {
        Commit::first("web:41", "a").then("a", EntryKind::Failed { step: 0, why: "x".repeat(length), reason: None })
    };
    let Err(CommitError::Port(error)) = run(long(409_600).on(&journal(&table))) else { panic!("it is too large") };
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::TooLarge)));
    assert!(error.message.ends_with("bytes, but DynamoDB accepts at most 409600"), "{error}");
    assert!(table.calls().is_empty());
    assert_eq!(run(long(409_000).on(&journal(&table))), Ok(()));
}

#[test]
fn a_backout_request_with_as_many_undo_steps_as_it_may_contain_fits_into_an_item() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({})));
    for name in ["web".to_owned(), "w".repeat(255)] {
        let (from, to) = (revision(&format!("{name}:1")), revision(&format!("{name}:2")));
        let undo = |number: usize| Undo::RollBackService {
            service: service(&format!("{name}/{number:04}{}", &name[name.len().min(4)..])),
            from: from.clone(),
            to: to.clone(),
            settled: false,
        };
        let all: Vec<Undo> = (0..2000).map(undo).collect();
        let steps = BackoutRequest::first(all.clone());
        assert!(steps.len() > 200 && steps.len() < all.len() && all.starts_with(&steps), "{}", steps.len());
        let asked = BackoutRequest {
            reason: Some("\u{1f980}".repeat(256)),
            requested_by: Some("\u{1f980}".repeat(256)),
            restore_over_newer: true,
            restore_source: true,
            ignore_pins: false,
            continues: true,
            registrars: vec!["r".repeat(2048); 8],
            steps,
        };
        let commit = Commit::first("web:41", "a").then("a", EntryKind::BackoutRequested(Box::new(asked)));
        assert_eq!(run(commit.on(&journal(&table))), Ok(()));
    }
}

#[test]
fn an_unfiltered_list_covers_one_month() {
    let table = Loopback::serve(|_, _| Reply::ok(&json!({"Items": []})));
    let filter = Filter::all(now());
    assert_eq!(run(journal(&table).list(&filter, 5)), Ok(Listed::default()));
    let days: Vec<Value> =
        table.calls().iter().map(|call| body(call)["ExpressionAttributeValues"][":key"]["S"].clone()).collect();
    assert_eq!((days.len(), &days[0], &days[30]), (31, &json!("DAY#2026-11-21"), &json!("DAY#2026-10-22")));
}

#[test]
fn a_record_that_an_index_shows_on_two_days_is_listed_once() {
    let commit = Commit::first("web:41", "a");
    let answer = json!({"Items": [items(std::slice::from_ref(&commit))[0]]});
    let table = Loopback::serve(move |_, _| Reply::ok(&answer));
    let filter = Filter::all(now());
    assert_eq!(run(journal(&table).list(&filter, 5)), Ok(vec![commit.head].into()));
}
