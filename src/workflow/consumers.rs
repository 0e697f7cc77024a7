//! Consumers of a revision that are not services, such as the targets of EventBridge rules. Logweir only reports these
//! consumers, and does not change them.

use std::collections::BTreeSet;

use super::decide::{Judgement, Undecided, judge, look_up};
use super::order::Order;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{Consumer, RevisionRef};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Decision, Report, ServiceAction, ServiceReport};
use crate::ports::Ports;

/// Reports each consumer that uses a revision with a faulty log configuration. Logweir changes no consumer, because
/// only the owner of a consumer can change the consumer.
pub(super) async fn report_consumers<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    by: Vec<Consumer>,
) -> Decision {
    let (mut why, mut rules) = (None, BTreeSet::new());
    for Consumer { name, revision } in by {
        let note = match revision {
            None => {
                format!("the log configuration of {name} lies outside task definitions, so Logweir does not check it")
            }
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
                    format!(
                        "{name} uses {}, whose log configuration has a fault; change this consumer to a corrected \
                         revision",
                        revision.short()
                    )
                }
                Err(undecided) => {
                    decision.report.about(&revision);
                    return undecided.end(decision);
                }
            },
        };
        decision.report.services.push(ServiceReport {
            service: name,
            action: ServiceAction::Reported,
            reason: Some(Reason::OtherConsumer),
            note: Some(note.clone()),
        });
        why = Some(note);
    }
    decision.report.rules = rules.into_iter().collect();
    match why {
        None => decision.ends(Outcome::Compliant),
        Some(why) => decision.ends(Outcome::Skipped.because(Reason::OtherConsumer).saying(why)),
    }
}

/// Returns the rules that find a fault in a consumer's revision. Returns `None` if Logweir has nothing to report about
/// the revision.
async fn blocks<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &Report,
    revision: &RevisionArn,
) -> Result<Option<Vec<String>>, Undecided> {
    // Logweir does not change the revision of a consumer, so the report omits the planned changes.
    let mut seen = report.clone();
    let described = look_up(ports, order.home, RevisionRef::Revision(revision.clone()), &mut seen).await?;
    match judge(ports, order, &described, &mut seen).await? {
        Judgement::Correct(_) => Ok(Some(seen.rules)),
        Judgement::Ends(ended) => match (ended.outcome, ended.reason) {
            (Outcome::Failed, _) => Err(Undecided::Because(ended)),
            (Outcome::Compliant | Outcome::Superseded, _)
            | (_, Some(Reason::RegisteredByLogweir | Reason::ServiceOwned | Reason::OutOfScope)) => Ok(None),
            _ => Ok(Some(seen.rules)),
        },
    }
}
