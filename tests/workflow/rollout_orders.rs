//! In every order of acts and events, the service finally runs the revision of the last human decision, or its
//! correction. The tests play all orders of acts (of people and of ECS) and their events, and acts of another principal
//! at the calls of Logweir.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use serde_json::Value;

use crate::permutations::orders;
use crate::sample::Parts;
use crate::world::{Account, Moment, Then, World, story};

const SERVICE: &str = "prod/web";

/// The moves of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// The deployer registers the source, a revision that blocks.
    Register,
    /// Its event is delivered.
    ToldOfRegister,
    /// The deployer updates the service to the source.
    Update,
    ToldOfUpdate,
    /// The service's newest deployment ends, as the plot says.
    Ends,
    ToldOfTheEnd,
    /// Another principal updates the service to another revision, or to the source again.
    Newer,
    ToldOfNewer,
    /// An operator backs out the correction.
    Backout,
}

use Move::*;

/// The parameters of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plot {
    /// Whether Logweir's deployments fail.
    rollouts_fail: bool,
    newer: Newer_,
    /// Whether ECS no longer lists an overtaken deployment.
    forgets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newer_ {
    /// A compliant revision of another family.
    Other,
    /// A newer revision of the same family, which blocks, too.
    Blocking,
    /// The source once more.
    Return,
}

/// The moves that must come before a move.
fn before(step: Move) -> &'static [Move] {
    match step {
        Register => &[],
        ToldOfRegister | Update | Backout => &[Register],
        ToldOfUpdate | Ends | Newer => &[Update],
        ToldOfTheEnd => &[Ends],
        ToldOfNewer => &[Newer],
    }
}

/// A document of this family whose image is pinned.
fn document(family: &str, mode: &str) -> String {
    let image = format!("nginx@sha256:{}", "a".repeat(64));
    story::BLOCKING
        .replace("\"nginx\"", &format!("\"{image}\""))
        .replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""))
        .replace(
            "\"mode\":\"blocking\"",
            &match mode {
                "blocking" => "\"mode\":\"blocking\"".to_owned(),
                mode => format!("\"mode\":\"{mode}\",\"max-buffer-size\":\"25m\""),
            },
        )
}

struct Story {
    world: World,
    plot: Plot,
    source: RevisionArn,
    other: RevisionArn,
    /// The number of events before the story.
    told: usize,
    backed_out: bool,
    /// The number of calls until all work had ended.
    calls: usize,
    /// What Logweir did, for failure messages.
    log: Vec<String>,
}

impl Story {
    /// A service that runs a compliant revision.
    fn new(plot: Plot) -> Self {
        let world = World::new();
        let (source, other) = world.account(|account| {
            account.has_group("/ecs/web", Some(30), 0);
            account.forgets_overtaken = plot.forgets;
            let first = account.registers(&document("web", "non-blocking"));
            let other = account.registers(&document("other", "non-blocking"));
            account.creates_service_as(SERVICE, &first, |service| service.rolls_back = true);
            account.completes(SERVICE);
            (account.arn("web", 2), other)
        });
        let told = world.account(|account| account.events.len());
        Self { world, plot, source, other, told, backed_out: false, calls: 0, log: Vec::new() }
    }

    async fn tell(&mut self, event: &Value) {
        for _ in 0..5 {
            let report = self.deliver(event).await;
            if !report.is_retried() {
                return;
            }
            self.world.advance(SignedDuration::from_secs(130));
        }
        panic!("an event is retried for ever: {:?}", self.log);
    }

    async fn deliver(&mut self, event: &Value) -> Decision {
        let report = story::with(&self.world, &story::PROMPT, Mode::Rollout, "worker", event).await;
        self.log.push(format!(
            "event {}: {:?} {:?} {:?} {:?}",
            name(event),
            report.outcome,
            report.reason,
            report.services,
            report.error
        ));
        report
    }

    /// Delivers the events of this kind since the story began; if a revision is given, only the events that name it.
    async fn tell_of(&mut self, kind: &str, revision: Option<RevisionArn>) {
        let revision = revision.map(|revision| revision.to_string());
        let about = |event: &&Value| {
            name(event) == kind && revision.as_ref().is_none_or(|revision| event.to_string().contains(revision))
        };
        let found: Vec<Value> =
            self.world.account(|account| account.events.iter().skip(self.told).filter(about).cloned().collect());
        for event in found {
            self.tell(&event).await;
        }
    }

