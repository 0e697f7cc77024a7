//! The interruption of a verb: Ctrl-C by the person at the terminal, or SIGTERM by the system that runs the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a program that a signal ended is the sum of this number and the number of the signal.
const ENDED: i32 = 128;

/// The interval at which [`Interrupt::wait`] looks at the flag.
const INTERVAL: Duration = Duration::from_millis(50);

/// Whether the program has received Ctrl-C or SIGTERM. The first signal asks the verb to stop after its present step.
/// The second one ends the program at once.
#[derive(Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen for the signals. If the operating system does not allow it, a signal ends the program at once,
    /// as it otherwise does.
    pub(super) fn listen() -> Self {
        let noted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the first signal must not see the value that it sets itself.
            if flag::register_conditional_shutdown(signal, ENDED + signal, Arc::clone(&noted)).is_ok() {
                let _ = flag::register(signal, Arc::clone(&noted));
            }
        }
        Self(noted)
    }

    pub(super) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for the first signal.
    pub(super) async fn wait(&self) {
        while !self.is_noted() {
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
