//! Reads and changes the state of a family in the journal, before and after a correction.

use jiff::Timestamp;

use super::lease::Halt;
use super::order::{Order, Origin};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::event::tool::Tool;
use crate::domain::limits::deferred::Deferred;
use crate::domain::limits::family::{Correction, Family, FamilyName, Hold, Stopped, Turn, Writer};
use crate::domain::record::Record;
use crate::ports::{Clock, CommitError, Described, Journal, Ports};

/// Returns the hold or the open fuse that stops a correction, or `None` if the correction may start. Does not count the
/// correction toward the fuse yet, because the correction may still have to wait for the registration rate limit.
pub(super) async fn stopped<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &Described,
    cause: &Cause,
) -> Result<Option<Stopped>, Halt> {
    let (correction, limits) = (correction(ports, order, source, cause), order.baseline.fuse());
    let stopped = |family: &mut Family| {
        let mut counted = family.clone();
        let stopped = counted.count(correction, &limits);
        if stopped.is_some() {
            *family = counted;
        }
        deferring(order, source, cause, family, stopped)
    };
    change(ports, &source.arn, stopped).await.map_err(Halt::from)
}

/// Counts a correction toward the family's fuse, just before the correction begins. Returns the hold or the open fuse
/// that stops the correction, or `None` if the correction may begin.
pub(super) async fn count<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &Described,
    cause: &Cause,
) -> Result<Option<Stopped>, Halt> {
    let (correction, limits) = (correction(ports, order, source, cause), order.baseline.fuse());
    let counted = |family: &mut Family| {
        let stopped = family.count(correction, &limits);
        deferring(order, source, cause, family, stopped)
    };
    change(ports, &source.arn, counted).await.map_err(Halt::from)
}

/// Defers the source revision of an event that the family's hold refuses. Logweir defers no revision that an operator
/// has named, because the report tells the operator about the hold at once.
fn deferring(
    order: &Order<'_>,
    source: &Described,
    cause: &Cause,
    family: &mut Family,
    stopped: Option<Stopped>,
) -> Option<Stopped> {
    let is_event = matches!(order.origin, Origin::Event | Origin::Delayed { .. } | Origin::Replay);
    if is_event && matches!(stopped, Some(Stopped::Held(_))) {
        // The message about an overdue revision has no time.
        let cause = Cause { time: cause.time.or(source.registered_at), ..cause.clone() };
        family.deferred.add(&source.arn, &cause);
    }
    stopped
}

/// Adds a service to a deferred revision of the family, because the service runs this revision and no later event
/// reports the end of the hold.
pub(super) async fn defer_service<P: Ports>(ports: &P, source: &RevisionArn, service: &ServiceArn) -> Result<(), Halt> {
    change(ports, source, |family| family.deferred.add_service(source, service)).await.map_err(Halt::from)
}

/// Removes a released portion of the family's deferred revisions, because the event queue contains messages about it.
pub(super) async fn released<P: Ports>(ports: &P, portion: &Deferred) -> Result<(), CommitError> {
    let now = ports.clock().now();
    change(ports, &portion.source, |family| family.released(portion, now)).await
}

fn correction<P: Ports>(ports: &P, order: &Order<'_>, source: &Described, cause: &Cause) -> Correction {
    let by_hand = matches!(order.origin, Origin::Apply { .. });
    // The writer of a revision is the principal that registered the revision. An operator who only names the revision
    // in `logweir apply` is not the writer of the revision.
    let cause = match &source.registered_by {
        Some(by) => Cause {
            actor: Some(by.clone()),
            user_agent: cause.user_agent.clone().filter(|_| !by_hand),
            ..cause.clone()
        },
        None => cause.clone(),
    };
    let writer = Writer::of(&cause, Tool::of(&cause, &source.tags));
    Correction { at: ports.clock().now(), revision: source.arn.revision, writer }
}

/// Removes a correction that changed nothing from the count of the family's fuse. If another worker changes the
/// family's state at the same time, the correction may stay counted, which is harmless.
pub(super) async fn uncount<P: Ports>(ports: &P, source: &RevisionArn) {
    let _ = change(ports, source, |family| family.uncount(source.revision)).await;
}

/// Ends the family's hold, closes the family's fuse, and sets the fuse's count of corrections to zero, as an operator
/// has requested. Returns the hold or fuse that stopped the corrections of the family, or `None` if neither stopped
/// them.
pub(super) async fn go_on<P: Ports>(ports: &P, source: &RevisionArn) -> Result<Option<Stopped>, Halt> {
    let now = ports.clock().now();
    let lifted = |family: &mut Family| {
        let stopped = family.stopped(now);
        family.go_on();
        family.deferred.forget_before(source);
        stopped
    };
    change(ports, source, lifted).await.map_err(Halt::from)
}

