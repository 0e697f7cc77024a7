//! The whole life of a correction whose source is withdrawn: the process dies at a call, or the call's answer is lost,
//! while reads lag. The corrected revision lives no longer than its source, unless something uses it.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use std::cell::Cell;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::reconciliation::Request;
use logweir::domain::outcome::{Mode, Outcome};
use logweir::domain::report::FollowUp;
use logweir::ports::Clock;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, Order, Origin, reconcile, resume, retire_unused};
use serde_json::{Value, json};

use crate::cloudtrail::Call;
use crate::crash::{FAULTS, Fault, LAGS, NO_LAG, detected};
use crate::order::{backout, order};
use crate::world::queue::Line;
use crate::world::story::{BLOCKING, by, deregistration, event, home, parsed, with};
use crate::world::{DEPLOYER, Lag, Lie, Moment, Then, World};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    /// The event of the deregistration arrives.
    Told,
    /// The event of the deregistration is lost, and the reconciliation finds the deregistration.
    Lost,
    /// A rule pins the corrected revision for a while.
    Pinned,
    /// A service runs the corrected revision for a while.
    Used,
    /// The source is deregistered, and the event of this arrives, before the first event of its registration arrives.
    WithdrawnFirst,
    /// The event of the registration is lost. Right before the reconciliation, the owner registers a sound revision.
    Overtaken,
}

use Situation::*;

const SITUATIONS: [Situation; 6] = [Told, Lost, Pinned, Used, WithdrawnFirst, Overtaken];

/// The number of deliveries after which the test gives up.
const MOST: usize = 12;

struct Life {
    world: World,
    situation: Situation,
    source: RevisionArn,
    workers: Cell<usize>,
}

fn sound() -> String {
    BLOCKING.replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")
}

impl Life {
    fn new(situation: Situation, lag: Lag) -> Self {
        let world = World::new();
        let source = world.account(|account| {
            (account.lag, account.is_silent) = (lag, true);
            account.has_group("/ecs/web", Some(30), 1);
            account.arn("web", 1)
        });
        Self { world, situation, source, workers: Cell::new(0) }
    }

    fn worker(&self) -> String {
        self.workers.set(self.workers.get() + 1);
        format!("worker-{}", self.workers.get())
    }

    fn passes(&self, minutes: i64) {
        self.world.advance(SignedDuration::from_mins(minutes));
    }

    /// Starts a new process if the process has died.
    fn restarts(&self) -> bool {
        let dead = self.world.is_dead();
        if dead {
            self.world.restart();
        }
        dead
    }

    /// Delivers an event until the function has handled it.
    async fn delivers(&self, event: &Value) {
        for _ in 0..MOST {
            let report = with(&self.world, SHIPPED_BASELINE, Mode::Register, &self.worker(), event).await;
            let dead = self.restarts();
            match report.next {
                FollowUp::Nothing if !dead => return,
                FollowUp::Later if !dead => self.passes(15),
                _ => self.world.advance(LEASE),
            }
        }
        let name = event["detail"]["eventName"].to_string();
        self.world.account(|account| account.wrongs.push(format!("{name} is retried for ever")));
    }

    /// Runs the schedules of both functions every five minutes.
    async fn schedule(&self, minutes: i64) {
        for _ in (5..=minutes).step_by(5) {
            self.passes(5);
            let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
            let worker = self.worker();
            let order = Order { origin: Origin::Resume, ..order(&home, &by, baseline, Mode::Register, &worker) };
            let _ = resume(&self.world, &order, self.world.now()).await;
            self.restarts();
            let _ = retire_unused(&self.world, &backout(&home, &by, &worker, BackoutOptions::default())).await;
            self.restarts();
        }
    }

    /// Reconciles, and delivers what the reconciliation sends to the queue.
    async fn reconciles(&self) {
        let (home, by, baseline, queue) = (home(), by(), parsed(SHIPPED_BASELINE), Line::default());
        let mut request = Request::Start;
        for _ in 0..MOST {
            let worker = self.worker();
            let order = order(&home, &by, baseline, Mode::Register, &worker);
            let result = reconcile(&self.world, &order, &queue, request).await;
            if self.restarts() || result.is_err() {
                // SQS delivers the message again.
                self.passes(6);
                continue;
            }
            request = loop {
                let Some(sent) = queue.takes() else { return };
                let body: Value = serde_json::from_str(&sent.body).unwrap();
                match Request::of(&body) {
                    Some(page) => break page,
                    None => self.delivers(&body).await,
                }
            };
        }
        self.world.account(|account| account.wrongs.push("the reconciliation never ends".into()));
    }

