//! The process dies at every call, or the call's answer is lost, or another worker intervenes. The final state is
//! always exactly the intended one.
//!
//! The same sweep also runs against a world that lies. Logweir then acts like a program that omits a check or records
//! its intent too late, and the sweep has to detect that.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use std::collections::BTreeMap;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::ports::Clock;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};

use crate::order::{backout, order};
use crate::world::story::{BLOCKING, backs_out_with, by, event, home, parsed, with};
use crate::world::{Group, Lag, Lie, Moment, Passing, Then, World};

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
pub(crate) enum Fault {
    DiesBefore,
    DiesAfter,
    AnswerLost,
}

pub(crate) const FAULTS: [Fault; 3] = [Fault::DiesBefore, Fault::DiesAfter, Fault::AnswerLost];

/// What Logweir does after the fault, until nothing is retried any more.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Afterwards {
    /// The event, or the request for the backout, is delivered again.
    Again,
    /// The schedule resumes the work first.
    Resumed,
    BackedOut,
}

const AFTERWARDS: [Afterwards; 3] = [Afterwards::Again, Afterwards::Resumed, Afterwards::BackedOut];

pub(crate) const NO_LAG: Lag =
    Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 0, clusters: 0, lasts: SignedDuration::ZERO };

/// Each kind of read is behind by itself and together with the others, by one to three writes.
pub(crate) const LAGS: [Lag; 6] = {
    let lag = Lag { lasts: SignedDuration::from_mins(7), ..NO_LAG };
    [
        Lag { describe: 1, ..lag },
        Lag { list: 1, ..lag },
        Lag { list: 3, ..lag },
        Lag { tags: 1, ..lag },
        Lag { list: 2, tags: 3, ..lag },
        Lag { describe: 2, list: 3, tags: 3, ..lag },
    ]
};

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

    fn begin(self, lie: Option<Lie>, lag: Lag) -> (World, RevisionArn) {
        let world = World::new();
        let source = world.account(|account| {
            (account.lie, account.lag, account.is_silent) = (lie, lag, true);
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
    pub(crate) fn at(self, world: &World, number: usize) {
        match self {
            Self::DiesBefore => world.at(number, Moment::Before, Then::Crash),
            Self::DiesAfter => world.at(number, Moment::After, Then::Crash),
            Self::AnswerLost => world.at(number, Moment::After, Then::Cut),
        }
    }
}

/// Lets the lease expire. A process that has died is started again.
fn later_without_a_new_process(world: &World) {
    match world.is_dead() {
        true => later(world),
        false => world.advance(LEASE),
    }
}

pub(crate) fn later(world: &World) {
    world.restart();
    world.advance(LEASE);
}

/// The number of deliveries after which a message becomes a dead letter is smaller, but a lease ends sooner than a
/// message is delivered again.
pub(crate) const MOST_DELIVERIES: usize = 9;

/// Delivers an event until it is not retried any more.
async fn settles(situation: Situation, afterwards: Afterwards, world: &World, source: &RevisionArn) -> Decision {
    for delivery in 1.. {
        later(world);
        if afterwards == Afterwards::Resumed {
            resumes(world, situation.baseline()).await;
        }
        let report = match afterwards {
            Afterwards::BackedOut => situation.backs_out(world, source).await,
            Afterwards::Again | Afterwards::Resumed => situation.register(world, source).await,
        };
        if !report.is_retried() || delivery == MOST_DELIVERIES {
            return report;
        }
    }
    unreachable!("the last delivery ends the loop")
}

/// Resumes the unfinished work of both functions, as the schedule does.
async fn resumes(world: &World, baseline: &str) {
    let (home, by, baseline) = (home(), by(), parsed(baseline));
    let order = Order { origin: Origin::Resume, ..order(&home, &by, baseline, Mode::Register, "resumer") };
    let _ = resume(world, &order, world.now()).await;
    let order = backout(&home, &by, "back-resumer", BackoutOptions::default());
    let _ = resume_backouts(world, &order).await;
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

/// The program that a sweep tests.
#[derive(Clone, Copy, Debug)]
enum Program {
    /// Logweir.
    Sound,
    /// A program that acts wrongly, because the account gives false answers, or because reads lag longer than Logweir
    /// waits. A sweep of such a program stops at the first fault.
    Wrong(Option<Lie>),
}

impl Program {
    fn lie(self) -> Option<Lie> {
        match self {
            Self::Sound => None,
            Self::Wrong(lie) => lie,
        }
    }

    /// Whether the faults so far detect the program.
    fn is_caught(self, wrong: &[String]) -> bool {
        matches!(self, Self::Wrong(_)) && !wrong.is_empty()
    }
}

/// A correction without a fault and without a lag.
struct Correction {
    situation: Situation,
    before: Picture,
    after: Picture,
    calls: usize,
}

/// The fault of one run of a correction, and what follows.
#[derive(Clone, Copy, Debug)]
struct Run {
    program: Program,
    lag: Lag,
    /// ECS refuses the first registration for a moment.
    refusal: Option<Passing>,
    number: usize,
    fault: Fault,
    afterwards: Afterwards,
}

impl Correction {
    async fn of(situation: Situation) -> Self {
        let (world, source) = situation.begin(None, NO_LAG);
        let before = picture(&world);
        situation.register(&world, &source).await;
        Self { situation, before, after: picture(&world), calls: world.calls().len() }
    }

    /// One run with a fault at one call. Returns the faults of the final state.
    async fn with(&self, run: Run) -> Vec<String> {
        let Run { program, lag, refusal, number, fault, afterwards } = run;
        let situation = self.situation;
        let (world, source) = situation.begin(program.lie(), lag);
        refusal.into_iter().for_each(|refusal| world.refuses_next(refusal));
        fault.at(&world, number);
        let first = situation.register(&world, &source).await;
        if first.is_retried() && !world.is_dead() {
            // The fault may come at a later delivery.
            world.advance(LEASE);
            situation.register(&world, &source).await;
        }
        let report = settles(situation, afterwards, &world, &source).await;
        let call = world.calls().get(number - 1).copied().unwrap_or("none");
        let refused = refusal.map_or("", |refusal| refusal.message);
        let at = format!("{situation:?}, {lag:?}, {fault:?} at {call} {number}, {afterwards:?} {refused}");
        if afterwards != Afterwards::BackedOut {
            return faults(&world, &self.after, &at);
        }
        let mut wrong = Vec::new();
        let is_expected = match report.outcome {
            Outcome::BackedOut => true,
            outcome => outcome == Outcome::Failed && report.reason == Some(Reason::NoRecord),
        };
        if !is_expected {
            wrong.push(format!("{at}: {report:?}"));
        }
        // The log group may have been created, and stays. Everything else is as before.
        let mut seen = picture(&world);
        seen.revisions.retain(|(_, active)| *active);
        if seen.revisions != self.before.revisions {
            wrong.push(format!("{at}: found {seen:?}"));
        }
        if seen.groups != self.before.groups && situation == Situation::Adopted {
            wrong.push(format!("{at}: {seen:?}"));
        }
        let now = picture(&world);
        wrong.extend(faults(&world, &now, &at));
        wrong
    }
}

/// The process dies at every call of a correction. Then the correction is run again, resumed, or backed out.
async fn sweep_register(program: Program) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in [Situation::Bare, Situation::Adopted] {
        let correction = Correction::of(situation).await;
        for number in 1..=correction.calls {
            for fault in FAULTS {
                for afterwards in AFTERWARDS {
                    runs += 1;
                    let run = Run { program, lag: NO_LAG, refusal: None, number, fault, afterwards };
                    wrong.extend(correction.with(run).await);
                    if program.is_caught(&wrong) {
                        return (runs, wrong);
                    }
                }
            }
        }
    }
    (runs, wrong)
}

/// The same under each lag, and with each of these refusals. Each call has another fault and another end.
async fn sweep_lagging_register(program: Program, lags: &[Lag], refusals: &[Passing]) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let correction = Correction::of(Situation::Bare).await;
    let refusals: Vec<Option<Passing>> = match refusals {
        [] => vec![None],
        refusals => refusals.iter().copied().map(Some).collect(),
    };
    for lag in lags {
        for refusal in &refusals {
            let (whole, source) = Situation::Bare.begin(None, *lag);
            refusal.iter().for_each(|refusal| whole.refuses_next(*refusal));
            Situation::Bare.register(&whole, &source).await;
            settles(Situation::Bare, Afterwards::Again, &whole, &source).await;
            for number in 1..=whole.calls().len() {
                let (fault, afterwards) = (FAULTS[number % 3], AFTERWARDS[number / 3 % 3]);
                runs += 1;
                let run = Run { program, lag: *lag, refusal: *refusal, number, fault, afterwards };
                wrong.extend(correction.with(run).await);
                if program.is_caught(&wrong) {
                    return (runs, wrong);
                }
            }
        }
    }
    (runs, wrong)
}

const SITUATIONS: [Situation; 6] = [
    Situation::Bare,
    Situation::Adopted,
    Situation::Changed,
    Situation::SourceGone,
    Situation::Restored,
    Situation::Running,
];

/// The process dies at every call of a backout. Then the backout is requested again, or resumed.
async fn sweep_backout(program: Program) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in SITUATIONS {
        let (whole, source) = situation.begin(None, NO_LAG);
        situation.register(&whole, &source).await;
        situation.meanwhile(&whole, &source);
        let before = whole.calls().len();
        situation.backs_out(&whole, &source).await;
        let (calls, wanted) = (whole.calls(), picture(&whole));
        for number in before + 1..=calls.len() {
            for fault in FAULTS {
                for resumed in [false, true] {
                    runs += 1;
                    let (world, source) = situation.begin(None, NO_LAG);
                    situation.register(&world, &source).await;
                    situation.meanwhile(&world, &source);
                    world.account(|account| account.lie = program.lie());
                    fault.at(&world, number);
                    situation.backs_out(&world, &source).await;
                    later(&world);
                    if resumed {
                        resumes(&world, situation.baseline()).await;
                    }
                    settles(situation, Afterwards::BackedOut, &world, &source).await;
                    let at = format!("backout, {situation:?}, {fault:?} at {} {number}, {resumed}", calls[number - 1]);
                    wrong.extend(faults(&world, &wanted, &at));
                    if program.is_caught(&wrong) {
                        return (runs, wrong);
                    }
                }
            }
        }
    }
    (runs, wrong)
}

