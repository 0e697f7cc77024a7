//! Dead letters: the subject of each dead letter, and why its event failed. Any principal that can send to the queue
//! may have written a dead letter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Check, LONGEST, RESTORE, ReadResult};
use crate::domain::dead_letter::DeadLetterHistory;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{self, Cause, Home, RevisionRef, ServiceChange, Trigger};
use crate::domain::limits::reconciliation::Request;
use crate::domain::text::count;
use crate::domain::text::plain::{plain, shortened};

/// The attributes that EventBridge adds to an event that it could not deliver (source: EventBridge user guide,
/// dead-letter queues).
pub const UNDELIVERED: [&str; 6] =
    ["RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE", "EXHAUSTED_RETRY_CONDITION", "RETRY_ATTEMPTS"];

/// A message in the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub body: String,
    pub sent: Option<Timestamp>,
    pub receives: i64,
    pub attributes: BTreeMap<String, String>,
    /// Whether SQS moved the message to the dead-letter queue, because the message failed too often. The attributes of
    /// such a message may contain the reason of an earlier failure.
    pub moved_by_sqs: bool,
}

impl Letter {
    /// Returns why the message became a dead letter, and how many redrives did not help. Returns `None` if the message
    /// was never handled, because EventBridge could not deliver it to the work queue.
    pub fn history(&self) -> Option<DeadLetterHistory> {
        let carried = DeadLetterHistory::read(|name| self.attributes.get(name).map(String::as_str));
        if self.moved_by_sqs { Some(DeadLetterHistory::after(carried, DeadLetterHistory::TOO_OFTEN)) } else { carried }
    }

    /// Returns the number of redrives after which the message failed again for the same reason.
    pub fn redrives(&self) -> u32 {
        self.history().map_or(0, |history| history.redrives)
    }
}

/// The contents of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The subject of the dead letter, as a sanitized text for people.
    pub about: String,
    pub event_id: Option<String>,
    pub kind: LetterKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// An event that EventBridge could not deliver to the work queue, with the reason.
    Undelivered(String),
    /// A message that Logweir cannot read, even after a retry, with the reason.
    Unreadable(String),
    /// A message of one of the stack's schedules.
    Schedule,
    /// An event that the function did not complete.
    Undone,
}

/// A dead letter as `doctor` reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterReport {
    pub message: String,
    pub about: String,
    pub event_id: Option<String>,
    pub sent: Option<Timestamp>,
    pub receives: i64,
    pub why: String,
    /// The number of redrives after which the message failed again for the same reason.
    pub redrives: u32,
    /// The report that the function would write about the message now. `None` if `doctor` did not evaluate the message.
    pub now: Option<String>,
    /// Whether `doctor --fix` can remove the message from the dead-letter queue.
    pub redrive: bool,
}

impl Contents {
    /// Reads the contents of a dead letter. This method and the remediator reject the same message bodies as
    /// unreadable.
    pub fn of(letter: &Letter, home: &Home) -> Self {
        let event: Result<Value, _> = serde_json::from_str(&letter.body);
        let mut contents = match event.as_ref().map_err(|_| "the body is not JSON".to_owned()) {
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
            let why = format!("rule {rule} could not deliver the event: {code} {}", word("ERROR_MESSAGE"));
            contents.kind = LetterKind::Undelivered(shortened(why.trim_end(), LONGEST));
        }
        contents
    }

    fn new(about: impl AsRef<str>, event_id: Option<String>, kind: LetterKind) -> Self {
        Self { about: plain(about.as_ref(), LONGEST), event_id, kind }
    }
}

/// Whether the event is a message of one of the stack's schedules. Like the function, `is_schedules` accepts no event
/// with further members.
fn is_schedules(event: &Value) -> bool {
    ["resume", "digest"].into_iter().any(|word| *event == json!({"logweir": word})) || Request::of(event).is_some()
}

