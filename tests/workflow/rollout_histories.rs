//! Random histories of rollouts to two services of one family: other principals deploy, change a network or pause a
//! deployment at any time, reads lag, ECS refuses updates for a moment, and the process dies. The promises hold in every
//! history.

mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome};
use logweir::domain::record::{Ending, Record, Rollout, RolloutPhase};
use logweir::ports::Clock;
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts, retire_unused};
use moves::{Act, Happening, Happens, LAGS, Move, SERVICES, document, history, is_logweirs};
use proptest::sample::Index;
use serde_json::Value;

use crate::order::{backout, order};
use crate::random_histories::{Lived, run};
use crate::world::story::{PROMPT, backs_out, by, deregistration, home, with};
use crate::world::{Account, DEPLOYER, LOGWEIR, Lag, Lie, Moment, Passing, Then, World};

static BASELINE: LazyLock<Baseline> = LazyLock::new(|| Baseline::parse(&PROMPT).unwrap());

/// A deployment is overdue after 120 minutes. The schedule may notice a pause a few minutes late.
const NEARLY_OVERDUE: SignedDuration = SignedDuration::from_mins(100);

struct History {
    world: World,
    /// The events that wait for their delivery.
    waiting: Vec<Value>,
    /// How long each of Logweir's deployments was in progress and not paused.
    ran: BTreeMap<String, SignedDuration>,
    classes: BTreeSet<&'static str>,
    broken: Vec<String>,
}

#[test]
fn a_program_that_misjudges_a_deployment_breaks_a_promise_in_some_history() {
    for lie in [Lie::NewestIsLogweirs, Lie::NothingPauses, Lie::StaleIsRolledBack] {
        run(&history(), 0, |steps| lives(Some(lie), steps)).detects(lie, "histories");
    }
}

#[test]
fn the_promises_about_services_hold_in_every_history() {
    let classes = [
        "registers",
        "deploys",
        "changes the network",
        "another principal changes the network during a rollout",
        "a deployment pauses and continues",
        "a deployment pauses for hours",
        "ECS throttles an update",
        "ECS answers an update with a server error",
        "ECS does not know a new revision yet",
        "a description is late",
        "a list is late",
        "tags are late",
        "a description of a service is late",
        "another principal acts between two calls",
        "Logweir's deployment fails",
        "the process dies",
        "the answer to a call is lost",
        "backs out",
        "an owner withdraws a source",
        "retires a corrected revision",
        "a service finally runs a corrected revision",
    ];
    run(&history(), 400, |steps| lives(None, steps)).holds(&classes);
}

async fn lives(lie: Option<Lie>, moves: Vec<Move>) -> Lived {
    let world = World::new();
    world.account(|account| {
        account.lie = lie;
        account.has_group("/ecs/web", Some(30), 0);
        let first = account.registers(&document(false));
        for name in SERVICES {
            account.creates_service_as(name, &first, |service| (service.rolls_back, service.pauses) = (true, true));
            account.completes(name);
        }
        account.delivers();
    });
    let (waiting, ran, classes, broken) = (Vec::new(), BTreeMap::new(), BTreeSet::from(["histories"]), Vec::new());
    let mut history = History { world, waiting, ran, classes, broken };
    for (number, step) in moves.iter().enumerate() {
        history.takes(step).await;
        history.world.restart();
        let wrongs = history.world.account(|account| account.wrongs.clone());
        if let Some(wrong) = wrongs.first() {
            history.broken.push(format!("after move {number}, {step:?}: {wrong}"));
            return history.lived();
        }
    }
    history.comes_to_rest().await;
    history.lived()
}

impl History {
    /// Lets time pass.
    fn advances(&mut self, by: SignedDuration) {
        self.world.account(|account| {
            for name in SERVICES.into_iter().filter(|name| is_logweirs(account, name)) {
                let service = account.service(name);
                if !service.paused {
                    *self.ran.entry(service.deployments[0].service_deployment.clone()).or_default() += by;
                }
            }
        });
        self.world.advance(by);
    }

    fn lived(mut self) -> Lived {
        self.classes.extend(self.world.fired().into_keys());
        (self.classes, self.broken)
    }

    /// Plans what happens at the move's calls.
    fn plan(&mut self, happens: &Happens) {
        let base = self.world.calls().len();
        for (offset, happening) in happens {
            let (moment, then) = match *happening {
                Happening::Dies(moment) => (moment, Then::Crash),
                Happening::AnswerLost => (Moment::After, Then::Cut),
                Happening::Refused(way) => {
                    // Lag::starts refuses a new revision as not found.
                    let mut passing = Passing::of("UpdateService");
                    passing.retain(|it| !it.is_missing());
                    self.world.refuses_next(*way.get(&passing));
                    continue;
                }
                Happening::Act(moment, act) => {
                    // A deployment of the same revision, made within the moment between Logweir's intent and its update,
                    // cannot be told from a later one by a read that lags.
                    let acts = Then::act(move |account| {
                        account.lag.services = 0;
                        account.now += SignedDuration::from_secs(1);
                        if let Some(class) = act.on(account) {
                            account.fires(class);
                            account.fires("another principal acts between two calls");
                        }
                    });
                    (moment, acts)
                }
            };
            self.world.at(base + offset, moment, then);
        }
    }

