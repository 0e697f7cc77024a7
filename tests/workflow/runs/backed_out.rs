//! The backout of a run while a worker still applies the run.

use std::cell::Cell;
use std::future::Future;

use jiff::SignedDuration;
use logweir::domain::outcome::Mode;
use logweir::domain::run::{Fate, RunPlan, RunResult, RunState};
use logweir::ports::Clock;
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};

use super::{
    Person, Picture, applies, applies_as, backs_out_as, backs_out_within, corrected, picture, plan, read_run, run_name,
    world, wrongs,
};
use crate::order::{backout, order};
use crate::world::story::{PROMPT, by, home, parsed};
use crate::world::{Moment, World};

/// How the worker and the backout meet.
#[derive(Clone, Copy, Debug)]
enum Meeting {
    /// The worker pauses for longer than its lease, the backout ends, and the worker continues.
    WorkerPauses,
    /// The worker continues after this number of calls of the backout, and the two alternate.
    Alternate(usize),
    /// The worker pauses, the process of the backout dies after this number of calls, and the worker continues.
    BackoutDies(usize),
    /// The worker pauses, the backout ends, and the process of the worker dies after this number of further calls.
    WorkerDies(usize),
}

/// A run that nothing disturbs.
struct Sound {
    /// Whether the run only updates the services of an earlier run.
    follows: bool,
    plan: RunPlan,
    /// The calls of the worker, from the first call after the run is in the journal.
    calls: std::ops::Range<usize>,
}

struct Scene<'s> {
    world: World,
    plan: &'s RunPlan,
    before: Picture,
    /// The number of calls before the run.
    begun: usize,
    /// The number of registrations when the backout died.
    registered: Cell<usize>,
}

/// The number of calls of a backout until the record of the run says that an operator backs out the run.
const MARKED: usize = 3;

/// An account of three families, of which two have services. If `follows` is `true`, an earlier run has corrected the
/// families.
async fn account(follows: bool) -> World {
    let world = world(3, 2);
    if follows {
        let earlier = plan(&world, Mode::Register, 0).await;
        applies(&world, &earlier).await;
    }
    world
}

impl Sound {
    async fn run(follows: bool) -> Self {
        let world = account(follows).await;
        let mut plan = plan(&world, Mode::Rollout, 1).await;
        plan.head.made += LEASE;
        let begun = world.log().len();
        applies(&world, &plan).await;
        let calls = &world.calls()[begun..];
        let first = 1 + calls.iter().position(|call| *call == "put_run").unwrap();
        Self { follows, plan, calls: first..calls.len() }
    }

    async fn scene(&self) -> Scene<'_> {
        let world = account(self.follows).await;
        let (before, begun) = (picture(&world), world.log().len());
        Scene { before, begun, world, plan: &self.plan, registered: Cell::default() }
    }
}

/// Drops the work after this number of calls, as the death of its process does.
async fn dies_after(world: &World, calls: usize, work: impl Future) {
    let last = world.log().len() + calls;
    tokio::select! {
        biased;
        () = async { while world.log().len() < last { tokio::task::yield_now().await } } => {}
        _ = work => {}
    }
}

/// The schedule of the functions finishes what other workers left.
async fn schedule(world: &World) {
    let (home, by, baseline) = (home(), by(), parsed(&PROMPT));
    let order = Order { origin: Origin::Resume, ..order(&home, &by, baseline, Mode::Rollout, "schedule") };
    resume(world, &order, world.now()).await.unwrap();
    resume_backouts(world, &backout(&home, &by, "schedule", BackoutOptions::default())).await.unwrap();
}

impl Scene<'_> {
    /// Lets the worker and the backout meet at one call of the worker. Returns their results, unless their processes
    /// die.
    async fn meets(&self, call: usize, moment: Moment, meeting: Meeting) -> (Option<RunResult>, Option<RunResult>) {
        let Self { world, plan, .. } = self;
        world.pause_at(self.begun + call + 1, moment);
        let dies_at = Cell::new(usize::MAX);
        let other = async {
            while !world.is_paused() {
                tokio::task::yield_now().await;
            }
            // A backout that waits would outlast the lease of the paused worker.
            let patience = match meeting {
                Meeting::WorkerPauses => SignedDuration::from_mins(10),
                Meeting::Alternate(_) | Meeting::BackoutDies(_) | Meeting::WorkerDies(_) => SignedDuration::ZERO,
            };
            let back = backs_out_within(world, plan, "operator", patience);
            match meeting {
                Meeting::WorkerPauses | Meeting::WorkerDies(_) => {
                    let result = back.await;
                    if let Meeting::WorkerDies(calls) = meeting {
                        dies_at.set(world.log().len() + calls);
                    }
                    world.go_on();
                    result.ok()
                }
                Meeting::Alternate(calls) => {
                    let (last, is_over) = (world.log().len() + calls, Cell::new(false));
                    let back = async {
                        let result = back.await;
                        is_over.set(true);
                        result
                    };
                    let goes_on = async {
                        while world.log().len() < last && !is_over.get() {
                            tokio::task::yield_now().await;
                        }
                        world.go_on();
                    };
                    tokio::join!(back, goes_on).0.ok()
                }
                Meeting::BackoutDies(calls) => {
                    dies_after(world, calls, back).await;
                    self.registered.set(world.count("RegisterTaskDefinition"));
                    world.go_on();
                    None
                }
            }
        };
        let person = Person::default();
        let worker = async {
            tokio::select! {
                biased;
                () = async { while world.log().len() < dies_at.get() { tokio::task::yield_now().await } } => None,
                applied = applies_as(world, plan, &person, "worker") => applied.ok(),
            }
        };
        tokio::join!(worker, other)
    }

    /// Repeats the backout until it is complete, as an operator does, and returns what is wrong then.
    async fn faults(&self, back: Option<RunResult>) -> Vec<String> {
        let Self { world, plan, before, .. } = self;
        let mut is_over = back.as_ref().is_some_and(|back| back.state == RunState::BackedOut);
        let mut last = format!("{back:?}");
        for attempt in 0..5 {
            world.advance(LEASE);
            schedule(world).await;
            if is_over {
                break;
            }
            let back = backs_out_as(world, plan, &format!("again-{attempt}")).await;
            is_over = back.as_ref().is_ok_and(|back| back.state == RunState::BackedOut);
            last = format!("{back:?}");
        }
        let mut wrong = wrongs(world);
        if !is_over {
            wrong.push(format!("the backout does not end: {last}"));
        }
        let after = picture(world);
        if (&after.active, &after.services) != (&before.active, &before.services) {
            wrong.push(format!("{:?} are left, and the services {:?}", corrected(world), after.services.keys()));
        }
        let (run, _) = read_run(world, &run_name(plan)).await.unwrap().unwrap();
        if run.state != RunState::BackedOut {
            wrong.push(format!("the state of the run is {:?}", run.state));
        }
        wrong
    }
}

