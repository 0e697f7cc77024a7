//! Random histories: deployments, events late, twice and at once, crashes, lost answers, what others do at any call,
//! backouts. Whatever the history, the promises hold.
//!
//! Every run is the same unless `LOGWEIR_SEED` says otherwise; a failure names its seed, and is shrunk.

#![allow(clippy::print_stdout, reason = "the counts are for whoever reads the run")]

mod acts;
mod promises;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use acts::{Act, FAMILIES, Happening, Happens, Op, Pick, THEIRS, document, history};
use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::EntryKind;
use logweir::domain::report::Decision;
use logweir::ports::{ErrorKind as Failing, PortError};
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;

use crate::order::{backout, order};
use crate::world::story::{by, event, home, takes_back, with};
use crate::world::{DEPLOYER, Lie, Moment, Then, World};

const HISTORIES: u32 = 1000;
/// Each class of operation occurs in so many of them at least.
const EACH: u32 = 100;
const BASELINE: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/theirs\"]\n[fuse]\ncorrections = 1\nminutes = 10\n";

struct History {
    world: World,
    workers: usize,
    stale_was_asked_for: bool,
    retention_was_touched: bool,
    classes: BTreeSet<&'static str>,
    broken: Vec<String>,
}

type Counts = BTreeMap<&'static str, u32>;

