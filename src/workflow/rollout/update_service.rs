//! Updates a service to a revision, reads the service after the update, and detects the deployments that other
//! principals made in between.

use jiff::Timestamp;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, Service, ServiceArn};
use crate::domain::limits::service_history::{LastUpdate, ServiceHistory};
use crate::domain::outcome::Reason;
use crate::domain::record::EntryKind;
use crate::ports::{Answer, Clock, CommitError, ErrorKind, Journal, PortError, Ports, Services};
use crate::workflow::lag::is_new;
use crate::workflow::lease::{Claimed, Halt};

/// The maximum number of times that Logweir updates a service again because its previous update replaced another
/// principal's deployment. After this number of updates, an operator has to decide which revision the service runs.
const MOST: usize = 3;

/// The result of an update of a service.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::workflow) enum UpdateResult {
    /// The service's newest deployment is a deployment of the requested revision.
    Stands {
        /// The ID of Logweir's deployment. If the response to the update is lost, the ID of the newest deployment.
        deployment: String,
        /// Whether ECS's rollback of the deployment would undo nothing but Logweir's update (see
        /// [`EntryKind::ServiceUpdated`]).
        stoppable: bool,
    },
    /// The requested deployment has replaced another principal's deployment of the revision `external`.
    Overtook {
        external: RevisionArn,
        /// The ids of all deployments that Logweir has seen. A later read may lag behind the response to the update.
        seen: Vec<String>,
    },
    /// Another principal has deployed this revision after the update.
    Other(RevisionArn),
}

/// Updates a service to the revision `to`, and reads the service again. Before the update, the service has the
/// deployments `seen` and the revision `from`.
///
/// If the error is [`ErrorKind::Retry`], ECS may have updated the service all the same. The next read of the service
/// shows whether ECS has updated the service.
pub(in crate::workflow) async fn update_and_verify<P: Ports>(
    ports: &P,
    service: &ServiceArn,
    seen: &[String],
    from: &RevisionArn,
    to: &RevisionArn,
) -> Answer<UpdateResult> {
    let (services, asked) = (ports.services(), ports.clock().now());
    let (answered, lost) = match services.update(service, to).await {
        Ok(answered) => (Some(answered), None),
        Err(error) if error.kind == ErrorKind::Retry => (None, Some(error)),
        // ECS does not know every new revision at once, so a retry can succeed.
        Err(error) if error.kind == ErrorKind::Missing && is_new(ports, service, to).await? => {
            (None, Some(PortError { kind: ErrorKind::Retry, ..error }))
        }
        Err(error) => return Err(error),
    };
    let started = answered.as_ref().and_then(|answered| answered.started(asked, seen, to)).map(String::from);
    // ECS may have updated the service, and a refused read does not prove the opposite.
    let looked = services.service(service).await;
    let found = looked.map_err(|error| PortError { kind: ErrorKind::Retry, ..error })?;
    let lags = |found: &Service| found.after(seen, from, to) == After::AsBefore;
    let (mut newer, older) = match answered {
        // A read may lag behind the response to the update.
        Some(answered) if lags(&found) || found.is_older_than(&answered) => (answered, Some(found)),
        answered => (found, answered),
    };
    if let Some(older) = &older {
        newer.with_those_of(older);
    }
    match newer.after(seen, from, to) {
        After::Stands(newest) => {
            let alone = |id: &String| newer.deployments.iter().all(|other| other.id == *id || seen.contains(&other.id));
            let stoppable = started.as_ref().is_some_and(alone);
            Ok(UpdateResult::Stands { deployment: started.unwrap_or(newest), stoppable })
        }
        After::Overtook(external) => Ok(UpdateResult::Overtook { external, seen: [seen, &newer.seen()].concat() }),
        // The read shows another principal's deployment from before the update, and may lag behind the update.
        After::Other(external) => match lost.filter(|_| is_before(&newer, asked)) {
            Some(lost) => Err(lost),
            None => Ok(UpdateResult::Other(external)),
        },
        After::AsBefore => Err(lost.unwrap_or_else(|| nothing_yet(service))),
    }
}

