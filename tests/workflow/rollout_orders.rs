//! Whatever comes before, after and in between: every service runs in the end what the last human decision means. Orders of
//! what people and ECS do and of the events that tell of it, all of them, and somebody acting at every call of ours.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use serde_json::Value;

use crate::permutations::orders;
use crate::world::{Account, Moment, Then, World, story};

const SERVICE: &str = "prod/web";

/// What may happen, in the order in which a story tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// Somebody registers the source, a revision that blocks.
    Register,
    /// Its event is delivered.
    ToldOfRegister,
    /// Somebody has the service run it.
    Update,
    ToldOfUpdate,
    /// The service's newest deployment ends, as the story says.
    Ends,
    ToldOfTheEnd,
    /// Somebody has the service run something else, or the source again.
    Newer,
    ToldOfNewer,
    /// Somebody wants the correction taken back.
    Backout,
}

use Move::*;

/// What a story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plot {
    /// Whether deployments of ours fail.
    ours_fail: bool,
    newer: Newer_,
    /// Whether ECS lists an overtaken deployment no more.
    forgets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newer_ {
    /// A revision of another family, which nothing is wrong with.
    Other,
    /// A newer revision of the same family, which blocks too.
    Blocking,
    /// The source once more.
    Return,
}

/// Which moves have to come before one.
fn before(step: Move) -> &'static [Move] {
    match step {
        Register => &[],
        ToldOfRegister | Update | Backout => &[Register],
        ToldOfUpdate | Ends | Newer => &[Update],
        ToldOfTheEnd => &[Ends],
        ToldOfNewer => &[Newer],
    }
}

/// A document of this family whose container has an image that means the same for ever.
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
    /// Events that are told, by what they tell of.
    told: usize,
    backed_out: bool,
    /// How many calls were made until it came to rest.
    calls: usize,
    /// What happened beside the moves, for a message.
    log: Vec<String>,
}

impl Story {
    /// A service that runs a revision which nothing is wrong with.
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
            if !report.comes_again() {
                return;
            }
            self.world.advance(SignedDuration::from_secs(130));
        }
        panic!("an event is never done with: {:?}", self.log);
    }

    async fn deliver(&mut self, event: &Value) -> Decision {
        let report =
            story::with(&self.world, logweir::settings::SHIPPED_BASELINE, Mode::Rollout, "worker", event).await;
        self.log.push(format!(
            "told of {}: {:?} {:?} {:?} {:?}",
            name(event),
            report.outcome,
            report.reason,
            report.services,
            report.error
        ));
        report
    }

    /// The events of this kind about the source's time, which are told once more or for the first time.
    async fn tell_of(&mut self, kind: &str, revision: Option<RevisionArn>) {
        let events = self.world.account(|account| account.events.clone());
        let about = |event: &&Value| {
            name(event) == kind
                && revision.as_ref().is_none_or(|revision| event.to_string().contains(&revision.to_string()))
        };
        let found: Vec<Value> = events.iter().skip(self.told).filter(about).cloned().collect();
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
                let fail = self.plot.ours_fail;
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

    /// Everything that is still under way ends, and every event is told, twice, until nothing happens any more.
    async fn comes_to_rest(&mut self) {
        let mut told = self.told;
        for round in 0..40 {
            self.world.advance(SignedDuration::from_secs(400));
            let before = (self.world.account(|account| account.events.len()), self.entries());
            let fail = self.plot.ours_fail;
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
                self.log.push(format!("resumed back: {:?} {:?} {:?}", report.outcome, report.reason, report.error));
            }
            if round > 1 && before == (self.world.account(|account| account.events.len()), self.entries()) {
                self.calls = self.world.log().len();
                return self.is_told_everything_again().await;
            }
        }
        panic!("it never comes to rest: {:#?}", self.log);
    }

    /// Events may come again, at any time and in any order: nothing is done about them.
    async fn is_told_everything_again(&mut self) {
        let before = self.acts();
        for event in self.world.account(|account| account.events[self.told..].to_vec()).iter().rev() {
            self.tell(event).await;
        }
        assert_eq!(self.acts(), before, "a duplicate did something: {:#?}", self.log);
    }

    /// How often anything was changed in the account.
    fn acts(&self) -> [usize; 4] {
        ["UpdateService", "StopServiceDeployment", "RegisterTaskDefinition", "DeregisterTaskDefinition"]
            .map(|call| self.world.count(call))
    }

    fn entries(&self) -> usize {
        self.world.account(|account| account.records.values().map(|record| record.entries.len()).sum())
    }

    /// What the promises say of the end.
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
            let ours = account.records[&self.source].head.corrected.as_ref();
            assert_ne!(Some(runs), ours, "it was taken back: {}", log());
        }
        for record in account.records.values() {
            assert!(!record.head.has_work(), "{} is not finished: {}", record.head.source.short(), log());
        }
        for family in account.remembered.values() {
            assert_eq!(family.turn, None, "the turn was not given back: {}", log());
        }
    }
}

