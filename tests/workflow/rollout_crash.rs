//! The process dies at every call from a registration to the updated service, and of the backout, or a call's answer is
//! lost. The final state is the same as without the fault, also while reads lag.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

mod two_workers;

use std::cell::Cell;
use std::sync::LazyLock;

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Conclusion;
use logweir::domain::outcome::Mode;
use logweir::domain::report::Decision;
use logweir::ports::Clock;
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};
use serde_json::Value;

use crate::order::{backout, order};
use crate::world::story::{BLOCKING, PROMPT, backs_out, by, home, with};
use crate::world::{Account, LOGWEIR, Lag, Lie, Moment, Passing, TASKS_FAILED, Then, World};

const SERVICES: [&str; 2] = ["prod/api", "prod/web"];

/// What happens to the services.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Road {
    /// One service is updated.
    One,
    /// Two services of one family are updated one after the other.
    Two,
    /// Logweir's deployment fails, and ECS rolls it back.
    RolledBack,
    /// Logweir's deployment fails, and ECS does not roll it back.
    Fails,
    /// The rollout is backed out while it is in progress.
    BackedOutInProgress,
    /// The rollout is backed out after it has completed.
    BackedOut,
    /// Two completed rollouts are backed out.
    TwoBackedOut,
    /// The rollout is backed out after its source was deregistered.
    SourceGone,
    /// A hook pauses Logweir's deployment for longer than the deadline.
    Paused,
    /// Another principal changes the service's network during the rollout, which is then backed out.
    NetworkChanged,
}

use Road::*;

const ROADS: [Road; 10] =
    [One, Two, RolledBack, Fails, BackedOutInProgress, BackedOut, TwoBackedOut, SourceGone, Paused, NetworkChanged];

const NO_LAG: Lag =
    Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 0, clusters: 0, lasts: SignedDuration::from_mins(7) };

/// DescribeServices omits its own number of writes, alone and together with the other reads.
const LAGS: [Lag; 3] = [
    Lag { services: 1, ..NO_LAG },
    Lag { services: 4, ..NO_LAG },
    Lag { describe: 1, list: 2, tags: 2, starts: 1, services: 2, ..NO_LAG },
];

#[derive(Clone, Copy, Debug)]
enum Fault {
    DiesBefore,
    DiesAfter,
    /// The call never arrives.
    Cut,
    AnswerLost,
}

const FAULTS: [Fault; 4] = [Fault::DiesBefore, Fault::DiesAfter, Fault::Cut, Fault::AnswerLost];

static BASELINE: LazyLock<Baseline> = LazyLock::new(|| Baseline::parse(&PROMPT).unwrap());

/// What comes first after a crash: the event again, or the schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Event,
    Schedule,
}

/// The final state, which must be the same as without a fault.
#[derive(Debug, PartialEq)]
struct End {
    runs: Vec<String>,
    /// The length of each revision, and whether it is ACTIVE.
    revisions: Vec<(usize, bool)>,
    /// The conclusion of each record and of its services, and whether it was backed out.
    closings: Vec<(Option<Conclusion>, Option<Conclusion>, bool)>,
    following: usize,
    turns: usize,
    fuses: usize,
    times: Vec<usize>,
    subnets: Vec<String>,
}

struct Tale {
    world: World,
    road: Road,
    first: First,
    /// The lie of the world after the source's deployment has completed.
    lie: Option<Lie>,
    source: RevisionArn,
    /// How often Logweir's deployment was found in progress.
    looks: Cell<usize>,
    /// How often the work goes on until it has ended.
    rounds: usize,
}

fn document(mode: &str) -> String {
    BLOCKING
        .replace("\"nginx\"", &format!("\"nginx@sha256:{}\"", "a".repeat(64)))
        .replace("\"mode\":\"blocking\"", &format!("\"mode\":\"{mode}\",\"max-buffer-size\":\"25m\""))
}

