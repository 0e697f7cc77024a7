//! Two workers with one rollout: one pauses at a call, the other completes its work, and the first continues, while
//! reads lag.

use logweir::domain::outcome::Mode;
use logweir::domain::report::Decision;
use logweir::ports::Clock;
use logweir::settings::LEASE;
use logweir::workflow::{BackoutOptions, Order, Origin, resume, resume_backouts};
use serde_json::Value;

use super::{BASELINE, First, LAGS, NO_LAG, Road, Tale, document};
use crate::crash::{MOST_DELIVERIES, later};
use crate::order::{backout, order};
use crate::world::story::{PROMPT, backs_out_with, by, home, with};
use crate::world::{Account, LOGWEIR, Lag, Moment, World};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    /// The events about the deployment are delivered.
    Told,
    Schedule,
    BackOut,
}

use Work::*;

const PAIRS: [(Work, Work); 8] = [
    (Told, Told),
    (Told, Schedule),
    (Told, BackOut),
    (Schedule, Schedule),
    (Schedule, BackOut),
    (BackOut, Told),
    (BackOut, Schedule),
    (BackOut, BackOut),
];

/// The state of the rollout in which the two workers meet.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// The deployment of the source has completed, so that the rollout starts.
    Starts,
    /// Logweir's deployment is in progress.
    InProgress,
    /// Logweir's deployment has completed, so that the rollout ends.
    Ends,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    first: Work,
    second: Work,
    stage: Stage,
    lease_over: bool,
    lag: Lag,
}

struct Meeting {
    tale: Tale,
    /// The events that both workers receive.
    events: Vec<Value>,
}

/// The events of other principals and of ECS since the last call.
fn delivered(world: &World) -> Vec<Value> {
    let mut events = world.account(Account::delivers);
    events.retain(|event| event["detail"]["userIdentity"]["arn"] != LOGWEIR);
    events
}

impl Meeting {
    async fn of(pair: &Pair) -> Self {
        let tale = Tale::new(Road::One, First::Event, None, pair.lag);
        tale.world.account(|account| drop(account.registers(&document("blocking"))));
        tale.tells().await;
        let source = tale.source.clone();
        tale.world.account(|account| account.updates_service("prod/web", &source));
        tale.tells().await;
        tale.deployments_end();
        if pair.stage != Stage::Starts {
            tale.tells().await;
            tale.schedule().await;
        }
        if pair.stage == Stage::Ends {
            tale.deployments_end();
        }
        let events = delivered(&tale.world);
        Self { tale, events }
    }

    /// Returns the work that has to be repeated.
    async fn works(&self, work: Work, worker: &str, events: &[Value]) -> Again {
        let world = &self.tale.world;
        let mut again = Again { work, events: Vec::new(), is_needed: false };
        match work {
            Told => {
                for event in events {
                    let report = with(world, &PROMPT, Mode::Rollout, worker, event).await;
                    again.events.extend(report.is_retried().then(|| event.clone()));
                }
                again.is_needed = !again.events.is_empty();
            }
            Schedule => {
                let (home, by) = (home(), by());
                let order = Order { origin: Origin::Resume, ..order(&home, &by, &BASELINE, Mode::Rollout, worker) };
                let _ = resume(world, &order, world.now()).await;
                let _ = resume_backouts(world, &backout(&home, &by, worker, BackoutOptions::default())).await;
            }
            BackOut => {
                let ask = BackoutOptions::default();
                let report: Decision = backs_out_with(world, worker, &self.tale.source, ask).await;
                again.is_needed = report.is_retried();
            }
        }
        again
    }

    async fn comes_to_rest(&self, mut works: Vec<Again>) {
        for round in 0..MOST_DELIVERIES {
            later(&self.tale.world);
            self.tale.deployments_end();
            if round == 0 {
                // Each event arrives at least once.
                works.push(self.works(Told, "told", &self.events).await);
            }
            self.tale.tells().await;
            self.tale.schedule().await;
            for again in works.iter_mut().filter(|again| again.is_needed) {
                *again = self.works(again.work, &format!("again-{round}"), &again.events.clone()).await;
            }
        }
    }

    fn faults(&self) -> Vec<String> {
        let end = self.tale.end();
        let mut wrong = self.tale.world.account(|account| account.wrongs.clone());
        let backed_out = end.closings.iter().any(|(.., suppressed)| *suppressed);
        let (runs, most) = if backed_out { ("web:2", 2) } else { ("web:3", 1) };
        if end.runs != [runs] {
            wrong.push(format!("the service runs {:?}, and {runs} was wanted", end.runs));
        }
        // A turn that has expired, and whose record has no work, delays no other service.
        let is_taken = self.tale.world.account(|account| {
            let turns = account.remembered.values().filter_map(|family| family.turn.as_ref());
            turns.into_iter().any(|turn| turn.until > account.now)
        });
        if (end.following, end.fuses, is_taken) != (0, 0, false) {
            wrong.push(format!("unfinished: {end:?}"));
        }
        if self.tale.world.account(|account| account.records.values().any(|record| record.head.has_work())) {
            wrong.push("a record is not finished".into());
        }
        let standing = end.revisions.iter().filter(|(_, active)| *active).count();
        if standing != 2 + usize::from(!backed_out) {
            wrong.push(format!("{standing} revisions are ACTIVE"));
        }
        if self.tale.deployments_of_logweir() > most {
            wrong.push(format!("Logweir started {} deployments", self.tale.deployments_of_logweir()));
        }
        wrong
    }
}

struct Again {
    work: Work,
    events: Vec<Value>,
    is_needed: bool,
}

impl Pair {
    async fn run(self, number: usize, moment: Moment) -> Vec<String> {
        let meeting = Meeting::of(&self).await;
        let world = &meeting.tale.world;
        world.pause_at(number, moment);
        let other = async {
            while !world.is_paused() {
                tokio::task::yield_now().await;
            }
            if self.lease_over {
                world.advance(LEASE);
            }
            let again = meeting.works(self.second, "two", &meeting.events).await;
            world.go_on();
            again
        };
        let (one, two) = tokio::join!(meeting.works(self.first, "one", &meeting.events), other);
        meeting.comes_to_rest(vec![one, two]).await;
        meeting.faults()
    }
}

/// Each third call is paused once under each lag.
#[tokio::test]
async fn two_workers_with_a_rollout_reach_the_intended_state_while_reads_lag() {
    let (mut runs, mut wrong) = (0, Vec::new());
    for (index, lag) in [NO_LAG].into_iter().chain(LAGS).enumerate() {
        for stage in [Stage::Starts, Stage::InProgress, Stage::Ends] {
            for (first, second) in PAIRS {
                let pair = Pair { first, second, stage, lease_over: false, lag };
                let alone = Meeting::of(&pair).await;
                let begun = alone.tale.world.calls().len();
                alone.works(first, "one", &alone.events).await;
                let calls = alone.tale.world.calls();
                for number in (begun + 1 + index % 3..=calls.len()).step_by(3) {
                    let moment = if runs % 2 == 0 { Moment::Before } else { Moment::After };
                    let pair = Pair { lease_over: runs / 2 % 2 == 0, ..pair };
                    runs += 1;
                    let at = format!("{pair:?}, stopped {moment:?} {} {number}", calls[number - 1]);
                    wrong.extend(pair.run(number, moment).await.into_iter().map(|it| format!("{at}: {it}")));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {runs}", wrong.len());
    println!("two workers with a rollout: {runs} runs");
    assert!(runs > 200, "{runs}");
}
