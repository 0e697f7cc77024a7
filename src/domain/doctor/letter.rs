//! Dead letters: what each is about, and why it is dead. Anybody who can get a message into the queue may have written one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Check, LONGEST, Looked, PUT_BACK};
use crate::domain::event::{self, Home, RevisionRef, ServiceChange, Trigger};
use crate::domain::text::count;
use crate::domain::text::plain::plain;

/// What EventBridge adds to an event that it could not hand over (source: EventBridge user guide, dead-letter queues).
pub const UNDELIVERED: [&str; 6] =
    ["RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE", "EXHAUSTED_RETRY_CONDITION", "RETRY_ATTEMPTS"];

/// A message of the queue of dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub body: String,
    pub sent: Option<Timestamp>,
    pub receives: i64,
    pub attributes: BTreeMap<String, String>,
}

/// What a letter is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// For people to read, made plain.
    pub about: String,
    pub event_id: Option<String>,
    pub kind: LetterKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// An event that EventBridge could not hand over, and why.
    Undelivered(String),
    /// No try will ever read it, and why.
    Unreadable(String),
    /// A message of one of the schedules.
    Schedule,
    /// An event that the function did not get done.
    Undone,
}

/// A letter as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    pub message: String,
    pub about: String,
    pub event_id: Option<String>,
    pub sent: Option<Timestamp>,
    pub receives: i64,
    pub why: String,
    /// What the function would do with it now.
    pub now: Option<String>,
    /// Whether another try can help.
    pub redrive: bool,
}

impl Contents {
    /// A payload that no try can read is told apart here, as the function itself does.
    pub fn of(letter: &Letter, home: &Home) -> Self {
        let event: Result<Value, _> = serde_json::from_str(&letter.body);
        let mut contents = match event.as_ref().map_err(|_| "its body is no JSON".to_owned()) {
            Ok(event) if is_schedules(event) => Self::new("a schedule's message", None, LetterKind::Schedule),
            Ok(event) => match event::read(event, home) {
                Ok(trigger) => trigger_of(trigger),
                Err(why) => Self::new("an event", None, LetterKind::Unreadable(why.to_string())),
            },
            Err(why) => Self::new("a message", None, LetterKind::Unreadable(why)),
        };
        if let Some(code) = letter.attributes.get("ERROR_CODE")
            && !matches!(contents.kind, LetterKind::Unreadable(_))
        {
            let word = |name: &str| letter.attributes.get(name).map_or("", String::as_str);
            let rule = word("RULE_ARN").rsplit('/').next().unwrap_or_default();
            let why = format!("rule {rule} could not hand it over: {code} {}", word("ERROR_MESSAGE"));
            contents.kind = LetterKind::Undelivered(plain(why.trim_end(), LONGEST));
        }
        contents
    }

    fn new(about: impl AsRef<str>, event_id: Option<String>, kind: LetterKind) -> Self {
        Self { about: plain(about.as_ref(), LONGEST), event_id, kind }
    }
}

/// As the function takes it: nothing else may stand beside it.
fn is_schedules(event: &Value) -> bool {
    ["resume", "digest"].into_iter().any(|word| *event == json!({"logweir": word}))
}

fn trigger_of(trigger: Trigger) -> Contents {
    let (about, cause) = match trigger {
        Trigger::Remediate { which: RevisionRef::Revision(revision), cause } => {
            (format!("registration of {}", revision.short()), cause)
        }
        Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, cause } => {
            (format!("registration in family {family}"), cause)
        }
        Trigger::Service { service, change: ServiceChange::Deployment { .. }, cause } => {
            (format!("deployment of service {}", service.short()), cause)
        }
        Trigger::Service { service, cause, .. } => (format!("change of service {}", service.short()), cause),
        Trigger::Used { cause, .. } => ("use of a revision".to_owned(), cause),
        Trigger::Ignore { cause, .. } => ("an event that is ignored".to_owned(), cause),
    };
    // It goes into a query of the log.
    let is_id = |id: &String| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    Contents::new(about, cause.event_id.filter(is_id), LetterKind::Undone)
}

/// Tells a letter. `reported` is what the function said of the event last, as far as its log was asked; `decided` what it
/// would say now.
pub fn tell(letter: &Letter, contents: &Contents, reported: &Looked<Option<Value>>, decided: Option<Value>) -> Told {
    let why = match &contents.kind {
        LetterKind::Undelivered(why) => why.clone(),
        LetterKind::Unreadable(why) => format!("no try can read it: {why}"),
        LetterKind::Schedule => "the function did not end well; the schedule sends the next one by itself".into(),
        LetterKind::Undone => match reported {
            Ok(Some(report)) => said(report),
            Ok(None) => {
                "the function's log has no report about it: it was ended (time, memory), or did not start".into()
            }
            Err(unseen) => format!("the function's log could not be read: {}", unseen.why),
        },
    };
    Told {
        message: plain(&letter.id, LONGEST),
        about: contents.about.clone(),
        event_id: contents.event_id.clone(),
        sent: letter.sent,
        receives: letter.receives,
        why: plain(&why, LONGEST),
        now: decided.map(|report| plain(&said(&report), LONGEST)),
        redrive: !matches!(contents.kind, LetterKind::Unreadable(_)),
    }
}