impl Road {
    fn services(self) -> &'static [&'static str] {
        if matches!(self, Two | TwoBackedOut) { &SERVICES } else { &SERVICES[1..] }
    }

    fn is_backed_out(self) -> bool {
        matches!(self, BackedOutInProgress | BackedOut | TwoBackedOut | SourceGone | NetworkChanged)
    }

    /// Whether the backout begins while Logweir's deployment is in progress.
    fn is_interrupted(self) -> bool {
        matches!(self, BackedOutInProgress | NetworkChanged)
    }
}

impl Tale {
    fn new(road: Road, first: First, lie: Option<Lie>, lag: Lag) -> Self {
        let world = World::new();
        let rounds = 4 + if road == Paused { 2 } else { 0 } + if lag == NO_LAG { 0 } else { 4 };
        let source = world.account(|account| {
            account.has_group("/ecs/web", Some(30), 0);
            let sound = account.registers(&document("non-blocking"));
            for name in road.services() {
                account.creates_service_as(name, &sound, |service| {
                    (service.rolls_back, service.pauses) = (road != Fails, road == Paused);
                });
                account.completes(name);
            }
            account.delivers();
            account.now += SignedDuration::from_mins(1);
            account.lag = lag;
            account.arn("web", 2)
        });
        Self { world, road, first, lie, source, looks: Cell::new(0), rounds }
    }

    /// Delivers the events until none is retryable. After a crash, another worker continues when the lease has expired.
    async fn tells(&self) {
        for event in self.world.account(Account::delivers) {
            if event["detail"]["userIdentity"]["arn"] == LOGWEIR {
                continue;
            }
            self.tell(&event).await;
        }
    }

    async fn tell(&self, event: &Value) {
        for _ in 0..2 * self.rounds {
            let report = with(&self.world, &PROMPT, Mode::Rollout, "worker", event).await;
            if !self.again(&report).await {
                return;
            }
        }
        let name = event["detail"]["eventName"].to_string();
        self.world.account(|account| account.wrongs.push(format!("{name} is retried for ever")));
    }

    /// Whether the work has to be repeated, after a crash or because the report is retryable.
    async fn again(&self, report: &Decision) -> bool {
        let dead = self.world.is_dead();
        if dead || report.is_retried() {
            self.world.restart();
            self.world.advance(LEASE);
            if self.first == First::Schedule {
                self.schedule().await;
            }
        }
        dead || report.is_retried()
    }

    /// Runs the schedule for both functions. After a crash, a new process starts.
    async fn schedule(&self) {
        let (home, by) = (home(), by());
        let order = Order { origin: Origin::Resume, ..order(&home, &by, &BASELINE, Mode::Rollout, "resumer") };
        let _ = resume(&self.world, &order, self.world.now()).await;
        let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
        let _ = resume_backouts(&self.world, &order).await;
        if self.world.is_dead() {
            self.world.restart();
        }
    }

    fn deployments_end(&self) {
        self.world.advance(LEASE);
        self.world.account(|account| {
            for name in self.road.services() {
                let runs = account.service(name).revision.clone();
                let by_logweir = account.revision(&runs).is_some_and(|found| found.by == LOGWEIR);
                match self.road {
                    RolledBack | Fails if by_logweir => account.fails(name, TASKS_FAILED),
                    Paused if by_logweir => self.pauses(account, name),
                    _ => account.completes(name),
                }
            }
        });
    }

    /// Pauses Logweir's deployment, lets it wait longer than the deadline, and completes it.
    fn pauses(&self, account: &mut Account, name: &str) {
        match self.looks.replace(self.looks.get() + 1) {
            0 => account.pauses(name),
            1 => account.now += SignedDuration::from_hours(3),
            _ => {
                account.continues(name);
                account.completes(name);
            }
        }
    }

    /// Registers and deploys a blocking revision, and delivers the events.
    async fn deploys(&self) {
        self.world.account(|account| drop(account.registers(&document("blocking"))));
        self.tells().await;
        let source = self.source.clone();
        let services = self.road.services();
        self.world.account(|account| services.iter().for_each(|name| account.updates_service(name, &source)));
        self.tells().await;
        self.deployments_end();
        self.world.account(|account| account.lie = self.lie);
        self.tells().await;
    }

