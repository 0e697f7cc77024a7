//! The process dies at every call, or the call's answer is lost, or another worker intervenes. The final state is
//! always exactly the intended one.
//!
//! The same sweep also runs against a world that lies. Logweir then acts like a program that omits a check or records
//! its intent too late, and the sweep has to detect that.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use std::collections::BTreeMap;

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};

use crate::order::{backout, order};
use crate::world::story::{BLOCKING, backs_out, backs_out_with, by, event, home, with};
use crate::world::{Group, Lie, Moment, Then, World};

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// The situation in which a sweep begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    /// There is no log group, so Logweir creates one.
    Bare,
    /// A third-party log group that the baseline adopts.
    Adopted,
    /// The same, and another principal changes its retention after the correction.
    Changed,
    /// The source is deregistered after the correction.
    SourceGone,
    /// The same, and the backout restores the source by request.
    Restored,
    /// Something runs the correction.
    Running,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    DiesBefore,
    DiesAfter,
    AnswerLost,
}

const FAULTS: [Fault; 3] = [Fault::DiesBefore, Fault::DiesAfter, Fault::AnswerLost];

/// The state of the account without the journal and the clock.
#[derive(Debug, PartialEq)]
struct Picture {
    revisions: Vec<(String, bool)>,
    groups: BTreeMap<String, Group>,
}

fn picture(world: &World) -> Picture {
    world.account(|account| Picture {
        revisions: account.families["web"]
            .iter()
            .map(|revision| (revision.text.clone(), revision.is_active()))
            .collect(),
        groups: account.groups.clone(),
    })
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

impl Situation {
    fn baseline(self) -> &'static str {
        if matches!(self, Self::Adopted | Self::Changed) { ADOPTS } else { SHIPPED_BASELINE }
    }

    fn begin(self, lie: Option<Lie>) -> (World, RevisionArn) {
        let world = World::new();
        let source = world.account(|account| {
            account.lie = lie;
            if self.baseline() == ADOPTS {
                account.has_group("/ecs/web", None, 1);
                account.adopted.insert("/ecs/web".into());
            }
            account.registers(BLOCKING)
        });
        (world, source)
    }

    async fn register(self, world: &World, source: &RevisionArn) -> Decision {
        with(world, self.baseline(), Mode::Register, "worker", &event(source)).await
    }

    async fn backs_out(self, world: &World, source: &RevisionArn) -> Decision {
        let ask = BackoutOptions { restore_source: self == Self::Restored, ..BackoutOptions::default() };
        backs_out_with(world, "operator", source, ask).await
    }

    /// What other principals do between the correction and its backout.
    fn meanwhile(self, world: &World, source: &RevisionArn) {
        world.account(|account| match self {
            Self::Changed => account.groups.get_mut("/ecs/web").unwrap().retention = Some(365),
            Self::SourceGone | Self::Restored => account.deregisters(source),
            Self::Running => drop(account.running.insert("service prod/web".into(), account.arn("web", 2))),
            Self::Bare | Self::Adopted => {}
        });
    }
}

impl Fault {
    fn at(self, world: &World, number: usize) {
        match self {
            Self::DiesBefore => world.at(number, Moment::Before, Then::Crash),
            Self::DiesAfter => world.at(number, Moment::After, Then::Crash),
            Self::AnswerLost => world.at(number, Moment::After, Then::Cut),
        }
    }
}

fn later(world: &World) {
    world.restart();
    world.advance(LEASE);
}

/// Resumes the unfinished work of both functions, as the schedule does.
async fn resumes(world: &World, baseline: &str) {
    let (home, by, baseline) = (home(), by(), Baseline::parse(baseline).unwrap());
    let order = Order { origin: Origin::Resume, ..order(&home, &by, &baseline, Mode::Register, "resumer") };
    resume(world, &order).await.unwrap();
    let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
    resume_backouts(world, &order).await.unwrap();
}

/// The faults of a world in which all work has ended.
fn faults(world: &World, wanted: &Picture, at: &str) -> Vec<String> {
    let mut found = world.account(|account| account.wrongs.clone());
    let seen = picture(world);
    if seen != *wanted {
        found.push(format!("found {seen:?}, wanted {wanted:?}"));
    }
    let open = world.account(|account| account.records.values().filter(|record| record.head.open).count());
    if open > 0 {
        found.push(format!("{open} records are open"));
    }
    found.into_iter().map(|fault| format!("{at}: {fault}")).collect()
}

