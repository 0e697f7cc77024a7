//! The process of a migration or of its backout dies at every call, or the call's answer is lost, or another principal or
//! worker intervenes. The final state is always exactly the intended one.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome};
use logweir::domain::report::Decision;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::BackoutOptions;

use crate::crash::{FAULTS, Fault, LAGS, MOST_DELIVERIES, NO_LAG, detected, later};
use crate::migration::{migrates_to, planned};
use crate::world::story::{BLOCKING, backs_out_with, event, resumes, resumes_backouts, with};
use crate::world::{Account, Lag, Lie, Moment, Then, World};

/// What happens after the fault, until nothing is retried any more.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Afterwards {
    /// The operator runs the command again.
    Again,
    /// The schedule of both functions runs until the migration is abandoned.
    Scheduled,
    BackedOut,
}

const AFTERWARDS: [Afterwards; 3] = [Afterwards::Again, Afterwards::Scheduled, Afterwards::BackedOut];

fn begin(lie: Option<Lie>, lag: Lag) -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| {
        (account.lie, account.lag, account.is_silent) = (lie, lag, true);
        account.has_group("/ecs/web", Some(30), 1);
        account.registers(BLOCKING)
    });
    // Every read shows the source.
    world.advance(lag.lasts);
    (world, source)
}

async fn migrates(world: &World, worker: &str, source: &RevisionArn) -> Decision {
    migrates_to(world, worker, source, &planned()).await
}

async fn backs_out(world: &World, worker: &str, source: &RevisionArn) -> Decision {
    backs_out_with(world, worker, source, BackoutOptions::default()).await
}

/// Runs a command again until it is not retried any more.
async fn settles(afterwards: Afterwards, world: &World, source: &RevisionArn) -> Option<Decision> {
    let mut last = None;
    for _ in 0..MOST_DELIVERIES {
        later(world);
        let report = match afterwards {
            Afterwards::Again => migrates(world, "cli-again", source).await,
            Afterwards::BackedOut => backs_out(world, "operator", source).await,
            Afterwards::Scheduled => {
                world.advance(SignedDuration::from_mins(15));
                resumes(world, Mode::Register).await;
                resumes_backouts(world).await;
                continue;
            }
        };
        let is_retried = report.is_retried();
        last = Some(report);
        if !is_retried {
            break;
        }
    }
    last
}

/// The numbers of the ACTIVE revisions, and their documents.
fn active(world: &World) -> Vec<(usize, String)> {
    world.account(|account| {
        let text = |number| account.revision(&account.arn("web", number)).unwrap().text.clone();
        account.active("web").into_iter().map(|number| (number, text(number))).collect()
    })
}

fn is_migrated(world: &World) -> bool {
    active(world).iter().any(|(_, text)| text == planned().text())
}

/// The faults of a world in which all work has ended: at most one migrated revision, which the record names.
fn faults(world: &World, at: &str) -> Vec<String> {
    let mut found = world.account(|account| account.wrongs.clone());
    let open = world.account(|account| account.all_records().filter(|record| record.head.is_unfinished()).count());
    if open > 0 {
        found.push(format!("{open} records are unfinished"));
    }
    let standing = active(world);
    let migrated: Vec<_> = standing.iter().filter(|(_, text)| text == planned().text()).collect();
    let named = world.account(|account| {
        let mut heads = account.migrations.values().map(|record| &record.head);
        heads.find_map(|head| head.corrected.clone()).map(|migrated| migrated.revision as usize)
    });
    match (migrated.as_slice(), named) {
        ([], None) => {}
        ([(number, _)], Some(named)) if *number == named => {}
        (migrated, named) => {
            let numbers: Vec<usize> = migrated.iter().map(|(number, _)| *number).collect();
            found.push(format!("the migrated revisions {numbers:?} are ACTIVE, and the record names {named:?}"));
        }
    }
    found.into_iter().map(|fault| format!("{at}: {fault}")).collect()
}

/// Whether a sweep has detected the program that acts wrongly because of the lie.
fn is_caught(lie: Option<Lie>, wrong: &[String]) -> bool {
    lie.is_some() && !wrong.is_empty()
}

