//! The process dies at every call, or its answer is lost, or another worker comes in between: what stands in the end is
//! exactly what was meant to.
//!
//! The same sweep is run against a world that lies, which makes of the program one that had never looked or had written
//! its intent down too late: then it has to find fault.

#![allow(clippy::print_stdout, reason = "the counts are for whoever reads the run")]

use std::collections::BTreeMap;

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};

use crate::order::{backout, order};
use crate::world::story::{BLOCKING, backs_out, by, event, home, with};
use crate::world::{Group, Lie, Moment, Then, World};

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

/// What there is when the sweep begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    /// No log group: one is made.
    Bare,
    /// A group of others, which the baseline adopts.
    Adopted,
    /// The same, and somebody changes its retention after the correction.
    Changed,
    /// The source is deregistered after the correction.
    SourceGone,
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

/// All but the journal and the clock.
#[derive(Debug, PartialEq)]
struct Picture {
    revisions: Vec<(String, bool)>,
    groups: BTreeMap<String, Group>,
}

fn picture(world: &World) -> Picture {
    world.account(|account| Picture {
        revisions: account.families["web"].iter().map(|revision| (revision.text.clone(), revision.active)).collect(),
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

    /// What others do between the correction and its backout.
    fn meanwhile(self, world: &World, source: &RevisionArn) {
        world.account(|account| match self {
            Self::Changed => account.groups.get_mut("/ecs/web").unwrap().retention = Some(365),
            Self::SourceGone => account.deregisters(source),
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

/// What the schedule does for both functions.
async fn resumes(world: &World, baseline: &str) {
    let (home, by, baseline) = (home(), by(), Baseline::parse(baseline).unwrap());
    let order = Order { origin: Origin::Resume, ..order(&home, &by, &baseline, Mode::Register, "resumer") };
    resume(world, &order).await.unwrap();
    let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
    resume_backouts(world, &order).await.unwrap();
}

/// What is wrong with a world in which all has come to its end.
fn faults(world: &World, wanted: &Picture, at: &str) -> Vec<String> {
    let mut found = world.account(|account| account.wrongs.clone());
    let seen = picture(world);
    if seen != *wanted {
        found.push(format!("stands {seen:?}, wanted {wanted:?}"));
    }
    let open = world.account(|account| account.records.values().filter(|record| record.head.open).count());
    if open > 0 {
        found.push(format!("{open} records are open"));
    }
    found.into_iter().map(|fault| format!("{at}: {fault}")).collect()
}

/// The process dies at every call of a correction; then it is run again, resumed, or taken back.
async fn sweep_register(lie: Option<Lie>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in [Situation::Bare, Situation::Adopted] {
        let (whole, source) = situation.begin(None);
        let before = picture(&whole);
        situation.register(&whole, &source).await;
        let (calls, wanted) = (whole.calls(), picture(&whole));
        for number in 1..=calls.len() {
            for fault in FAULTS {
                for then in ["again", "resumed", "taken back"] {
                    runs += 1;
                    let (world, source) = situation.begin(lie);
                    fault.at(&world, number);
                    situation.register(&world, &source).await;
                    later(&world);
                    let at = format!("{situation:?}, {fault:?} at {} {number}, {then}", calls[number - 1]);
                    if then == "resumed" {
                        resumes(&world, situation.baseline()).await;
                    }
                    if then != "taken back" {
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
                    // The log group may have been made by then, and stays; all else is as before.
                    let mut seen = picture(&world);
                    seen.revisions.retain(|(_, active)| *active);
                    if seen.revisions != before.revisions {
                        wrong.push(format!("{at}: stands {seen:?}"));
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

/// The process dies at every call of a backout; then it is asked for again, or resumed.
async fn sweep_backout(lie: Option<Lie>) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in
        [Situation::Bare, Situation::Adopted, Situation::Changed, Situation::SourceGone, Situation::Running]
    {
        let (whole, source) = situation.begin(None);
        situation.register(&whole, &source).await;
        situation.meanwhile(&whole, &source);
        let before = whole.calls().len();
        backs_out(&whole, &source).await;
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
                    backs_out(&world, &source).await;
                    later(&world);
                    if resumed {
                        resumes(&world, situation.baseline()).await;
                    }
                    backs_out(&world, &source).await;
                    let at = format!("backout, {situation:?}, {fault:?} at {} {number}, {resumed}", calls[number - 1]);
                    wrong.extend(faults(&world, &wanted, &at));
                }
            }
        }
    }
    (runs, wrong)
}

/// Somebody registers another revision just before or after every call of a correction.
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
            let (stands, theirs) = world.account(|account| {
                let theirs = account.families["web"].iter().rposition(|revision| revision.by != crate::world::LOGWEIR);
                (account.active("web"), theirs.unwrap() + 1)
            });
            // Ours may stand below theirs, never above.
            if theirs > 1 && stands.last() != Some(&theirs) {
                wrong.push(format!("{at}: {stands:?}, theirs is {theirs}"));
            }
            let now = picture(&world);
            wrong.extend(faults(&world, &now, &at));
        }
    }
    (runs, wrong)
}

#[tokio::test]
async fn wherever_the_process_dies_what_was_meant_to_stands_in_the_end() {
    let mut runs = 0;
    for (more, wrong) in [sweep_register(None).await, sweep_backout(None).await, sweep_newer(None).await] {
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    assert!(runs > 500, "{runs} runs");
    println!("crash sweep: {runs} runs");
}

#[tokio::test]
async fn a_program_that_wrote_down_too_late_would_be_found_out() {
    found_out(Lie::CommitLater, sweep_register(Some(Lie::CommitLater)).await);
    found_out(Lie::CommitLater, sweep_backout(Some(Lie::CommitLater)).await);
}

#[tokio::test]
async fn a_program_that_registered_without_looking_would_be_found_out() {
    found_out(Lie::NothingOfOurs, sweep_register(Some(Lie::NothingOfOurs)).await);
    found_out(Lie::NothingOfOurs, sweep_backout(Some(Lie::NothingOfOurs)).await);
    found_out(Lie::NothingNewer, sweep_newer(Some(Lie::NothingNewer)).await);
}

#[tokio::test]
async fn a_program_that_undid_without_comparing_would_be_found_out() {
    found_out(Lie::RetentionIsOurs, sweep_backout(Some(Lie::RetentionIsOurs)).await);
    found_out(Lie::NothingRuns, sweep_backout(Some(Lie::NothingRuns)).await);
}

fn found_out(lie: Lie, (runs, wrong): (usize, Vec<String>)) {
    let first = wrong.first().unwrap_or_else(|| panic!("{lie:?} is not found out in {runs} runs"));
    println!("{lie:?}: {} faults in {runs} runs; the first: {first}", wrong.len());
}

/// Two workers: one stops at a call, the other does all of its work, the first goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Correct,
    TakeBack,
}

async fn works(work: Work, world: &World, source: &RevisionArn, worker: &str) -> Decision {
    match work {
        Work::Correct => with(world, SHIPPED_BASELINE, Mode::Register, worker, &event(source)).await,
        Work::TakeBack => crate::world::story::takes_back(world, worker, source, BackoutOptions::default()).await,
    }
}

#[tokio::test]
async fn two_workers_at_every_point_of_one_another_leave_what_was_meant() {
    let mut runs = 0;
    for (first, second) in [
        (Work::Correct, Work::Correct),
        (Work::Correct, Work::TakeBack),
        (Work::TakeBack, Work::TakeBack),
        (Work::TakeBack, Work::Correct),
    ] {
        for gone in [false, true] {
            for lease_over in [false, true] {
                let prepare = async || {
                    let (world, source) = Situation::Bare.begin(None);
                    if first == Work::TakeBack {
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
                        // What is retryable comes again.
                        later(&world);
                        resumes(&world, SHIPPED_BASELINE).await;
                        for (work, report) in [(first, &one), (second, &two)] {
                            if report.comes_again() {
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
                        let taken_back = record.is_some_and(|record| record.head.suppressed);
                        let stands = active(&world);
                        match (taken_back, first == Work::TakeBack && gone) {
                            (true, false) => assert_eq!(stands, [1], "{at}"),
                            (true, true) => assert_eq!(stands.len(), 1, "{at}"),
                            (false, _) => assert_eq!(stands.len(), 2, "{at}"),
                        }
                        if first == Work::TakeBack || (second == Work::TakeBack && two.outcome == Outcome::BackedOut) {
                            assert!(taken_back, "{at}");
                        }
                    }
                }
            }
        }
    }
    println!("interleavings: {runs}");
    assert!(runs > 200, "{runs}");
}