    /// Ends all work in progress.
    async fn comes_to_rest(&self) {
        for _ in 0..self.rounds {
            self.deployments_end();
            self.tells().await;
            self.schedule().await;
        }
    }

    async fn is_backed_out(&self) {
        if self.road == SourceGone {
            let source = self.source.clone();
            self.world.account(|account| account.deregisters(&source));
        }
        if self.road == NetworkChanged {
            self.world.account(|account| account.changes_network(self.road.services()[0], "subnet-new"));
        }
        for _ in 0..self.rounds {
            let report = backs_out(&self.world, &self.source).await;
            if !self.again(&report).await {
                break;
            }
        }
    }

    /// The part of the road before the swept calls: for a backout, its rollout.
    async fn begins(&self) {
        if self.road.is_backed_out() {
            self.deploys().await;
            if !self.road.is_interrupted() {
                self.comes_to_rest().await;
            }
        }
    }

    async fn goes_on(&self) {
        match self.road.is_backed_out() {
            true => self.is_backed_out().await,
            false => self.deploys().await,
        }
        self.comes_to_rest().await;
    }

    fn deployments_of_logweir(&self) -> usize {
        self.world.account(|account| account.service_deployments.values().filter(|it| it.by == LOGWEIR).count())
    }

    fn end(&self) -> End {
        self.world.account(|account| End {
            runs: account.services.values().map(|service| service.revision.short()).collect(),
            revisions: account.families["web"].iter().map(|found| (found.text.len(), found.is_active())).collect(),
            closings: account
                .records
                .values()
                .map(|record| &record.head)
                .map(|head| (head.closing.clone(), head.rolled.clone(), head.suppressed))
                .collect(),
            following: account.records.values().filter(|record| record.head.has_work()).count(),
            turns: account.remembered.values().filter(|family| family.turn.is_some()).count(),
            fuses: account.remembered.values().filter(|family| family.fuse.is_some()).count(),
            times: account.pointings.values().map(|pointings| pointings.times.len()).collect(),
            subnets: account.services.values().map(|service| service.subnet.clone()).collect(),
        })
    }
}

/// A program that acts wrongly because the account gives false answers. A sweep of it stops at the first fault with
/// this text.
#[derive(Clone, Copy)]
struct Wrong {
    lie: Lie,
    fault: &'static str,
}

fn is_caught(program: Option<Wrong>, wrong: &[String]) -> bool {
    program.is_some_and(|program| wrong.iter().any(|it| it.contains(program.fault)))
}

/// One fault of a road, and what else differs from the quiet road.
#[derive(Clone, Copy)]
struct Run {
    number: usize,
    fault: Fault,
    first: First,
    lag: Lag,
    /// ECS refuses the first update of a service by Logweir for a moment.
    refusal: Option<Passing>,
}

/// A road without a fault: its calls, and its final state.
struct Quiet {
    road: Road,
    /// The number of calls before the swept ones.
    begun: usize,
    calls: Vec<&'static str>,
    end: End,
    updates: usize,
    deployed: usize,
}

impl Quiet {
    async fn of(road: Road, lag: Lag) -> Self {
        Self::refused(road, lag, None).await
    }

    async fn refused(road: Road, lag: Lag, refusal: Option<Passing>) -> Self {
        let tale = Tale::new(road, First::Event, None, lag);
        tale.begins().await;
        let begun = tale.world.calls().len();
        refusal.into_iter().for_each(|refusal| tale.world.refuses_next(refusal));
        tale.goes_on().await;
        let (calls, end, updates) = (tale.world.calls(), tale.end(), tale.world.count("UpdateService"));
        Self { road, begun, calls, end, updates, deployed: tale.deployments_of_logweir() }
    }

