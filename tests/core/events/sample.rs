//! The sample events beside this file, and a short text of what is read from them.

use std::fs;
use std::path::{Path, PathBuf};

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Home, RevisionRef, ServiceChange, Trigger, Unreadable, read};
use logweir::domain::pins::TargetChange;
use serde_json::Value;

/// The prefix of ECS ARNs in the account and Region of the tests.
pub const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333";

pub fn home() -> Home {
    Home {
        partition: "aws".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        own_roles: vec!["arn:aws:iam::111122223333:role/logweir/Remediator".into()],
        scope: Scope::default().watching_sessions(true),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/events")
}

pub fn sample(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

/// Every sample event with its name, sorted by name.
pub fn all() -> Vec<(String, Value)> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    names.into_iter().map(|name| (name.clone(), sample(&name))).collect()
}

/// The sample events that CloudTrail recorded.
pub fn calls() -> Vec<(String, Value)> {
    all().into_iter().filter(|(_, event)| event["detail"]["eventSource"].is_string()).collect()
}

/// Returns the event with another value at the pointer. The member or its parent must exist.
pub fn with(event: &Value, pointer: &str, value: Value) -> Value {
    let mut event = event.clone();
    match event.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"))[member] = value;
        }
    }
    event
}

pub fn changed(name: &str, changes: &[(&str, Value)]) -> Value {
    changes.iter().fold(sample(name), |event, (pointer, value)| with(&event, pointer, value.clone()))
}

/// A short text of what is read from an event, without its cause.
pub fn answer(event: &Value) -> String {
    said(&read(event, &home()))
}

pub fn said(answer: &Result<Trigger, Unreadable>) -> String {
    match answer {
        Ok(Trigger::Remediate { which: RevisionRef::Revision(revision), .. }) => {
            format!("registered: {}", revision.short())
        }
        Ok(Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, .. }) => {
            format!("registered: newest of {family}")
        }
        Ok(Trigger::Overdue { revision }) => format!("overdue: {}", revision.short()),
        Ok(Trigger::Service { service, change, .. }) => {
            let service = service.short();
            match change {
                ServiceChange::Asked { revision: Some(revision) } => format!("{service} runs {}", revision.short()),
                ServiceChange::Asked { revision: None } => format!("{service} runs something"),
                ServiceChange::Deployment { id, state, reason } => {
                    format!("{service}: {id} {state:?}: {}", reason.as_deref().unwrap_or("no reason"))
                }
                ServiceChange::Look => format!("look at {service}"),
            }
        }
        Ok(Trigger::Withdrawn { revisions, deleted, .. }) => {
            let names: Vec<String> = revisions.iter().map(RevisionArn::short).collect();
            format!("{}: {}", if *deleted { "deleted" } else { "deregistered" }, names.join(", "))
        }
        Ok(Trigger::Pinned { change, by, .. }) if by.is_empty() => {
            let targets = match &change.what {
                TargetChange::Set(targets) => {
                    format!("sets {}", targets.keys().cloned().collect::<Vec<_>>().join(", "))
                }
                TargetChange::Removed(ids) => format!("removes {}", ids.join(", ")),
                TargetChange::Deleted => "deleted".into(),
            };
            format!("{}: {targets}", change.holder.spoken())
        }
        Ok(Trigger::Used { by, .. } | Trigger::Pinned { by, .. }) => {
            let revision = |of: &Option<RevisionArn>| of.as_ref().map_or("none".into(), RevisionArn::short);
            let by: Vec<String> = by.iter().map(|by| format!("{}: {}", by.name, revision(&by.revision))).collect();
            format!("used: {}", by.join("; "))
        }
        Ok(Trigger::Session { session, .. }) => {
            let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
            let kind = if session.is_bypass { "bypass" } else { "session" };
            let place = format!("{} of {} in {}", of(&session.container), of(&session.task), of(&session.cluster));
            format!("{kind} {}: {} runs {} on {place}", of(&session.id), session.person.name, of(&session.program))
        }
        Ok(Trigger::Cluster { cluster, is_new, .. }) => {
            format!("{}: {}", if *is_new { "created" } else { "changed" }, cluster.short())
        }
        Ok(Trigger::Ignore { why, .. }) => format!("ignored: {why:?}"),
        Err(why) => format!("unreadable: {why:?}"),
    }
}