/// The process dies at every call of a migration. Then the command runs again, the schedule runs, or an operator backs
/// the migration out.
async fn sweep_migration(lie: Option<Lie>, lag: Lag) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let (whole, source) = begin(None, lag);
    migrates(&whole, "cli", &source).await;
    settles(Afterwards::Again, &whole, &source).await;
    for number in 1..=whole.calls().len() {
        for (index, fault) in FAULTS.into_iter().enumerate() {
            for afterwards in AFTERWARDS {
                // Under a lag, each call has another fault and another end.
                if lag != NO_LAG && (number % 3 != index || AFTERWARDS[number / 3 % 3] != afterwards) {
                    continue;
                }
                runs += 1;
                wrong.extend(dies(lie, lag, (number, fault), afterwards).await);
                if is_caught(lie, &wrong) {
                    return (runs, wrong);
                }
            }
        }
    }
    (runs, wrong)
}

async fn dies(lie: Option<Lie>, lag: Lag, (number, fault): (usize, Fault), afterwards: Afterwards) -> Vec<String> {
    let (world, source) = begin(lie, lag);
    fault.at(&world, number);
    let first = migrates(&world, "cli", &source).await;
    if first.is_retried() && !world.is_dead() {
        // The fault may come at a later run.
        world.advance(LEASE);
        migrates(&world, "cli", &source).await;
    }
    let has_ended = world.account(|account| account.migrations.get(&source).is_some_and(|record| !record.head.open));
    let last = settles(afterwards, &world, &source).await;
    let call = world.calls().get(number - 1).copied().unwrap_or("none");
    let at = format!("{lag:?}, {fault:?} at {call} {number}, {afterwards:?}: {last:?}");
    let mut wrong = faults(&world, &at);
    let wanted = match afterwards {
        Afterwards::Again => true,
        Afterwards::Scheduled => has_ended,
        Afterwards::BackedOut => false,
    };
    if is_migrated(&world) != wanted {
        wrong.push(format!("{at}: found {:?}", active(&world)));
    }
    if active(&world).first() != Some(&(1, BLOCKING.to_owned())) {
        wrong.push(format!("{at}: the source revision has changed"));
    }
    wrong
}

/// The state in which the backout of a migration begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    Unused,
    Running,
    SourceGone,
    Gone,
}

const SITUATIONS: [Situation; 4] = [Situation::Unused, Situation::Running, Situation::SourceGone, Situation::Gone];

async fn migrated(situation: Situation, lag: Lag) -> (World, RevisionArn) {
    let (world, source) = begin(None, lag);
    migrates(&world, "cli", &source).await;
    settles(Afterwards::Again, &world, &source).await;
    world.account(|account| match situation {
        Situation::Unused => {}
        Situation::Running => drop(account.running.insert("service prod/web".into(), account.arn("web", 2))),
        Situation::SourceGone => account.deregisters(&source),
        Situation::Gone => account.deregisters(&account.arn("web", 2)),
    });
    (world, source)
}

/// The process dies at every call of a backout. Then the backout is requested again, or the schedule resumes it.
async fn sweep_backout(lie: Option<Lie>, lag: Lag) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    for situation in SITUATIONS {
        let (whole, source) = migrated(situation, lag).await;
        let before = whole.calls().len();
        backs_out(&whole, "operator", &source).await;
        settles(Afterwards::BackedOut, &whole, &source).await;
        let (calls, wanted) = (whole.calls(), active(&whole));
        for number in before + 1..=calls.len() {
            for fault in FAULTS {
                for resumed in [false, true] {
                    runs += 1;
                    let (world, source) = migrated(situation, lag).await;
                    world.account(|account| account.lie = lie);
                    fault.at(&world, number);
                    backs_out(&world, "operator", &source).await;
                    later(&world);
                    if resumed {
                        resumes_backouts(&world).await;
                    }
                    let last = settles(Afterwards::BackedOut, &world, &source).await;
                    let at = format!("backout, {situation:?}, {fault:?} at {} {number}: {last:?}", calls[number - 1]);
                    if active(&world) != wanted {
                        wrong.push(format!("{at}: found {:?}", active(&world)));
                    }
                    wrong.extend(
                        world.account(|account| account.wrongs.clone()).into_iter().map(|it| format!("{at}: {it}")),
                    );
                    if world.account(|account| account.migrations[&source].head.open) {
                        wrong.push(format!("{at}: the record is open"));
                    }
                    if is_caught(lie, &wrong) {
                        return (runs, wrong);
                    }
                }
            }
        }
    }
    (runs, wrong)
}

