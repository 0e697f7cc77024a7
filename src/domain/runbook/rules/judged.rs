//! Turns facts into results: one for each cluster, service, task set or task, and `not-checked` for a missing fact.

use std::borrow::Cow;

use super::Checked;
use crate::domain::runbook::account::ecs::{Cluster, Placed, Service, Task};
use crate::domain::runbook::account::{Account, Missing, Origin};
use crate::domain::runbook::verdict::{Evidence, Resource, RunbookResult, Verdict};
use crate::domain::text::plain::plain;

/// The longest value of evidence, in characters.
const LONGEST: usize = 200;

/// What a rule decides about a resource, with the member that decides.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) message: String,
    /// The JSON pointer of the member in the description of the resource.
    pub(super) member: Cow<'static, str>,
    pub(super) value: Option<String>,
}

impl Judged {
    pub(super) fn new(verdict: Verdict, message: impl Into<String>, member: impl Into<Cow<'static, str>>) -> Self {
        Self { verdict, message: message.into(), member: member.into(), value: None }
    }

    /// Returns the decision with the value of the member.
    pub(super) fn with(self, value: Option<impl Into<String>>) -> Self {
        Self { value: value.map(Into::into), ..self }
    }
}

/// Returns the result of a rule, with its evidence.
pub(super) fn result(rule: &'static str, resource: Resource, origin: Origin, judged: Judged) -> RunbookResult {
    let Judged { verdict, message, member, value } = judged;
    let evidence = Evidence {
        source: origin.source.to_owned(),
        member: member.into_owned(),
        value: value.map(|value| plain(&value, LONGEST)),
        time: Some(origin.time),
    };
    let plain_name = plain(&resource.name, LONGEST);
    let resource = Resource { name: plain_name, ..resource };
    RunbookResult::decided(resource, rule, (verdict, plain(&message, 1000)), evidence)
}

/// Returns the failed read, if one of these reads failed.
pub(super) fn unread<'a>(account: &'a Account, actions: &[&str]) -> Option<Missing<'a>> {
    account.unread().into_iter().find(|unread| actions.contains(&unread.action)).map(Missing::Unread)
}

/// Returns why a fact is missing.
pub(super) fn reason(missing: Missing<'_>) -> String {
    plain(&missing.message(), 1000)
}

/// Returns the result of a rule whose fact is missing.
pub(super) fn not_checked(rule: &'static str, resource: Resource, missing: Missing<'_>) -> RunbookResult {
    RunbookResult::not_checked(resource, rule, reason(missing))
}

/// Returns the result of a rule about each cluster.
pub(super) fn each_cluster(account: &Account, rule: &'static str, judge: impl Fn(&Cluster) -> Judged) -> Checked {
    match account.ecs.clusters.get() {
        Err(missing) => vec![not_checked(rule, account.resource(), missing)],
        Ok((clusters, origin)) => {
            clusters.iter().map(|cluster| result(rule, cluster.resource(), origin, judge(cluster))).collect()
        }
    }
}

/// Returns the result of a rule about each service.
pub(super) fn each_service(account: &Account, rule: &'static str, judge: impl Fn(&Service) -> Judged) -> Checked {
    of_services(account, rule, |_, service, origin| vec![result(rule, service.resource(), origin, judge(service))])
}

/// Returns the result of a rule about the placement of each service, and of each task set.
pub(super) fn each_placement(
    account: &Account,
    rule: &'static str,
    judge: impl Fn(&Service, &Placed<'_>) -> Judged,
) -> Checked {
    of_services(account, rule, |cluster, service, origin| {
        let judged = |placed: Placed<'_>| {
            let judged = judge(service, &placed);
            result(rule, placed.resource, origin, judged)
        };
        cluster.placements(service).map(judged).collect()
    })
}

fn of_services(
    account: &Account,
    rule: &'static str,
    of_one: impl Fn(&Cluster, &Service, Origin) -> Checked,
) -> Checked {
    let clusters = match account.ecs.clusters.get() {
        Err(missing) => return vec![not_checked(rule, account.resource(), missing)],
        Ok((clusters, _)) => clusters,
    };
    let of_cluster = |cluster: &Cluster| match cluster.services.get() {
        Err(missing) => vec![not_checked(rule, cluster.resource(), missing)],
        Ok((services, origin)) => services.iter().flat_map(|service| of_one(cluster, service, origin)).collect(),
    };
    clusters.iter().flat_map(of_cluster).collect()
}

/// Returns the result of a rule about each running task that no service started. The clusters whose services or tasks
/// are missing have their result from [`each_placement`] or [`each_service`], or from here.
pub(super) fn each_standalone_task(account: &Account, rule: &'static str, judge: impl Fn(&Task) -> Judged) -> Checked {
    let of_cluster = |cluster: &Cluster| match cluster.tasks.get() {
        Err(missing) => vec![not_checked(rule, cluster.resource(), missing)],
        Ok((tasks, origin)) => {
            let alone = tasks.iter().filter(|task| task.is_standalone());
            alone.map(|task| result(rule, task.resource(), origin, judge(task))).collect()
        }
    };
    account.ecs.clusters().flat_map(of_cluster).collect()
}
