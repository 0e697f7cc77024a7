//! The moves of a history, and how they are drawn.

use jiff::SignedDuration;
use logweir::domain::ecs::service::{RolloutState, Stage};
use proptest::prelude::*;

use crate::world::{Account, DEPLOYER, LOGWEIR, Lag, Moment, TASKS_FAILED, story};

pub const SERVICES: [&str; 2] = ["prod/api", "prod/web"];

#[derive(Clone, Debug)]
pub enum Move {
    /// ECS or another principal acts.
    Acts(Act),
    /// The events that wait are delivered, the newest first or the oldest first.
    Told {
        newest_first: bool,
        happens: Happens,
    },
    Resumes {
        happens: Happens,
    },
    BacksOut {
        source: prop::sample::Index,
        happens: Happens,
    },
    /// A hook pauses the deployment, for longer than the deadline, while the schedule runs.
    PausesForHours {
        service: usize,
    },
    /// The owner rolls the services back from a source, and deregisters the source.
    Withdraws {
        source: prop::sample::Index,
    },
    /// Reads lag in one of the ways of [`LAGS`] from now on, or no longer.
    Lags {
        way: Option<usize>,
    },
    Waits {
        minutes: i64,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Act {
    Registers {
        blocking: bool,
    },
    /// One of the deployer's revisions, or the newest of them.
    Deploys {
        service: usize,
        revision: Option<prop::sample::Index>,
    },
    ChangesNetwork {
        service: usize,
    },
    Pauses {
        service: usize,
    },
    Continues {
        service: usize,
    },
    Ends {
        service: usize,
        fails: bool,
    },
}

/// What happens at some of the move's calls.
pub type Happens = Vec<(usize, Happening)>;

#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Dies(Moment),
    AnswerLost,
    /// The next update of a service is refused for a moment. The way is an index of the passing refusals.
    Refused(prop::sample::Index),
    Act(Moment, Act),
}

pub const LAGS: [Lag; 5] = {
    let lag =
        Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 0, clusters: 0, lasts: SignedDuration::from_mins(6) };
    [
        Lag { services: 1, ..lag },
        Lag { services: 2, ..lag },
        Lag { starts: 2, ..lag },
        Lag { list: 2, tags: 3, ..lag },
        Lag { describe: 1, list: 2, tags: 2, starts: 1, services: 1, ..lag },
    ]
};

/// A document whose image is pinned.
pub fn document(blocking: bool) -> String {
    let mode = match blocking {
        true => "\"mode\":\"blocking\"",
        false => "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"",
    };
    let image = format!("\"nginx@sha256:{}\"", "a".repeat(64));
    story::BLOCKING.replace("\"nginx\"", &image).replace("\"mode\":\"blocking\"", mode)
}

/// Whether the newest deployment of a service is Logweir's and in progress.
pub fn is_logweirs(account: &Account, service: &str) -> bool {
    let newest = &account.service(service).deployments[0];
    let progress = &account.service_deployments[&newest.service_deployment];
    progress.by == LOGWEIR && progress.stage == Stage::UnderWay
}

/// Whether ECS rolls the service back if its newest deployment fails.
fn rolls_back(account: &Account, service: usize) -> bool {
    let listed = &account.service(SERVICES[service]).deployments;
    let completed = listed.iter().find(|older| older.state == RolloutState::Completed);
    completed.is_some_and(|older| account.revision(&older.revision).unwrap().is_active())
}