/// The process dies at every call of a correction. Then the correction is run again, resumed, or backed out.
async fn sweep_register(lie: Option<Lie>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in [Situation::Bare, Situation::Adopted] {
        let (whole, source) = situation.begin(None);
        let before = picture(&whole);
        situation.register(&whole, &source).await;
        let (calls, wanted) = (whole.calls(), picture(&whole));
        for number in 1..=calls.len() {
            for fault in FAULTS {
                for then in ["again", "resumed", "backed out"] {
                    runs += 1;
                    let (world, source) = situation.begin(lie);
                    fault.at(&world, number);
                    situation.register(&world, &source).await;
                    later(&world);
                    let at = format!("{situation:?}, {fault:?} at {} {number}, {then}", calls[number - 1]);
                    if then == "resumed" {
                        resumes(&world, situation.baseline()).await;
                    }
                    if then != "backed out" {
                        situation.register(&world, &source).await;
                        wrong.extend(faults(&world, &wanted, &at));
                        continue;
                    }
                    let report = backs_out(&world, &source).await;
                    let allowed = [Outcome::BackedOut, Outcome::Failed];
                    if !allowed.contains(&report.outcome)
                        || (report.outcome == Outcome::Failed && report.reason != Some(Reason::NoRecord))
                    {
                        wrong.push(format!("{at}: {report:?}"));
                    }
                    // The log group may have been created, and stays. Everything else is as before.
                    let mut seen = picture(&world);
                    seen.revisions.retain(|(_, active)| *active);
                    if seen.revisions != before.revisions {
                        wrong.push(format!("{at}: found {seen:?}"));
                    }
                    if seen.groups != before.groups && situation == Situation::Adopted {
                        wrong.push(format!("{at}: {seen:?}"));
                    }
                    let now = picture(&world);
                    wrong.extend(faults(&world, &now, &at));
                }
            }
        }
    }
    (runs, wrong)
}

/// The process dies at every call of a backout. Then the backout is requested again, or resumed.
async fn sweep_backout(lie: Option<Lie>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in [
        Situation::Bare,
        Situation::Adopted,
        Situation::Changed,
        Situation::SourceGone,
        Situation::Restored,
        Situation::Running,
    ] {
        let (whole, source) = situation.begin(None);
        situation.register(&whole, &source).await;
        situation.meanwhile(&whole, &source);
        let before = whole.calls().len();
        situation.backs_out(&whole, &source).await;
        let (calls, wanted) = (whole.calls(), picture(&whole));
        for number in before + 1..=calls.len() {
            for fault in FAULTS {
                for resumed in [false, true] {
                    runs += 1;
                    let (world, source) = situation.begin(None);
                    situation.register(&world, &source).await;
                    situation.meanwhile(&world, &source);
                    world.account(|account| account.lie = lie);
                    fault.at(&world, number);
                    situation.backs_out(&world, &source).await;
                    later(&world);
                    if resumed {
                        resumes(&world, situation.baseline()).await;
                    }
                    situation.backs_out(&world, &source).await;
                    let at = format!("backout, {situation:?}, {fault:?} at {} {number}, {resumed}", calls[number - 1]);
                    wrong.extend(faults(&world, &wanted, &at));
                }
            }
        }
    }
    (runs, wrong)
}

/// Another principal registers a revision right before or after every call of a correction.
async fn sweep_newer(lie: Option<Lie>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let (whole, source) = Situation::Bare.begin(None);
    Situation::Bare.register(&whole, &source).await;
    let calls = whole.calls();
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            runs += 1;
            let (world, source) = Situation::Bare.begin(lie);
            world.at(number, moment, Then::act(|account| drop(account.registers(BLOCKING))));
            Situation::Bare.register(&world, &source).await;
            later(&world);
            Situation::Bare.register(&world, &source).await;
            let at = format!("another revision {moment:?} {} {number}", calls[number - 1]);
            let (stands, other) = world.account(|account| {
                let other = account.families["web"].iter().rposition(|revision| revision.by != crate::world::LOGWEIR);
                (account.active("web"), other.unwrap() + 1)
            });
            // The correction may be below the other revision, never above it.
            if other > 1 && stands.last() != Some(&other) {
                wrong.push(format!("{at}: {stands:?}, the other revision is {other}"));
            }
            let now = picture(&world);
            wrong.extend(faults(&world, &now, &at));
        }
    }
    (runs, wrong)
}

