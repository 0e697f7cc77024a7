//! Consumers of a revision that are not services. Logweir reports them and does not change them.

use std::collections::BTreeSet;

use super::decide::{Judgement, Undecided, judge, look_up};
use super::order::Order;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{Consumer, RevisionRef};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Decision, Report, ServiceAction, ServiceReport};
use crate::ports::Ports;

/// Reports the consumers whose tasks would block on their logs. Only the owner of a consumer can change it.
pub(super) async fn report_consumers<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    by: Vec<Consumer>,
) -> Decision {
    let (mut why, mut rules) = (None, BTreeSet::new());
    for Consumer { name, revision } in by {
        let note = match revision {
            None => "its log configuration lies outside task definitions".to_owned(),
            Some(revision) => match blocks(ports, order, &decision.report, &revision).await {
                Ok(None) => {
                    if decision.record.is_none() {
                        decision.report.about(&revision);
                    }
                    continue;
                }
                Ok(Some(found)) => {
                    if rules.is_empty() {
                        decision.report.about(&revision);
                    }
                    rules.extend(found);
                    format!("it names {} itself: point it at a corrected revision where it is kept", revision.short())
                }
                Err(undecided) => {
                    decision.report.about(&revision);
                    return undecided.end(decision);
                }
            },
        };
        decision.report.services.push(ServiceReport {
            service: name,
            action: ServiceAction::NotTouched,
            reason: Some(Reason::NotTouched),
            note: Some(note.clone()),
        });
        why = Some(note);
    }
    decision.report.rules = rules.into_iter().collect();
    match why {
        None => decision.ends(Outcome::Compliant),
        Some(why) => decision.ends(Outcome::Skipped.because(Reason::NotTouched).saying(why)),
    }
}

/// Returns the rules that find a fault in a consumer's revision. Returns `None` if there is nothing to report.
async fn blocks<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &Report,
    revision: &RevisionArn,
) -> Result<Option<Vec<String>>, Undecided> {
    // Logweir changes nothing here, so the report omits the planned changes.
    let mut seen = report.clone();
    let described = look_up(ports, order.home, RevisionRef::Revision(revision.clone()), &mut seen).await?;
    match judge(ports, order, &described, &mut seen).await? {
        Judgement::Correct(_) => Ok(Some(seen.rules)),
        Judgement::Ends(ended) => match (ended.outcome, ended.reason) {
            (Outcome::Failed, _) => Err(Undecided::Because(ended)),
            (Outcome::Compliant | Outcome::Superseded, _)
            | (_, Some(Reason::OwnRevision | Reason::ServiceOwned | Reason::OutOfScope)) => Ok(None),
            _ => Ok(Some(seen.rules)),
        },
    }
}