impl Act {
    /// Returns the class of the act, if it happens.
    pub fn on(self, account: &mut Account) -> Option<&'static str> {
        // The deployer does not wait until the act succeeds.
        let starts = std::mem::take(&mut account.lag.starts);
        let class = self.acts(account);
        account.lag.starts = starts;
        class
    }

    fn acts(self, account: &mut Account) -> Option<&'static str> {
        match self {
            Self::Registers { blocking } => {
                account.registers(&document(blocking));
                Some("registers")
            }
            Self::Deploys { service, revision } => {
                let active = account.active("web").into_iter().map(|number| account.arn("web", number));
                let of_deployer: Vec<_> = active.filter(|it| account.revision(it).unwrap().by == DEPLOYER).collect();
                let revision = revision.map_or(of_deployer.last().unwrap(), |index| index.get(&of_deployer));
                account.updates_service(SERVICES[service], revision);
                Some("deploys")
            }
            Self::ChangesNetwork { service } => {
                let during = is_logweirs(account, SERVICES[service]);
                let subnet = format!("subnet-{}", account.deployed);
                account.changes_network(SERVICES[service], &subnet);
                Some(if during {
                    "another principal changes the network during a rollout"
                } else {
                    "changes the network"
                })
            }
            Self::Pauses { service } if is_logweirs(account, SERVICES[service]) => {
                account.pauses(SERVICES[service]);
                Some("pauses")
            }
            Self::Pauses { .. } => None,
            Self::Continues { service } => {
                let is_paused = account.service(SERVICES[service]).paused;
                account.continues(SERVICES[service]);
                is_paused.then_some("a deployment pauses and continues")
            }
            Self::Ends { service, .. } if account.service(SERVICES[service]).paused => None,
            Self::Ends { service, fails }
                if fails && is_logweirs(account, SERVICES[service]) && rolls_back(account, service) =>
            {
                account.fails(SERVICES[service], TASKS_FAILED);
                Some("Logweir's deployment fails")
            }
            Self::Ends { service, .. } => {
                account.completes(SERVICES[service]);
                None
            }
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let service = 0..SERVICES.len();
    prop_oneof![
        1 => prop::bool::weighted(0.8).prop_map(|blocking| Act::Registers { blocking }),
        2 => (service.clone(), any::<Option<prop::sample::Index>>())
            .prop_map(|(service, revision)| Act::Deploys { service, revision }),
        2 => service.clone().prop_map(|service| Act::ChangesNetwork { service }),
        2 => service.clone().prop_map(|service| Act::Pauses { service }),
        2 => service.clone().prop_map(|service| Act::Continues { service }),
        4 => (service, prop::bool::weighted(0.4)).prop_map(|(service, fails)| Act::Ends { service, fails }),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop::sample::select(vec![Moment::Before, Moment::After])
}

fn happens() -> impl Strategy<Value = Happens> {
    let happening = prop_oneof![
        2 => moment().prop_map(Happening::Dies),
        2 => Just(Happening::AnswerLost),
        2 => any::<prop::sample::Index>().prop_map(Happening::Refused),
        3 => (moment(), act()).prop_map(|(moment, act)| Happening::Act(moment, act)),
    ];
    prop::collection::vec((1..30_usize, happening), 0..2)
}

/// The first rollout starts, and ECS may refuse the update for a moment.
fn starts() -> impl Strategy<Value = Move> {
    let refused = any::<prop::sample::Index>().prop_map(|way| vec![(1, Happening::Refused(way))]);
    (prop::bool::weighted(0.3), prop_oneof![2 => happens(), 1 => refused])
        .prop_map(|(newest_first, happens)| Move::Told { newest_first, happens })
}

fn told() -> impl Strategy<Value = Move> {
    (prop::bool::weighted(0.3), happens()).prop_map(|(newest_first, happens)| Move::Told { newest_first, happens })
}

fn step() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => act().prop_map(Move::Acts),
        6 => told(),
        2 => happens().prop_map(|happens| Move::Resumes { happens }),
        2 => (any::<prop::sample::Index>(), happens()).prop_map(|(source, happens)| Move::BacksOut { source, happens }),
        1 => (0..SERVICES.len()).prop_map(|service| Move::PausesForHours { service }),
        2 => any::<prop::sample::Index>().prop_map(|source| Move::Withdraws { source }),
        2 => prop::option::weighted(0.8, 0..LAGS.len()).prop_map(|way| Move::Lags { way }),
        3 => (1..8_i64).prop_map(|minutes| Move::Waits { minutes }),
    ]
}

/// What happens to Logweir's first deployment.
fn first_rollout() -> impl Strategy<Value = Vec<Move>> {
    let service = 1;
    let paused = vec![Move::Acts(Act::Pauses { service }), Move::Waits { minutes: 5 }];
    let goes_on = Move::Acts(Act::Continues { service });
    let for_hours = vec![Move::PausesForHours { service }, goes_on.clone()];
    prop::sample::select(vec![
        Vec::new(),
        [paused, vec![goes_on]].concat(),
        for_hours,
        vec![Move::Acts(Act::Ends { service, fails: true })],
        vec![Move::Acts(Act::ChangesNetwork { service })],
    ])
}

/// A blocking revision is registered and deployed, so that there is a rollout, and six to fifteen moves follow.
pub fn history() -> impl Strategy<Value = Vec<Move>> {
    let lags = prop::option::weighted(0.6, 0..LAGS.len()).prop_map(|way| Move::Lags { way });
    let steps = (first_rollout(), prop::collection::vec(step(), 6..12));
    (lags, told(), starts(), steps).prop_map(|(lags, registered, completed, (first, steps))| {
        let begins = [
            Move::Acts(Act::Registers { blocking: true }),
            lags,
            registered,
            Move::Waits { minutes: 1 },
            Move::Acts(Act::Deploys { service: 1, revision: None }),
            Move::Acts(Act::Ends { service: 1, fails: false }),
            completed,
        ];
        begins.into_iter().chain(first).chain(steps).collect()
    })
}
