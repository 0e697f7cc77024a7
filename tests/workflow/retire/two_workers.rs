//! Two workers in the life of a correction whose source is withdrawn: one pauses at a call, the other completes its
//! work, and the first continues, while reads lag.

#![allow(clippy::print_stdout, reason = "the counts are for the reader of the run")]

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::report::Decision;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{BackoutOptions, retire_unused};
use serde_json::Value;

use super::{passes, retires_as};
use crate::crash::{LAGS, MOST_DELIVERIES, NO_LAG, later};
use crate::order::backout;
use crate::world::story::{BLOCKING, backs_out_with, by, deregistration, event, home, resumes, resumes_backouts, with};
use crate::world::{Lag, Moment, World};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    /// The event of the registration is delivered once more.
    Correct,
    /// The event of the deregistration is delivered.
    Withdrawn,
    /// The schedule retires the revision.
    Retire,
    BackOut,
}

use Work::*;

const PAIRS: [(Work, Work); 9] = [
    (Withdrawn, Withdrawn),
    (Withdrawn, Correct),
    (Withdrawn, BackOut),
    (Retire, Retire),
    (Retire, Withdrawn),
    (Retire, BackOut),
    (Retire, Correct),
    (BackOut, Retire),
    (BackOut, Withdrawn),
];

struct Pair {
    first: Work,
    second: Work,
    lease_over: bool,
    lag: Lag,
}

struct Life {
    world: World,
    source: RevisionArn,
    withdrawal: Value,
}

impl Life {
    /// Web:1 is deregistered, and web:2 corrects it. If a worker retires, the second search is due.
    async fn new(pair: &Pair) -> Self {
        let world = World::new();
        let source = world.account(|account| {
            account.is_silent = true;
            account.has_group("/ecs/web", Some(30), 1);
            account.registers(BLOCKING)
        });
        world.lags(pair.lag);
        for _ in 0..MOST_DELIVERIES {
            if !with(&world, SHIPPED_BASELINE, Mode::Register, "begins", &event(&source)).await.is_retried() {
                break;
            }
            world.advance(LEASE);
        }
        world.account(|account| account.deregisters(&source));
        let withdrawal = deregistration(&world, &source);
        let life = Self { world, source, withdrawal };
        if [pair.first, pair.second].contains(&Retire) {
            passes(&life.world, 10);
            life.works(Withdrawn, "told").await;
            passes(&life.world, 15);
            retires_as(&life.world, "looks").await;
            passes(&life.world, 10);
            // The deregistration is the newest write again.
            life.world.account(|account| drop(account.registers(&BLOCKING.replace("\"web\"", "\"other\""))));
        }
        life
    }

    async fn works(&self, work: Work, worker: &str) -> Option<Decision> {
        let (world, source) = (&self.world, &self.source);
        match work {
            Correct => Some(with(world, SHIPPED_BASELINE, Mode::Register, worker, &event(source)).await),
            Withdrawn => Some(with(world, SHIPPED_BASELINE, Mode::Register, worker, &self.withdrawal).await),
            BackOut => Some(backs_out_with(world, worker, source, BackoutOptions::default()).await),
            Retire => {
                let (home, by) = (home(), by());
                let order = backout(&home, &by, worker, BackoutOptions::default());
                let _ = retire_unused(world, &order).await;
                None
            }
        }
    }

    async fn comes_to_rest(&self, mut waits: Vec<(Work, Option<Decision>)>) {
        for _ in 0..MOST_DELIVERIES {
            later(&self.world);
            resumes(&self.world, Mode::Register).await;
            resumes_backouts(&self.world).await;
            for (work, report) in &mut waits {
                if report.as_ref().is_some_and(Decision::is_retried) {
                    *report = self.works(*work, "again").await;
                }
            }
        }
        self.works(Withdrawn, "told").await;
        for run in 0..14 {
            self.world.advance(SignedDuration::from_mins(5));
            retires_as(&self.world, &format!("retires-{run}")).await;
        }
    }
}

impl Pair {
    async fn run(&self, begun: usize, number: usize, moment: Moment) -> Vec<String> {
        let life = Life::new(self).await;
        let world = &life.world;
        assert_eq!(world.calls().len(), begun, "each life begins with the same calls");
        world.pause_at(number, moment);
        let other = async {
            while !world.is_paused() {
                tokio::task::yield_now().await;
            }
            if self.lease_over {
                world.advance(LEASE);
            }
            let report = life.works(self.second, "two").await;
            world.go_on();
            report
        };
        let (one, two) = tokio::join!(life.works(self.first, "one"), other);
        life.comes_to_rest(vec![(self.first, one), (self.second, two)]).await;
        let mut wrong = world.account(|account| account.wrongs.clone());
        let (standing, heads) = world.account(|account| {
            (account.active("web"), account.records.values().map(|record| record.head.clone()).collect::<Vec<_>>())
        });
        if !standing.is_empty() {
            wrong.push(format!("{standing:?} are ACTIVE"));
        }
        let unfinished = heads.iter().filter(|head| head.has_work() || head.retirement.is_some());
        wrong.extend(unfinished.map(|head| format!("{} is not finished", head.source.short())));
        wrong
    }
}

#[tokio::test]
async fn two_workers_leave_no_corrected_revision_of_a_withdrawn_source_while_reads_lag() {
    let (mut runs, mut wrong) = (0, Vec::new());
    for lag in [NO_LAG, LAGS[0], LAGS[5]] {
        for (first, second) in PAIRS {
            let pair = Pair { first, second, lease_over: false, lag };
            let alone = Life::new(&pair).await;
            let begun = alone.world.calls().len();
            alone.works(first, "one").await;
            let calls = alone.world.calls();
            for number in begun + 1..=calls.len() {
                for moment in [Moment::Before, Moment::After] {
                    runs += 1;
                    let pair = Pair { lease_over: runs % 2 == 0, ..pair };
                    let found = pair.run(begun, number, moment).await;
                    let at =
                        format!("{first:?} stopped {moment:?} {} {number}, {second:?}, {lag:?}", calls[number - 1]);
                    wrong.extend(found.into_iter().map(|it| format!("{at}, {}: {it}", pair.lease_over)));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {runs}", wrong.len());
    println!("two workers around a retirement: {runs} runs");
    assert!(runs > 200, "{runs}");
}