    fn newer(&self) -> RevisionArn {
        match self.plot.newer {
            Newer_::Other => self.other.clone(),
            Newer_::Blocking => self.world.account(|account| account.arn("web", account.families["web"].len())),
            Newer_::Return => self.source.clone(),
        }
    }

    async fn takes(&mut self, step: Move) {
        self.world.advance(SignedDuration::from_secs(2));
        match step {
            Register => self.world.account(|account| {
                account.registers(&document("web", "blocking"));
            }),
            Update => {
                let source = self.source.clone();
                self.world.account(|account| account.updates_service(SERVICE, &source));
            }
            Ends => {
                let fail = self.plot.rollouts_fail;
                self.world.account(|account| ends(account, fail));
            }
            Newer => {
                let act = newer_act(self.plot, &self.source, &self.other);
                self.world.account(act);
            }
            Backout => {
                self.backed_out = true;
                let report = story::backs_out(&self.world, &self.source).await;
                self.log.push(format!("backout: {:?} {:?} {:?}", report.outcome, report.reason, report.error));
            }
            ToldOfRegister => self.tell_of("RegisterTaskDefinition", Some(self.source.clone())).await,
            ToldOfUpdate => self.tell_of("UpdateService", Some(self.source.clone())).await,
            ToldOfTheEnd => {
                self.tell_of("SERVICE_DEPLOYMENT_COMPLETED", None).await;
                self.tell_of("SERVICE_DEPLOYMENT_FAILED", None).await;
            }
            ToldOfNewer => {
                let newer = self.newer();
                self.tell_of("UpdateService", Some(newer)).await;
            }
        }
    }

    /// Ends all work in progress and delivers all events until nothing more happens. Then delivers all events again.
    async fn comes_to_rest(&mut self) {
        let mut told = self.told;
        for round in 0..40 {
            self.world.advance(SignedDuration::from_secs(400));
            let before = (self.world.account(|account| account.events.len()), self.entries());
            let fail = self.plot.rollouts_fail;
            self.world.account(|account| ends(account, fail));
            let events = self.world.account(|account| account.events[told..].to_vec());
            told += events.len();
            for event in &events {
                self.tell(event).await;
            }
            for report in story::resumes(&self.world, Mode::Rollout).await {
                self.log.push(format!("resumed: {:?} {:?} {:?}", report.outcome, report.reason, report.error));
            }
            for report in story::resumes_backouts(&self.world).await {
                self.log.push(format!("resumed backout: {:?} {:?} {:?}", report.outcome, report.reason, report.error));
            }
            if round > 1 && before == (self.world.account(|account| account.events.len()), self.entries()) {
                self.calls = self.world.log().len();
                return self.delivers_everything_again().await;
            }
        }
        panic!("the work never ends: {:#?}", self.log);
    }

    /// Delivers all events again in reverse order, and asserts that nothing happens.
    async fn delivers_everything_again(&mut self) {
        let before = self.acts();
        for event in self.world.account(|account| account.events[self.told..].to_vec()).iter().rev() {
            self.tell(event).await;
        }
        assert_eq!(self.acts(), before, "a duplicate did something: {:#?}", self.log);
    }

    /// The number of each kind of changing call.
    fn acts(&self) -> [usize; 4] {
        ["UpdateService", "StopServiceDeployment", "RegisterTaskDefinition", "DeregisterTaskDefinition"]
            .map(|call| self.world.count(call))
    }

    fn entries(&self) -> usize {
        self.world.account(|account| account.records.values().map(|record| record.entries.len()).sum())
    }