/// Another principal acts right before or after every call of a migration.
async fn sweep_others(
    lie: Option<Lie>,
    lag: Lag,
    act: fn(&mut Account),
    check: fn(&World) -> Option<String>,
) -> (usize, Vec<String>) {
    let (mut runs, mut wrong) = (0, Vec::new());
    let (whole, source) = begin(None, lag);
    migrates(&whole, "cli", &source).await;
    settles(Afterwards::Again, &whole, &source).await;
    let calls = whole.calls();
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            if lag != NO_LAG && (number % 2 == 0) != (moment == Moment::Before) {
                continue;
            }
            runs += 1;
            let (world, source) = begin(lie, lag);
            world.at(number, moment, Then::act(act));
            migrates(&world, "cli", &source).await;
            if lag != NO_LAG {
                // The other principal may act at a later run.
                world.advance(LEASE);
                migrates(&world, "cli", &source).await;
            }
            let last = settles(Afterwards::Again, &world, &source).await;
            let at = format!("{lag:?}, {moment:?} {} {number}: {last:?}", calls[number - 1]);
            wrong.extend(check(&world).map(|fault| format!("{at}: {fault}")));
            wrong.extend(world.account(|account| account.wrongs.clone()).into_iter().map(|it| format!("{at}: {it}")));
            let open = world.account(|account| account.all_records().any(|record| record.head.is_unfinished()));
            wrong.extend(open.then(|| format!("{at}: a record is unfinished")));
            if is_caught(lie, &wrong) {
                return (runs, wrong);
            }
        }
    }
    (runs, wrong)
}

fn registers(account: &mut Account) {
    account.registers(BLOCKING);
}

/// The migrated revision may be below the revision of the other principal, never above it.
fn is_below(world: &World) -> Option<String> {
    let standing = active(world);
    let newest = standing.last()?;
    let is_overtaken = standing.iter().any(|(number, text)| *number > 1 && text == BLOCKING);
    (is_overtaken && newest.1 == planned().text()).then(|| format!("{standing:?}"))
}

fn deregisters_source(account: &mut Account) {
    account.deregisters(&account.arn("web", 1));
}

fn deregisters_migrated(account: &mut Account) {
    if account.families["web"].len() > 1 {
        account.deregisters(&account.arn("web", 2));
    }
}

fn nothing(_: &World) -> Option<String> {
    None
}

fn assert_none(all: Vec<(usize, Vec<String>)>, at_least: usize, what: &str) {
    let mut runs = 0;
    for (more, wrong) in all {
        assert_eq!(wrong, Vec::<String>::new());
        runs += more;
    }
    println!("{what}: {runs} runs");
    assert!(runs > at_least, "{runs} runs");
}

#[tokio::test]
async fn wherever_the_process_of_a_migration_dies_the_final_state_is_the_intended_one() {
    let migration = sweep_migration(None, NO_LAG).await;
    let backout = sweep_backout(None, NO_LAG).await;
    assert_none(vec![migration, backout], 200, "crash sweep of migrations");
}

#[tokio::test]
async fn wherever_the_process_of_a_migration_dies_while_reads_lag_the_final_state_is_the_intended_one() {
    let mut all = Vec::new();
    for lag in LAGS {
        all.push(sweep_migration(None, lag).await);
    }
    assert_none(all, 100, "crash sweep of migrations while reads lag");
}

#[tokio::test]
async fn whatever_another_principal_does_during_a_migration_old_code_is_not_the_newest() {
    let mut all = Vec::new();
    for lag in [NO_LAG].into_iter().chain(LAGS) {
        all.push(sweep_others(None, lag, registers, is_below).await);
        all.push(sweep_others(None, lag, deregisters_source, nothing).await);
        all.push(sweep_others(None, lag, deregisters_migrated, nothing).await);
    }
    assert_none(all, 200, "other principals during a migration");
}