/// The newest deployment ends: one of a revision that Logweir registered as the plot says, any other well.
fn ends(account: &mut Account, fail: bool) {
    let revision = account.service(SERVICE).revision.clone();
    let ours = account.revision(&revision).is_some_and(|found| found.by == crate::world::LOGWEIR);
    match ours && fail {
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
    Plot { ours_fail: false, newer: Newer_::Other, forgets: false },
    Plot { ours_fail: false, newer: Newer_::Blocking, forgets: false },
    Plot { ours_fail: false, newer: Newer_::Return, forgets: false },
    Plot { ours_fail: true, newer: Newer_::Other, forgets: false },
];

async fn told(plot: Plot, order: &[Move]) -> Story {
    let mut story = Story::new(plot);
    for step in order {
        story.takes(*step).await;
    }
    story.comes_to_rest().await;
    story
}

/// Every order in which all of it may happen.
async fn in_every_order(plot: Plot) {
    let all = orders(
        &[Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd, Newer, ToldOfNewer, Backout],
        before,
    );
    assert!(all.len() > 1500, "{}", all.len());
    for order in &all {
        told(plot, order).await.ends_well(&format!("{order:?}"));
    }
}

#[tokio::test]
async fn in_every_order_a_service_that_was_moved_on_runs_what_it_was_moved_to() {
    in_every_order(PLOTS[0]).await;
}

#[tokio::test]
async fn in_every_order_a_newer_revision_that_blocks_is_what_a_service_runs_or_its_correction() {
    in_every_order(PLOTS[1]).await;
}

#[tokio::test]
async fn in_every_order_a_service_that_was_returned_to_the_source_stays_what_somebody_decided() {
    in_every_order(PLOTS[2]).await;
}

#[tokio::test]
async fn in_every_order_a_deployment_of_ours_that_fails_leaves_what_somebody_decided() {
    in_every_order(PLOTS[3]).await;
}

#[tokio::test]
async fn where_nobody_moves_on_the_service_comes_to_run_the_corrected_revision() {
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
async fn where_our_deployment_fails_the_service_is_on_its_source_and_nothing_more_is_tried() {
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

/// Somebody moves on just before each call of ours, in stories that are told in several orders.
async fn somebody_acts_at_any_call(plot: Plot) {
    let mut moves = vec![Register, ToldOfRegister, Update, ToldOfUpdate, Ends, ToldOfTheEnd];
    // What ECS forgets while it rolls back nobody can tell from what somebody decided after it.
    moves.extend(Some(Backout).filter(|_| !plot.forgets));
    for order in orders(&moves, before).iter().step_by(if plot.forgets { 2 } else { 9 }) {
        let calls = told(plot, order).await.calls;
        for number in 1..=calls {
            let mut story = Story::new(plot);
            let act = newer_act(plot, &story.source, &story.other);
            let act = Then::act(move |account: &mut Account| {
                // Nobody can have deployed the source before it was registered.
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
            story.ends_well(&format!("{order:?}, somebody acts before call {number}"));
        }
    }
}

#[tokio::test]
async fn somebody_who_moves_on_at_any_call_of_ours_is_given_way_to() {
    somebody_acts_at_any_call(PLOTS[0]).await;
    somebody_acts_at_any_call(PLOTS[3]).await;
}

#[tokio::test]
async fn so_is_somebody_who_returns_the_service_or_deploys_what_blocks() {
    somebody_acts_at_any_call(PLOTS[1]).await;
    somebody_acts_at_any_call(PLOTS[2]).await;
}

#[tokio::test]
async fn so_is_somebody_whose_deployment_ecs_lists_no_more_once_it_is_overtaken() {
    somebody_acts_at_any_call(Plot { forgets: true, ..PLOTS[0] }).await;
    somebody_acts_at_any_call(Plot { forgets: true, ..PLOTS[1] }).await;
}

/// Our deployment has completed, so that a backout points the service itself.
const ROLLED_OUT: [Move; 5] = [Register, Update, Ends, ToldOfTheEnd, Ends];

#[tokio::test]
async fn so_is_somebody_who_deploys_while_a_service_is_pointed_back() {
    for forgets in [false, true] {
        for plot in [Plot { forgets, ..PLOTS[0] }, Plot { forgets, ..PLOTS[1] }] {
            let mut quiet = Story::new(plot);
            for step in ROLLED_OUT {
                quiet.takes(step).await;
            }
            let begun = quiet.world.log().len();
            quiet.takes(Backout).await;
            assert_eq!(quiet.world.count("UpdateService"), 2, "there and back: {:#?}", quiet.log);
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
                story.ends_well(&format!("somebody acts before call {number} of the backout"));
            }
        }
    }
}
