//! Decides which action a worker takes next for a record.

use super::attempt::Attempt;
use super::step::{Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Reason};

/// The next action that a worker takes for a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<'r> {
    /// Take this step, which no worker has started.
    Take(usize, &'r Step),
    /// Check whether this step, which a worker started, is done. Then take the step, or record that the step is done.
    Resolve(usize, &'r Step),
    /// Withdraw (deregister) this corrected revision for this reason.
    Withdraw(&'r RevisionArn, Reason),
    /// Take this undo step, or record that its effect is already undone.
    Undo(usize, &'r Undo),
    /// Record the conclusion, because the steps of the correction or backout are done, a step failed, or the corrected
    /// revision is no longer registered.
    Close,
    /// The attempt or backout has ended with this conclusion, and no work remains.
    Finished(&'r Conclusion),
}

/// Returns the next action for a record. The decision needs only the record's entries, and no call to AWS.
pub fn next<'r>(attempt: &Attempt<'r>) -> Next<'r> {
    if let Some(closing) = attempt.closing {
        return Next::Finished(closing);
    }
    if let Some((corrected, why, _)) = attempt.withdrawals.iter().find(|(_, _, withdrawn)| !withdrawn) {
        return Next::Withdraw(corrected, *why);
    }
    if let Some(backout) = &attempt.backout {
        return match backout.settled.iter().position(Option::is_none) {
            Some(step) => Next::Undo(step, backout.steps[step]),
            None => Next::Close,
        };
    }
    if !attempt.withdrawals.is_empty() || !attempt.vanished.is_empty() {
        return Next::Close;
    }
    if attempt.failed.is_some() {
        return Next::Close;
    }
    match attempt.done.iter().position(Option::is_none) {
        None => Next::Close,
        Some(step) if attempt.started[step] => Next::Resolve(step, &attempt.opening.steps[step]),
        Some(step) => Next::Take(step, &attempt.opening.steps[step]),
    }
}