/// A report in one line: `failed (access-denied), blocking-delivery: …`.
fn said(report: &Value) -> String {
    let word = |name: &str| report[name].as_str().unwrap_or_default();
    let reason = report["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let rules = report["rules"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let found: String = rules.iter().map(|rule| format!(", {rule}")).collect();
    let error = report["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{}{reason}{found}{error}", word("outcome"))
}

/// Whether there are dead letters, of `waiting` in all; `told` are those that were looked at.
pub fn check(waiting: &Looked<u64>, told: &Looked<Vec<Told>>) -> Check {
    const CHECK: &str = "dead-letters";
    let waiting = match waiting {
        Ok(0) if told.as_ref().is_ok_and(Vec::is_empty) => return Check::ok(CHECK, "there are none"),
        Ok(waiting) => (*waiting).max(told.as_ref().map_or(0, Vec::len) as u64),
        Err(unseen) if unseen.is_missing => {
            let says = "the queue of dead letters is gone, so what cannot be done is lost";
            return Check::problem(CHECK, says, PUT_BACK);
        }
        Err(unseen) => return Check::unknown(CHECK, "whether there are any", unseen),
    };
    let there_are = count(waiting, "dead letter");
    match told {
        Err(unseen) => {
            Check::problem(CHECK, format!("{there_are}, and they could not be read: {}", unseen.why), &unseen.help)
        }
        Ok(told) if !told.is_empty() && told.iter().all(|told| !told.redrive) => {
            let help = "no try can read them: look where they come from, then delete them (aws sqs purge-queue)";
            Check::problem(CHECK, there_are, help)
        }
        Ok(_) => Check::problem(CHECK, there_are, "mend what is said below, then: logweir doctor --fix"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        let (partition, account, region) = ("aws".into(), "111122223333".into(), "eu-west-1".into());
        Home { partition, account, region, ..Home::default() }
    }

    fn letter(body: &str, attributes: &[(&str, &str)]) -> Letter {
        let attributes = attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Letter { id: "m".into(), body: body.into(), sent: None, receives: 5, attributes }
    }

    fn registration(id: &str) -> Value {
        json!({
            "source": "aws.ecs", "detail-type": "AWS API Call via CloudTrail", "account": "111122223333", "region": "eu-west-1",
            "detail": {
                "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition", "eventID": id,
                "responseElements": {"taskDefinition": {
                    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41"
                }}
            }
        })
    }

    #[test]
    fn a_letter_says_what_it_is_about_and_which_kind_of_failure_it_is() {
        let contents = |body: &str, attributes: &[(&str, &str)]| Contents::of(&letter(body, attributes), &home());
        let event = registration("e-1").to_string();
        let undone = contents(&event, &[]);
        assert_eq!((undone.about.as_str(), undone.event_id.as_deref()), ("registration of web:41", Some("e-1")));
        assert_eq!(undone.kind, LetterKind::Undone);
        let rule = [
            ("RULE_ARN", "arn:aws:events:eu-west-1:111122223333:rule/logweir-Registered"),
            ("ERROR_CODE", "NO_PERMISSIONS"),
            ("ERROR_MESSAGE", "may not\nsend"),
        ];
        let why = "rule logweir-Registered could not hand it over: NO_PERMISSIONS may notsend";
        assert_eq!(contents(&event, &rule).kind, LetterKind::Undelivered(why.into()));
        assert!(matches!(contents("{", &[]).kind, LetterKind::Unreadable(_)));
        assert!(matches!(contents("{}", &rule).kind, LetterKind::Unreadable(_)));
    }

    #[test]
    fn a_schedule_s_message_is_what_the_function_takes_for_one_and_nothing_that_looks_like_it() {
        let kind = |body: Value| Contents::of(&letter(&body.to_string(), &[]), &home()).kind;
        for word in ["resume", "digest"] {
            assert_eq!(kind(json!({"logweir": word})), LetterKind::Schedule);
            assert!(matches!(kind(json!({"logweir": word, "mode": "register"})), LetterKind::Unreadable(_)));
        }
        for body in [json!({"logweir": "backout", "record": "web:1"}), json!({"logweir": "sweep"})] {
            assert!(matches!(kind(body.clone()), LetterKind::Unreadable(_)), "{body}");
        }
        let mut among = registration("e-1");
        among["logweir"] = "resume".into();
        assert_eq!(kind(among), LetterKind::Undone, "the function takes it for the event that it is");
    }

    #[test]
    fn an_event_id_that_would_change_the_query_is_none() {
        for id in ["a\" || $.x = \"", "", "a b", "a*"] {
            let body = registration(id).to_string();
            assert_eq!(Contents::of(&letter(&body, &[]), &home()).event_id, None, "{id}");
        }
    }

    #[test]
    fn what_stands_in_a_letter_cannot_turn_or_end_a_line() {
        let mut event = registration("e-1");
        event["detail"]["responseElements"] = Value::Null;
        event["detail"]["requestParameters"] =
            json!({"family": format!("a\n\u{202e}\u{1b}[31m{}", "x".repeat(70_000))});
        event["detail"]["eventTime"] = json!("2026-11-21T00:00:00Z");
        let letter = letter(&event.to_string(), &[("ERROR_CODE", "\u{1b}[2J\u{2028}")]);
        let told = tell(&letter, &Contents::of(&letter, &home()), &Ok(None), None);
        let text = format!("{}{}", told.about, told.why);
        assert!(!text.contains(['\n', '\u{1b}', '\u{202e}', '\u{2028}']) && text.len() < 2000, "{text}");
    }
}
