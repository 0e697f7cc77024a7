//! Finds the services that run an older revision with a fault, for the plan of a run.

use std::collections::BTreeMap;
use std::future::pending;

use crate::cli::connect::Intent;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::audit::{AuditHome, AuditedRevision, Judge, Scope, Scopes, Selection};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Home;
use crate::domain::limits::throttle::Rate;
use crate::domain::rules::packs::LOGGING;
use crate::domain::run::{OlderService, RunItem, UnreadFamily};
use crate::ports::{NoMemory, SystemClock, Unwatched};
use crate::workflow::audit::{AuditOrder, audit};

/// The services that run older revisions, and what could not be read about them.
#[derive(Default)]
pub(super) struct Older {
    pub(super) services: Vec<OlderService>,
    pub(super) unread: Vec<UnreadFamily>,
}

/// Judges what runs, as `logweir audit --scope running` does. Returns the services that run an older revision than
/// their family's newest revision, if the older revision has a fault and no item names the service.
pub(super) async fn older(
    context: &Context,
    home: &Home,
    baseline: &Baseline,
    newest: &BTreeMap<String, RevisionArn>,
    items: &[RunItem],
) -> Result<Older, Failure> {
    let selection = Selection { scopes: Scopes::of([Scope::Running]), ..Selection::default() };
    let place =
        AuditHome { partition: home.partition.clone(), account: home.account.clone(), region: home.region.clone() };
    let order = AuditOrder {
        home: &place,
        judge: Judge { rules: LOGGING, baseline },
        selection: &selection,
        program: "",
        rate: Rate::Share(1.0),
    };
    let fleet = context.aws(Intent::Look).await?.fleet();
    let audit = audit(&fleet, &SystemClock, order, &mut NoMemory, &mut Unwatched, pending()).await;
    let is_planned = |service: &ServiceArn| {
        items
            .iter()
            .any(|item| item.services.contains(service) || item.left.iter().any(|left| left.service == *service))
    };
    let mut found = Older::default();
    for revision in audit.revisions.iter().filter(|revision| revision.compliant() == Some(false)) {
        let Some(newest) = newest.get(&*revision.family).filter(|newest| newest.revision > revision.revision) else {
            continue;
        };
        found.services.extend(users(home, revision).filter(|service| !is_planned(service)).map(|service| {
            let runs = RevisionArn { revision: revision.revision, ..newest.clone() };
            OlderService { service, runs, newest: newest.clone() }
        }));
    }
    found.unread = audit
        .coverage
        .unread
        .iter()
        .map(|part| UnreadFamily { family: part.what.clone(), error: format!("{}: {}", part.call, part.message) })
        .collect();
    Ok(found)
}

/// Returns the services that start tasks of a revision.
fn users<'u>(home: &'u Home, revision: &'u AuditedRevision) -> impl Iterator<Item = ServiceArn> + 'u {
    revision.services().filter(|user| user.starts).map(|user| ServiceArn {
        partition: home.partition.clone(),
        region: home.region.clone(),
        account: home.account.clone(),
        cluster: user.cluster.to_string(),
        name: user.name.to_string(),
    })
}