/// Another principal registers a revision right before or after every call of a correction.
async fn sweep_newer(program: Program, lag: Lag) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let (whole, source) = Situation::Bare.begin(None, lag);
    Situation::Bare.register(&whole, &source).await;
    settles(Situation::Bare, Afterwards::Again, &whole, &source).await;
    let calls = whole.calls();
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            runs += 1;
            let (world, source) = Situation::Bare.begin(program.lie(), lag);
            // Every read shows the source.
            world.advance(lag.lasts);
            world.at(number, moment, Then::act(|account| drop(account.registers(BLOCKING))));
            Situation::Bare.register(&world, &source).await;
            if lag != NO_LAG {
                // The other revision may come at a later delivery.
                world.advance(LEASE);
                Situation::Bare.register(&world, &source).await;
            }
            settles(Situation::Bare, Afterwards::Again, &world, &source).await;
            let at = format!("{lag:?}, another revision {moment:?} {} {number}", calls[number - 1]);
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
            if program.is_caught(&wrong) {
                return (runs, wrong);
            }
        }
    }
    (runs, wrong)
}

/// ECS refuses the registration of the restored source for a moment, and the process dies at every call of the backout.
async fn sweep_refused_restoration() -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let situation = Situation::Restored;
    for refusal in Passing::of("RegisterTaskDefinition") {
        let prepared = || async {
            let (world, source) = situation.begin(None, NO_LAG);
            situation.register(&world, &source).await;
            situation.meanwhile(&world, &source);
            world.refuses_next(refusal);
            (world, source)
        };
        let (whole, source) = prepared().await;
        let before = whole.calls().len();
        situation.backs_out(&whole, &source).await;
        settles(situation, Afterwards::BackedOut, &whole, &source).await;
        let (calls, wanted) = (whole.calls(), picture(&whole));
        for number in before + 1..=calls.len() {
            runs += 1;
            let (world, source) = prepared().await;
            FAULTS[number % 3].at(&world, number);
            situation.backs_out(&world, &source).await;
            later_without_a_new_process(&world);
            match number % 2 {
                0 => resumes(&world, situation.baseline()).await,
                _ => drop(situation.backs_out(&world, &source).await),
            }
            settles(situation, Afterwards::BackedOut, &world, &source).await;
            let at = format!("refused restoration, {:?} at {} {number}", FAULTS[number % 3], calls[number - 1]);
            wrong.extend(faults(&world, &wanted, &at));
        }
    }
    (runs, wrong)
}

