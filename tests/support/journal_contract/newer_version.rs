//! The part of the contract about records and states that a newer version of Logweir has written. The fixtures contain a
//! readable record (`api:3`), a record with an outcome and a schema of the future (`web:50`), a damaged record
//! (`web:51`), a readable family (`api`) and a family with a schema of the future (`web`).

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use logweir::domain::limits::family::Family;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Filter, Journal, Listed, PortError};
use serde_json::{Map, Value};

use super::families::{name, then};
use super::sample::{Commit, now, revision, started, upon};
use super::{read, run};

/// The lines of a journal file.
pub const LINES: &str = include_str!("newer_version/journal.jsonl");

const ITEMS: &str = include_str!("newer_version/items.json");

/// Puts the items of the fixture into a journal table.
pub fn plant(client: &Client, table: &str) {
    let items: Vec<Map<String, Value>> = serde_json::from_str(ITEMS).unwrap();
    for item in items {
        let item = item.into_iter().map(|(name, value)| (name, attribute(&value))).collect::<HashMap<_, _>>();
        run(client.put_item().table_name(table).set_item(Some(item)).send()).unwrap();
    }
}

fn attribute(value: &Value) -> AttributeValue {
    let text = |kind: &str| value[kind].as_str().map(String::from);
    text("S").map(AttributeValue::S).or_else(|| text("N").map(AttributeValue::N)).unwrap()
}

/// Holds for a journal that contains the fixture.
pub fn what_a_newer_version_wrote_stops_only_itself<J: Journal>(journal: &J) {
    run(async {
        lists_skip_and_name_it(journal).await;
        reads_by_key_refuse_it(journal).await;
        the_rest_goes_on(journal).await;
    });
}

async fn lists_skip_and_name_it(journal: &impl Journal) {
    let newer = ["web:50", "web:51"].map(|short| revision(short).to_string());
    let all = Filter::all(now());
    let of = |family: &str| Filter { family: Some(family.into()), ..all.clone() };
    for (filter, most, readable, unreadable) in [
        (all.clone(), 9, &["api:3"][..], &newer[..]),
        (Filter { open: true, ..all.clone() }, 9, &["api:3"], &newer),
        (of("web"), 9, &[], &newer),
        (of("api"), 9, &["api:3"], &[]),
    ] {
        let Listed { readable: heads, unreadable: mut names } = journal.list(&filter, most).await.unwrap();
        names.sort();
        assert_eq!(heads.iter().map(|head| head.source.short()).collect::<Vec<_>>(), readable, "{filter:?}");
        assert_eq!(names, unreadable, "{filter:?}");
    }
    let stopped = journal.stopped().await.unwrap();
    assert_eq!(stopped.readable.iter().map(|family| family.name.family.as_str()).collect::<Vec<_>>(), ["api"]);
    assert_eq!(stopped.unreadable, [name("web").to_string()]);
}

async fn reads_by_key_refuse_it(journal: &impl Journal) {
    let refused =
        |error: PortError| assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
    for short in ["web:50", "web:51"] {
        refused(journal.read(&revision(short)).await.unwrap_err());
    }
    refused(journal.read_state::<Family>(&name("web")).await.unwrap_err());
}

async fn the_rest_goes_on(journal: &impl Journal) {
    assert_eq!(journal.source_of(&revision("web:60")).await, Ok(None));
    let record = read(journal, "api:3").await;
    assert_eq!(upon(&record.head, "b", started(0)).on(journal).await, Ok(()));
    assert_eq!(Commit::first("web:60", "b").on(journal).await, Ok(()));
    let family = journal.read_state::<Family>(&name("api")).await.unwrap().unwrap();
    assert_eq!(journal.put_state(&then(&family, Family::go_on)).await, Ok(()));
}
