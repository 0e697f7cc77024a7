//! The process that changes the settings and tags of a resource, or that backs the change out, dies at every call, or
//! the call's answer is lost, or another principal acts. The final state is always exactly the intended one.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use jiff::SignedDuration;
use logweir::domain::ecs::resource::ResourceState;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::WholeRecord;
use logweir::domain::report::ResourceReport;
use logweir::settings::LEASE;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::crash::{FAULTS, Fault};
use crate::resources::{after, asks, backs_out, before, begin, changes, cluster, nothing_wrong, state, wish};
use crate::world::{Account, Lie, Moment, Then, World};

/// Whether the operator runs the command again.
fn is_retried(report: &ResourceReport) -> bool {
    let waits = [Reason::Locked, Reason::NotVisibleYet, Reason::Throttled, Reason::ClusterChanged];
    report.outcome == Outcome::Failed || report.reason.is_some_and(|reason| waits.contains(&reason))
}

/// Runs the command again until it ends.
async fn settles(world: &World, is_backout: bool) -> ResourceReport {
    for round in 0..8 {
        world.advance(LEASE + SignedDuration::from_mins(11));
        let worker = format!("later-{round}");
        let report = if is_backout { backs_out(world, &worker).await } else { changes(world, &worker).await };
        if report.reason == Some(Reason::NoRecord) || !is_retried(&report) {
            return report;
        }
    }
    panic!("the command does not end");
}

fn plan(world: &World, call: usize, fault: Fault) {
    match fault {
        Fault::DiesBefore => world.at(call, Moment::Before, Then::Crash),
        Fault::DiesAfter => world.at(call, Moment::After, Then::Crash),
        Fault::AnswerLost => world.at(call, Moment::After, Then::Cut),
    }
}

/// The number of calls of a change, and of a change with its backout.
async fn calls() -> (usize, usize) {
    let world = begin(before());
    changes(&world, "worker").await;
    let change = world.calls().len();
    backs_out(&world, "operator").await;
    (change, world.calls().len())
}

fn is_closed(world: &World, about: &str) {
    let record = world.account(|account| account.resource_records.get(&cluster()).cloned());
    assert!(!record.is_some_and(|record| record.is_open()), "{about}");
    nothing_wrong(world);
}

#[tokio::test]
async fn a_change_that_stops_at_any_call_ends_as_intended() {
    let (change, _) = calls().await;
    assert!(change >= 14, "{change} calls");
    for call in 1..=change {
        for fault in FAULTS {
            for is_backout in [false, true] {
                let world = begin(before());
                plan(&world, call, fault);
                changes(&world, "worker").await;
                world.restart();
                let about = format!("call {call}, {fault:?}, backout {is_backout}");
                settles(&world, is_backout).await;
                assert_eq!(state(&world), if is_backout { before() } else { after() }, "{about}");
                is_closed(&world, &about);
            }
        }
    }
}

#[tokio::test]
async fn a_backout_that_stops_at_any_call_ends_as_intended() {
    let (change, all) = calls().await;
    assert!(all - change >= 10, "{} calls", all - change);
    for call in change + 1..=all {
        for fault in FAULTS {
            let world = begin(before());
            changes(&world, "worker").await;
            plan(&world, call, fault);
            backs_out(&world, "operator").await;
            world.restart();
            let about = format!("call {call}, {fault:?}");
            assert_eq!(settles(&world, true).await.outcome, Outcome::BackedOut, "{about}");
            assert_eq!(state(&world), before(), "{about}");
            is_closed(&world, &about);
        }
    }
}

/// What another principal does to the cluster.
#[derive(Clone, Copy, Debug)]
enum Act {
    SetsTag,
    RemovesTag,
    SetsOwnTag,
    SetsInsights,
}

impl Act {
    fn on(self, account: &mut Account) {
        account.changes_resource(&cluster(), |state: &mut ResourceState| match self {
            Self::SetsTag => drop(state.tags.insert("team".into(), "other".into())),
            Self::RemovesTag => drop(state.tags.remove("cost")),
            Self::SetsOwnTag => drop(state.tags.insert("mine".into(), "1".into())),
            Self::SetsInsights => state.insights = Some("enabled".into()),
        });
    }
}