/// Whether the service's newest deployment is older than an update that Logweir requested at the time `asked`.
fn is_before(found: &Service, asked: Timestamp) -> bool {
    let newest = found.primary().filter(|newest| !newest.is_rollback()).and_then(|newest| newest.created);
    newest.is_some_and(|created| created.as_second() < asked.as_second())
}

/// Returns whether Logweir may update the service `found` to `revision` because a record of the source revision
/// `source` says so. The journal alone must not cause the deployment of another family's code. So ECS must list a
/// deployment of a revision of another family to the service.
pub(in crate::workflow) fn is_deployed(found: &Service, revision: &RevisionArn, source: &RevisionArn) -> bool {
    revision.is_sibling(source) || found.deployments.iter().any(|deployment| deployment.revision == *revision)
}

/// Returns why Logweir does not update a service to a revision that only the record names (see [`is_deployed`]).
pub(in crate::workflow) fn not_deployed(service: &str, revision: &RevisionArn) -> String {
    format!(
        "the record says that {} was deployed to service {service}, but ECS does not list this deployment, and the \
         revision belongs to another family; check which revision the service should run",
        revision.short()
    )
}

/// Returns the error of a read that does not show the update yet.
pub(in crate::workflow) fn nothing_yet(service: &ServiceArn) -> PortError {
    let message = format!("service {} does not show the update yet", service.short());
    PortError { kind: ErrorKind::Retry, call: "UpdateService", message, reason: None }
}

/// Stores the history of a service with the update that Logweir is about to make. The stored update later shows whether
/// another principal deployed to the service at the same time.
pub(in crate::workflow) async fn remember<P: Ports>(ports: &P, history: &ServiceHistory) -> Answer<()> {
    match ports.journal().put_state(history).await {
        Ok(()) => Ok(()),
        Err(CommitError::Port(error)) => Err(error),
        Err(CommitError::Lost) => {
            let message = format!("another worker is updating service {}", history.service.short());
            let reason = Some(Reason::Locked);
            Err(PortError { kind: ErrorKind::Retry, call: "write the journal", message, reason })
        }
    }
}

/// Returns the history that Logweir stores before it rolls a service back.
pub(in crate::workflow) async fn last_back<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    found: &Service,
    to: &RevisionArn,
) -> Answer<ServiceHistory> {
    let standing = ports.journal().read_state::<ServiceHistory>(&found.arn).await?;
    // Logweir's earlier update may have replaced another principal's deployment that no event has reported yet. The
    // history therefore keeps the time `before` of that update.
    let corrected = standing.as_ref().map(|standing| &standing.last).filter(|last| last.to == found.revision);
    let before = match corrected {
        Some(last) => last.before,
        None => found.primary().and_then(|newest| newest.created),
    };
    let (from, at) = (found.revision.clone(), ports.clock().now());
    let last = LastUpdate { source: source.clone(), from, to: to.clone(), before, at };
    Ok(ServiceHistory::after(standing, &found.arn, last))
}

/// Updates a service with the deployments `seen` to the revision `external`, because Logweir's earlier update has
/// replaced another principal's deployment of this revision. Returns the revision that the service then runs. Returns `None` if another principal
/// has deployed a newer revision since, because Logweir keeps that newer deployment.
pub(in crate::workflow) async fn yields<P: Ports, J: Journal, C: Clock>(
    ports: &P,
    claimed: &mut Claimed<'_, J, C>,
    service: &ServiceArn,
    mut seen: Vec<String>,
    corrected: &RevisionArn,
    external: RevisionArn,
) -> Result<Option<RevisionArn>, Halt> {
    let (mut from, mut to) = (corrected.clone(), external);
    for _ in 0..MOST {
        claimed.append(EntryKind::Yielding { service: service.clone(), to: to.clone() }).await?;
        match update_and_verify(ports, service, &seen, &from, &to).await? {
            UpdateResult::Stands { .. } => return Ok(Some(to)),
            UpdateResult::Other(_) => return Ok(None),
            UpdateResult::Overtook { external, seen: all } => (seen, from, to) = (all, to, external),
        }
    }
    Err(Halt::Stuck(format!(
        "another principal deploys service {} again and again; the service runs {} now; check which revision it \
         should run",
        service.short(),
        to.short()
    )))
}