    /// Asserts the promises about the final state.
    fn ends_well(&self, order: &str) {
        let account = self.world.picture();
        let log = || {
            format!(
                "{order}\n{:?}\n{:#?}\n{:?}",
                self.plot,
                self.log,
                self.world.log().iter().map(|c| format!("{} {}", c.name, c.about)).collect::<Vec<_>>()
            )
        };
        assert_eq!(account.wrongs, Vec::<String>::new(), "{}", log());
        let service = account.service(SERVICE);
        let (runs, wanted) = (&service.revision, service.asked.last().unwrap());
        let is_its_correction = account
            .records
            .get(wanted)
            .is_some_and(|record: &Record| !record.head.suppressed && record.head.corrected.as_ref() == Some(runs));
        assert!(
            runs == wanted || is_its_correction,
            "the service runs {}, and {} was wanted: {}",
            runs.short(),
            wanted.short(),
            log()
        );
        if self.backed_out && account.records.get(&self.source).is_some_and(|record| record.head.suppressed) {
            let corrected = account.records[&self.source].head.corrected.as_ref();
            assert_ne!(Some(runs), corrected, "it was backed out: {}", log());
        }
        for record in account.records.values() {
            assert!(!record.head.has_work(), "{} is not finished: {}", record.head.source.short(), log());
        }
        for family in account.remembered.values() {
            assert_eq!(family.turn, None, "the turn was not released: {}", log());
        }
    }
}

/// Ends the newest deployment. If it is of a revision registered by Logweir and `fail` is set, it fails.
fn ends(account: &mut Account, fail: bool) {
    let revision = account.service(SERVICE).revision.clone();
    let by_logweir = account.revision(&revision).is_some_and(|found| found.by == crate::world::LOGWEIR);
    match by_logweir && fail {
        true => account.fails(SERVICE, "tasks failed to start"),
        false => account.completes(SERVICE),
    }
}

fn newer_act(plot: Plot, source: &RevisionArn, other: &RevisionArn) -> impl FnOnce(&mut Account) + Send + 'static {
    let (source, other) = (source.clone(), other.clone());
    move |account| {
        let to = match plot.newer {
            Newer_::Other => other,
            Newer_::Return => source,
            Newer_::Blocking => account.registers(&document("web", "blocking")),
        };
        account.updates_service(SERVICE, &to);
    }
}

fn name(event: &Value) -> &str {
    event["detail"]["eventName"].as_str().unwrap_or_default()
}

const PLOTS: [Plot; 4] = [
    Plot { rollouts_fail: false, newer: Newer_::Other, forgets: false },
    Plot { rollouts_fail: false, newer: Newer_::Blocking, forgets: false },
    Plot { rollouts_fail: false, newer: Newer_::Return, forgets: false },
    Plot { rollouts_fail: true, newer: Newer_::Other, forgets: false },
];

async fn told(plot: Plot, order: &[Move]) -> Story {
    let mut story = Story::new(plot);
    for step in order {
        story.takes(*step).await;
    }
    story.comes_to_rest().await;
    story
}

/// Plays all possible orders of all moves, each with one of the plots.
async fn in_every_order(plot: usize) {
    let parts = Parts::of(PLOTS.len() as u64);
    let all = orders(
        &[Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd, Newer, ToldOfNewer, Backout],
        before,
    );
    assert!(all.len() > 1500, "{}", all.len());
    for (_, order) in all.iter().enumerate().filter(|(number, _)| parts.has(plot as u64, number)) {
        told(PLOTS[plot], order).await.ends_well(&format!("{order:?}"));
    }
}

#[tokio::test]
async fn in_every_order_a_service_that_another_principal_updated_runs_that_revision() {
    in_every_order(0).await;
}

#[tokio::test]
async fn in_every_order_a_service_runs_the_newer_blocking_revision_or_its_correction() {
    in_every_order(1).await;
}

#[tokio::test]
async fn in_every_order_a_service_that_was_returned_to_the_source_runs_the_last_decision() {
    in_every_order(2).await;
}

#[tokio::test]
async fn in_every_order_a_failed_rollout_leaves_the_last_decision() {
    in_every_order(3).await;
}

#[tokio::test]
async fn without_another_update_the_service_finally_runs_the_correction() {
    let plot = PLOTS[0];
    for order in orders(&[Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd], before) {
        let story = told(plot, &order).await;
        story.ends_well(&format!("{order:?}"));
        let account = story.world.picture();
        let runs = account.service(SERVICE).revision.clone();
        assert_eq!(runs, account.arn("web", 3), "{order:?}: {:#?}", story.log);
        assert_eq!(account.families["web"].len(), 3, "one correction: {order:?}");
    }
}