/// One step of a history.
#[derive(Clone, Copy, Debug)]
enum Step {
    Changes {
        worker: u8,
        force: bool,
    },
    BacksOut {
        worker: u8,
    },
    /// Both workers run at once, the one with a change and the other with a backout or a change.
    Both {
        backs_out: bool,
    },
    Faulty {
        call: usize,
        fault: Fault,
        backs_out: bool,
    },
    /// Another principal acts right after a write to the journal: before Logweir's next read of the resource.
    Between {
        act: Act,
        write: usize,
        backs_out: bool,
    },
    Acts(Act),
    Waits {
        minutes: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let act = || prop_oneof![Just(Act::SetsTag), Just(Act::RemovesTag), Just(Act::SetsOwnTag), Just(Act::SetsInsights)];
    prop_oneof![
        (0..2_u8, any::<bool>()).prop_map(|(worker, force)| Step::Changes { worker, force }),
        (0..2_u8).prop_map(|worker| Step::BacksOut { worker }),
        any::<bool>().prop_map(|backs_out| Step::Both { backs_out }),
        (1..20_usize, proptest::sample::select(FAULTS.to_vec()), any::<bool>())
            .prop_map(|(call, fault, backs_out)| Step::Faulty { call, fault, backs_out }),
        (act(), 1..6_usize, any::<bool>()).prop_map(|(act, write, backs_out)| Step::Between { act, write, backs_out }),
        act().prop_map(Step::Acts),
        (1..15_i64).prop_map(|minutes| Step::Waits { minutes }),
    ]
}

async fn lives(steps: &[Step], lie: Option<Lie>) -> World {
    let world = begin(before());
    world.account(|account| account.lie = lie);
    for step in steps {
        let done = world.calls().len();
        match *step {
            Step::Changes { worker, force } => {
                drop(asks(&world, &format!("worker-{worker}"), &cluster(), &wish(), force).await);
            }
            Step::BacksOut { worker } => drop(backs_out(&world, &format!("worker-{worker}")).await),
            Step::Both { backs_out: true } => drop(tokio::join!(changes(&world, "a"), backs_out(&world, "b"))),
            Step::Both { backs_out: false } => drop(tokio::join!(changes(&world, "a"), changes(&world, "b"))),
            Step::Faulty { call, fault, backs_out: is_backout } => {
                plan(&world, done + call, fault);
                let report = if is_backout { backs_out(&world, "w").await } else { changes(&world, "w").await };
                drop(report);
                world.restart();
            }
            Step::Between { act, write, backs_out: is_backout } => {
                let acts = Then::act(move |account: &mut Account| act.on(account));
                world.at_nth("put_resource", write, Moment::After, acts);
                let forced = async || asks(&world, "w", &cluster(), &wish(), true).await;
                drop(if is_backout { backs_out(&world, "w").await } else { forced().await });
                world.restart();
            }
            Step::Acts(act) => world.account(|account| act.on(account)),
            Step::Waits { minutes } => world.advance(SignedDuration::from_mins(minutes)),
        }
        world.advance(SignedDuration::from_secs(20));
    }
    world
}

/// Runs random histories. Returns the first promise that a history broke.
fn histories(lie: Option<Lie>) -> Result<(), String> {
    let seed = crate::sample::seed();
    let config = Config { cases: 500, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ran = TestRunner::new(config).run(&proptest::collection::vec(step(), 1..12), |steps| {
        runtime.block_on(async {
            let world = lives(&steps, lie).await;
            let has_record = world.account(|account| account.resource_records.contains_key(&cluster()));
            let last = if has_record { Some(settles(&world, true).await) } else { None };
            let wrongs = world.account(|account| account.wrongs.clone());
            if let Some(wrong) = wrongs.first() {
                return Err(TestCaseError::fail(wrong.clone()));
            }
            let left = state(&world);
            let is_clean = !left.tags.contains_key("cost") && left.tags.get("team").is_none_or(|team| team == "other");
            let is_off = left.insights.as_deref() != Some("enhanced");
            let is_owned = left.tags.get("owner").map(String::as_str) == Some("ada");
            if !is_clean || !is_off || !is_owned || last.is_some_and(|last| last.outcome != Outcome::BackedOut) {
                return Err(TestCaseError::fail(format!("the backout leaves {left:?}")));
            }
            Ok(())
        })
    });
    println!("500 histories of a cluster's settings and tags, seed {seed}, {lie:?}: {ran:?}");
    ran.map_err(|error| format!("LOGWEIR_SEED={seed} shows it again: {error}"))
}

#[test]
fn no_history_of_workers_crashes_and_other_principals_breaks_a_promise() {
    histories(None).unwrap();
}

#[test]
fn the_histories_detect_a_program_that_does_not_read_the_resource_again() {
    let broken = histories(Some(Lie::ResourceUnchanged)).unwrap_err();
    assert!(
        broken.contains("TagResource") || broken.contains("UpdateClusterSettings") || broken.contains("leaves"),
        "{broken}"
    );
}
