//! A record as its workers write it, entry by entry, and a second, simpler model of what those entries mean.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Conclusion, Mode, Outcome, Reason, TriggerKind};
use logweir::domain::record::{
    BackoutRequest, Done, Effects, Ending, EntryKind, Head, Opening, Record, ServiceUpdate, Step,
};
use logweir::settings::LEASE;

pub fn arn(short: &str) -> RevisionArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{short}").parse().unwrap()
}

pub fn service(name: &str) -> ServiceArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}").parse().unwrap()
}

/// The record of web:41.
#[derive(Clone, Debug)]
pub struct Telling {
    pub record: Record,
    pub now: Timestamp,
}

fn opening() -> EntryKind {
    EntryKind::Opened(Box::new(Opening {
        source: arn("web:41"),
        mode: Mode::Rollout,
        trigger: TriggerKind::Event,
        baseline_digest: String::new(),
        rules: Vec::new(),
        cause: Cause::default(),
        steps: vec![Step::Register { edits: Vec::new() }],
        function: None,
        registrars: Vec::new(),
    }))
}

impl Telling {
    pub fn new() -> Self {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let EntryKind::Opened(first) = opening() else { unreachable!() };
        Self { record: Record { head: Head::new(&first, now), entries: Vec::new() }, now }
    }

    /// A record in which web:42 corrects the source.
    pub fn corrected() -> Self {
        let mut telling = Self::new();
        telling.corrects("web:42");
        telling
    }

    pub fn corrects(&mut self, corrected: &str) {
        let done = Done::Registered { corrected: arn(corrected) };
        let closing = Outcome::Remediated.into();
        for what in [
            opening(),
            EntryKind::Started { step: 0, tags: None },
            EntryKind::Done { step: 0, done },
            EntryKind::Closed(closing),
        ] {
            self.writes(what);
        }
    }

    /// Requests a backout of all effects still in place.
    pub fn asks(&mut self) {
        let asked = BackoutRequest {
            reason: None,
            requested_by: None,
            restore_over_newer: false,
            restore_source: false,
            continues: false,
            ignore_pins: false,
            registrars: Vec::new(),
            steps: Effects::of(&self.record).undo(),
        };
        self.writes(EntryKind::BackoutRequested(Box::new(asked)));
    }

    /// Writes the next entry, a second later, as a worker with a fresh lease.
    pub fn writes(&mut self, what: EntryKind) {
        self.now += SignedDuration::from_secs(1);
        let Record { head, entries } = &mut self.record;
        (head.owner, head.lease_until) = ("worker".into(), self.now + LEASE);
        let entry = head.write(self.now, what, entries);
        entries.push(entry);
    }

    pub fn with(&self, what: EntryKind) -> Self {
        let mut telling = self.clone();
        telling.writes(what);
        telling
    }
}

/// The stage of a service's rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    #[default]
    FailedNotification,
    Waiting(Reason),
    ServiceUpdate,
    UpdateResult,
    /// `UpdateResult`, while the deployment is paused.
    Paused,
    Yielding(RevisionArn),
    Returning,
    /// `Returning`, after the service was rolled back.
    Back,
    Ended(Ending),
}

/// What the entries of a record say about one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LetterReport {
    pub stage: Stage,
    /// The revision to which a backout returns the service, if the service may run the corrected revision.
    pub back: Option<RevisionArn>,
    /// Whether the service may have been updated, as far as the entries show.
    pub pointing: bool,
    pub deployment: Option<String>,
    pub ending: Option<Ending>,
}

/// Every service that a story has named.
pub type All = BTreeMap<ServiceArn, LetterReport>;

impl LetterReport {
    /// Applies an entry about the service.
    pub fn hears(&mut self, what: &EntryKind) {
        self.stage = match what {
            EntryKind::Waiting { why, .. } => Stage::Waiting(*why),
            EntryKind::UpdatingService(_) => Stage::ServiceUpdate,
            EntryKind::ServiceUpdated { .. } | EntryKind::DeploymentContinued { .. } => Stage::UpdateResult,
            EntryKind::DeploymentPaused { .. } => Stage::Paused,
            EntryKind::Yielding { to, .. } => Stage::Yielding(to.clone()),
            EntryKind::RollingBack { .. } => Stage::Returning,
            EntryKind::ServiceRolledBack { .. } => Stage::Back,
            EntryKind::RolloutEnded { ending, .. } => Stage::Ended(ending.clone()),
            other => panic!("{other:?} is about no service"),
        };
        match what {
            // A read showed that the update was not made.
            EntryKind::Waiting { .. } => (self.back, self.pointing, self.deployment) = (None, false, None),
            EntryKind::UpdatingService(pointing) => {
                (self.back, self.pointing, self.ending) = (Some(pointing.from.clone()), true, None);
                self.deployment = None;
            }
            EntryKind::ServiceUpdated { deployment, .. } => self.deployment = Some(deployment.clone()),
            EntryKind::Yielding { to, .. } if self.back.is_some() => self.back = Some(to.clone()),
            EntryKind::RolloutEnded { ending, .. } => {
                self.ending = Some(ending.clone());
                if !matches!(ending, Ending::Completed | Ending::Overdue | Ending::Stuck { .. }) {
                    self.back = None;
                }
            }
            _ => {}
        }
    }

