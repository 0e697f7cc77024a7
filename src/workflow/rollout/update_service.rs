//! Pointing a service at a revision: the act, the look after it, and what somebody did in between.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, Service, ServiceArn};
use crate::domain::limits::service_history::{LastUpdate, ServiceHistory};
use crate::domain::outcome::Reason;
use crate::domain::record::EntryKind;
use crate::ports::{Answer, Clock, CommitError, ErrorKind, Journal, PortError, Ports, Services};
use crate::workflow::lease::{Claimed, Halt};

/// How often somebody's deployment may come between until only a human can say what is meant.
const MOST: usize = 3;

/// What became of an act.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::workflow) enum Pointed {
    /// The service's newest deployment is the one that was asked for: its id.
    Stands(String),
    /// The one that was asked for has overtaken somebody's of this revision.
    Overtook(RevisionArn),
    /// Somebody has deployed this since.
    Other(RevisionArn),
}

/// Points a service at `to` that was seen with these deployments, running `from`, and looks again.
///
/// After [`ErrorKind::Retry`] ECS may have updated the service. The next read of the service shows it.
pub(in crate::workflow) async fn point<P: Ports>(
    ports: &P,
    service: &ServiceArn,
    seen: &[String],
    from: &RevisionArn,
    to: &RevisionArn,
) -> Answer<Pointed> {
    let services = ports.services();
    let (answered, lost) = match services.point(service, to).await {
        Ok(answered) => (Some(answered), None),
        Err(error) if error.kind == ErrorKind::Retry => (None, Some(error)),
        Err(error) => return Err(error),
    };
    // It may have been done: that nobody may look now is no reason to take it for not done.
    let looked = services.service(service).await;
    let found = looked.map_err(|error| PortError { kind: ErrorKind::Retry, ..error })?;
    let (mut newer, older) = match answered {
        // A look may lag behind the answer.
        Some(answered) if found.after(seen, from, to) == After::AsBefore => (answered, Some(found)),
        answered => (found, answered),
    };
    if let Some(older) = &older {
        newer.with_those_of(older);
    }
    match newer.after(seen, from, to) {
        After::Stands(id) => Ok(Pointed::Stands(id)),
        After::Overtook(theirs) => Ok(Pointed::Overtook(theirs)),
        After::Other(theirs) => Ok(Pointed::Other(theirs)),
        After::AsBefore => Err(lost.unwrap_or_else(|| nothing_yet(service))),
    }
}

/// A look does not show yet what was done.
pub(in crate::workflow) fn nothing_yet(service: &ServiceArn) -> PortError {
    let message = format!("{} shows nothing of it yet", service.short());
    PortError { kind: ErrorKind::Retry, call: "UpdateService", message, reason: None }
}

/// Keeps what a service is about to be pointed at: it shows later whether somebody had decided otherwise meanwhile.
pub(in crate::workflow) async fn remember<P: Ports>(ports: &P, pointings: &ServiceHistory) -> Answer<()> {
    match ports.journal().put_state(pointings).await {
        Ok(()) => Ok(()),
        Err(CommitError::Port(error)) => Err(error),
        Err(CommitError::Lost) => {
            let message = "somebody else points the service as well".to_owned();
            let reason = Some(Reason::LeaseHeld);
            Err(PortError { kind: ErrorKind::Retry, call: "write the journal", message, reason })
        }
    }
}

/// What is to be remembered before a service is pointed back.
pub(in crate::workflow) async fn last_back<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    found: &Service,
    to: &RevisionArn,
) -> Answer<ServiceHistory> {
    let standing = ports.journal().read_state::<ServiceHistory>(&found.arn).await?;
    // What ours had overtaken, and nobody has told of yet, is overtaken by this as well.
    let ours = standing.as_ref().map(|standing| &standing.last).filter(|last| last.to == found.revision);
    let before = match ours {
        Some(last) => last.before,
        None => found.primary().and_then(|newest| newest.created),
    };
    let (from, at) = (found.revision.clone(), ports.clock().now());
    let last = LastUpdate { source: source.clone(), from, to: to.clone(), before, at };
    Ok(ServiceHistory::after(standing, &found.arn, last))
}

/// Points a service at somebody's revision that we have overtaken by `ours`. `None`: somebody has deployed since, which
/// decides.
pub(in crate::workflow) async fn yields<P: Ports, J: Journal, C: Clock>(
    ports: &P,
    claimed: &mut Claimed<'_, J, C>,
    found: &Service,
    ours: &RevisionArn,
    theirs: RevisionArn,
) -> Result<Option<RevisionArn>, Halt> {
    let service = &found.arn;
    let (mut seen, mut from, mut to) = (found.seen(), ours.clone(), theirs);
    for _ in 0..MOST {
        claimed.append(EntryKind::Yielding { service: service.clone(), to: to.clone() }).await?;
        match point(ports, service, &seen, &from, &to).await? {
            Pointed::Stands(_) => return Ok(Some(to)),
            Pointed::Other(_) => return Ok(None),
            Pointed::Overtook(theirs) => {
                seen = ports.services().service(service).await?.seen();
                (from, to) = (to, theirs);
            }
        }
    }
    Err(Halt::Stuck(format!("somebody deploys {} again and again: it runs {} now", service.short(), to.short())))
}
