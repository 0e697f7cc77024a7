//! Computes an item of a plan again, right before Logweir acts on it.

use crate::domain::event::RevisionRef;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::plan::Plan;
use crate::domain::report::Decision;
use crate::domain::run::RunItem;
use crate::ports::{Described, Ports, TaskDefinitions};
use crate::workflow::correct::overtaken;
use crate::workflow::decide::{Judgement, Undecided, judge, look_up};
use crate::workflow::order::Order;
use crate::workflow::own_registration::{NEWEST, Registrars};

/// A source revision as ECS describes it now, with the plan of its correction. The plan agrees with the item.
pub(super) struct Agreed {
    pub(super) described: Described,
    pub(super) plan: Plan,
}

/// Describes the source revision of an item, judges it, and compares the result with the item. Returns a conclusion if
/// there is nothing to do, or if the present state of the account differs from the plan.
pub(super) async fn check<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    item: &RunItem,
    decision: &mut Decision,
) -> Result<Result<Agreed, Conclusion>, Undecided> {
    let which = RevisionRef::Revision(item.source.clone());
    let described = look_up(ports, order.home, which, &mut decision.report).await?;
    let plan = match judge(ports, order, &described, &mut decision.report).await? {
        Judgement::Correct(plan) => plan,
        Judgement::Ends(ended) => return Ok(Err(ended)),
    };
    decision.report.changes.clear();
    let now = RunItem::of(&described, &plan);
    if let Some(difference) = item.differences(&now).first() {
        return Ok(Err(moved(difference.to_string())));
    }
    let newest = ports.task_definitions().newest(&item.source.family, NEWEST).await?;
    let own = Registrars::own(order.home, order.registrar);
    Ok(match overtaken(ports, &own, &described, &newest).await? {
        Some(why) => Err(moved(why)),
        None => Ok(Agreed { described, plan }),
    })
}

fn moved(why: String) -> Conclusion {
    Outcome::Superseded.because(Reason::NotLatest).saying(why)
}
