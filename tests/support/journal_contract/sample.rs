//! Sample heads and entries for journals.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::edit::{Change, Edit, Ground, Holder, NewLogGroup, OptionChange};
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Mode, Outcome, Reason, TriggerKind};
use logweir::domain::record::{
    BackoutRequest, Done, Ending, Entry, EntryKind, Head, NotUndone, Opening, SCHEMA, ServiceRollback, ServiceUpdate,
    SourceWithdrawn, Step, Undo,
};
use logweir::ports::{CommitError, ErrorKind, Expected, Journal};
use serde_json::{Value, json};

pub fn revision(short: &str) -> RevisionArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{short}").parse().unwrap()
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    time("2026-11-21T08:00:00Z")
}

pub fn started(step: usize) -> EntryKind {
    EntryKind::Started { step, tags: None }
}

pub fn closed() -> EntryKind {
    EntryKind::Closed(Outcome::Remediated.into())
}

pub fn registered(short: &str) -> EntryKind {
    EntryKind::Done { step: 2, done: Done::Registered { corrected: revision(short) } }
}

/// Another worker resumes the record.
pub fn resumed() -> EntryKind {
    EntryKind::Resumed { registrars: Vec::new() }
}

/// A commit that has not been made yet.
#[derive(Clone, Debug)]
pub struct Commit {
    pub expected: Expected,
    pub head: Head,
    pub entry: Entry,
}

impl Commit {
    /// The claim of `by` on a source without a record.
    pub fn first(short: &str, by: &str) -> Self {
        Self::first_at(short, by, now())
    }

    pub fn first_at(short: &str, by: &str, at: Timestamp) -> Self {
        let head = Head::new(&opening(short), at);
        Self::build(Expected::Nothing, head, by, EntryKind::Opened(Box::new(opening(short))), at)
    }

    /// The claim of `by` on a source that was never migrated.
    pub fn migration(short: &str, by: &str) -> Self {
        let opening = Opening { steps: vec![Step::Migrate { digest: "sha256:0".into() }], ..opening(short) };
        let what = EntryKind::Opened(Box::new(opening.clone()));
        Self::build(Expected::Nothing, Head::new(&opening, now()), by, what, now())
    }

    /// The commit of `by` that follows this one.
    pub fn then(&self, by: &str, what: EntryKind) -> Self {
        upon(&self.head, by, what)
    }

    fn build(expected: Expected, mut head: Head, by: &str, what: EntryKind, at: Timestamp) -> Self {
        head.owner = by.into();
        let entry = head.write(at, what, &[asked(at)]);
        Self { expected, head, entry }
    }

    /// Makes the commit, and retries if another attempt can help.
    pub async fn on(&self, journal: &impl Journal) -> Result<(), CommitError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match journal.commit(&self.expected, &self.head, &self.entry).await {
                Err(CommitError::Port(error)) if error.kind == ErrorKind::Retry && tries < 100 => {}
                answer => return answer,
            }
        }
    }
}

/// The commit of `by` that follows a head that was read.
pub fn upon(head: &Head, by: &str, what: EntryKind) -> Commit {
    Commit::build(Expected::of(head), head.clone(), by, what, head.at + SignedDuration::from_millis(1500))
}

