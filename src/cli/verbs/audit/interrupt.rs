//! Ctrl-C during an audit. The first one ends the audit with what it knows, and the second one ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a program that Ctrl-C ended (128 and the number of SIGINT).
const ENDED: i32 = 130;

/// The interval at which the audit looks at the flag.
const INTERVAL: Duration = Duration::from_millis(50);

pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Notes Ctrl-C from now on. If the operating system does not allow it, Ctrl-C ends the program as before.
    pub(super) fn new() -> Self {
        let noted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // The order matters: at the first signal, the flag is not set yet.
            let _ = flag::register_conditional_shutdown(signal, ENDED, noted.clone());
            let _ = flag::register(signal, noted.clone());
        }
        Self(noted)
    }

    /// Waits until the user interrupts the program.
    pub(super) async fn wait(&self) {
        while !self.0.load(Ordering::Relaxed) {
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
