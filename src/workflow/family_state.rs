//! What is remembered of a family, read and changed around a correction.

use jiff::Timestamp;

use super::lease::Halt;
use super::order::{Order, Origin};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::event::tool::Tool;
use crate::domain::limits::family::{Correction, Family, FamilyName, Hold, Stopped, Turn, Writer};
use crate::domain::record::Record;
use crate::ports::{Clock, CommitError, Described, Journal, Ports};

/// What keeps the family from a correction that is not counted yet: it has to wait for its slot first.
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
        stopped
    };
    change(ports, &source.arn, stopped).await.map_err(Halt::from)
}

/// Counts the correction that is about to begin, or says what keeps the family from it.
pub(super) async fn count<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &Described,
    cause: &Cause,
) -> Result<Option<Stopped>, Halt> {
    let (correction, limits) = (correction(ports, order, source, cause), order.baseline.fuse());
    change(ports, &source.arn, |family| family.count(correction, &limits)).await.map_err(Halt::from)
}

fn correction<P: Ports>(ports: &P, order: &Order<'_>, source: &Described, cause: &Cause) -> Correction {
    let by_hand = matches!(order.origin, Origin::Apply { .. });
    // Whoever asks for the correction by name did not register the fault.
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

/// What came to no correction does not count. Another worker's change may keep it in the count, which is no harm.
pub(super) async fn uncount<P: Ports>(ports: &P, source: &RevisionArn) {
    let _ = change(ports, source, |family| family.uncount(source.revision)).await;
}

/// Somebody says that the family may be corrected again: what kept it from that.
pub(super) async fn go_on<P: Ports>(ports: &P, source: &RevisionArn) -> Result<Option<Stopped>, Halt> {
    let now = ports.clock().now();
    let lifted = |family: &mut Family| {
        let stopped = family.stopped(now);
        family.go_on();
        stopped
    };
    change(ports, source, lifted).await.map_err(Halt::from)
}

/// Nothing of the family is corrected for a while.
pub(super) async fn hold<P: Ports>(ports: &P, source: &RevisionArn, hold: Hold) -> Result<(), CommitError> {
    change(ports, source, |family| family.hold = Some(hold)).await
}

/// Whether a service may be pointed now.
pub(super) enum TurnOutcome {
    Ours,
    /// Another service of the family is on its way.
    Taken(ServiceArn),
    Stopped(Stopped),
}

/// How often a worker looks again at what others have written to in between: services of one family are often deployed in
/// the same moment, and of several who write one is the first.
pub(super) const LOOKS: usize = 20;

/// Takes the family's turn: one service is on its way at a time. Of a worker that died before it began it ends with its
/// lease.
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
    Ok(TurnOutcome::Ours)
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

/// The service is on its way no more. What failed opens the family's fuse.
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

/// No service is on its way to our revision of this source any more, whichever it was.
pub(super) async fn end_turns<P: Ports>(ports: &P, source: &RevisionArn) -> Result<(), Halt> {
    let ended = |family: &mut Family| drop(family.turn.take_if(|turn| turn.revision == source.revision));
    change(ports, source, ended).await.map_err(Halt::from)
}

/// Changes what is remembered, if there is anything to change.
async fn change<P: Ports, T>(
    ports: &P,
    revision: &RevisionArn,
    act: impl FnOnce(&mut Family) -> T,
) -> Result<T, CommitError> {
    let (name, now) = (FamilyName::of(revision), ports.clock().now());
    let standing = ports.journal().read_state::<Family>(&name).await?;
    let mut family = standing.clone().unwrap_or_else(|| Family::new(name.clone(), now));
    let answer = act(&mut family);
    if family != standing.unwrap_or_else(|| Family::new(name, now)) {
        (family.version, family.at) = (family.version + 1, now);
        ports.journal().put_state(&family).await?;
    }
    Ok(answer)
}