fn trigger_of(trigger: Trigger) -> Contents {
    let (about, cause) = match trigger {
        Trigger::Remediate { which: RevisionRef::Revision(revision), cause } => {
            (format!("registration of {}", revision.short()), cause)
        }
        Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, cause } => {
            (format!("registration in family {family}"), cause)
        }
        Trigger::Overdue { revision } => (format!("overdue registration of {}", revision.short()), Cause::default()),
        Trigger::Service { service, change: ServiceChange::Deployment { .. }, cause } => {
            (format!("deployment of service {}", service.short()), cause)
        }
        Trigger::Service { service, cause, .. } => (format!("change of service {}", service.short()), cause),
        Trigger::Used { cause, .. } => ("use of a revision".to_owned(), cause),
        Trigger::Pinned { change, cause, .. } => (format!("targets of {}", change.holder.spoken()), cause),
        Trigger::Withdrawn { revisions, cause, .. } => {
            let names: Vec<String> = revisions.iter().map(RevisionArn::short).collect();
            (format!("deregistration of {}", names.join(", ")), cause)
        }
        Trigger::Session { session, cause } => {
            (format!("session in cluster {}", session.cluster.as_deref().unwrap_or("(not named)")), cause)
        }
        Trigger::Cluster { cluster, cause, .. } => (format!("change of {}", cluster.short()), cause),
        Trigger::Ignore { cause, .. } => ("an event that Logweir ignores".to_owned(), cause),
    };
    // The event id becomes a part of a log query, so only letters, digits and hyphens are safe in the event id.
    let is_id = |id: &String| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    Contents::new(about, cause.event_id.filter(is_id), LetterKind::Undone)
}

/// Reports a dead letter. `reported` is the function's last report on the event, read from the function's log.
/// `decided` is the report that the function would write now.
pub fn tell(
    letter: &Letter,
    contents: &Contents,
    reported: &ReadResult<Option<Value>>,
    decided: Option<Value>,
) -> LetterReport {
    let why = match &contents.kind {
        LetterKind::Undelivered(why) => why.clone(),
        LetterKind::Unreadable(why) => format!("Logweir cannot read the message, so a retry does not help: {why}"),
        LetterKind::Schedule => {
            "the function failed to handle this message of the schedule; the schedule sends a new message at its next \
             run, so `logweir doctor --fix` deletes this message"
                .into()
        }
        LetterKind::Undone => match reported {
            Ok(Some(report)) => said(report),
            Ok(None) => {
                "the function's log has no report on the event: the function ran out of time or memory, or did not \
                 start"
                    .into()
            }
            Err(unseen) => format!("the function's log could not be read: {}", unseen.why),
        },
    };
    let redrives = letter.redrives();
    let again = if redrives == 0 {
        String::new()
    } else {
        format!("after {}, the event failed again for the same reason: ", count(redrives.into(), "redrive"))
    };
    LetterReport {
        message: plain(&letter.id, LONGEST),
        about: contents.about.clone(),
        event_id: contents.event_id.clone(),
        sent: letter.sent,
        receives: letter.receives,
        why: shortened(&format!("{again}{why}"), LONGEST),
        redrives,
        now: decided.map(|report| shortened(&said(&report), LONGEST)),
        redrive: !matches!(contents.kind, LetterKind::Unreadable(_)),
    }
}