    pub fn is_followed(&self) -> bool {
        !matches!(self.stage, Stage::FailedNotification | Stage::Ended(_))
    }

    /// All entries that a worker may write next about the service.
    pub fn may_follow(&self, of: &ServiceArn) -> Vec<EntryKind> {
        let waits = |why| EntryKind::Waiting { service: of.clone(), why };
        let ends = |ending| EntryKind::RolloutEnded { service: of.clone(), ending };
        let yields = |to: &str| EntryKind::Yielding { service: of.clone(), to: arn(to) };
        let pointing = EntryKind::UpdatingService(Box::new(ServiceUpdate {
            service: of.clone(),
            from: arn("web:41"),
            to: arn("web:42"),
            seen: vec!["ecs-svc/1".into()],
            settled: true,
        }));
        let why = || "tasks failed to start".to_owned();
        let denied = || ends(Ending::NotDone { why: "denied".into(), reason: Some(Reason::AccessDenied) });
        let image = || ends(Ending::NotDone { why: "a tag".into(), reason: Some(Reason::ImageChanged) });
        match &self.stage {
            Stage::FailedNotification => vec![waits(Reason::InFlight), pointing],
            Stage::Waiting(Reason::InFlight) => {
                vec![waits(Reason::Frozen), pointing, image(), ends(Ending::ServiceChanged)]
            }
            Stage::Waiting(_) => vec![pointing],
            Stage::ServiceUpdate => vec![
                EntryKind::ServiceUpdated { service: of.clone(), deployment: "ecs-svc/2".into(), stoppable: true },
                yields("api:7"),
                waits(Reason::InFlight),
                denied(),
                ends(Ending::ServiceChanged),
                ends(Ending::RolledBack),
            ],
            Stage::Paused => vec![
                EntryKind::DeploymentContinued { service: of.clone() },
                EntryKind::RollingBack { service: of.clone(), why: why() },
                ends(Ending::Completed),
            ],
            Stage::UpdateResult => vec![
                EntryKind::DeploymentPaused { service: of.clone() },
                EntryKind::RollingBack { service: of.clone(), why: why() },
                ends(Ending::Completed),
                ends(Ending::Failed { why: why() }),
                ends(Ending::ServiceChanged),
                ends(Ending::RolledBack),
                ends(Ending::Overdue),
            ],
            Stage::Yielding(to) => {
                let again = if *to == arn("api:7") { vec![yields("api:8")] } else { Vec::new() };
                let endings =
                    [Ending::Yielded { to: to.clone() }, Ending::ServiceChanged, Ending::Stuck { why: why() }];
                again.into_iter().chain(endings.map(ends)).collect()
            }
            Stage::Returning => vec![
                EntryKind::ServiceRolledBack { service: of.clone(), deployment: "ecs-svc/3".into() },
                yields("api:7"),
                ends(Ending::ServiceChanged),
                ends(Ending::Stuck { why: why() }),
            ],
            Stage::Back => vec![ends(Ending::Failed { why: why() })],
            Stage::Ended(Ending::NotDone { .. }) => vec![waits(Reason::OnHold), pointing],
            // ECS reports later that Logweir's deployment failed, or an event shows a deployment that Logweir overtook.
            Stage::Ended(Ending::RolledBack) => vec![ends(Ending::Failed { why: why() }), yields("api:7")],
            // An operator requests the update again.
            Stage::Ended(Ending::Yielded { .. } | Ending::Stuck { .. }) => vec![pointing],
            Stage::Ended(_) => vec![yields("api:7"), pointing],
        }
    }
}

/// The conclusion about the services: the gravest ending, and among equally grave ones the newest.
pub fn gravest(newest_last: &[&Ending]) -> Option<Conclusion> {
    let gravity = |ending: &&Ending| match ending.conclusion().outcome {
        Outcome::NeedsOperator => 3,
        Outcome::Failed => 2,
        Outcome::RolledOut => 1,
        _ => 0,
    };
    newest_last.iter().copied().max_by_key(gravity).map(|ending| ending.conclusion().without_words())
}
