//! Repeats a call whose error may pass.

use std::time::Duration;

use crate::ports::{Answer, ErrorKind, Timer};

/// The first and the longest pause between two calls.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(300);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a call is made.
const TRIES: u32 = 4;

/// Makes a call. If its error may pass, makes the call again after a pause.
pub(super) async fn tried<T>(timer: &impl Timer, call: impl AsyncFn() -> Answer<T>) -> Answer<T> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match call().await {
            Err(error) if error.kind == ErrorKind::Retry => timer.wait(pause).await,
            answer => return answer,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    call().await
}