    /// A day's reconciliation. If it fails, the next day's follows.
    async fn reconciles_daily(&self) {
        for _ in 0..2 {
            self.reconciles().await;
            self.passes(24 * 60);
        }
    }

    fn rule(&self, name: &str, request: Value) -> Value {
        let (service, account, region, time) = ("events", "111122223333", "eu-west-1", self.world.now().to_string());
        let identity = json!({"type": "AssumedRole", "arn": DEPLOYER});
        Call { service, name, account, region, time: &time, id: "p-1", identity, request, response: json!({}) }.event()
    }

    fn pins(&self) -> Value {
        let corrected = self.world.account(|account| account.arn("web", 2)).to_string();
        let target = json!({"id": "a", "ecsParameters": {"taskDefinitionArn": corrected}});
        self.rule("PutTargets", json!({"rule": "nightly", "targets": [target]}))
    }

    /// The correction, before the swept calls.
    async fn begins(&self) {
        self.world.account(|account| drop(account.registers(BLOCKING)));
        match self.situation {
            WithdrawnFirst => {}
            Overtaken => {
                let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
                let order = order(&home, &by, baseline, Mode::Register, "notes");
                logweir::workflow::note_mode_and_baseline(&self.world, &order).await.unwrap();
                self.world.advance(SignedDuration::from_secs(1));
                self.world.account(|account| {
                    let late = account.registers(BLOCKING);
                    account.deregisters(&account.arn("web", 1));
                    assert_eq!(late.revision, 2);
                });
                self.passes(120);
            }
            _ => self.delivers(&event(&self.source)).await,
        }
    }

    async fn goes_on(&self) {
        match self.situation {
            Overtaken => {
                self.world.account(|account| drop(account.registers(&sound())));
                self.reconciles_daily().await;
                return self.schedule(30).await;
            }
            WithdrawnFirst => {
                self.world.account(|account| account.deregisters(&self.source));
                let withdrawal = deregistration(&self.world, &self.source);
                let first = with(&self.world, SHIPPED_BASELINE, Mode::Register, &self.worker(), &withdrawal).await;
                let is_handled = !self.restarts() && first.next == FollowUp::Nothing;
                self.delivers(&event(&self.source)).await;
                if !is_handled {
                    self.passes(15);
                    self.delivers(&withdrawal).await;
                }
                return self.schedule(40).await;
            }
            Pinned => self.delivers(&self.pins()).await,
            Used => self.world.account(|account| {
                account.running.insert("service prod/web".into(), account.arn("web", 2));
            }),
            Told | Lost => {}
        }
        self.world.account(|account| account.deregisters(&self.source));
        match self.situation {
            Lost => self.reconciles_daily().await,
            _ => self.delivers(&deregistration(&self.world, &self.source)).await,
        }
        self.schedule(35).await;
        if matches!(self.situation, Pinned | Used) {
            if self.world.account(|account| account.active("web")) != [2] {
                self.world.account(|account| account.wrongs.push("the revision was retired while it was used".into()));
            }
            self.world.advance(SignedDuration::from_secs(1));
            self.world.account(|account| account.running.clear());
            self.delivers(&self.rule("DeleteRule", json!({"name": "nightly"}))).await;
            self.schedule(70).await;
        }
    }

    /// The faults of the final state.
    fn ends(&self) -> Vec<String> {
        let mut wrong = self.world.account(|account| account.wrongs.clone());
        let standing = self.world.account(|account| account.active("web"));
        let wanted: &[usize] = if self.situation == Overtaken { &[2, 3] } else { &[] };
        if standing != wanted {
            wrong.push(format!("found {standing:?}, wanted {wanted:?}"));
        }
        let records: Vec<_> = self.world.account(|account| account.all_records().cloned().collect());
        for head in records.iter().map(|record| &record.head) {
            let ended = head.closing.as_ref().map(|closing| closing.outcome);
            if head.has_work() || head.retirement.is_some() {
                wrong.push(format!("{} is not finished: {ended:?}", head.source.short()));
            }
            if ended != Some(Outcome::Retired) && !matches!(self.situation, WithdrawnFirst | Overtaken) {
                wrong.push(format!("{} ended {ended:?}", head.source.short()));
            }
        }
        wrong
    }
}