/// Every kind of entry, with every kind of member.
pub fn every() -> Vec<EntryKind> {
    let corrected = || revision("web:42");
    let all = vec![
        EntryKind::Opened(Box::new(opening("web:41"))),
        started(0),
        EntryKind::Done { step: 0, done: Done::LogGroup { made: true } },
        EntryKind::Done { step: 1, done: Done::Retention { set: false } },
        registered("web:42"),
        EntryKind::Failed {
            step: 2,
            why: "a \"quoted\" line\nand \u{e9}\u{1f980}".into(),
            reason: Some(Reason::PassRoleDenied),
        },
        EntryKind::Failed { step: 2, why: String::new(), reason: None },
        EntryKind::Started { step: 2, tags: Some(3) },
        EntryKind::Released { why: "throttled".into(), refused: None },
        EntryKind::Released { why: "throttled".into(), refused: Some(2) },
        EntryKind::Resumed { registrars: Vec::new() },
        EntryKind::Resumed { registrars: vec!["arn:aws:iam::111122223333:role/op".into()] },
        EntryKind::Withdrawing { corrected: corrected(), why: Reason::NewerRevision },
        EntryKind::Withdrawn { corrected: corrected() },
        EntryKind::Vanished { corrected: corrected() },
        EntryKind::Unclaimed { registered: revision("web:44") },
        EntryKind::BackoutRequested(Box::new(backout_asked())),
        EntryKind::BackoutRequested(Box::new(BackoutRequest {
            restore_source: true,
            continues: true,
            ..backout_asked()
        })),
        EntryKind::Undoing { step: 0, rollback: None },
        EntryKind::Undoing {
            step: 0,
            rollback: Some(Box::new(ServiceRollback {
                to: revision("web:41"),
                seen: vec!["ecs-svc/2".into()],
                before: Some("2026-11-21T12:05:00Z".parse().unwrap()),
            })),
        },
        EntryKind::Restoring { step: 0 },
        EntryKind::Restored { step: 0, restored: revision("web:43") },
        EntryKind::Undone { step: 0 },
        EntryKind::Kept(NotUndone {
            places: vec!["service prod/web".into()],
            ..NotUndone::open(1, "it runs".into(), Some(Reason::StillRunning))
        }),
        EntryKind::Kept(NotUndone { open: false, ..NotUndone::open(1, String::new(), None) }),
        EntryKind::Waiting { service: service("prod/api"), why: Reason::Frozen },
        EntryKind::UpdatingService(Box::new(ServiceUpdate {
            service: service("prod/web"),
            from: revision("web:41"),
            to: revision("web:42"),
            seen: vec!["ecs-svc/1".into()],
            settled: true,
        })),
        EntryKind::ServiceUpdated { service: service("prod/web"), deployment: "ecs-svc/2".into(), stoppable: true },
        EntryKind::ServiceUpdated { service: service("prod/web"), deployment: "ecs-svc/2".into(), stoppable: false },
        EntryKind::DeploymentPaused { service: service("prod/web") },
        EntryKind::DeploymentContinued { service: service("prod/web") },
        EntryKind::Yielding { service: service("prod/web"), to: revision("web:40") },
        EntryKind::RollingBack { service: service("prod/web"), why: "tasks failed to start".into() },
        EntryKind::ServiceRolledBack { service: service("prod/web"), deployment: "ecs-svc/3".into() },
        followed(Ending::Completed),
        followed(Ending::Failed { why: "tasks failed to start".into() }),
        followed(Ending::ServiceChanged),
        followed(Ending::RolledBack),
        followed(Ending::Yielded { to: revision("web:40") }),
        followed(Ending::NotDone { why: String::new(), reason: Some(Reason::ImageChanged) }),
        followed(Ending::Overdue),
        followed(Ending::Stuck { why: "not ACTIVE".into() }),
        EntryKind::Closed(Outcome::Superseded.because(Reason::NewerRevision)),
        withdrawn(false),
        withdrawn(true),
        EntryKind::RetirementDelayed {
            corrected: corrected(),
            until: "2026-11-21T12:10:00Z".parse().unwrap(),
            unused: false,
            users: vec!["service prod/web".into()],
        },
        EntryKind::RetirementDelayed {
            corrected: corrected(),
            until: "2026-11-21T12:10:00.5Z".parse().unwrap(),
            unused: true,
            users: Vec::new(),
        },
        EntryKind::RetirementForbidden { corrected: corrected() },
        EntryKind::Retiring { corrected: corrected() },
        EntryKind::Retired { corrected: corrected(), users: vec!["service prod/web".into()] },
        EntryKind::Retired { corrected: corrected(), users: Vec::new() },
    ];
    // Add a new kind to the list above.
    all.iter().for_each(|what| match what {
        EntryKind::Opened(_)
        | EntryKind::Started { .. }
        | EntryKind::Failed { .. }
        | EntryKind::Released { .. }
        | EntryKind::Resumed { .. } => {}
        EntryKind::Done { done: Done::LogGroup { .. } | Done::Retention { .. } | Done::Registered { .. }, .. } => {}
        EntryKind::Withdrawing { .. }
        | EntryKind::Withdrawn { .. }
        | EntryKind::Vanished { .. }
        | EntryKind::Unclaimed { .. }
        | EntryKind::Closed(_) => {}
        EntryKind::BackoutRequested(_) | EntryKind::Undoing { .. } | EntryKind::Undone { .. } | EntryKind::Kept(_) => {}
        EntryKind::Restoring { .. } | EntryKind::Restored { .. } => {}
        EntryKind::Waiting { .. }
        | EntryKind::UpdatingService(_)
        | EntryKind::ServiceUpdated { .. }
        | EntryKind::DeploymentPaused { .. }
        | EntryKind::DeploymentContinued { .. }
        | EntryKind::Yielding { .. } => {}
        EntryKind::RollingBack { .. } | EntryKind::ServiceRolledBack { .. } => {}
        EntryKind::RolloutEnded { ending, .. } => match ending {
            Ending::Completed | Ending::Failed { .. } | Ending::ServiceChanged | Ending::RolledBack => {}
            Ending::Yielded { .. } | Ending::NotDone { .. } | Ending::Overdue | Ending::Stuck { .. } => {}
        },
        EntryKind::SourceWithdrawn(_) | EntryKind::RetirementDelayed { .. } => {}
        EntryKind::RetirementForbidden { .. } | EntryKind::Retiring { .. } | EntryKind::Retired { .. } => {}
    });
    all
}

