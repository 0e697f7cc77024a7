//! The journal format of the first version, before backouts and families: reading and continuing it. Both fixtures were
//! written by that version and contain every kind of entry that it knew.

use std::fs;

use logweir::domain::limits::family::Family;
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{BackoutRequest, Effects, EntryKind, Next, next};
use logweir::ports::{Filter, Journal, Listed};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::file::{ends, file, open};
use super::table::{body, journal};
use crate::journal_contract::families::{first, name};
use crate::journal_contract::pointings;
use crate::journal_contract::sample::{closed, now, registered, revision, service, undo, upon};
use crate::journal_contract::{read, run};
use crate::loopback::{Loopback, Reply};

const LINES: &str = include_str!("fixtures/first-form.jsonl");
const ITEMS: &str = include_str!("fixtures/first-form-items.json");

fn first_form() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("journal")).unwrap();
    fs::write(file(&folder), LINES).unwrap();
    folder
}

#[test]
fn every_record_of_the_first_form_is_read_completely() {
    let folder = first_form();
    let records = [("web:41", 10), ("web:43", 10), ("web:45", 8), ("api:7", 9), ("api:9", 6)];
    assert_eq!(records.map(|(_, entries)| entries).iter().sum::<usize>(), ends(LINES.as_bytes()).len());
    for (short, entries) in records {
        let record = run(read(&open(&folder), short));
        assert_eq!((record.entries.len(), record.head.next as usize), (entries, entries), "{short}");
        assert!(!record.head.suppressed && !record.head.backing_out && record.head.restored.is_none(), "{short}");
    }
}

#[test]
fn the_heads_of_the_first_form_are_listed() {
    let list = |filter: Filter| -> Vec<String> {
        let heads = run(open(&first_form()).list(&filter, 9)).unwrap().readable;
        heads.iter().map(|head| head.source.short()).collect()
    };
    assert_eq!(list(Filter::all(now())), ["web:41", "web:43", "api:7", "web:45", "api:9"]);
    assert_eq!(list(Filter { open: true, ..Filter::all(now()) }), ["api:9"]);
    assert_eq!(list(Filter { outcome: Some(Outcome::Superseded), ..Filter::all(now()) }), ["web:43"]);
    let folder = first_form();
    let journal = open(&folder);
    for (correction, source) in [("web:42", "web:41"), ("web:44", "web:43"), ("api:8", "api:7")] {
        assert_eq!(run(journal.source_of(&revision(correction))), Ok(Some(revision(source))));
    }
    assert_eq!(
        (run(journal.read_state::<Family>(&name("web"))), run(journal.stopped())),
        (Ok(None), Ok(Listed::default()))
    );
    assert_eq!(run(journal.read_state::<ServiceHistory>(&service("prod/web"))), Ok(None));
}

#[test]
fn every_record_of_the_first_form_is_folded() {
    let folder = first_form();
    for (short, outcome, correction) in [
        ("web:41", Outcome::Remediated, Some("web:42")),
        ("web:43", Outcome::Superseded, None),
        ("web:45", Outcome::Failed, None),
        ("api:7", Outcome::NeedsOperator, None),
    ] {
        let record = run(read(&open(&folder), short));
        let attempt = record.attempt().unwrap().unwrap();
        assert!(matches!(next(&attempt), Next::Finished(closing) if closing.outcome == outcome), "{short}");
        assert_eq!(attempt.corrected().map(|arn| arn.short()), correction.map(String::from), "{short}");
        let standing = Effects::of(&record);
        assert_eq!(standing.revisions.first().map(|(arn, _)| arn.short()), correction.map(String::from), "{short}");
    }
    let opened = run(read(&open(&folder), "api:9"));
    assert!(matches!(next(&opened.attempt().unwrap().unwrap()), Next::Resolve(2, _)));
    let superseded = run(read(&open(&folder), "web:43"));
    assert_eq!(superseded.attempt().unwrap().unwrap().withdrawals[0].1, Reason::NewerRevision);
}

#[test]
fn a_record_of_the_first_form_is_continued() {
    let folder = first_form();
    let journal = open(&folder);
    let standing = run(read(&journal, "api:9")).head;
    let done = upon(&standing, "b", registered("api:10"));
    let end = done.then("b", closed());
    // A finished record is backed out, which that version could not do.
    let finished = run(read(&journal, "web:41")).head;
    let asked = BackoutRequest {
        reason: None,
        requested_by: None,
        restore_over_newer: false,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps: undo(),
    };
    let backout = upon(&finished, "b", EntryKind::BackoutRequested(Box::new(asked)));
    let undoing = backout.then("b", EntryKind::Undoing { step: 0, rollback: None });
    for commit in [&done, &end, &backout, &undoing] {
        assert_eq!(run(commit.on(&journal)), Ok(()));
    }
    assert_eq!(run(journal.put_state(&first("web"))), Ok(()));
    assert_eq!(run(journal.put_state(&pointings::first("prod/web"))), Ok(()));

    assert!(fs::read_to_string(file(&folder)).unwrap().starts_with(LINES), "written lines are kept");
    let record = run(read(&journal, "api:9"));
    assert!(matches!(next(&record.attempt().unwrap().unwrap()), Next::Finished(_)));
    let record = run(read(&journal, "web:41"));
    assert!(matches!(next(&record.attempt().unwrap().unwrap()), Next::Undo(0, _)));
    assert!(record.head.suppressed && record.head.backing_out);
}

#[test]
fn the_items_of_the_first_form_are_read_and_continued() {
    let items: Vec<Value> = serde_json::from_str(ITEMS).unwrap();
    let (mut own, record): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item["sk"]["S"] == "OWN");
    let own = own.remove(0);
    let table = Loopback::serve(move |operation, _| match operation {
        "Query" => Reply::ok(&json!({"Items": record})),
        "GetItem" => Reply::ok(&json!({"Item": own})),
        _ => Reply::ok(&json!({})),
    });
    let stands = run(read(&journal(&table), "web:41"));
    assert_eq!(stands, run(read(&open(&first_form()), "web:41")), "as in the file");
    assert_eq!(run(journal(&table).source_of(&revision("web:42"))), Ok(Some(revision("web:41"))));
    let asked = BackoutRequest {
        reason: None,
        requested_by: None,
        restore_over_newer: false,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps: undo(),
    };
    assert_eq!(run(upon(&stands.head, "c", EntryKind::BackoutRequested(Box::new(asked))).on(&journal(&table))), Ok(()));
    let puts = body(table.calls().last().unwrap())["TransactItems"].clone();
    assert_eq!(puts[0]["Put"]["ExpressionAttributeValues"], json!({":owner": {"S": "b"}, ":next": {"N": "10"}}));
}
