//! Retirement: after another principal has deregistered a source, Logweir deregisters the corrected revision, unless
//! something uses it.

mod events;
mod looks;
mod races;
mod swept;
mod two_workers;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use logweir::ports::{Clock, Journal};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{BackoutOptions, retire_unused};

use crate::world::World;
use crate::world::story::{BLOCKING, by, deregistration, event, home, register, retires, with};

const DUE: (Outcome, Option<Reason>) = (Outcome::Skipped, Some(Reason::SourceWithdrawn));
const RETIRED: (Outcome, Option<Reason>) = (Outcome::Retired, Some(Reason::SourceWithdrawn));

/// A world in which web:1 was corrected by web:2 an hour ago.
async fn corrected() -> (World, RevisionArn, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    passes(&world, 60);
    let corrected = world.account(|account| account.arn("web", 2));
    (world, source, corrected)
}

/// A world in which another principal has just deregistered web:1, which web:2 corrects.
async fn withdrawn() -> (World, RevisionArn, RevisionArn) {
    let (world, source, corrected) = corrected().await;
    withdraws(&world, &source).await;
    (world, source, corrected)
}

/// Deregisters a source as another principal, and delivers the event.
async fn withdraws(world: &World, source: &RevisionArn) -> Decision {
    world.account(|account| account.deregisters(source));
    delivers(world, source).await
}

async fn delivers(world: &World, source: &RevisionArn) -> Decision {
    let event = deregistration(world, source);
    with(world, SHIPPED_BASELINE, Mode::Register, "withdrawn", &event).await
}

fn passes(world: &World, minutes: i64) {
    world.advance(SignedDuration::from_mins(minutes));
}

/// Runs the schedule every five minutes for this time, and returns the decisions with the minute of each.
async fn schedule(world: &World, minutes: i64) -> Vec<(i64, Decision)> {
    let mut decisions = Vec::new();
    for minute in (5..=minutes).step_by(5) {
        passes(world, 5);
        decisions.extend(retires(world).await.into_iter().map(|decision| (minute, decision)));
    }
    decisions
}

/// Runs the schedule once, as this worker.
async fn retires_as(world: &World, worker: &str) -> Vec<Decision> {
    let (home, by) = (home(), by());
    let order = crate::order::backout(&home, &by, worker, BackoutOptions::default());
    retire_unused(world, &order).await.unwrap()
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

async fn record(world: &World, source: &RevisionArn) -> Record {
    world.read(source).await.unwrap().unwrap()
}

fn minutes_after(world: &World, minutes: i64) -> Timestamp {
    world.now() + SignedDuration::from_mins(minutes)
}

fn nothing_wrong(world: &World) {
    assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
}
