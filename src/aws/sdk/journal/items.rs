//! Converts commits of the journal into DynamoDB puts, and reads the heads and entries of records from DynamoDB items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{Entry, Head, RecordKey, RecordKind, SCHEMA};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, ErrorKind, Expected, PortError, StateKind, StoredState};

/// The DynamoDB operation that writes the items of a record.
pub(in crate::aws) const COMMIT: &str = "TransactWriteItems";

/// The maximum size of a DynamoDB item in bytes, including the names of the item's attributes.
const LARGEST: usize = 400 * 1024;

/// The maximum length of a name in a list, in characters.
const LONGEST: usize = 512;

pub(in crate::aws) const HEAD: &str = "HEAD";
pub(in crate::aws) const OWN: &str = "OWN";
/// The value of the attribute `kind` in an item `OWN` of a migrated revision.
const MIGRATION: &str = "migration";
pub(in crate::aws) const OPEN: &str = "OPEN";

/// Returns the value of the attribute `open` for a state that the index `by-open` lists. Returns `None` if the index
/// lists no state of this kind.
pub(in crate::aws) fn listed(kind: StateKind) -> Option<&'static str> {
    match kind {
        // A family with an open fuse, a hold or a deferred revision.
        StateKind::Family => Some("STOPPED"),
        StateKind::ClusterRecord => Some("CLUSTER"),
        StateKind::ResourceRecord => Some("RESOURCE"),
        StateKind::SettingRecord => Some("SETTING"),
        StateKind::ServiceHistory
        | StateKind::RateLimit
        | StateKind::Reconciliation
        | StateKind::PinHolder
        | StateKind::RevisionPins
        | StateKind::PublishedBaseline
        | StateKind::SessionWatch
        | StateKind::Run
        | StateKind::RunPage => None,
    }
}

/// The value of the attribute `open` for a record that waits only for the retirement of its corrected revision.
pub(in crate::aws) const RETIRING: &str = "RETIRING";

pub(in crate::aws) type Item = HashMap<String, AttributeValue>;

pub(in crate::aws) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(in crate::aws) fn partition(revision: &RevisionArn) -> AttributeValue {
    text(format!("REV#{revision}"))
}

/// Returns the partition key of a record.
pub(in crate::aws) fn record(key: &RecordKey) -> AttributeValue {
    match key.kind {
        RecordKind::Correction => partition(&key.source),
        RecordKind::Migration => text(format!("MIGRATION#{}", key.source)),
    }
}

pub(in crate::aws) fn entry_key(sequence: u32) -> String {
    format!("E#{sequence:010}")
}

pub(in crate::aws) fn family_key(family: &str) -> String {
    format!("FAM#{family}")
}

/// Returns the partition key and the sort key of the stored state with this name.
pub(in crate::aws) fn state_key<S: StoredState>(name: &S::Name) -> (AttributeValue, &'static str) {
    let (prefix, sort) = match S::KIND {
        StateKind::Family => ("FAM", "FAMILY"),
        StateKind::ServiceHistory => ("SVC", "SERVICE"),
        StateKind::RateLimit => ("BUDGET", "BUDGET"),
        StateKind::Reconciliation => ("RECONCILIATION", "RECONCILIATION"),
        StateKind::PinHolder => ("PIN", "PIN"),
        StateKind::RevisionPins => ("PINS", "PINS"),
        StateKind::PublishedBaseline => ("BASELINE", "BASELINE"),
        StateKind::SessionWatch => ("SESSION", "SESSION"),
        StateKind::ClusterRecord => ("CLUSTER", "CLUSTER"),
        StateKind::ResourceRecord => ("RESOURCE", "RESOURCE"),
        StateKind::Run => ("RUN", "RUN"),
        StateKind::RunPage => ("RUN-PAGE", "RUN-PAGE"),
        StateKind::SettingRecord => ("SETTING", "SETTING"),
    };
    (text(format!("{prefix}#{name}")), sort)
}

pub(in crate::aws) fn day(at: Timestamp) -> String {
    format!("DAY#{}", at.strftime("%F"))
}