/// Lets the worker and the backout of a run meet at each `each`th call of the worker.
async fn sweep(meetings: &[Meeting], each: usize) {
    let (mut runs, mut wrong, sound) = (0, Vec::new(), Sound::run(false).await);
    for (index, meeting) in meetings.iter().enumerate() {
        for call in sound.calls.clone().skip(index % each).step_by(each) {
            let moment = if runs % 2 == 0 { Moment::Before } else { Moment::After };
            runs += 1;
            let scene = sound.scene().await;
            let (applied, back) = scene.meets(call, moment, *meeting).await;
            let at = format!("{meeting:?} {moment:?} call {call}");
            let is_marked = matches!(meeting, Meeting::BackoutDies(calls) if *calls >= MARKED);
            let registered = scene.world.count("RegisterTaskDefinition") - scene.registered.get();
            // The worker has stored its last state if it pauses after its last call.
            let has_ended = call + 1 == sound.calls.end && moment == Moment::After;
            let sees = applied.as_ref().is_some_and(|applied| applied.state.is_backout());
            if is_marked && (registered > 1 || !has_ended && !sees) {
                wrong.push(format!("{at}: the worker registered {registered} more: {applied:?}"));
            }
            wrong.extend(scene.faults(back).await.into_iter().map(|it| format!("{at}: {it}: {applied:?}")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {runs}", wrong.len());
    assert!(runs > 20, "{runs}");
}

#[tokio::test]
async fn a_backout_restores_all_while_a_worker_pauses_at_any_call_of_the_run() {
    sweep(&[Meeting::WorkerPauses, Meeting::WorkerPauses], 2).await;
}

#[tokio::test]
async fn a_backout_restores_all_while_a_worker_applies_the_run() {
    sweep(&[0, 1, 2, 3, 5, 8, 13, 21].map(Meeting::Alternate), 7).await;
}

#[tokio::test]
async fn a_backout_that_died_stops_the_worker_and_the_next_backout_restores_all() {
    sweep(&[2, 3, 4, 5, 7, 9, 12, 16, 21, 27].map(Meeting::BackoutDies), 9).await;
}

#[tokio::test]
async fn after_the_mark_the_worker_and_a_resumed_run_leave_each_item_and_name_the_command() {
    let sound = Sound::run(false).await;
    let scene = sound.scene().await;
    let middle = sound.calls.start + sound.calls.len() * 3 / 5;
    let (applied, _) = scene.meets(middle, Moment::Before, Meeting::BackoutDies(MARKED)).await;
    let why =
        format!("an operator backs out the run; `logweir backout --run {}` completes the backout", scene.plan.id());
    let last = |result: &RunResult| result.lines.last().and_then(|line| line.why.clone());
    let applied = applied.unwrap();
    assert_eq!((applied.state, last(&applied)), (RunState::BackingOut, Some(why.clone())), "{applied:?}");
    let before = picture(&scene.world);
    let again = applies(&scene.world, scene.plan).await;
    assert_eq!((again.state, last(&again), again.exit_code()), (RunState::BackingOut, Some(why), 1), "{again:?}");
    assert_eq!(again.count(Fate::Left), again.lines.len());
    assert_eq!(picture(&scene.world), before);
}

#[tokio::test]
async fn a_backout_restores_all_though_the_worker_dies_after_the_backout() {
    sweep(&[1, 2, 3, 4, 6, 9].map(Meeting::WorkerDies), 7).await;
}

#[tokio::test]
async fn a_backout_of_a_run_that_only_updates_services_hides_no_update() {
    let (mut left, sound) = (0, Sound::run(true).await);
    for call in sound.calls.clone() {
        let moment = if call % 2 == 0 { Moment::Before } else { Moment::After };
        let scene = sound.scene().await;
        let (applied, back) = scene.meets(call, moment, Meeting::WorkerPauses).await;
        let (back, after) = (back.unwrap(), picture(&scene.world));
        assert_eq!(wrongs(&scene.world), Vec::<String>::new());
        for (service, text) in &after.services {
            let is_updated = scene.before.services[service] != *text;
            let source = format!("{}:1", service.trim_start_matches("prod/"));
            let is_named = back.lines.iter().any(|line| line.about == source && line.fate == Fate::Refused);
            assert!(is_named || !is_updated, "{moment:?} {call}: {service} is updated: {back:?}, {applied:?}");
            left += usize::from(!is_updated);
        }
    }
    assert!(left > 0, "the backout stops no update");
}