#[tokio::test]
async fn wherever_the_process_dies_while_ecs_refuses_a_registration_for_a_moment_the_final_state_is_the_intended_one() {
    let refusals = Passing::of("RegisterTaskDefinition");
    let lags = [NO_LAG, LAGS[5]];
    let mut runs = 0;
    for (more, wrong) in
        [sweep_lagging_register(Program::Sound, &lags, &refusals).await, sweep_refused_restoration().await]
    {
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    assert!(runs > 200, "{runs} runs");
    println!("crash sweep while ECS refuses a registration: {runs} runs");
}

#[tokio::test]
async fn wherever_the_process_dies_the_final_state_is_the_intended_one() {
    let mut runs = 0;
    let sound = Program::Sound;
    for (more, wrong) in [sweep_register(sound).await, sweep_backout(sound).await, sweep_newer(sound, NO_LAG).await] {
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    assert!(runs > 500, "{runs} runs");
    println!("crash sweep: {runs} runs");
}

#[tokio::test]
async fn wherever_the_process_dies_while_reads_lag_the_final_state_is_the_intended_one() {
    let (mut runs, wrong) = sweep_lagging_register(Program::Sound, &LAGS, &[]).await;
    assert_eq!(wrong, Vec::<String>::new());
    for lag in LAGS {
        let (more, wrong) = sweep_newer(Program::Sound, lag).await;
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    assert!(runs > 500, "{runs} runs");
    println!("crash sweep while reads lag: {runs} runs");
}

#[tokio::test]
async fn a_program_that_trusts_a_list_or_a_missing_description_is_detected() {
    let lists = Lag { list: 3, ..LAGS[1] };
    let wrong = |lie| Program::Wrong(Some(lie));
    let unlisted = wrong(Lie::UnlistedIsInactive);
    detected(Lie::UnlistedIsInactive, sweep_newer(unlisted, lists).await);
    detected(Lie::UnlistedIsInactive, sweep_lagging_register(unlisted, &[lists], &[]).await);
    detected(Lie::UnseenIsInactive, sweep_lagging_register(wrong(Lie::UnseenIsInactive), &LAGS[..1], &[]).await);
    detected(Lie::UnseenTagsAreLost, sweep_lagging_register(wrong(Lie::UnseenTagsAreLost), &LAGS[3..4], &[]).await);
}

/// If reads lag longer than Logweir waits, Logweir acts like a program that does not wait.
#[tokio::test]
async fn a_program_that_registers_again_too_early_is_detected() {
    let long = Lag { lasts: SignedDuration::from_mins(60), ..LAGS[5] };
    let (runs, wrong) = sweep_lagging_register(Program::Wrong(None), &[long], &[]).await;
    assert!(!wrong.is_empty(), "{runs} runs");
    println!("a lag of an hour: the first fault, in run {runs}: {}", wrong[0]);
}

#[tokio::test]
async fn a_program_that_records_its_intent_too_late_is_detected() {
    detected(Lie::CommitLater, sweep_register(Program::Wrong(Some(Lie::CommitLater))).await);
    detected(Lie::CommitLater, sweep_backout(Program::Wrong(Some(Lie::CommitLater))).await);
}

#[tokio::test]
async fn a_program_that_registers_without_reading_is_detected() {
    detected(Lie::NothingByLogweir, sweep_register(Program::Wrong(Some(Lie::NothingByLogweir))).await);
    detected(Lie::NothingByLogweir, sweep_backout(Program::Wrong(Some(Lie::NothingByLogweir))).await);
    detected(Lie::NothingNewer, sweep_newer(Program::Wrong(Some(Lie::NothingNewer)), NO_LAG).await);
}

#[tokio::test]
async fn a_program_that_undoes_without_comparing_is_detected() {
    detected(Lie::RetentionIsLogweirs, sweep_backout(Program::Wrong(Some(Lie::RetentionIsLogweirs))).await);
    detected(Lie::NothingRuns, sweep_backout(Program::Wrong(Some(Lie::NothingRuns))).await);
}

pub(crate) fn detected(lie: Lie, (runs, wrong): (usize, Vec<String>)) {
    let first = wrong.first().unwrap_or_else(|| panic!("{lie:?} is not detected in {runs} runs"));
    println!("{lie:?}: the first fault, in run {runs}: {first}");
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

/// Two workers, of which the first pauses at a call until the second has finished its work.
#[derive(Clone, Copy, Debug)]
struct Pair {
    first: Work,
    second: Work,
    /// Whether the source is deregistered before the backout of the first worker.
    gone: bool,
    /// Whether the first worker pauses for longer than its lease.
    lease_over: bool,
    lag: Lag,
}

impl Pair {
    async fn prepare(self) -> (World, RevisionArn) {
        let (world, source) = Situation::Bare.begin(None, self.lag);
        if self.first == Work::BackOut {
            works(Work::Correct, &world, &source, "before").await;
            if self.lag != NO_LAG {
                settles(Situation::Bare, Afterwards::Again, &world, &source).await;
            }
            if self.gone {
                world.account(|account| account.deregisters(&source));
            }
        }
        (world, source)
    }

    /// The calls of the first worker without the second: the number of the first call, and all calls.
    async fn alone(self) -> (usize, Vec<&'static str>) {
        let (world, source) = self.prepare().await;
        let begun = world.calls().len();
        works(self.first, &world, &source, "one").await;
        (begun + 1, world.calls())
    }

    /// Lets the first worker pause at this call, and checks the final state.
    async fn run(self, call: &str, number: usize, moment: Moment) {
        let (world, source) = self.prepare().await;
        world.pause_at(number, moment);
        let other = async {
            while !world.is_paused() {
                tokio::task::yield_now().await;
            }
            if self.lease_over {
                world.advance(LEASE);
            }
            let report = works(self.second, &world, &source, "two").await;
            world.go_on();
            report
        };
        let (one, two) = tokio::join!(works(self.first, &world, &source, "one"), other);
        // Retryable work is delivered again.
        let mut reports = [(self.first, one), (self.second, two)];
        for _ in 0..MOST_DELIVERIES {
            later(&world);
            resumes(&world, SHIPPED_BASELINE).await;
            for (work, report) in reports.iter_mut().filter(|(_, report)| report.is_retried()) {
                *report = works(*work, &world, &source, "again").await;
            }
        }
        let [(_, one), (_, two)] = reports;
        let at = format!("{self:?}, stopped {moment:?} {call} {number}: {one:?} {two:?}");
        let now = picture(&world);
        assert_eq!(faults(&world, &now, &at), Vec::<String>::new());
        let record = world.account(|account| account.records.get(&source).cloned());
        let backed_out = record.is_some_and(|record| record.head.suppressed);
        let stands = active(&world);
        match (backed_out, self.first == Work::BackOut && self.gone) {
            (true, false) => assert_eq!(stands, [1], "{at}"),
            (true, true) => assert!(stands.is_empty(), "{at}"),
            (false, _) => assert_eq!(stands.len(), 2, "{at}"),
        }
        if self.first == Work::BackOut || (self.second == Work::BackOut && two.outcome == Outcome::BackedOut) {
            assert!(backed_out, "{at}");
        }
    }
}

const PAIRS: [(Work, Work); 4] = [
    (Work::Correct, Work::Correct),
    (Work::Correct, Work::BackOut),
    (Work::BackOut, Work::BackOut),
    (Work::BackOut, Work::Correct),
];

#[tokio::test]
async fn two_interleaved_workers_reach_the_intended_state() {
    let mut runs = 0;
    for (first, second) in PAIRS {
        for gone in [false, true] {
            for lease_over in [false, true] {
                let pair = Pair { first, second, gone, lease_over, lag: NO_LAG };
                let (begun, calls) = pair.alone().await;
                for number in begun..=calls.len() {
                    for moment in [Moment::Before, Moment::After] {
                        runs += 1;
                        pair.run(calls[number - 1], number, moment).await;
                    }
                }
            }
        }
    }
    println!("interleavings: {runs}");
    assert!(runs > 200, "{runs}");
}

/// Each call is paused once under each lag.
#[tokio::test]
async fn two_interleaved_workers_reach_the_intended_state_while_reads_lag() {
    let mut runs = 0;
    for lag in LAGS {
        for (first, second) in PAIRS {
            let pair = Pair { first, second, gone: false, lease_over: false, lag };
            let (begun, calls) = pair.alone().await;
            for number in begun..=calls.len() {
                runs += 1;
                let moment = if number % 2 == 0 { Moment::Before } else { Moment::After };
                let pair = Pair { lease_over: number / 2 % 2 == 0, ..pair };
                pair.run(calls[number - 1], number, moment).await;
            }
        }
    }
    println!("interleavings while reads lag: {runs}");
    assert!(runs > 200, "{runs}");
}