#[tokio::test]
async fn wherever_the_process_dies_the_final_state_is_the_intended_one() {
    let mut runs = 0;
    for (more, wrong) in [sweep_register(None).await, sweep_backout(None).await, sweep_newer(None).await] {
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    assert!(runs > 500, "{runs} runs");
    println!("crash sweep: {runs} runs");
}

#[tokio::test]
async fn a_program_that_records_its_intent_too_late_is_detected() {
    detected(Lie::CommitLater, sweep_register(Some(Lie::CommitLater)).await);
    detected(Lie::CommitLater, sweep_backout(Some(Lie::CommitLater)).await);
}

#[tokio::test]
async fn a_program_that_registers_without_reading_is_detected() {
    detected(Lie::NothingByLogweir, sweep_register(Some(Lie::NothingByLogweir)).await);
    detected(Lie::NothingByLogweir, sweep_backout(Some(Lie::NothingByLogweir)).await);
    detected(Lie::NothingNewer, sweep_newer(Some(Lie::NothingNewer)).await);
}

#[tokio::test]
async fn a_program_that_undoes_without_comparing_is_detected() {
    detected(Lie::RetentionIsLogweirs, sweep_backout(Some(Lie::RetentionIsLogweirs)).await);
    detected(Lie::NothingRuns, sweep_backout(Some(Lie::NothingRuns)).await);
}

fn detected(lie: Lie, (runs, wrong): (usize, Vec<String>)) {
    let first = wrong.first().unwrap_or_else(|| panic!("{lie:?} is not detected in {runs} runs"));
    println!("{lie:?}: {} faults in {runs} runs; the first: {first}", wrong.len());
}

/// The work of one of two workers: one pauses at a call, the other completes its work, and the first continues.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Correct,
    BackOut,
}

async fn works(work: Work, world: &World, source: &RevisionArn, worker: &str) -> Decision {
    match work {
        Work::Correct => with(world, SHIPPED_BASELINE, Mode::Register, worker, &event(source)).await,
        Work::BackOut => backs_out_with(world, worker, source, BackoutOptions::default()).await,
    }
}

#[tokio::test]
async fn two_interleaved_workers_reach_the_intended_state() {
    let mut runs = 0;
    for (first, second) in [
        (Work::Correct, Work::Correct),
        (Work::Correct, Work::BackOut),
        (Work::BackOut, Work::BackOut),
        (Work::BackOut, Work::Correct),
    ] {
        for gone in [false, true] {
            for lease_over in [false, true] {
                let prepare = async || {
                    let (world, source) = Situation::Bare.begin(None);
                    if first == Work::BackOut {
                        works(Work::Correct, &world, &source, "before").await;
                        if gone {
                            world.account(|account| account.deregisters(&source));
                        }
                    }
                    (world, source)
                };
                let (whole, source) = prepare().await;
                let begun = whole.calls().len();
                works(first, &whole, &source, "one").await;
                for number in begun + 1..=whole.calls().len() {
                    for moment in [Moment::Before, Moment::After] {
                        runs += 1;
                        let (world, source) = prepare().await;
                        world.pause_at(number, moment);
                        let other = async {
                            while !world.is_paused() {
                                tokio::task::yield_now().await;
                            }
                            if lease_over {
                                world.advance(LEASE);
                            }
                            let report = works(second, &world, &source, "two").await;
                            world.go_on();
                            report
                        };
                        let (one, two) = tokio::join!(works(first, &world, &source, "one"), other);
                        // Retryable work is delivered again.
                        later(&world);
                        resumes(&world, SHIPPED_BASELINE).await;
                        for (work, report) in [(first, &one), (second, &two)] {
                            if report.is_retried() {
                                works(work, &world, &source, "again").await;
                            }
                        }
                        let call = whole.calls()[number - 1];
                        let at = format!(
                            "{first:?} stopped {moment:?} {call} {number} for {second:?}, gone {gone}, {lease_over}: {one:?} {two:?}"
                        );
                        let now = picture(&world);
                        assert_eq!(faults(&world, &now, &at), Vec::<String>::new());
                        let record = world.account(|account| account.records.get(&source).cloned());
                        let backed_out = record.is_some_and(|record| record.head.suppressed);
                        let stands = active(&world);
                        match (backed_out, first == Work::BackOut && gone) {
                            (true, false) => assert_eq!(stands, [1], "{at}"),
                            (true, true) => assert!(stands.is_empty(), "{at}"),
                            (false, _) => assert_eq!(stands.len(), 2, "{at}"),
                        }
                        if first == Work::BackOut || (second == Work::BackOut && two.outcome == Outcome::BackedOut) {
                            assert!(backed_out, "{at}");
                        }
                    }
                }
            }
        }
    }
    println!("interleavings: {runs}");
    assert!(runs > 200, "{runs}");
}