    async fn takes(&mut self, step: &Move) {
        self.advances(SignedDuration::from_secs(2));
        match step {
            Move::Acts(act) => self.classes.extend(self.world.account(|account| act.on(account))),
            Move::Told { newest_first, happens } => {
                self.plan(happens);
                self.told(*newest_first).await;
            }
            Move::Resumes { happens } => {
                self.plan(happens);
                self.schedule().await;
            }
            Move::BacksOut { source, happens } => {
                let of_deployer = self.world.account(|account| {
                    let numbers = 1..=account.families["web"].len();
                    let arns = numbers.map(|number| account.arn("web", number));
                    arns.filter(|it| account.revision(it).unwrap().by == DEPLOYER).collect::<Vec<_>>()
                });
                self.classes.insert("backs out");
                self.plan(happens);
                backs_out(&self.world, source.get(&of_deployer)).await;
            }
            Move::PausesForHours { service } => self.pauses_for_hours(*service).await,
            Move::Withdraws { source } => self.withdraws(source),
            Move::Lags { way } => self.world.lags(way.map_or_else(Lag::default, |way| LAGS[way])),
            Move::Waits { minutes } => self.advances(SignedDuration::from_mins(*minutes)),
        }
    }

    /// The owner deploys the first revision to the services that run a source, and deregisters the source, as
    /// CloudFormation does.
    fn withdraws(&mut self, source: &Index) {
        let withdrawn = self.world.account(|account| {
            let active = account.active("web").into_iter().skip(1).map(|number| account.arn("web", number));
            let sources: Vec<_> = active.filter(|it| account.revision(it).unwrap().by == DEPLOYER).collect();
            let source = (!sources.is_empty()).then(|| source.get(&sources).clone())?;
            // The owner does not wait until the update succeeds.
            let starts = std::mem::take(&mut account.lag.starts);
            let corrected = account.records.get(&source).and_then(|record| record.head.corrected.clone());
            for name in SERVICES {
                let service = account.service(name);
                if service.wanted == source
                    || service.revision == source
                    || Some(&service.revision) == corrected.as_ref()
                {
                    account.updates_service(name, &account.arn("web", 1));
                }
            }
            account.lag.starts = starts;
            account.deregisters(&source);
            Some(source)
        });
        if let Some(source) = withdrawn {
            self.waiting.push(deregistration(&self.world, &source));
            self.classes.insert("an owner withdraws a source");
        }
    }

    /// The schedule runs every five minutes, so it notices the pause.
    async fn pauses_for_hours(&mut self, service: usize) {
        if self.world.account(|account| Act::Pauses { service }.on(account)).is_none() {
            return;
        }
        self.classes.insert("a deployment pauses for hours");
        for minutes in [5, 5, 180] {
            self.schedule().await;
            self.advances(SignedDuration::from_mins(minutes));
        }
        self.schedule().await;
    }

    /// Delivers each event that waits. An event whose delivery fails waits again.
    async fn told(&mut self, newest_first: bool) {
        self.waiting.extend(self.world.account(Account::delivers));
        let mut events = std::mem::take(&mut self.waiting);
        if newest_first {
            events.reverse();
        }
        for event in events {
            let report = with(&self.world, &PROMPT, Mode::Rollout, "worker", &event).await;
            if report.is_retried() || self.world.is_dead() {
                self.waiting.push(event);
            }
        }
    }

    async fn schedule(&mut self) {
        let (home, by) = (home(), by());
        let order = Order { origin: Origin::Resume, ..order(&home, &by, &BASELINE, Mode::Rollout, "resumer") };
        let _ = resume(&self.world, &order, self.world.now()).await;
        let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
        let _ = resume_backouts(&self.world, &order).await;
        let retired = retire_unused(&self.world, &order).await.unwrap_or_default();
        if retired.iter().any(|report| report.outcome == Outcome::Retired) {
            self.classes.insert("retires a corrected revision");
        }
    }

    /// Ends all deployments and all work.
    async fn comes_to_rest(&mut self) {
        self.world.lags(Lag::default());
        // A record that fails again and again is tried once a day.
        for round in 0..11 {
            self.world.account(|account| {
                for name in SERVICES {
                    account.continues(name);
                    account.completes(name);
                }
            });
            self.advances(if round < 6 { LEASE * 3 } else { SignedDuration::from_hours(24) });
            self.told(false).await;
            self.schedule().await;
        }
        if !self.waiting.is_empty() {
            self.broken.push(format!("events are retried for ever: {:?}", self.waiting));
        }
        self.world.account(|account| self.broken.extend(at_rest(account, &self.ran, &mut self.classes)));
    }
}