/// Returns the entry that begins the retirement of the corrected revision.
pub fn withdrawn(deleted: bool) -> EntryKind {
    let withdrawn_at = "2026-11-21T12:00:00Z".parse().unwrap();
    EntryKind::SourceWithdrawn(SourceWithdrawn {
        corrected: revision("web:42"),
        withdrawn_at,
        deleted,
        registers_per_second: 0.2,
    })
}

pub fn service(name: &str) -> ServiceArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:service/{name}").parse().unwrap()
}

fn followed(ending: Ending) -> EntryKind {
    EntryKind::RolloutEnded { service: service("prod/web"), ending }
}

fn backout_asked() -> BackoutRequest {
    BackoutRequest {
        reason: Some("incident \"7\"".into()),
        requested_by: Some("arn:aws:iam::111122223333:user/op".into()),
        restore_over_newer: true,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps: undo(),
    }
}

/// An entry after which every other entry is legal.
fn asked(at: Timestamp) -> Entry {
    Entry {
        schema: SCHEMA,
        sequence: 0,
        at,
        by: String::new(),
        what: EntryKind::BackoutRequested(Box::new(backout_asked())),
    }
}

/// The steps of a requested backout.
pub fn undo() -> Vec<Undo> {
    vec![
        Undo::Deregister { corrected: revision("web:42"), edits: Vec::new() },
        Undo::RestoreRetention { name: "/ecs/web".into(), old: None, new: 30 },
        Undo::RollBackService {
            service: service("prod/web"),
            from: revision("web:41"),
            to: revision("web:42"),
            settled: true,
        },
    ]
}

fn opening(short: &str) -> Opening {
    let option =
        |option: &str, old: Option<Value>, new: Option<Value>| OptionChange { option: option.into(), old, new };
    let options = vec![
        option("mode", None, Some(json!("non-blocking"))),
        option("max-buffer-size", Some(Value::Null), Some(json!("25m"))),
        option("awslogs-group", Some(json!("/ecs/web")), None),
    ];
    let edit = |container: &str, change| Edit { container: container.into(), change };
    let whole = Change::Configuration {
        old: Some(Value::Null),
        new: Some(json!({"logDriver": "awslogs", "options": {"z": "1", "a": "2"}})),
    };
    let group =
        NewLogGroup { name: "/ecs/web".into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) };
    Opening {
        source: revision(short),
        mode: Mode::Register,
        trigger: TriggerKind::Event,
        baseline_digest: "sha256:0".into(),
        rules: vec!["blocking-delivery".into()],
        cause: Cause {
            event_id: Some("e-1".into()),
            time: Some(now()),
            actor: Some("arn:aws:iam::111122223333:role/deploy".into()),
            ..Cause::default()
        },
        function: Some("logweir-backout".into()),
        registrars: vec!["arn:aws:iam::111122223333:role/logweir".into()],
        steps: vec![
            Step::EnsureLogGroup(group),
            Step::SetRetention { name: "/ecs/web".into(), old: None, new: 30, ground: Ground::Made },
            Step::Register {
                edits: vec![
                    edit("app", Change::Options { before: Holder::Null, after: Holder::Map, options }),
                    edit("sidecar", whole),
                    edit("gone", Change::Configuration { old: Some(json!({"logDriver": "syslog"})), new: None }),
                ],
            },
        ],
    }
}
