//! Events of ECS that no rule of EventBridge sends to a target.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::event_pattern::EventHead;
use crate::domain::runbook::account::trail::EventRule;
use crate::domain::runbook::account::{Account, Missing};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "untargeted-events";

const MEMBER: &str = "/Rules/EventPattern";

/// The events about the state of tasks, deployments and services (source: ECS developer guide, Amazon ECS events).
const TYPES: [&str; 3] = ["ECS Task State Change", "ECS Deployment State Change", "ECS Service Action"];

/// The events about container instances, which only instances have.
const OF_INSTANCES: &str = "ECS Container Instance State Change";

/// Whether a rule sends the events of a type to a target.
enum Sent<'a> {
    All,
    /// A pattern also tests other members of the event.
    Some,
    None,
    Unread(Missing<'a>),
}

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (rules, origin) = match account.trail.rules.get() {
        Ok(found) => found,
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
    };
    let fitting = names(rules.iter().filter(|rule| rule.may_match_ecs()).map(|rule| rule.name.as_str()));
    let shown = Some(fitting).filter(|names| !names.is_empty());
    // A cluster that Logweir did not read may have container instances, whose events need a target too.
    let unread = account.ecs.clusters.get().err().or(unselected(account, rules));
    vec![match (judged(account, rules), unread) {
        (Ok(Judged { verdict: Verdict::Pass, .. }), Some(missing)) => not_checked(NAME, account.resource(), missing),
        (Ok(judged), _) => result(NAME, account.resource(), origin, judged.with(shown)),
        (Err(missing), _) => not_checked(NAME, account.resource(), missing),
    }]
}

/// Returns the missing fact if the run reads named clusters only, and no rule sends the events about instances.
fn unselected<'a>(account: &'a Account, rules: &'a [EventRule]) -> Option<Missing<'a>> {
    account.unselected().filter(|_| !matches!(sent(account, rules, OF_INSTANCES), Sent::All))
}

fn judged<'a>(account: &Account, rules: &'a [EventRule]) -> Result<Judged, Missing<'a>> {
    let has_instances = account.ecs.clusters().any(|cluster| cluster.container_instances > 0);
    let types: Vec<&str> = TYPES.into_iter().chain(has_instances.then_some(OF_INSTANCES)).collect();
    let (mut untargeted, mut partly) = (Vec::new(), Vec::new());
    for detail_type in &types {
        match sent(account, rules, detail_type) {
            Sent::All => {}
            Sent::Some => partly.push(*detail_type),
            Sent::None => untargeted.push(*detail_type),
            Sent::Unread(missing) => return Err(missing),
        }
    }
    Ok(if untargeted.len() == types.len() {
        let message = "no enabled rule of the default bus sends the events of ECS to a target; add a rule for the \
            source \
                       aws.ecs with a target";
        Judged::new(Verdict::Fail, message, MEMBER)
    } else if !untargeted.is_empty() {
        let message = format!("no enabled rule sends these events to a target: {}", names(untargeted));
        Judged::new(Verdict::Advice, message, MEMBER)
    } else if !partly.is_empty() {
        let message = format!("the rules send only some of these events to a target: {}", names(partly));
        Judged::new(Verdict::Advice, message, MEMBER)
    } else {
        Judged::new(Verdict::Pass, "rules send the events of ECS to a target", MEMBER)
    })
}

/// Returns whether the rules send the events of a type to a target. A rule without a target sends none.
fn sent<'a>(account: &Account, rules: &'a [EventRule], detail_type: &str) -> Sent<'a> {
    let event = EventHead { source: "aws.ecs", detail_type, account: &account.account, region: &account.region };
    let mut found = Sent::None;
    for rule in rules.iter().filter(|rule| rule.may_match_ecs()) {
        let is_match = rule.matches(&event);
        if is_match == Some(false) {
            continue;
        }
        match (rule.targets.get(), is_match, &found) {
            (Ok((0, _)), ..) => {}
            (Ok(_), Some(true), _) => return Sent::All,
            (Err(missing), ..) => found = Sent::Unread(missing),
            (Ok(_), _, Sent::None) => found = Sent::Some,
            (Ok(_), ..) => {}
        }
    }
    found
}
