//! The decision about the next action for a record.

use super::attempt::Attempt;
use super::step::{Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Reason};

/// What is to be done next about a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<'r> {
    /// Take this step.
    Take(usize, &'r Step),
    /// This step was started and may be done: find out, then take it or say that it is done.
    Resolve(usize, &'r Step),
    /// Take our revision back.
    Withdraw(&'r RevisionArn, Reason),
    /// Take this one back, or find that it was.
    Undo(usize, &'r Undo),
    /// All steps are done, or one failed, or ours was withdrawn, or all is undone that can be: say how it ended.
    Close,
    /// Nothing.
    Finished(&'r Conclusion),
}

/// The one decision: from what the entries say to what comes next.
pub fn next<'r>(attempt: &Attempt<'r>) -> Next<'r> {
    if let Some(closing) = attempt.closing {
        return Next::Finished(closing);
    }
    if let Some((corrected, why, _)) = attempt.withdrawals.iter().find(|(_, _, withdrawn)| !withdrawn) {
        return Next::Withdraw(corrected, *why);
    }
    if let Some(backout) = &attempt.backout {
        return match backout.settled.iter().position(Option::is_none) {
            Some(step) => Next::Undo(step, &backout.asked.steps[step]),
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
