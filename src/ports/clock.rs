//! The port through which the core reads the current time.

use std::time::Duration;

use jiff::Timestamp;

pub trait Clock: Sync {
    fn now(&self) -> Timestamp;
}

/// A clock with which a caller can also wait. With the clock of a test, a wait takes no time.
pub trait Timer: Clock {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(feature = "aws")]
impl Timer for SystemClock {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}