/// Returns the main facts of a report as one line: `failed (access-denied), blocking-delivery: …`.
fn said(report: &Value) -> String {
    let word = |name: &str| report[name].as_str().unwrap_or_default();
    let reason = report["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let rules = report["rules"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let found: String = rules.iter().map(|rule| format!(", {rule}")).collect();
    let error = report["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{}{reason}{found}{error}", word("outcome"))
}

/// Checks the dead letters. `waiting` is the number of messages in the dead-letter queue. `report` describes the dead
/// letters that `doctor` has read.
pub fn check(waiting: &ReadResult<u64>, report: &ReadResult<Vec<LetterReport>>) -> Check {
    const CHECK: &str = "dead-letters";
    let waiting = match waiting {
        Ok(0) if report.as_ref().is_ok_and(Vec::is_empty) => return Check::ok(CHECK, "there are no dead letters"),
        Ok(waiting) => (*waiting).max(report.as_ref().map_or(0, Vec::len) as u64),
        Err(unseen) if unseen.is_missing => {
            let says = "the dead-letter queue does not exist, so failed messages are lost";
            return Check::problem(CHECK, says, RESTORE);
        }
        Err(unseen) => return Check::unknown(CHECK, "doctor cannot tell whether there are dead letters", unseen),
    };
    let there_are = format!("the dead-letter queue contains {}", count(waiting, "dead letter"));
    match report {
        Err(unseen) => Check::problem(
            CHECK,
            format!("{there_are}, but doctor could not read the dead letters: {}", unseen.why),
            &unseen.help,
        ),
        Ok(report) if !report.is_empty() && report.iter().all(|report| !report.redrive) => {
            let help = "find out which sender wrote the dead letters, then delete them (aws sqs purge-queue), because \
                        Logweir cannot read them";
            Check::problem(CHECK, there_are, help)
        }
        Ok(report) if !report.is_empty() && report.iter().all(|report| !report.redrive || report.redrives > 0) => {
            let help = "these dead letters failed again for the same reason after a redrive: fix the causes below, then \
                        run: logweir doctor --fix --all";
            Check::problem(CHECK, there_are, help)
        }
        Ok(_) => Check::problem(CHECK, there_are, "fix the causes below, then run: logweir doctor --fix"),
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
        Letter { id: "m".into(), body: body.into(), sent: None, receives: 5, attributes, moved_by_sqs: false }
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
        let why = "rule logweir-Registered could not deliver the event: NO_PERMISSIONS may notsend";
        assert_eq!(contents(&event, &rule).kind, LetterKind::Undelivered(why.into()));
        assert!(matches!(contents("{", &[]).kind, LetterKind::Unreadable(_)));
        assert!(matches!(contents("{}", &rule).kind, LetterKind::Unreadable(_)));
    }

    #[test]
    fn a_schedule_s_message_is_what_the_function_takes_for_one_and_nothing_that_looks_like_it() {
        let kind = |body: Value| Contents::of(&letter(&body.to_string(), &[]), &home()).kind;
        for word in ["resume", "digest", "reconcile"] {
            assert_eq!(kind(json!({"logweir": word})), LetterKind::Schedule);
            assert!(matches!(kind(json!({"logweir": word, "mode": "register"})), LetterKind::Unreadable(_)));
        }
        for body in [json!({"logweir": "backout", "record": "web:1"}), json!({"logweir": "sweep"})] {
            assert!(matches!(kind(body.clone()), LetterKind::Unreadable(_)), "{body}");
        }
        let mut among = registration("e-1");
        among["logweir"] = "resume".into();
        assert_eq!(kind(among), LetterKind::Undone, "the function handles it as the event that it is");
    }

    #[test]
    fn a_letter_that_failed_again_for_the_same_reason_says_so_and_how_often() {
        let event = registration("e-1").to_string();
        let again = [("logweir-why", "failed access-denied"), ("logweir-redrives", "2")];
        for (attributes, moved_by_sqs, redrives) in [
            (&again[..], false, 2),
            (&again[..1], false, 0),
            (&again[1..], false, 0),
            (&[("logweir-why", "x"), ("logweir-redrives", "many")], false, 0),
            (&again[..], true, 0),
            (&[("logweir-why", "failed too often")], true, 1),
            (&[("logweir-why", "failed too often"), ("logweir-redrives", "1")], true, 2),
        ] {
            let letter = Letter { moved_by_sqs, ..letter(&event, attributes) };
            let report = tell(&letter, &Contents::of(&letter, &home()), &Ok(None), None);
            assert_eq!(report.redrives, redrives, "{attributes:?} {moved_by_sqs}");
            let says = report.why.contains("failed again for the same reason");
            assert_eq!(says, redrives > 0, "{}", report.why);
        }
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
        let report = tell(&letter, &Contents::of(&letter, &home()), &Ok(None), None);
        let text = format!("{}{}", report.about, report.why);
        assert!(!text.contains(['\n', '\u{1b}', '\u{202e}', '\u{2028}']) && text.len() < 2000, "{text}");
    }
}