/// One fault at every `stride`-th call, from the call number `first`. Returns the number of runs and their faults.
async fn sweep(
    situation: Situation,
    lag: Lag,
    lie: Option<Lie>,
    (first, stride): (usize, usize),
) -> (usize, Vec<String>) {
    let quiet = Life::new(situation, lag);
    quiet.begins().await;
    let begun = quiet.world.calls().len();
    quiet.goes_on().await;
    let calls = quiet.world.calls();
    let said = |at: &str, wrong: Vec<String>| wrong.into_iter().map(|it| format!("{at}: {it}")).collect::<Vec<_>>();
    let (mut runs, mut wrong) = (1, said(&format!("{situation:?}, {lag:?}"), quiet.ends()));
    for number in (begun + 1 + first..=calls.len()).step_by(stride) {
        let fault: Fault = FAULTS[number % 3];
        let life = Life::new(situation, lag);
        life.begins().await;
        life.world.account(|account| account.lie = lie);
        fault.at(&life.world, number);
        life.goes_on().await;
        runs += 1;
        let at = format!("{situation:?}, {lag:?}, {fault:?} at {} {number}", calls[number - 1]);
        wrong.extend(said(&at, life.ends()));
        if lie.is_some() && !wrong.is_empty() {
            break;
        }
    }
    (runs, wrong)
}

#[tokio::test]
async fn wherever_the_process_dies_while_reads_lag_a_corrected_revision_lives_no_longer_than_its_source() {
    let (mut all, mut wrong) = (0, Vec::new());
    for situation in SITUATIONS {
        for (index, lag) in [NO_LAG].into_iter().chain(LAGS).enumerate() {
            // Each call is swept under one of the lags.
            let (runs, more) = sweep(situation, lag, None, (index, 1 + LAGS.len())).await;
            wrong.extend(more);
            all += runs;
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {all}", wrong.len());
    println!("retirements, pins and reconciliations while reads lag: {all} runs");
    assert!(all > 300, "{all}");
}

#[tokio::test]
async fn a_program_that_does_not_look_for_users_or_pins_is_detected() {
    detected(Lie::NothingRuns, sweep(Used, LAGS[5], Some(Lie::NothingRuns), (0, 1)).await);
    detected(Lie::NothingPins, sweep(Pinned, LAGS[5], Some(Lie::NothingPins), (0, 1)).await);
}

/// A service that another principal updates while Logweir retires the revision keeps the revision, or the record names
/// the service until the end.
#[tokio::test]
async fn a_record_that_names_a_service_never_says_later_that_the_revision_is_retired() {
    let (mut kept, mut named) = (0, 0);
    for lag in [NO_LAG, LAGS[0], LAGS[5]] {
        let quiet = Life::new(Told, lag);
        quiet.begins().await;
        let begun = quiet.world.calls().len();
        quiet.goes_on().await;
        for number in begun + 1..=quiet.world.calls().len() {
            let life = Life::new(Told, lag);
            life.begins().await;
            let points = |account: &mut crate::world::Account| {
                let corrected = account.arn("web", 2);
                if account.revision(&corrected).unwrap().is_active() {
                    account.running.insert("service prod/web".into(), corrected);
                }
            };
            life.world.at(number, Moment::Before, Then::act(points));
            life.goes_on().await;
            let outcome = |world: &World| {
                world.account(|account| account.records[&life.source].head.closing.as_ref().unwrap().outcome)
            };
            let (runs, ended) = (life.world.account(|account| account.running.len()), outcome(&life.world));
            let standing = life.world.account(|account| account.active("web"));
            let at = format!("{lag:?}, a service is updated before call {number}");
            match (runs, standing.as_slice()) {
                (1, [2]) => kept += 1,
                (1, _) => {
                    assert_eq!(ended, Outcome::NeedsOperator, "{at}");
                    named += 1;
                }
                _ => assert_eq!(ended, Outcome::Retired, "{at}"),
            }
            // The operator moves the service away, and the event arrives once more.
            life.world.account(|account| account.running.clear());
            life.delivers(&deregistration(&life.world, &life.source)).await;
            life.schedule(35).await;
            if standing.is_empty() {
                assert_eq!(outcome(&life.world), ended, "{at}");
            }
        }
    }
    assert!(kept > 10 && named > 2, "{kept} {named}");
}