    /// Plays the road with a fault at one call, and returns what is wrong then.
    async fn with(&self, run: Run, program: Option<Wrong>) -> Vec<String> {
        let Run { number, fault, first, lag, refusal } = run;
        let tale = Tale::new(self.road, first, program.map(|program| program.lie), lag);
        tale.begins().await;
        refusal.into_iter().for_each(|refusal| tale.world.refuses_next(refusal));
        match fault {
            Fault::DiesBefore => tale.world.at(number, Moment::Before, Then::Crash),
            Fault::DiesAfter => tale.world.at(number, Moment::After, Then::Crash),
            Fault::Cut => tale.world.at(number, Moment::Before, Then::Cut),
            Fault::AnswerLost => tale.world.at(number, Moment::After, Then::Cut),
        }
        tale.goes_on().await;
        let (road, wanted, updates) = (self.road, &self.end, self.updates);
        let refused = refusal.map_or("", |refusal| refusal.message);
        let at = format!("{road:?}, {fault:?} at {} {number}, {first:?} first {refused}", self.calls[number - 1]);
        let mut wrong = tale.world.account(|account| account.wrongs.clone());
        let end = tale.end();
        if end != *wanted {
            wrong.push(format!("{end:?}, wanted {wanted:?}"));
        }
        let again = tale.world.count("UpdateService");
        // While reads lag, ECS may refuse a new revision, so only the deployments count.
        if lag == NO_LAG && refusal.is_none() && again > updates + 1 {
            wrong.push(format!("{again} times UpdateService, {updates} without"));
        }
        let deployed = tale.deployments_of_logweir();
        if deployed > self.deployed + 1 {
            wrong.push(format!("Logweir started {deployed} deployments, {} without", self.deployed));
        }
        wrong.iter().map(|it| format!("{at}: {it}")).collect()
    }
}

/// Makes every call of the road fail in every way. Returns the number of runs and their faults.
async fn sweep(road: Road, program: Option<Wrong>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let quiet = Quiet::of(road, NO_LAG).await;
    for number in quiet.begun + 1..=quiet.calls.len() {
        for fault in FAULTS {
            for first in [First::Event, First::Schedule] {
                runs += 1;
                wrong.extend(quiet.with(Run { number, fault, first, lag: NO_LAG, refusal: None }, program).await);
                if is_caught(program, &wrong) {
                    return (runs, wrong);
                }
            }
        }
    }
    (runs, wrong)
}

/// Makes every third call of the road fail in one way while reads lag, and while ECS refuses an update. Returns the
/// number of runs and their faults.
async fn sweep_lagging(road: Road, program: Option<Wrong>, lag: Lag, refusal: Option<Passing>) -> (usize, Vec<String>) {
    let (prompt, quiet) = (Quiet::of(road, NO_LAG).await, Quiet::refused(road, lag, refusal).await);
    let (mut runs, mut wrong) = (0, Vec::new());
    if quiet.end != prompt.end {
        wrong.push(format!("{road:?} without a fault: {:?}, wanted {:?}", quiet.end, prompt.end));
    }
    // Three and eight have no common divisor, so each fault occurs with each of the first deliveries.
    for number in (quiet.begun + 1..=quiet.calls.len()).step_by(3) {
        let first = if number % 8 < 4 { First::Event } else { First::Schedule };
        runs += 1;
        wrong.extend(quiet.with(Run { number, fault: FAULTS[number % 4], first, lag, refusal }, program).await);
        if is_caught(program, &wrong) {
            break;
        }
    }
    (runs, wrong)
}

