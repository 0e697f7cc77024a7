//! Hostile texts in events come out with a bounded length and without harmful characters.

use logweir::domain::event::{Cause, RevisionRef, ServiceChange, SessionCall, Trigger, read};
use logweir::domain::pins::TargetChange;
use serde_json::{Value, json};

use super::sample::{changed, home};

/// Whether a text is bounded and has no character that ends a line, controls a terminal, changes the direction of
/// writing, or is invisible.
fn is_plain(text: &str) -> bool {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().count() <= 256 && !text.chars().any(harmful)
}

/// All third-party texts of a trigger.
pub fn texts(trigger: &Trigger) -> Vec<&str> {
    let (cause, mut texts): (&Cause, Vec<&str>) = match trigger {
        Trigger::Remediate { which, cause } => {
            (cause, if let RevisionRef::NewestOf { family, .. } = which { vec![family] } else { Vec::new() })
        }
        Trigger::Service { change: ServiceChange::Deployment { id, reason, .. }, cause, .. } => {
            (cause, [id].into_iter().chain(reason).map(String::as_str).collect())
        }
        Trigger::Overdue { .. } => return Vec::new(),
        Trigger::Used { by, cause } => (cause, by.iter().map(|by| by.name.as_str()).collect()),
        Trigger::Pinned { change, by, cause } => {
            let mut texts: Vec<&str> = by.iter().map(|by| by.name.as_str()).collect();
            texts.extend([change.holder.group.as_str(), change.holder.name.as_str()]);
            match &change.what {
                TargetChange::Set(targets) => texts.extend(targets.keys().map(String::as_str)),
                TargetChange::Removed(ids) => texts.extend(ids.iter().map(String::as_str)),
                TargetChange::Deleted => {}
            }
            (cause, texts)
        }
        Trigger::Withdrawn { cause, .. } | Trigger::Cluster { cause, .. } => (cause, Vec::new()),
        Trigger::Session { session, cause } => {
            let SessionCall { is_bypass: _, id, event, cluster, task, container, program, person } = &**session;
            let texts = [id, cluster, task, container, program].into_iter().flatten();
            (cause, texts.chain([event, &person.name]).map(String::as_str).collect())
        }
        Trigger::Service { cause, .. } | Trigger::Ignore { cause, .. } => (cause, Vec::new()),
    };
    let Cause { event_id, actor, actor_type, user_agent, source_ip, time: _, run } = cause;
    assert_eq!(*run, None, "no event names a run");
    texts.extend([event_id, actor, actor_type, user_agent, source_ip].into_iter().flatten().map(String::as_str));
    texts
}

pub fn harmless(trigger: &Trigger) -> Result<(), String> {
    match texts(trigger).into_iter().find(|text| !is_plain(text)) {
        Some(text) => Err(format!("{text:?} comes out")),
        None => Ok(()),
    }
}

pub fn hostile() -> String {
    let harm = "x\n{\"level\":\"INFO\"}\r\u{1b}[2J\u{9b}31m\u{0}\u{202e}\u{2066}\u{61c}\u{200f}\u{feff}\u{2028}ä";
    harm.repeat(10 * 1024 / harm.len() + 1)
}

#[test]
fn a_hostile_text_comes_out_bounded_and_plain() {
    let cases: [(&str, &[&str]); 7] = [
        (
            "update-service",
            &["/detail/userIdentity/arn", "/detail/userAgent", "/detail/eventID", "/detail/sourceIPAddress"],
        ),
        ("deployment-failed", &["/id", "/detail/reason", "/detail/deploymentId"]),
        ("run-task", &["/detail/userIdentity/arn"]),
        ("put-targets", &["/detail/requestParameters/rule", "/detail/requestParameters/targets/1/id"]),
        ("register-daemon-task-definition", &["/detail/responseElements/daemonTaskDefinitionArn"]),
        ("create-daemon", &["/detail/responseElements/daemonArn"]),
        ("update-daemon", &["/detail/responseElements/daemonArn"]),
    ];
    for (name, pointers) in cases {
        let all: Vec<(&str, Value)> = pointers.iter().map(|pointer| (*pointer, json!(hostile()))).collect();
        let trigger = read(&changed(name, &all), &home()).unwrap();
        assert!(!matches!(trigger, Trigger::Ignore { .. }), "{name}: {trigger:?}");
        assert_eq!(harmless(&trigger), Ok(()), "{name}");
        let said = texts(&trigger).concat();
        assert!(said.contains("x{\"level\":\"INFO\"}[2J31mäx"), "{name}: the text was not read: {said}");
    }
}

#[test]
fn an_invalid_service_name_is_not_used() {
    let name = json!(hostile());
    let event = changed("update-service", &[("/detail/responseElements/service/serviceArn", name.clone())]);
    let Ok(Trigger::Service { service, .. }) = read(&event, &home()) else { panic!("the request names it too") };
    assert_eq!(service.short(), "prod/web");
    let event = changed("update-service-omitted", &[("/detail/requestParameters/service", name)]);
    let error = read(&event, &home()).unwrap_err().to_string();
    assert!(error.len() < 200 && !error.contains("INFO"), "{error}");
}
