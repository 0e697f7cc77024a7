//! Turns conclusions into the lines of a result.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::report::Report;
use crate::domain::run::{Fate, RunLine};
use crate::domain::text::plain::shortened;

/// The maximum length of an explanation, in characters.
const LONGEST: usize = 512;

/// Returns the line for the decision about a revision.
pub(super) fn of_report(report: &Report) -> RunLine {
    let about = report.record.clone().unwrap_or_default();
    let conclusion = Conclusion::new(report.outcome, report.reason, report.error.clone());
    let corrected = report.corrected.as_ref().and_then(|arn| arn.parse::<RevisionArn>().ok());
    RunLine { corrected: corrected.map(|arn| arn.short()), ..of(about, &conclusion) }
}

/// Returns the line for a conclusion.
pub(super) fn of(about: String, conclusion: &Conclusion) -> RunLine {
    RunLine {
        about,
        fate: fate(conclusion),
        outcome: conclusion.outcome.name().into(),
        reason: conclusion.reason.map(Reason::name),
        corrected: None,
        why: conclusion.why.as_deref().map(|why| shortened(why, LONGEST)),
    }
}

/// Returns the line for an item that the run did not reach.
pub(super) fn left(about: String, why: &str) -> RunLine {
    let outcome = Outcome::Skipped.name().into();
    RunLine { about, fate: Fate::Left, outcome, reason: None, corrected: None, why: Some(why.into()) }
}

fn fate(conclusion: &Conclusion) -> Fate {
    match (conclusion.outcome, conclusion.reason) {
        (
            Outcome::Skipped | Outcome::Partial,
            Some(Reason::DeploymentUnderWay | Reason::DeploymentPaused | Reason::InFlight | Reason::Settling),
        ) => Fate::UnderWay,
        (Outcome::Skipped, Some(Reason::Locked | Reason::RateLimited)) => Fate::Left,
        // Only a later run can find out whether ECS carried out a registration whose response was lost.
        (Outcome::Failed, Some(Reason::NotVisibleYet)) => Fate::Left,
        (Outcome::Skipped, Some(Reason::ServiceRolledBack)) => Fate::Failed,
        (Outcome::Skipped, Some(Reason::ServiceChanged | Reason::ServiceInactive)) => Fate::Refused,
        (Outcome::Remediated | Outcome::RolledOut | Outcome::BackedOut, _) => Fate::Done,
        (Outcome::Refused | Outcome::Superseded, _) => Fate::Refused,
        (Outcome::Failed | Outcome::Partial | Outcome::NeedsOperator, _) => Fate::Failed,
        _ => Fate::Skipped,
    }
}
