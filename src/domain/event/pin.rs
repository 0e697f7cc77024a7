//! Reads recorded calls that change the targets of EventBridge rules and of EventBridge Scheduler schedules. Such a
//! target may name a revision by its number. The key of a member may begin with a capital or a small letter, because no
//! documentation of AWS shows the records of EventBridge Scheduler.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::RecordedCall;
use super::consumer::{TARGETS, UNNAMED};
use super::{Consumer, Ignored, Nothing, Trigger};
use crate::domain::pins::{HolderKind, HolderName, PinChange, TargetChange};

/// The maximum number of targets in one call (source: EventBridge API reference, PutTargets).
const MOST: usize = 100;

/// The maximum length of a target's id, in characters (source: EventBridge API reference, Target).
const ID: usize = 64;

/// The bus and the schedule group that a call without a name for it means.
const DEFAULT: &str = "default";

/// The id under which the journal stores the only target of a schedule.
const ONLY: &str = "target";

/// Reads a recorded call of PutTargets. Each target that names a task definition with a revision number is a consumer.
pub(super) fn targets_set(call: &RecordedCall) -> Result<Trigger, Nothing> {
    call.guard(list(call, "targets").filter_map(definition))?;
    // PutTargets succeeds even if EventBridge refuses some of the targets.
    let set = list(call, "targets").filter(|target| !is_refused(call, &target["id"])).take(MOST);
    let (mut pins, mut by) = (BTreeMap::new(), Vec::new());
    let rule = request(call, "rule").and_then(Value::as_str).unwrap_or(UNNAMED);
    for target in set {
        let revision = definition(target).and_then(|named| call.home.revision(named));
        let id = target["id"].as_str();
        if let Some(revision) = revision.clone().filter(|_| by.len() < TARGETS) {
            let name = format!("EventBridge rule {rule}, target {}", id.unwrap_or(UNNAMED));
            by.push(Consumer::new(&name, Some(revision)));
        }
        if let Some(id) = id.filter(|id| is_id(id)) {
            pins.insert(id.to_owned(), revision);
        }
    }
    let rule = rule_of(call, "rule").filter(|_| !pins.is_empty());
    pinned(call, rule, TargetChange::Set(pins), by)
}

/// Reads a recorded call of RemoveTargets.
pub(super) fn targets_removed(call: &RecordedCall) -> Result<Trigger, Nothing> {
    call.guard(None)?;
    let ids = list(call, "ids").filter(|id| !is_refused(call, id)).filter_map(Value::as_str);
    let ids = ids.filter(|id| is_id(id)).map(String::from).take(MOST).collect();
    pinned(call, rule_of(call, "rule"), TargetChange::Removed(ids), Vec::new())
}

pub(super) fn rule_deleted(call: &RecordedCall) -> Result<Trigger, Nothing> {
    call.guard(None)?;
    pinned(call, rule_of(call, "name"), TargetChange::Deleted, Vec::new())
}

/// Reads a recorded call of CreateSchedule or UpdateSchedule. The target in an update replaces the old target. If
/// CloudTrail left the target out, an old pin stays.
pub(super) fn schedule_set(call: &RecordedCall) -> Result<Trigger, Nothing> {
    let Some(target) = request(call, "target").filter(|target| target.is_object()) else {
        call.guard(None)?;
        return Err(Ignored::OtherEvent.into());
    };
    let named = definition(target);
    call.guard(named)?;
    let revision = named.and_then(|named| call.home.revision(named));
    let schedule = schedule_of(call);
    let by = schedule
        .iter()
        .zip(revision.clone())
        .map(|(schedule, revision)| Consumer::new(&schedule.spoken(), Some(revision)));
    let by = by.collect();
    pinned(call, schedule, TargetChange::Set(BTreeMap::from([(ONLY.to_owned(), revision)])), by)
}

pub(super) fn schedule_deleted(call: &RecordedCall) -> Result<Trigger, Nothing> {
    call.guard(None)?;
    pinned(call, schedule_of(call), TargetChange::Deleted, Vec::new())
}

fn pinned(
    call: &RecordedCall,
    holder: Option<HolderName>,
    what: TargetChange,
    by: Vec<Consumer>,
) -> Result<Trigger, Nothing> {
    match holder {
        Some(holder) => {
            let change = PinChange { holder, what, at: call.cause.time };
            Ok(Trigger::Pinned { change, by, cause: call.cause.clone() })
        }
        None => call.used(by),
    }
}

fn rule_of(call: &RecordedCall, member: &str) -> Option<HolderName> {
    let bus = request(call, "eventBusName").and_then(Value::as_str).unwrap_or(DEFAULT);
    // `arn:PARTITION:events:REGION:ACCOUNT:event-bus/NAME`
    let bus = bus.split_once(":event-bus/").map_or(bus, |(_, name)| name);
    holder(call, HolderKind::Rule, bus, request(call, member)?.as_str()?)
}

fn schedule_of(call: &RecordedCall) -> Option<HolderName> {
    let group = request(call, "groupName").and_then(Value::as_str).unwrap_or(DEFAULT);
    holder(call, HolderKind::Schedule, group, request(call, "name")?.as_str()?)
}

fn holder(call: &RecordedCall, kind: HolderKind, group: &str, name: &str) -> Option<HolderName> {
    HolderName::new(&call.home.account, &call.home.region, kind, group, name)
}

/// Whether EventBridge allows the text as the id of a target.
fn is_id(text: &str) -> bool {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    (1..=ID).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn is_refused(call: &RecordedCall, id: &Value) -> bool {
    let failed = call.record.pointer("/responseElements/failedEntries").and_then(Value::as_array);
    !id.is_null() && failed.into_iter().flatten().any(|entry| entry["targetId"] == *id)
}

/// Returns the name of the task definition that a target starts.
fn definition(target: &Value) -> Option<&str> {
    member(member(target, "ecsParameters")?, "taskDefinitionArn")?.as_str()
}

fn list<'e>(call: &RecordedCall<'e>, name: &str) -> impl Iterator<Item = &'e Value> + use<'e> {
    request(call, name).and_then(Value::as_array).into_iter().flatten()
}

fn request<'e>(call: &RecordedCall<'e>, name: &str) -> Option<&'e Value> {
    member(&call.record["requestParameters"], name)
}

/// Returns a member whose key begins with a small letter, as in `name`, or with a capital letter.
fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let found = object.get(name).or_else(|| {
        let mut letters = name.chars();
        let first = letters.next()?.to_ascii_uppercase();
        object.get(first.to_string() + letters.as_str())
    });
    found.filter(|value| !value.is_null())
}