/// The sweep below would pass even if no road led anywhere.
#[tokio::test]
async fn without_a_fault_each_road_has_the_intended_end() {
    for (road, runs, pointed) in [
        (One, ["web:3"].as_slice(), 1),
        (Two, &["web:3", "web:3"], 2),
        (RolledBack, &["web:2"], 1),
        (Fails, &["web:2"], 2),
        (BackedOutInProgress, &["web:2"], 1),
        (BackedOut, &["web:2"], 2),
        (TwoBackedOut, &["web:2", "web:2"], 4),
        (SourceGone, &["web:4"], 2),
        (Paused, &["web:3"], 1),
        (NetworkChanged, &["web:2"], 2),
    ] {
        let tale = Tale::new(road, First::Event, None, NO_LAG);
        tale.begins().await;
        tale.goes_on().await;
        let end = tale.end();
        assert_eq!(
            (end.runs.iter().map(String::as_str).collect::<Vec<_>>(), tale.world.count("UpdateService")),
            (runs.to_vec(), pointed)
        );
        assert_eq!((end.following, end.turns), (0, 0), "{road:?}");
        assert_eq!(end.fuses, usize::from(matches!(road, RolledBack | Fails)), "{road:?}");
        let active: Vec<bool> = end.revisions.iter().map(|(_, active)| *active).collect();
        assert_eq!(active[2], !road.is_backed_out(), "{road:?}");
        assert_eq!(tale.world.account(|account| account.wrongs.clone()), Vec::<String>::new());
        let subnet = if road == NetworkChanged { "subnet-new" } else { "subnet-old" };
        assert!(end.subnets.iter().all(|it| it == subnet), "{road:?}: {:?}", end.subnets);
    }
}

#[tokio::test]
async fn wherever_the_process_dies_services_run_the_intended_revision() {
    let mut all = 0;
    for road in ROADS {
        let (runs, wrong) = sweep(road, None).await;
        assert_eq!(wrong, Vec::<String>::new(), "{} of {runs}", wrong.len());
        println!("{road:?}: {runs} runs");
        all += runs;
    }
    assert!(all > 4000, "{all}");
}

#[tokio::test]
async fn a_program_that_records_its_intent_too_late_is_detected() {
    for road in [One, Fails] {
        let late = Wrong { lie: Lie::CommitLater, fault: "web:3, and no record says so before" };
        let (runs, wrong) = sweep(road, Some(late)).await;
        println!("{road:?}: {} faults in {runs} runs, the last: {:?}", wrong.len(), wrong.last());
        assert!(is_caught(Some(late), &wrong), "{road:?}");
    }
}

#[tokio::test]
async fn while_reads_lag_services_finally_run_the_intended_revision_wherever_the_process_dies() {
    let mut all = 0;
    for road in ROADS {
        for lag in LAGS {
            let (runs, wrong) = sweep_lagging(road, None, lag, None).await;
            assert_eq!(wrong, Vec::<String>::new(), "{lag:?}: {} of {runs}", wrong.len());
            all += runs;
        }
    }
    println!("while reads lag: {all} runs");
    assert!(all > 600, "{all}");
}

#[tokio::test]
async fn while_ecs_refuses_updates_for_a_moment_services_finally_run_the_intended_revision_wherever_the_process_dies() {
    let mut all = 0;
    for (index, refusal) in Passing::of("UpdateService").into_iter().enumerate() {
        // ECS finds a revision that was registered hours ago, such as the source in a backout.
        let roads = [One, Two, Fails, BackedOut, SourceGone, NetworkChanged];
        for road in roads.into_iter().filter(|road| !(refusal.is_missing() && road.is_backed_out())) {
            let lag = [NO_LAG, LAGS[1], LAGS[2]][index];
            let (runs, wrong) = sweep_lagging(road, None, lag, Some(refusal)).await;
            assert_eq!(wrong, Vec::<String>::new(), "{lag:?}: {} of {runs}", wrong.len());
            all += runs;
        }
    }
    println!("while ECS refuses updates: {all} runs");
    assert!(all > 300, "{all}");
}

#[tokio::test]
async fn a_program_that_misjudges_a_deployment_is_detected() {
    for (lie, road) in
        [(Lie::NewestIsLogweirs, NetworkChanged), (Lie::NothingPauses, Paused), (Lie::StaleIsRolledBack, One)]
    {
        let (runs, wrong) = sweep_lagging(road, Some(Wrong { lie, fault: "" }), LAGS[1], None).await;
        println!("{lie:?}: the first fault, in run {runs}: {:?}", wrong.first());
        assert!(!wrong.is_empty(), "{lie:?}");
    }
}