/// Violations of the promises that hold when all work has ended.
fn at_rest(
    account: &Account,
    ran: &BTreeMap<String, SignedDuration>,
    classes: &mut BTreeSet<&'static str>,
) -> Vec<String> {
    let mut broken = account.wrongs.clone();
    for name in SERVICES {
        let service = account.service(name);
        let (runs, wanted) = (&service.revision, &service.wanted);
        if !account.revision(runs).unwrap().is_active() {
            broken.push(format!("{name} runs {}, which is deregistered", runs.short()));
        }
        if service.subnet != service.network {
            broken.push(format!("{name} is in {}, and {} was the last network", service.subnet, service.network));
        }
        let corrected = account.records.get(wanted).filter(|record| !record.head.suppressed);
        let corrected = corrected.and_then(|record| record.head.corrected.as_ref());
        if corrected == Some(runs) {
            classes.insert("a service finally runs a corrected revision");
        } else if runs != wanted {
            broken.push(format!("{name} runs {}, and {} was wanted", runs.short(), wanted.short()));
        }
    }
    // A service waits until an operator closes the fuse.
    let is_stopped = account.remembered.values().any(|family| family.fuse.is_some());
    let only_waits = |record: &Record| {
        let attempt = record.attempt().unwrap();
        let mut rollouts = attempt.iter().flat_map(|attempt| &attempt.rollouts);
        is_stopped && !record.head.open && !record.head.backing_out && !rollouts.any(Rollout::is_in_flight)
    };
    for record in account.records.values().filter(|record| record.head.has_work() && !only_waits(record)) {
        broken.push(format!("the record of {} is not finished", record.head.source.short()));
    }
    for family in account.remembered.values() {
        // A turn that has expired, and whose record has no work, delays no other service.
        if family.turn.as_ref().is_some_and(|turn| turn.until > account.now) {
            broken.push("a turn was not released".into());
        }
        let failed = account.service_deployments.values().any(|it| it.by == LOGWEIR && it.reason.is_some());
        let is_late = ran.values().any(|ran| *ran > NEARLY_OVERDUE);
        if let Some(why) = family.fuse.as_ref().and_then(|fuse| fuse.failed.as_ref()).filter(|_| !failed && !is_late) {
            broken.push(format!("nothing failed, and the fuse is open: {why}"));
        }
    }
    broken.extend(outliving(account));
    broken.extend(false_endings(account));
    broken.extend(false_backouts(account));
    broken
}

/// The corrected revisions that outlive their withdrawn sources although no service runs them.
fn outliving(account: &Account) -> Vec<String> {
    let is_active = |revision: &RevisionArn| account.revision(revision).unwrap().is_active();
    // ECS lists a deployment that has failed or was replaced until a later one completes.
    let is_run = |revision: &RevisionArn| {
        let listed = SERVICES.iter().flat_map(|name| &account.service(name).deployments);
        listed.into_iter().any(|deployment| deployment.revision == *revision)
    };
    let outlives = |record: &&Record| {
        let corrected = record.head.corrected.as_ref();
        !record.head.open && corrected.is_some_and(|corrected| is_active(corrected) && !is_run(corrected))
    };
    let withdrawn = account.records.values().filter(|record| !is_active(&record.head.source));
    withdrawn
        .filter(outlives)
        .map(|record| format!("{} was withdrawn before its correction: {:?}", record.head.source.short(), record.head))
        .collect()
}

/// The records that say that they are backed out, although a service runs a corrected revision of the record.
fn false_backouts(account: &Account) -> Vec<String> {
    let is_backed_out = |record: &&Record| {
        !record.head.open && record.head.closing.as_ref().is_some_and(|closing| closing.outcome == Outcome::BackedOut)
    };
    let mut broken = Vec::new();
    for record in account.records.values().filter(is_backed_out) {
        let own: Vec<_> = record.registered().into_iter().filter(|own| !own.edits.is_empty()).collect();
        for name in
            SERVICES.into_iter().filter(|name| own.iter().any(|own| *own.revision == account.service(name).revision))
        {
            broken.push(format!(
                "the record of {} is backed out, and {name} runs its correction",
                record.head.source.short()
            ));
        }
    }
    broken
}

/// The records that say that a service no longer runs Logweir's deployment, although it does.
fn false_endings(account: &Account) -> Vec<String> {
    let mut broken = Vec::new();
    for (source, record) in &account.records {
        for rollout in record.attempt().unwrap().iter().flat_map(|attempt| &attempt.rollouts) {
            let newest = &account.services[rollout.service].deployments[0];
            let left = matches!(rollout.state, RolloutPhase::Ended(Ending::RolledBack | Ending::ServiceChanged));
            if left && rollout.deployment == Some(&newest.id) && !rollout.is_replaced {
                let (source, service): (&RevisionArn, _) = (source, rollout.service.short());
                broken.push(format!("the record of {} says that {service} left Logweir's deployment", source.short()));
            }
        }
    }
    broken
}
