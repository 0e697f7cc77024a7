//! What is remembered of a family, read and changed around a correction.

use super::claim::Halt;
use super::remediate::{Order, Origin};
use crate::domain::event::Cause;
use crate::domain::family::{Correction, Family, FamilyName, Hold, Stopped, Writer};
use crate::domain::revision::RevisionArn;
use crate::domain::writer::Tool;
use crate::ports::{Clock, CommitError, Described, Journal, Ports};

/// Counts the correction that is about to begin, or says what keeps the family from it.
pub(super) async fn count<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &Described,
    cause: &Cause,
) -> Result<Option<Stopped>, Halt> {
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
    let correction = Correction { at: ports.clock().now(), revision: source.arn.revision, writer };
    let limits = order.baseline.fuse();
    change(ports, &source.arn, |family| family.count(correction, &limits)).await.map_err(Halt::from)
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

/// Changes what is remembered, if there is anything to change.
async fn change<P: Ports, T>(
    ports: &P,
    revision: &RevisionArn,
    act: impl FnOnce(&mut Family) -> T,
) -> Result<T, CommitError> {
    let (name, now) = (FamilyName::of(revision), ports.clock().now());
    let standing = ports.journal().family(&name).await?;
    let mut family = standing.clone().unwrap_or_else(|| Family::new(name.clone(), now));
    let answer = act(&mut family);
    if family != standing.unwrap_or_else(|| Family::new(name, now)) {
        (family.version, family.at) = (family.version + 1, now);
        ports.journal().put_family(&family).await?;
    }
    Ok(answer)
}
