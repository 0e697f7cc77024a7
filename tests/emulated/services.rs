//! The whole life of a service, with the real adapters: its creation or deployment, its events, the update to the
//! corrected revision, and the backout. On ministack completely, on moto as far as moto supports it.

mod at_once;
mod ministack;
mod moto;
mod schedule;

use std::cell::Cell;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::report::Decision;

use crate::emulated::Place;
use crate::emulated::logweir::Logweir;
use crate::emulated::others::{Logs, Others};

/// A part of the account that no other story uses: a cluster, families that start with its name, and a journal.
struct Story {
    name: String,
    others: Others,
    logweir: Logweir,
    reported: Cell<usize>,
}

impl Story {
    async fn on(place: Place, name: &str) -> Self {
        let others = Others::at(place.clone(), name).await;
        let table = format!("journal-of-{name}");
        others.make_table(&table).await;
        let logweir = Logweir::at(&place, &table).await;
        Self { name: name.into(), others, logweir, reported: Cell::new(0) }
    }

    /// Another principal registers a revision with blocking log delivery, and creates a service with that many tasks.
    async fn service_that_blocks(&self, tasks: i32) -> (ServiceArn, RevisionArn) {
        let source = self.others.registers(&self.name, Logs::Blocking).await;
        (self.others.creates("web", &source, tasks).await, source)
    }

    /// Another principal updates the service to another, compliant revision.
    async fn moves_on(&self, service: &ServiceArn) -> RevisionArn {
        let other = self.others.registers(&format!("{}-else", self.name), Logs::Compliant).await;
        self.others.deploys(service, &other).await;
        other
    }

    /// The writing calls of Logweir since the last call of this method.
    fn changes(&self) -> Vec<String> {
        let called = self.logweir.called();
        let new = &called[self.reported.replace(called.len())..];
        let reads =
            |operation: &str| ["Describe", "Get", "List", "Query"].iter().any(|verb| operation.starts_with(verb));
        let changes = new.iter().map(|call| call.operation.clone()).filter(|operation| !reads(operation));
        changes.collect()
    }

    /// The total number of calls of this operation.
    fn count(&self, operation: &str) -> usize {
        self.logweir.called().iter().filter(|call| call.operation == operation).count()
    }
}

fn ended(report: &Decision) -> (Outcome, Option<Reason>) {
    (report.outcome, report.reason)
}

/// The action and the reason for each service of a report.
fn services(report: &Decision) -> Vec<(&str, Option<Reason>)> {
    report.services.iter().map(|service| (service.action.name(), service.reason)).collect()
}

fn corrected(report: &Decision) -> RevisionArn {
    report.corrected.as_ref().unwrap().parse().unwrap()
}