/// Returns the time as a text of fixed width, so that the alphabetical order of such texts is the order of the times.
fn sortable(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// Returns the put that stores an entry. The put fails if the record already has an entry with the same sequence
/// number.
pub(in crate::aws) fn entry(table: &str, key: &RecordKey, entry: &Entry) -> Answer<TransactWriteItem> {
    let item = [("pk", record(key)), ("sk", text(entry_key(entry.sequence))), ("entry", text(json(entry)?))];
    put(table, item, |put| put.condition_expression("attribute_not_exists(pk)"))
}

/// Returns the put that stores the head of a record. The put fails unless the table holds the expected head.
pub(in crate::aws) fn head(table: &str, expected: &Expected, head: &Head) -> Answer<TransactWriteItem> {
    let mut item = vec![
        ("pk", record(&head.key())),
        ("sk", text(HEAD)),
        ("head", text(json(head)?)),
        ("owner", text(&head.owner)),
        ("next", number(head.next)),
        ("family_key", text(family_key(&head.source.family))),
        ("day", text(day(head.at))),
        ("at", text(sortable(head.at))),
    ];
    if head.has_work() {
        item.push(("open", text(OPEN)));
    } else if head.is_retiring() {
        item.push(("open", text(RETIRING)));
    }
    put(table, item, |put| match expected {
        Expected::Nothing => put.condition_expression("attribute_not_exists(pk)"),
        Expected::At { owner, next } => put
            .condition_expression("#owner = :owner AND #next = :next")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#next", "next")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":next", number(*next)),
    })
}

/// Returns the put that links a revision that Logweir registered to its record. Returns `None` if the entry
/// does not report a registration.
pub(in crate::aws) fn own(table: &str, key: &RecordKey, entry: &Entry) -> Option<Answer<TransactWriteItem>> {
    let registered = entry.what.registered()?;
    let mut item = vec![("pk", partition(registered)), ("sk", text(OWN)), ("source", text(key.source.to_string()))];
    match key.kind {
        RecordKind::Correction => {}
        RecordKind::Migration => item.push(("kind", text(MIGRATION))),
    }
    Some(put(table, item, |put| put))
}

/// Returns the DynamoDB item of a state. Only the item of a listed state has the index attribute `open`.
pub(in crate::aws) fn state<S: StoredState>(state: &S) -> Answer<Item> {
    let (partition, sort) = state_key::<S>(state.name());
    let mut item = vec![
        ("pk", partition),
        ("sk", text(sort)),
        (S::KIND.name(), text(json(state)?)),
        ("version", number(state.version())),
        ("at", text(sortable(state.changed_at()))),
    ];
    if let Some(open) = listed(S::KIND).filter(|_| state.is_listed()) {
        item.push(("open", text(open)));
    }
    // DynamoDB deletes the item some time after this second (source: DynamoDB developer guide, Time to Live).
    item.extend(state.expires().map(|at| ("expires", AttributeValue::N(at.as_second().to_string()))));
    Ok(named(item))
}

fn named<'n>(item: impl IntoIterator<Item = (&'n str, AttributeValue)>) -> Item {
    item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(in crate::aws) fn read_state<S: StoredState>(item: &Item) -> Answer<S> {
    parsed(item, S::KIND.name(), S::is_known)
}

pub(in crate::aws) fn read_head(item: &Item) -> Answer<Head> {
    parsed(item, "head", |_| true)
}

pub(in crate::aws) fn read_entry(item: &Item) -> Answer<Entry> {
    parsed(item, "entry", |entry: &Entry| entry.schema <= SCHEMA)
}

pub(in crate::aws) fn read_record_key(item: &Item) -> Answer<RecordKey> {
    let kind = match string(item, "kind") {
        None => RecordKind::Correction,
        Some(MIGRATION) => RecordKind::Migration,
        Some(_) => return Err(unreadable(item)),
    };
    let source: Option<RevisionArn> = string(item, "source").and_then(|source| source.parse().ok());
    source.map(|source| kind.of(&source)).ok_or_else(|| unreadable(item))
}

/// Returns the name of the record or of the state that the item belongs to, even if the item is otherwise unreadable.
pub(in crate::aws) fn name(item: &Item) -> String {
    let partition = string(item, "pk").unwrap_or("?");
    plain(partition.split_once('#').map_or(partition, |(_, name)| name), LONGEST)
}

/// Returns whether the item holds exactly this entry.
pub(in crate::aws) fn holds(item: &Item, entry: &Entry) -> Answer<bool> {
    Ok(string(item, "entry") == Some(json(entry)?.as_str()))
}

pub(in crate::aws) fn string<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(in crate::aws) fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn put<'n>(
    table: &str,
    item: impl IntoIterator<Item = (&'n str, AttributeValue)>,
    on: impl FnOnce(PutBuilder) -> PutBuilder,
) -> Answer<TransactWriteItem> {
    let item = named(item);
    let length = |value: &AttributeValue| value.as_s().or(value.as_n()).map_or(0, String::len);
    let size: usize = item.iter().map(|(name, value)| name.len() + length(value)).sum();
    if size > LARGEST {
        let message = format!("the record needs an item of {size} bytes, but DynamoDB accepts at most {LARGEST}");
        return Err(refused(message, Some(Reason::TooLarge)));
    }
    let put = on(Put::builder().table_name(table).set_item(Some(item)))
        .build()
        .map_err(|error| refused(error.to_string(), None))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn json(value: &impl Serialize) -> Answer<String> {
    serde_json::to_string(value).map_err(|_| refused("the entry cannot be written as JSON".into(), None))
}

fn parsed<T: DeserializeOwned>(item: &Item, name: &str, is_known: impl FnOnce(&T) -> bool) -> Answer<T> {
    let value: Option<T> = string(item, name).and_then(|text| serde_json::from_str(text).ok());
    value.filter(is_known).ok_or_else(|| unreadable(item))
}

/// Returns the error to report for an item that Logweir cannot interpret. The error message names only the key of the
/// item.
fn unreadable(item: &Item) -> PortError {
    let (pk, sk) = (string(item, "pk").unwrap_or("?"), string(item, "sk").unwrap_or("?"));
    let message = format!("the item {pk}, {sk} holds data that this version of Logweir does not know");
    PortError { kind: ErrorKind::Refused, call: "read the journal", message, reason: Some(Reason::Unreadable) }
}

pub(in crate::aws) fn refused(message: String, reason: Option<Reason>) -> PortError {
    PortError { kind: ErrorKind::Refused, call: COMMIT, message, reason }
}