#[tokio::test]
async fn a_program_that_omits_a_check_of_a_migration_is_detected() {
    detected(Lie::CommitLater, sweep_migration(Some(Lie::CommitLater), NO_LAG).await);
    detected(Lie::NothingByLogweir, sweep_migration(Some(Lie::NothingByLogweir), NO_LAG).await);
    detected(Lie::NothingNewer, sweep_others(Some(Lie::NothingNewer), NO_LAG, registers, is_below).await);
    let lists = Lag { list: 3, ..LAGS[1] };
    let unlisted = Some(Lie::UnlistedIsInactive);
    detected(Lie::UnlistedIsInactive, sweep_others(unlisted, lists, registers, is_below).await);
    detected(Lie::UnseenIsInactive, sweep_migration(Some(Lie::UnseenIsInactive), LAGS[0]).await);
    detected(Lie::UnseenTagsAreLost, sweep_migration(Some(Lie::UnseenTagsAreLost), LAGS[3]).await);
    detected(Lie::CommitLater, sweep_backout(Some(Lie::CommitLater), NO_LAG).await);
    detected(Lie::NothingRuns, sweep_backout(Some(Lie::NothingRuns), NO_LAG).await);
}

/// The work of one of two workers: one pauses at a call, the other completes its work, and the first continues.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Migrate,
    BackOut,
    /// The function corrects the source revision.
    Correct,
}

async fn works(work: Work, world: &World, source: &RevisionArn, worker: &str) -> Decision {
    match work {
        Work::Migrate => migrates(world, worker, source).await,
        Work::BackOut => backs_out(world, worker, source).await,
        Work::Correct => with(world, SHIPPED_BASELINE, Mode::Register, worker, &event(source)).await,
    }
}

const PAIRS: [(Work, Work); 6] = [
    (Work::Migrate, Work::Migrate),
    (Work::Migrate, Work::BackOut),
    (Work::BackOut, Work::Migrate),
    (Work::BackOut, Work::BackOut),
    (Work::Migrate, Work::Correct),
    (Work::Correct, Work::Migrate),
];

async fn prepared(first: Work) -> (World, RevisionArn) {
    match first {
        Work::BackOut => migrated(Situation::Unused, NO_LAG).await,
        Work::Migrate | Work::Correct => begin(None, NO_LAG),
    }
}

async fn interleaved(pair: (Work, Work), lease_over: bool, number: usize, moment: Moment) -> Vec<String> {
    let (world, source) = prepared(pair.0).await;
    world.pause_at(number, moment);
    let other = async {
        while !world.is_paused() {
            tokio::task::yield_now().await;
        }
        if lease_over {
            world.advance(LEASE);
        }
        let report = works(pair.1, &world, &source, "two").await;
        world.go_on();
        report
    };
    let (one, two) = tokio::join!(works(pair.0, &world, &source, "one"), other);
    let mut reports = [(pair.0, one), (pair.1, two)];
    for _ in 0..MOST_DELIVERIES {
        later(&world);
        resumes(&world, Mode::Register).await;
        for (work, report) in reports.iter_mut().filter(|(_, report)| report.is_retried()) {
            *report = works(*work, &world, &source, "again").await;
        }
        world.advance(SignedDuration::from_mins(15));
        resumes_backouts(&world).await;
    }
    let at = format!("{pair:?}, lease over: {lease_over}, paused {moment:?} {number}: {reports:?}");
    let mut wrong = faults(&world, &at);
    // Both the migrated and the corrected revision would make one of them old code that is the newest.
    if active(&world).len() > 2 {
        wrong.push(format!("{at}: found {:?}", active(&world)));
    }
    wrong
}

#[tokio::test]
async fn two_interleaved_workers_leave_one_migrated_revision_or_none() {
    let (mut runs, mut wrong) = (0, Vec::new());
    for pair in PAIRS {
        let (world, source) = prepared(pair.0).await;
        let begun = world.calls().len();
        works(pair.0, &world, &source, "one").await;
        for number in begun + 1..=world.calls().len() {
            for (moment, lease_over) in [(Moment::Before, false), (Moment::After, true), (Moment::Before, true)] {
                runs += 1;
                wrong.extend(interleaved(pair, lease_over, number, moment).await);
            }
        }
    }
    assert_none(vec![(runs, wrong)], 200, "interleavings of migrations");
}

#[tokio::test]
async fn after_a_lost_answer_the_same_command_finds_the_revision_and_registers_no_second_one() {
    let (world, source) = begin(None, NO_LAG);
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Cut);
    let report = migrates(&world, "cli", &source).await;
    assert!(report.is_retried(), "{report:?}");
    world.advance(LEASE);
    let report = migrates(&world, "cli", &source).await;
    assert_eq!((report.outcome, report.reason), (Outcome::Migrated, None), "{report:?}");
    assert_eq!(world.count("RegisterTaskDefinition"), 1);
}
