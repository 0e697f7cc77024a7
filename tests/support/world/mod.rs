//! One AWS account and Region in memory, with the journal and the clock: every port, deterministic, for tests.
//!
//! `World` is a handle; clones share the world. At any port call, a test can let another principal act, break the
//! connection, or let the process die: `world.at(3, Moment::After, Then::Crash)`.

#![allow(dead_code, unused_imports, reason = "several test binaries include it, and none uses all of it")]

mod account;
mod account_settings;
mod clusters;
mod deployers;
mod ecs;
mod events;
mod faults;
mod fired;
mod journal;
mod lag;
mod logs;
pub(crate) mod queue;
mod resources;
mod service_calls;
mod services;
mod sessions;
pub mod story;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use logweir::ports::{Answer, Clock, Ports, ResourcePorts, Timer};

pub(crate) use account::{Account, DEPLOYER, Group, LOGWEIR, Lie, Revision};
pub(crate) use deployers::TASKS_FAILED;
pub(crate) use faults::{Moment, Then};
pub(crate) use lag::{Lag, Passing, RevisionState};
pub(crate) use services::{LiveDeployment, LiveProgress, LiveService};

/// A handle to one world.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    account: Account,
    calls: Vec<Call>,
    plans: Vec<faults::Plan>,
    /// Whether the process has died. Then its calls have no effect.
    dead: bool,
    /// The call that waits at this moment until [`World::go_on`].
    gate: Option<(usize, Moment)>,
    paused: bool,
}

/// One call of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The name of the AWS operation or of the journal's: `read`, `commit`, `source_of`, `list`.
    pub(crate) name: &'static str,
    pub(crate) about: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Reads or changes the account as another principal, bypassing the ports.
    pub(crate) fn account<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.lock().account)
    }

    /// A copy of the account, for comparing worlds. It has only the number of events: copying them takes long.
    pub(crate) fn picture(&self) -> Account {
        self.account(|account| {
            let events = std::mem::take(&mut account.events);
            let picture = account.clone();
            account.events = events;
            picture
        })
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.account(|account| account.now += by);
    }

    /// The names of all port calls so far, refused ones included.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.iter().map(|call| call.name).collect()
    }

    pub(crate) fn log(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The number of calls of this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.lock().calls.iter().filter(|call| call.name == name).count()
    }

    /// One port call. It yields first, so that two workers on one thread alternate.
    async fn call<T>(
        &self,
        name: &'static str,
        about: impl Into<String>,
        act: impl FnOnce(&mut Account) -> Answer<T>,
    ) -> Answer<T> {
        tokio::task::yield_now().await;
        let number = {
            let mut state = self.lock();
            state.calls.push(Call { name, about: about.into() });
            state.calls.len()
        };
        self.wait_at(number, Moment::Before).await;
        let answer = self.lock().answer(number, name, act);
        self.wait_at(number, Moment::After).await;
        answer
    }

    /// Pauses the nth call at this moment until [`World::go_on`].
    pub(crate) fn pause_at(&self, number: usize, moment: Moment) {
        self.lock().gate = Some((number, moment));
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.lock().paused
    }

    pub(crate) fn go_on(&self) {
        self.lock().gate = None;
    }

    async fn wait_at(&self, number: usize, moment: Moment) {
        while self.lock().gate == Some((number, moment)) {
            self.lock().paused = true;
            tokio::task::yield_now().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answer<T>(
        &mut self,
        number: usize,
        name: &'static str,
        act: impl FnOnce(&mut Account) -> Answer<T>,
    ) -> Answer<T> {
        self.meet(number, name, Moment::Before)?;
        let answer = act(&mut self.account);
        self.meet(number, name, Moment::After)?;
        answer
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.lock().account.now
    }
}

impl Timer for World {
    /// Takes no time outside the world. Completes the deployments that are in progress, if the account says so.
    async fn wait(&self, time: Duration) {
        self.account(|account| {
            account.now += time;
            if account.completes_while_waiting {
                let names: Vec<String> = account.services.keys().map(|service| service.short()).collect();
                names.iter().for_each(|name| account.completes(name));
            }
        });
    }
}

impl Ports for World {
    type TaskDefinitions = Self;
    type Services = Self;
    type Clusters = Self;
    type Sessions = Self;
    type LogGroups = Self;
    type Journal = Self;
    type Clock = Self;

    fn task_definitions(&self) -> &Self {
        self
    }
    fn services(&self) -> &Self {
        self
    }
    fn clusters(&self) -> &Self {
        self
    }
    fn sessions(&self) -> &Self {
        self
    }
    fn log_groups(&self) -> &Self {
        self
    }
    fn journal(&self) -> &Self {
        self
    }
    fn clock(&self) -> &Self {
        self
    }
}

impl ResourcePorts for World {
    type Resources = Self;

    fn resources(&self) -> &Self {
        self
    }
}