/// Runs so many histories; the first that breaks a promise is the answer.
fn run(lie: Option<Lie>, max_shrink_iters: u32) -> (u64, Counts, Result<(), String>) {
    let seed = std::env::var("LOGWEIR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    let config = Config {
        cases: HISTORIES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters,
        ..Config::default()
    };
    let counts = RefCell::new(Counts::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ran = TestRunner::new(config).run(&history(), |ops| {
        let history = runtime.block_on(lives(lie, &ops));
        for class in history.classes {
            *counts.borrow_mut().entry(class).or_default() += 1;
        }
        match history.broken.first() {
            None => Ok(()),
            Some(broken) => Err(TestCaseError::fail(broken.clone())),
        }
    });
    (seed, counts.into_inner(), ran.map_err(|error| error.to_string()))
}

#[test]
fn a_program_that_never_looked_or_wrote_too_late_breaks_a_promise_in_some_history() {
    for lie in [Lie::CommitLater, Lie::NothingOfOurs, Lie::NothingNewer, Lie::RetentionIsOurs, Lie::NothingRuns] {
        let (_, counts, ran) = run(Some(lie), 0);
        let broken = ran.expect_err(&format!("{lie:?} is not found out in {HISTORIES} histories"));
        println!("{lie:?}: in history {}: {}", counts["deploys"], broken.lines().next().unwrap_or_default());
    }
}

#[test]
fn whatever_happens_the_promises_are_kept() {
    let (seed, counts, ran) = run(None, 400);
    ran.unwrap_or_else(|error| panic!("LOGWEIR_SEED={seed} shows it again: {error}"));
    println!("{HISTORIES} histories of 22 operations and more, seed {seed}; in how many of them each class occurs:");
    counts.iter().for_each(|(class, count)| println!("  {count:>5}  {class}"));
    let classes = [
        "deploys",
        "event",
        "event again",
        "event without its body",
        "two at once",
        "dies",
        "answer lost",
        "throttled",
        "others act between two calls",
        "others act",
        "backs out",
        "backs out over a newer revision",
        "holds the family",
        "applies",
        "applies again",
        "resumes",
        "waits",
        "finds the fuse open",
        "finds the family held",
        "finds somebody else at it",
        "runs ours",
    ];
    for class in classes {
        assert!(counts.get(class).copied().unwrap_or_default() >= EACH, "`{class}` occurs too seldom");
    }
}

async fn lives(lie: Option<Lie>, ops: &[Op]) -> History {
    let mut history = History {
        world: World::new(),
        workers: 0,
        stale_was_asked_for: false,
        retention_was_touched: false,
        classes: BTreeSet::new(),
        broken: Vec::new(),
    };
    history.world.account(|account| {
        account.lie = lie;
        account.has_group(THEIRS, None, 1);
        account.adopted.insert(THEIRS.into());
    });
    for (number, op) in ops.iter().enumerate() {
        let before = history.world.picture();
        history.goes_on(op).await;
        history.world.restart();
        history.look(op, &before, number);
        if !history.broken.is_empty() {
            return history;
        }
    }
    history.comes_to_rest().await;
    history
}

impl History {
    fn worker(&mut self) -> String {
        self.workers += 1;
        format!("worker-{}", self.workers)
    }

    /// One of the revisions that somebody registered.
    fn pick(&self, pick: Pick) -> Option<RevisionArn> {
        let family = FAMILIES[pick.family];
        self.world.account(|account| {
            let theirs: Vec<usize> = account
                .families
                .get(family)
                .into_iter()
                .flatten()
                .enumerate()
                .filter(|(_, revision)| revision.by == DEPLOYER)
                .map(|(index, _)| index + 1)
                .collect();
            (!theirs.is_empty()).then(|| account.arn(family, *pick.index.get(&theirs)))
        })
    }

    /// Plans what happens at the operation's calls.
    fn plan(&mut self, happens: &Happens, family: &'static str) {
        let base = self.world.calls().len();
        for (offset, happening) in happens {
            let number = base + offset;
            let throttled = || PortError {
                kind: Failing::Retry,
                call: "any",
                message: "Rate exceeded".into(),
                reason: Some(Reason::Throttled),
            };
            let (class, moment, then) = match *happening {
                Happening::Dies(moment) => ("dies", moment, Then::Crash),
                Happening::AnswerLost => ("answer lost", Moment::After, Then::Cut),
                Happening::Throttled => ("throttled", Moment::Before, Then::Fail(throttled())),
                Happening::Act(moment, act) => {
                    self.retention_was_touched |= act == Act::ChangesRetention;
                    ("others act between two calls", moment, Then::act(move |account| act.on(account, family)))
                }
            };
            self.classes.insert(class);
            self.world.at(number, moment, then);
        }
    }

    async fn goes_on(&mut self, op: &Op) {
        let world = self.world.clone();
        match op {
            Op::Deploys { family, kind } => {
                self.classes.insert("deploys");
                world.account(|account| drop(account.registers(&document(FAMILIES[*family], *kind))));
            }
            Op::Event { of, omitted, happens } => {
                let Some(source) = self.pick(*of) else { return };
                let known = world.account(|account| account.records.contains_key(&source));
                self.classes.insert(if known { "event again" } else { "event" });
                self.plan(happens, FAMILIES[of.family]);
                let worker = self.worker();
                let mut event = event(&source);
                if *omitted {
                    self.classes.insert("event without its body");
                    event["detail"]["responseElements"] = Value::Null;
                    let at = world.account(|account| account.revision(&source).unwrap().at);
                    event["detail"]["eventTime"] = at.to_string().into();
                }
                let report = with(&world, BASELINE, Mode::Register, &worker, &event).await;
                self.is_true(&report);
            }
            Op::TwoAtOnce { one, other } => {
                let (Some(one), Some(other)) = (self.pick(*one), self.pick(*other)) else { return };
                self.classes.insert("two at once");
                let workers = (self.worker(), self.worker());
                let events = (event(&one), event(&other));
                let (one, other) = tokio::join!(
                    with(&world, BASELINE, Mode::Register, &workers.0, &events.0),
                    with(&world, BASELINE, Mode::Register, &workers.1, &events.1)
                );
                self.is_true(&one);
                self.is_true(&other);
            }
            Op::BackOut { of, stale, hold, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.classes.insert("backs out");
                if *stale {
                    self.classes.insert("backs out over a newer revision");
                    self.stale_was_asked_for = true;
                }
                let hold_until = hold.then(|| {
                    self.classes.insert("holds the family");
                    world.account(|account| account.now) + SignedDuration::from_mins(40)
                });
                self.plan(happens, FAMILIES[of.family]);
                let worker = self.worker();
                let ask = BackoutOptions { restore_stale: *stale, hold_until, ..BackoutOptions::default() };
                let report = takes_back(&world, &worker, &source, ask).await;
                self.is_taken_back(&report, &source);
            }
            Op::Apply { of, again, happens } => {
                let Some(source) = self.pick(*of) else { return };
                self.classes.insert(if *again { "applies again" } else { "applies" });
                self.plan(happens, FAMILIES[of.family]);
                let report = crate::world::story::applies_by(&world, BASELINE, &source, *again).await;
                self.is_true(&report);
            }
            Op::Resume { happens } => {
                self.classes.insert("resumes");
                self.plan(happens, FAMILIES[0]);
                self.resumes().await;
            }
            Op::Wait { minutes } => {
                self.classes.insert("waits");
                world.advance(SignedDuration::from_mins(*minutes));
            }
            Op::Runs { of, on } => {
                let family = FAMILIES[of.family];
                world.account(|account| {
                    let place = format!("service prod/{family}");
                    match account.active(family).last().filter(|_| *on) {
                        Some(newest) => drop(account.running.insert(place, account.arn(family, *newest))),
                        None => drop(account.running.remove(&place)),
                    }
                });
                self.classes.insert("runs ours");
            }
            Op::Foreign { family, act } => {
                self.classes.insert("others act");
                self.retention_was_touched |= *act == Act::ChangesRetention;
                world.account(|account| act.on(account, FAMILIES[*family]));
            }
        }
    }

    async fn resumes(&mut self) {
        let (home, by, baseline) = (home(), by(), Baseline::parse(BASELINE).unwrap());
        let order = Order { origin: Origin::Resume, ..order(&home, &by, &baseline, Mode::Register, &self.worker()) };
        let _ = resume(&self.world, &order).await;
        let order = backout(&home, &by, &self.worker(), BackoutOptions::default());
        let _ = resume_backouts(&self.world, &order).await;
    }

    /// No verdict without evidence, and no secret in a report.
    fn is_true(&mut self, report: &Decision) {
        let text = serde_json::to_string(report).unwrap();
        if text.contains("CANARY") {
            self.broken.push(format!("an environment value stands in a report: {text}"));
        }
        let source = report.source.as_ref().and_then(|source| source.parse::<RevisionArn>().ok());
        let blocks = |source: RevisionArn| {
            self.world.account(|account| account.revision(&source).unwrap().text.contains("\"mode\":\"blocking\""))
        };
        if report.outcome == Outcome::Compliant && source.is_none_or(blocks) {
            self.broken.push(format!("compliant without evidence: {text}"));
        }
        match report.reason {
            Some(Reason::FuseOpen) => drop(self.classes.insert("finds the fuse open")),
            Some(Reason::Held) => drop(self.classes.insert("finds the family held")),
            Some(Reason::LeaseHeld) => drop(self.classes.insert("finds somebody else at it")),
            _ => {}
        }
    }

    /// What was reported as taken back is, though somebody may have acted since the last look.
    fn is_taken_back(&mut self, report: &Decision, source: &RevisionArn) {
        self.is_true(report);
        if report.outcome != Outcome::BackedOut {
            return;
        }
        self.classes.insert("backed out");
        self.world.account(|account| {
            for ours in promises::ours(account) {
                let stands = account.revision(ours.revision).is_some_and(|revision| revision.active);
                if ours.record.head.source == *source && !ours.restored && stands {
                    self.broken.push(format!(
                        "{} was taken back, and {} stands",
                        source.short(),
                        ours.revision.short()
                    ));
                }
            }
        });
    }

    /// The promises that hold after every operation.
    fn look(&mut self, op: &Op, before: &crate::world::Account, number: usize) {
        let now = self.world.picture();
        let mut broken = promises::always(&now);
        if now.running != before.running && !matches!(op, Op::Runs { .. }) {
            broken.push("something runs that nobody has deployed".into());
        }
        // What was taken back is opened again by nobody but who asks for it by name.
        let opened = |account: &crate::world::Account, source: &RevisionArn| {
            let record = account.records.get(source);
            record.map_or(0, |record| {
                record.entries.iter().filter(|entry| matches!(entry.what, EntryKind::Opened(_))).count()
            })
        };
        for (source, record) in before.records.iter().filter(|(_, record)| record.head.suppressed) {
            let again = matches!(op, Op::Apply { again: true, .. });
            if !again && opened(&now, source) != opened(before, source) {
                broken.push(format!("{} was taken back, and corrected again: {record:?}", source.short()));
            }
        }
        self.broken.extend(broken.into_iter().map(|broken| format!("after operation {number}, {op:?}: {broken}")));
    }

    /// Nothing more happens: what is open is finished, and then all is taken back.
    async fn comes_to_rest(&mut self) {
        for _ in 0..5 {
            self.world.advance(LEASE);
            self.resumes().await;
        }
        let rest = self.world.picture();
        self.broken.extend(promises::at_rest(&rest, self.stale_was_asked_for));

        // Events of our own revisions do nothing, whatever they are.
        let ours: Vec<RevisionArn> = promises::ours(&rest).iter().map(|ours| ours.revision.clone()).collect();
        for revision in &ours {
            let worker = self.worker();
            with(&self.world, BASELINE, Mode::Register, &worker, &event(revision)).await;
        }
        if self.world.picture().families != rest.families {
            self.broken.push("an event of our own revision led to another".into());
        }

        self.world.account(|account| {
            account.running.clear();
            account.retention_policy = None;
        });
        let sources: Vec<RevisionArn> = rest.records.keys().cloned().collect();
        for source in sources.iter().rev() {
            let worker = self.worker();
            let ask = BackoutOptions { restore_stale: true, ..BackoutOptions::default() };
            let report = takes_back(&self.world, &worker, source, ask).await;
            if report.outcome != Outcome::BackedOut {
                self.broken.push(format!("{} cannot be taken back: {report:?}", source.short()));
            }
            self.is_taken_back(&report, source);
        }
        let retention = self.world.account(|account| account.groups[THEIRS].retention);
        if retention.is_some() && !self.retention_was_touched {
            self.broken.push(format!("all was taken back, and their group keeps {retention:?}"));
        }
        self.broken.extend(promises::always(&self.world.picture()));
    }
}