#[tokio::test]
async fn after_a_failed_rollout_the_service_runs_the_source_and_nothing_more_is_tried() {
    let plot = PLOTS[3];
    for order in orders(&[Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd], before) {
        let story = told(plot, &order).await;
        story.ends_well(&format!("{order:?}"));
        let account = story.world.picture();
        assert_eq!(account.service(SERVICE).revision, story.source, "{order:?}: {:#?}", story.log);
        assert_eq!(story.world.count("UpdateService"), 1, "{order:?}: {:#?}", story.log);
        assert!(account.remembered.values().any(|family| family.fuse.is_some()), "{order:?}");
    }
}

/// Another principal updates the service right before a call of Logweir, in stories of several orders. A third of the
/// calls of each order is played.
async fn another_principal_acts_at_any_call(plot: Plot) {
    let parts = Parts::of(3);
    let mut moves = vec![Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd];
    // If ECS forgets deployments, a rollback cannot be distinguished from a later decision.
    moves.extend(Some(Backout).filter(|_| !plot.forgets));
    for (which, order) in orders(&moves, before).iter().enumerate().step_by(if plot.forgets { 2 } else { 9 }) {
        let calls = told(plot, order).await.calls;
        for number in (1..=calls).filter(|number| parts.has(0, (which, number))) {
            let mut story = Story::new(plot);
            let act = newer_act(plot, &story.source, &story.other);
            let act = Then::act(move |account: &mut Account| {
                // The source cannot be deployed before it is registered.
                if account.families["web"].len() > 1 {
                    account.now += SignedDuration::from_secs(1);
                    act(account);
                }
            });
            story.world.at(number, Moment::Before, act);
            for step in order {
                story.takes(*step).await;
            }
            story.comes_to_rest().await;
            story.ends_well(&format!("{order:?}, another principal acts before call {number}"));
        }
    }
}

#[tokio::test]
async fn logweir_yields_to_an_update_at_any_of_its_calls() {
    another_principal_acts_at_any_call(PLOTS[0]).await;
    another_principal_acts_at_any_call(PLOTS[3]).await;
}

#[tokio::test]
async fn logweir_yields_to_a_return_or_a_blocking_revision_at_any_of_its_calls() {
    another_principal_acts_at_any_call(PLOTS[1]).await;
    another_principal_acts_at_any_call(PLOTS[2]).await;
}

#[tokio::test]
async fn logweir_yields_to_a_deployment_that_ecs_no_longer_lists_once_overtaken() {
    another_principal_acts_at_any_call(Plot { forgets: true, ..PLOTS[0] }).await;
    another_principal_acts_at_any_call(Plot { forgets: true, ..PLOTS[1] }).await;
}

/// Logweir's deployment has completed, so that a backout itself updates the service.
const ROLLED_OUT: [Move; 5] = [Register, Update, Ends, ToldOfTheEnd, Ends];

#[tokio::test]
async fn logweir_yields_to_a_deployment_during_a_rollback() {
    for forgets in [false, true] {
        for plot in [Plot { forgets, ..PLOTS[0] }, Plot { forgets, ..PLOTS[1] }] {
            let mut quiet = Story::new(plot);
            for step in ROLLED_OUT {
                quiet.takes(step).await;
            }
            let begun = quiet.world.log().len();
            quiet.takes(Backout).await;
            assert_eq!(quiet.world.count("UpdateService"), 2, "one update and one rollback: {:#?}", quiet.log);
            for number in begun + 1..=quiet.world.log().len() {
                let mut story = Story::new(plot);
                let act = newer_act(plot, &story.source, &story.other);
                let act = Then::act(move |account: &mut Account| {
                    account.now += SignedDuration::from_secs(1);
                    act(account);
                });
                story.world.at(number, Moment::Before, act);
                for step in ROLLED_OUT {
                    story.takes(step).await;
                }
                story.takes(Backout).await;
                story.comes_to_rest().await;
                story.ends_well(&format!("another principal acts before call {number} of the backout"));
            }
        }
    }
}