/// Puts the family on hold, so that Logweir corrects no revision of the family until the hold ends.
pub(super) async fn hold<P: Ports>(ports: &P, source: &RevisionArn, hold: Hold) -> Result<(), CommitError> {
    change(ports, source, |family| family.hold = Some(hold)).await
}

/// The result of a service's request for the family's rollout turn. Only the service that has the turn may be updated.
pub(super) enum TurnOutcome {
    Granted,
    /// The turn is taken, because Logweir is updating this other service of the family.
    Taken(ServiceArn),
    Stopped(Stopped),
}

/// The maximum number of times that a worker tries to write a state that other workers write at the same time. Several
/// tries are necessary, because services of one family are often deployed at the same moment, and only the first of
/// several concurrent writes succeeds.
pub(super) const LOOKS: usize = 20;

/// Takes the family's rollout turn for a service, because Logweir updates only one service of a family at a time. If a
/// worker dies between taking the turn and starting the rollout, the turn ends with the worker's lease.
pub(super) async fn take_turn<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &RevisionArn,
    service: &ServiceArn,
) -> Result<TurnOutcome, Halt> {
    for _ in 1..LOOKS {
        match try_turn(ports, order, source, service).await {
            Err(Halt::LeaseLost) => {}
            turned => return turned,
        }
    }
    try_turn(ports, order, source, service).await
}

async fn try_turn<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &RevisionArn,
    service: &ServiceArn,
) -> Result<TurnOutcome, Halt> {
    let (name, now) = (FamilyName::of(source), ports.clock().now());
    let mut family = ports.journal().read_state::<Family>(&name).await?.unwrap_or_else(|| Family::new(name, now));
    if let Some(stopped) = family.stopped(now) {
        return Ok(TurnOutcome::Stopped(stopped));
    }
    if let Some(turn) = family.turn.take_if(|turn| turn.service != *service)
        && !is_over(ports, source, &turn, now).await?
    {
        return Ok(TurnOutcome::Taken(turn.service));
    }
    let until = now.saturating_add(order.lease).unwrap_or(now);
    family.turn = Some(Turn { service: service.clone(), revision: source.revision, until });
    (family.version, family.at) = (family.version + 1, now);
    ports.journal().put_state(&family).await?;
    Ok(TurnOutcome::Granted)
}

async fn is_over<P: Ports>(ports: &P, source: &RevisionArn, turn: &Turn, now: Timestamp) -> Result<bool, Halt> {
    if now < turn.until {
        return Ok(false);
    }
    let record = ports.journal().read(&RevisionArn { revision: turn.revision, ..source.clone() }).await?;
    let follows = |record: &&Record| record.head.following.contains(&turn.service);
    let attempt = record.as_ref().filter(follows).and_then(|record| record.attempt().ok().flatten());
    let rollout = attempt.and_then(|attempt| attempt.rollout(&turn.service));
    Ok(!rollout.is_some_and(|rollout| rollout.is_in_flight()))
}

/// Ends the rollout turn of a service, so that Logweir may update another service of the family. If `failed` contains
/// the description of a failure, also opens the family's fuse.
pub(super) async fn end_turn<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    service: &ServiceArn,
    failed: Option<String>,
) -> Result<(), Halt> {
    let now = ports.clock().now();
    let ended = |family: &mut Family| {
        family.turn.take_if(|turn| turn.service == *service && turn.revision == source.revision);
        if let Some(failed) = failed {
            family.blow(source.revision, failed, now);
        }
    };
    change(ports, source, ended).await.map_err(Halt::from)
}

/// Ends the rollout turn of any service that Logweir is updating to the corrected revision of the source revision
/// `source`.
pub(super) async fn end_turns<P: Ports>(ports: &P, source: &RevisionArn) -> Result<(), Halt> {
    let ended = |family: &mut Family| drop(family.turn.take_if(|turn| turn.revision == source.revision));
    change(ports, source, ended).await.map_err(Halt::from)
}

/// Reads the state of a family from the journal, and lets `act` change the state. Writes the state to the journal only
/// if `act` has changed the state.
async fn change<P: Ports, T>(
    ports: &P,
    revision: &RevisionArn,
    act: impl FnOnce(&mut Family) -> T,
) -> Result<T, CommitError> {
    change_named(ports, &FamilyName::of(revision), act).await
}

/// Changes the state of the family with this name, as [`change`] does.
pub(super) async fn change_named<P: Ports, T>(
    ports: &P,
    name: &FamilyName,
    act: impl FnOnce(&mut Family) -> T,
) -> Result<T, CommitError> {
    let now = ports.clock().now();
    let standing = ports.journal().read_state::<Family>(name).await?;
    let mut family = standing.clone().unwrap_or_else(|| Family::new(name.clone(), now));
    let answer = act(&mut family);
    if family != standing.unwrap_or_else(|| Family::new(name.clone(), now)) {
        (family.version, family.at) = (family.version + 1, now);
        ports.journal().put_state(&family).await?;
    }
    Ok(answer)
}
