//! The cost of each kind of event: the AWS calls that it causes, as seen on the wire.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::task::JoinSet;

use super::Place;
use super::events::{at, completed, created, deployment, ran, registered, updated, updated_by};
use super::logweir::Logweir;
use super::others::{Logs, Others};

const TABLE: &str = "journal";

/// The only kind of event that lists service deployments: an update that Logweir's deployment may have overtaken.
pub const OVERTAKEN: &str = "UpdateService, compliant, while the service runs the corrected revision";

/// The number of clusters over which the services without events are spread.
const CLUSTERS: usize = 10;

/// The number of those services that are created at the same time.
const AT_ONCE: usize = 16;

/// The result of an event, and of the same event delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub event: &'static str,
    pub first: Handled,
    pub again: Handled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The outcome, and the reason if there is one, in the report's words.
    pub ended: String,
    /// The names of the operations, in the order in which they were called.
    pub calls: Vec<String>,
}

impl Handled {
    /// The calls with their counts, sorted by name: `2 GetItem, UpdateService`.
    pub fn calls(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.calls.iter().for_each(|operation| *counts.entry(operation).or_default() += 1);
        let each = counts.iter().map(|(operation, count)| match count {
            1 => (*operation).to_owned(),
            count => format!("{count} {operation}"),
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}: {}", self.ended, self.calls.len(), self.calls())
    }
}

/// Returns the cost of every kind of event in an account with this many other services, all of one revision that blocks
/// on its logs. The account must be new.
pub async fn costs(place: Place, services: usize) -> Vec<Cost> {
    let others = Others::at(place.clone(), "prod").await;
    others.make_table(TABLE).await;
    let crowd = others.registers("crowd", Logs::Blocking).await;
    let mut at_work = JoinSet::new();
    for number in 0..services {
        if at_work.len() >= AT_ONCE {
            at_work.join_next().await.unwrap().unwrap();
        }
        let (others, crowd) = (others.elsewhere(&format!("cluster-{}", number % CLUSTERS)), crowd.clone());
        at_work.spawn(async move { others.creates(&format!("crowd-{number}"), &crowd, 0).await });
    }
    at_work.join_all().await;

    let logweir = Logweir::at(&place, TABLE).await;
    let mut costs = Costs { others, logweir, found: Vec::new() };
    costs.of("RegisterTaskDefinition, blocking (all services run it)", &registered(&crowd)).await;
    costs.revisions().await;
    costs.compliant_services().await;
    costs.created_services().await;
    costs.updated_service().await;
    costs.family_of_two().await;
    costs.failure().await;
    costs.decisions_of_others().await;
    costs.found
}

struct Costs {
    others: Others,
    logweir: Logweir,
    found: Vec<Cost>,
}

impl Costs {
    /// Delivers the event to Logweir twice.
    async fn of(&mut self, event: &'static str, payload: &Value) {
        let first = self.handles(payload).await;
        let again = self.handles(payload).await;
        self.found.push(Cost { event, first, again });
    }

    async fn handles(&self, payload: &Value) -> Handled {
        let before = self.logweir.called().len();
        let report = self.logweir.gets(payload).await;
        let called = self.logweir.called();
        let calls: Vec<_> = called[before..].iter().map(|call| call.operation.clone()).collect();
        assert_eq!(report.aws_calls, calls.len() as u64, "the report counts the calls on the wire: {report:?}");
        let reason = report.reason.map(|reason| format!(", {}", reason.name())).unwrap_or_default();
        Handled { ended: format!("{}{reason}", report.outcome.name()), calls }
    }

    async fn revisions(&mut self) {
        let compliant = self.others.registers("good", Logs::Compliant).await;
        self.of("RegisterTaskDefinition, compliant", &registered(&compliant)).await;
        let blocking = self.others.registers("bad", Logs::BlockingToNoGroup).await;
        self.of("RegisterTaskDefinition, blocking, its log group missing", &registered(&blocking)).await;
        let run = self.others.registers("run", Logs::Blocking).await;
        self.of("RunTask, blocking", &ran(&run)).await;
    }

