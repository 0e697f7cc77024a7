//! The whole road of a service, with the real adapters: somebody makes it or deploys to it, its events come, it follows to
//! our revision, and that is taken back. On ministack all of it; on moto as far as that can tell the story.

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

/// A part of the account that no other story knows: a cluster, families that begin with its name, and a journal.
struct Story {
    name: String,
    others: Others,
    logweir: Logweir,
    told: Cell<usize>,
}

impl Story {
    async fn on(place: Place, name: &str) -> Self {
        let others = Others::at(place.clone(), name).await;
        let table = format!("journal-of-{name}");
        others.make_table(&table).await;
        let logweir = Logweir::at(&place, &table).await;
        Self { name: name.into(), others, logweir, told: Cell::new(0) }
    }

    /// Somebody registers a revision that blocks on its logs, and makes a service of it with so many tasks.
    async fn service_that_blocks(&self, tasks: i32) -> (ServiceArn, RevisionArn) {
        let source = self.others.registers(&self.name, Logs::Blocking).await;
        (self.others.creates("web", &source, tasks).await, source)
    }

    /// Somebody has the service run something else, which is as the baseline wants it.
    async fn moves_on(&self, service: &ServiceArn) -> RevisionArn {
        let theirs = self.others.registers(&format!("{}-else", self.name), Logs::Compliant).await;
        self.others.deploys(service, &theirs).await;
        theirs
    }

    /// The calls of Logweir since this was asked last that may have changed something.
    fn changes(&self) -> Vec<String> {
        let called = self.logweir.called();
        let new = &called[self.told.replace(called.len())..];
        let reads =
            |operation: &str| ["Describe", "Get", "List", "Query"].iter().any(|verb| operation.starts_with(verb));
        let changes = new.iter().map(|call| call.operation.clone()).filter(|operation| !reads(operation));
        changes.collect()
    }

    /// How often one call was made in all.
    fn count(&self, operation: &str) -> usize {
        self.logweir.called().iter().filter(|call| call.operation == operation).count()
    }
}

fn ended(report: &Decision) -> (Outcome, Option<Reason>) {
    (report.outcome, report.reason)
}

/// What a report says of services: what was done, and why not more.
fn services(report: &Decision) -> Vec<(&str, Option<Reason>)> {
    report.services.iter().map(|service| (service.action.name(), service.reason)).collect()
}

fn corrected(report: &Decision) -> RevisionArn {
    report.corrected.as_ref().unwrap().parse().unwrap()
}
