//! Faults of port calls, and what other principals do right before or after a call.

use logweir::domain::outcome::Reason;
use logweir::ports::{Answer, ErrorKind, PortError};

use super::watch::ReadResult;
use super::{Account, Passing, State, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

/// What happens at the planned moment.
pub(crate) enum Then {
    /// The connection breaks: the caller gets [`ErrorKind::Retry`], whether or not the call had its effect.
    Cut,
    /// The process dies: the caller gets an error, and later calls fail without effect until [`World::restart`].
    Crash,
    /// The call ends with this error.
    Fail(PortError),
    /// Another principal acts.
    Act(Box<dyn FnOnce(&mut Account) + Send>),
}

impl Then {
    pub(crate) fn act(act: impl FnOnce(&mut Account) + Send + 'static) -> Self {
        Self::Act(Box::new(act))
    }

    pub(crate) fn fail(kind: ErrorKind, call: &'static str, message: &str) -> Self {
        Self::Fail(PortError { kind, call, message: message.into(), reason: None })
    }
}

impl Then {
    /// The class that counts this event. `None` for a foreign act, which counts itself if it changes something.
    fn class(&self, moment: Moment) -> Option<&'static str> {
        match (self, moment) {
            (Self::Cut, Moment::Before) => Some("a call is lost"),
            (Self::Cut, Moment::After) => Some("the answer to a call is lost"),
            (Self::Crash, _) => Some("the process dies"),
            (Self::Fail(error), _) => {
                let passing = Passing::with(error).map(|passing| passing.class);
                passing.or((error.reason == Some(Reason::Throttled)).then_some("AWS throttles a call"))
            }
            (Self::Act(_), _) => None,
        }
    }
}

/// The calls that a plan is about.
enum Which {
    /// The nth port call, counted from 1 over the life of the world.
    Number(usize),
    /// The next call of this name.
    Next(&'static str),
    /// The nth of the next calls of this name.
    Nth(&'static str, usize),
    /// Every call of this name.
    Every(&'static str, PortError),
}

pub(super) struct Plan {
    which: Which,
    moment: Moment,
    then: Option<Then>,
}

impl World {
    /// Plans `then` for the nth port call, counted from 1 over the life of the world.
    pub(crate) fn at(&self, number: usize, moment: Moment, then: Then) {
        self.lock().plans.push(Plan { which: Which::Number(number), moment, then: Some(then) });
    }

    /// Plans `then` for the next call of this name.
    pub(crate) fn at_next(&self, name: &'static str, moment: Moment, then: Then) {
        self.lock().plans.push(Plan { which: Which::Next(name), moment, then: Some(then) });
    }

    /// Plans `then` for the nth call of this name from now on, counted from 1.
    pub(crate) fn at_nth(&self, name: &'static str, nth: usize, moment: Moment, then: Then) {
        let which = Which::Nth(name, nth);
        self.lock().plans.push(Plan { which, moment, then: Some(then) });
    }

    /// Makes every call of this name fail without effect until [`World::restart`].
    pub(crate) fn always(&self, name: &'static str, error: PortError) {
        self.lock().plans.push(Plan { which: Which::Every(name, error), moment: Moment::Before, then: None });
    }

    /// Starts a new process without plans.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        state.dead = false;
        state.account.unwritten.clear();
        state.account.looked = ReadResult::default();
        state.plans.clear();
    }

    /// Whether the process has died.
    pub(crate) fn is_dead(&self) -> bool {
        self.lock().dead
    }
}

impl State {
    /// Carries out what is planned for this moment of this call. The caller gets the returned error.
    pub(super) fn meet(&mut self, number: usize, name: &'static str, moment: Moment) -> Answer<()> {
        let broken =
            |message: &str| PortError { kind: ErrorKind::Retry, call: name, message: message.into(), reason: None };
        if self.dead {
            return Err(broken("the process is dead"));
        }
        let mut ends = Ok(());
        for plan in self.plans.iter_mut().filter(|plan| plan.moment == moment) {
            let meant = match &mut plan.which {
                Which::Number(nth) => *nth == number,
                Which::Next(next) => *next == name,
                Which::Nth(nth, left) => {
                    *left -= usize::from(*nth == name && *left > 0);
                    *nth == name && *left == 0
                }
                Which::Every(every, error) => {
                    if *every == name {
                        ends = Err(error.clone());
                    }
                    false
                }
            };
            let then = plan.then.take_if(|_| meant);
            if let Some(class) = then.as_ref().and_then(|then| then.class(moment)) {
                self.account.fires(class);
            }
            match then {
                None => {}
                Some(Then::Act(act)) => act(&mut self.account),
                Some(Then::Cut) => ends = Err(broken("the connection broke")),
                Some(Then::Fail(error)) => ends = Err(error),
                Some(Then::Crash) => {
                    self.dead = true;
                    ends = Err(broken("the process died"));
                }
            }
        }
        ends
    }
}