    async fn compliant_services(&mut self) {
        let first = self.others.registers("fine", Logs::Compliant).await;
        let service = self.others.creates("fine", &first, 1).await;
        self.of("CreateService, compliant", &created(&service, &first)).await;
        let second = self.others.registers("fine", Logs::Compliant).await;
        self.others.deploys(&service, &second).await;
        self.of("UpdateService, compliant", &updated(&service, &second)).await;
        let event = completed(&service, &self.others.newest_deployment(&service).await);
        self.of("deployment COMPLETED, compliant", &event).await;
    }

    /// The first deployment of each service has completed before its events.
    async fn created_services(&mut self) {
        let source = self.others.registers("new", Logs::Blocking).await;
        let service = self.others.creates("new", &source, 1).await;
        self.others.holds_up(&service).await;
        self.of("CreateService, blocking: corrects and updates the service", &created(&service, &source)).await;

        let source = self.others.registers("late", Logs::Blocking).await;
        let service = self.others.creates("late", &source, 1).await;
        self.others.holds_up(&service).await;
        let event = completed(&service, &self.others.newest_deployment(&service).await);
        self.of("deployment COMPLETED, blocking: corrects and updates the service", &event).await;
    }

    /// From another principal's deployment to the end of Logweir's.
    async fn updated_service(&mut self) {
        let first = self.others.registers("old", Logs::Compliant).await;
        let service = self.others.creates("old", &first, 1).await;
        let source = self.others.registers("old", Logs::Blocking).await;
        self.others.holds_up(&service).await;
        self.others.deploys(&service, &source).await;
        let other = self.others.newest_deployment(&service).await;
        self.of("deployment IN_PROGRESS, blocking", &deployment("deployment-in-progress", &service, &other)).await;
        self.of("UpdateService, blocking: corrects", &updated(&service, &source)).await;
        self.others.lets_go_on(&service).await;
        self.others.holds_up(&service).await;
        self.of("deployment COMPLETED, corrected before: updates the service", &completed(&service, &other)).await;
        let own = updated_by(self.logweir.role(), &service, &self.others.runs(&service).await);
        self.of("UpdateService, by Logweir", &own).await;
        let logweirs = completed(&service, &self.others.newest_deployment(&service).await);
        self.of("deployment COMPLETED, by Logweir", &logweirs).await;
    }

    async fn family_of_two(&mut self) {
        let source = self.others.registers("two", Logs::Blocking).await;
        let one = self.others.creates("two-a", &source, 1).await;
        let other = self.others.creates("two-b", &source, 1).await;
        self.others.holds_up(&one).await;
        self.others.holds_up(&other).await;
        self.logweir.gets(&created(&one, &source)).await;
        self.of("CreateService, corrected before: waits for its turn", &created(&other, &source)).await;
        let logweirs = completed(&one, &self.others.newest_deployment(&one).await);
        self.of("deployment COMPLETED, by Logweir: updates the next service", &logweirs).await;
    }

    /// The failure on a service without a circuit breaker, which ECS does not roll back.
    async fn failure(&mut self) {
        let source = self.others.registers("broken", Logs::Blocking).await;
        let service = self.others.creates("broken", &source, 1).await;
        self.others.holds_up(&service).await;
        self.logweir.gets(&created(&service, &source)).await;
        let logweirs = self.others.newest_deployment(&service).await;
        let event = deployment("deployment-failed", &service, &logweirs);
        self.of("deployment FAILED, by Logweir: rolls the service back", &event).await;
    }

    /// Other principals' updates while Logweir's deployment is in progress.
    async fn decisions_of_others(&mut self) {
        let source = self.others.registers("overtaken", Logs::Blocking).await;
        let other = self.others.registers("overtaken-else", Logs::Compliant).await;
        let service = self.others.creates("overtaken", &source, 1).await;
        self.others.holds_up(&service).await;
        self.logweir.gets(&created(&service, &source)).await;
        // An event within the second of the deployment before Logweir's would count as known.
        let later = Timestamp::now() + SignedDuration::from_secs(2);
        self.of(OVERTAKEN, &at(updated(&service, &other), later)).await;
        self.others.deploys(&service, &other).await;
        let event = at(updated(&service, &other), later);
        self.of("UpdateService, compliant: the service leaves the corrected revision", &event).await;
    }
}
