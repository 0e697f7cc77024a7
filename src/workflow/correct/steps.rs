//! Driving a claimed record to its end: journal, act, journal. What comes next is decided by the entries alone, so a
//! worker that takes over goes on where the last one stopped.

use std::sync::OnceLock;

use jiff::SignedDuration;

use super::newest::overtaken;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::{Edit, Ground, difference, patch};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{Attempt, Done, EntryKind, Next, Step, next};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, Clock, Described, ErrorKind, Journal, LogGroups, PortError, Ports, TaskDefinitions};
use crate::workflow::assess::described;
use crate::workflow::lease::{Claimed, Halt, give_up};
use crate::workflow::order::Origin;
use crate::workflow::ownership::{ExpectedRevision, NEWEST, Registrars, carries, is_to_be_withdrawn, source_tag};
use crate::workflow::withdraw::{take_back_unclaimed, withdraw};

/// A log group that cannot be seen so long after it was made was deleted. How soon one can be is not documented.
const SEEN_BY_THEN: SignedDuration = SignedDuration::from_secs(60);

/// What driving needs beside the record.
pub(in crate::workflow) struct StepDriver<'p, P> {
    ports: &'p P,
    source: &'p Described,
    own: Registrars,
    origin: Origin,
    /// The tags that this worker registered with. Another worker cannot know them: tags of the source may change.
    sent: OnceLock<Vec<Tag>>,
}

/// A step that did not come to its end.
enum StepStop {
    /// It will not: said in the record, and the record is closed.
    ForGood { why: String, reason: Option<Reason>, error: Option<PortError> },
    /// Another try can help.
    ForNow(PortError),
}

impl StepStop {
    /// Where something may have been done, that nobody may look is no reason to take it for not done.
    fn at_a_look(self, possibly_done: bool) -> Self {
        match self {
            Self::ForGood { error: Some(error), .. } if possibly_done => Self::ForNow(error),
            stopped => stopped,
        }
    }
}

impl From<PortError> for StepStop {
    fn from(error: PortError) -> Self {
        match error.kind {
            ErrorKind::Retry => Self::ForNow(error),
            ErrorKind::Refused | ErrorKind::Missing => {
                Self::ForGood { why: error.to_string(), reason: error.reason, error: Some(error) }
            }
        }
    }
}

impl<'p, P: Ports> StepDriver<'p, P> {
    pub(in crate::workflow) fn new(ports: &'p P, source: &'p Described, own: Registrars, origin: Origin) -> Self {
        Self { ports, source, own, origin, sent: OnceLock::new() }
    }

    /// Takes every step that remains.
    ///
    /// Errors: `Halt::Port` where another try can help, `Halt::Stuck` where only a human can; the lease is given back
    /// then, and the record stays open.
    pub(in crate::workflow) async fn to_the_end<J: Journal, C: Clock>(
        &self,
        claimed: &mut Claimed<'_, J, C>,
    ) -> Result<Conclusion, Halt> {
        loop {
            let attempt = claimed.record.attempt()?.ok_or(Halt::LeaseLost)?;
            match next(&attempt) {
                Next::Finished(closing) => return Ok(closing.clone()),
                Next::Take(number, step) => {
                    let step = step.clone();
                    self.take(claimed, number, &step, false).await?;
                }
                Next::Resolve(number, step) => {
                    let step = step.clone();
                    self.take(claimed, number, &step, true).await?;
                }
                Next::Withdraw(corrected, _) => {
                    let corrected = corrected.clone();
                    withdraw(self.ports.task_definitions(), claimed, corrected).await?;
                }
                Next::Undo(..) => return Err(Halt::Stuck("the record is being taken back".into())),
                Next::Close => {
                    let closing = closing(&attempt);
                    let what = match self.look_again(&attempt).await {
                        Ok(found) => found.unwrap_or(EntryKind::Closed(closing)),
                        Err(error) => {
                            let about = attempt.corrected().map(|ours| ours.short()).unwrap_or_default();
                            return Err(give_up(claimed, error, &format!("{about} could not be looked at again")).await);
                        }
                    };
                    claimed.append(what).await?;
                }
            }
        }
    }

    async fn take<J: Journal, C: Clock>(
        &self,
        claimed: &mut Claimed<'_, J, C>,
        number: usize,
        step: &Step,
        possibly_done: bool,
    ) -> Result<(), Halt> {
        let ready = match step {
            Step::Register { edits } => self.before_register(claimed, edits, possibly_done).await,
            _ => Ok(None),
        };
        let ready = ready.map_err(|stopped| stopped.at_a_look(possibly_done));
        let acted = match ready {
            // Ours is there already: an act whose answer was lost, found again.
            Ok(Some(done)) => Ok(done),
            Ok(None) => {
                claimed.append(EntryKind::Started { step: number }).await?;
                self.act(claimed, step, possibly_done).await
            }
            Err(stopped) => Err(stopped),
        };
        match acted {
            Ok(done) => match claimed.append(EntryKind::Done { step: number, done: done.clone() }).await {
                Err(Halt::LeaseLost) => {
                    if let Done::Registered { corrected } = &done {
                        take_back_unclaimed(self.ports, claimed.source(), corrected).await;
                    }
                    Err(Halt::LeaseLost)
                }
                written => written,
            },
            Err(StepStop::ForGood { why, reason, .. }) => {
                claimed.append(EntryKind::Failed { step: number, why, reason }).await
            }
            Err(StepStop::ForNow(error)) => {
                // What cannot be seen yet will be.
                let kind = if error.kind == ErrorKind::Missing { ErrorKind::Retry } else { error.kind };
                Err(give_up(claimed, PortError { kind, ..error }, "").await)
            }
        }
    }

    async fn act<J: Journal, C: Clock>(
        &self,
        claimed: &Claimed<'_, J, C>,
        step: &Step,
        possibly_done: bool,
    ) -> Result<Done, StepStop> {
        match step {
            Step::EnsureLogGroup(group) => Ok(Done::LogGroup { made: self.ports.log_groups().create(group).await? }),
            Step::SetRetention { name, old, new, ground } => {
                let made = claimed.record.made_at(name);
                let ground = if *ground == Ground::Made && made.is_none() { Ground::Empty } else { *ground };
                let set = self.set_retention(name, *old, *new, ground, possibly_done).await;
                let age = made.map(|made| self.ports.clock().now().duration_since(made));
                match set {
                    Err(StepStop::ForNow(error)) if error.kind == ErrorKind::Missing && age > Some(SEEN_BY_THEN) => {
                        Err(for_good(format!("{name} was deleted after it was made"), None))
                    }
                    set => set,
                }
            }
            Step::Register { edits } => {
                let (corrected, tags) = self.corrected(edits, claimed)?;
                let registered = self.ports.task_definitions().register(&corrected, &tags).await?;
                let _ = self.sent.set(tags);
                Ok(Done::Registered { corrected: registered })
            }
        }
    }

    /// Sets the retention if it is still what was read, and if its ground still holds.
    async fn set_retention(
        &self,
        name: &str,
        old: Option<u32>,
        new: u32,
        ground: Ground,
        possibly_done: bool,
    ) -> Result<Done, StepStop> {
        let groups = self.ports.log_groups();
        let looked =
            groups.look(&[name.to_owned()]).await.map_err(|error| StepStop::from(error).at_a_look(possibly_done));
        match looked?.remove(name) {
            Some(LogGroup::Exists { retention, policy: None, .. }) if retention == old => {}
            // It was set, and the answer was lost.
            Some(LogGroup::Exists { retention, policy: None, .. }) if possibly_done && retention == Some(new) => {
                return Ok(Done::Retention { set: true });
            }
            // Nobody can see whether it was set: taking back compares, so it may count as set.
            Some(LogGroup::Exists { policy: Some(_), .. }) if possibly_done => {
                return Ok(Done::Retention { set: true });
            }
            // How soon a group that was just made can be seen is not documented.
            None | Some(LogGroup::Missing) if ground == Ground::Made => {}
            _ => return Ok(Done::Retention { set: false }),
        }
        if ground == Ground::Empty && !groups.is_empty(name).await? {
            return Ok(Done::Retention { set: false });
        }
        match groups.set_retention(name, new).await {
            // Not to be seen yet.
            Err(error) if error.kind == ErrorKind::Missing && ground == Ground::Made => Err(StepStop::ForNow(error)),
            set => Ok(set.map(|()| Done::Retention { set: true })?),
        }
    }

    /// The corrected document and its tags.
    fn corrected<J, C>(
        &self,
        edits: &[Edit],
        claimed: &Claimed<'_, J, C>,
    ) -> Result<(TaskDefinition, Vec<Tag>), StepStop> {
        let edited = difference::edited(&self.source.definition, edits);
        let corrected = edited.map_err(|why| for_good(why, None))?;
        let attempt = claimed.record.attempt().ok().flatten();
        let digest = attempt.map_or("", |attempt| attempt.opening.baseline_digest.as_str());
        let own = [source_tag(&self.source.arn), Tag::new(tags::BASELINE, digest)];
        Ok((corrected, tags::carried(&self.source.tags, &own)))
    }

    /// Looks whether the source is the newest still. Where this record may have registered already, and the answer was
    /// lost, a revision of ours is looked for and taken for the answer.
    async fn before_register<J: Journal, C: Clock>(
        &self,
        claimed: &Claimed<'_, J, C>,
        edits: &[Edit],
        possibly_done: bool,
    ) -> Result<Option<Done>, StepStop> {
        let source = claimed.source();
        let newest = self.ports.task_definitions().newest(&source.family, NEWEST).await?;
        if possibly_done {
            for candidate in newest.iter().rev().filter(|candidate| candidate.revision > source.revision) {
                if self.is_ours(candidate, edits).await? {
                    return Ok(Some(Done::Registered { corrected: candidate.clone() }));
                }
            }
        }
        match overtaken(self.ports, source, &newest).await? {
            // A record that a person began, and left.
            None if !self.origin.may_register(&self.source.definition) => {
                Err(for_good("a container is privileged".into(), Some(Reason::Privileged)))
            }
            None => Ok(None),
            Some(why) => Err(for_good(why, Some(Reason::NotLatest))),
        }
    }

    async fn is_ours(&self, candidate: &RevisionArn, edits: &[Edit]) -> Answer<bool> {
        let base = &self.source.arn;
        let made = ExpectedRevision { base, described: Some(self.source), edits, tag: source_tag(base) };
        made.is_at(candidate, self.ports.task_definitions(), &self.own).await
    }

    /// The last look before a record is closed. What it finds is the entry that follows: that ECS lost something of what
    /// was sent, that somebody's revision slipped in between, so that ours makes stale code the newest, that there are
    /// two of ours, or none any more.
    async fn look_again(&self, attempt: &Attempt<'_>) -> Answer<Option<EntryKind>> {
        let register = attempt.opening.steps.iter().enumerate().find_map(|(number, step)| match step {
            Step::Register { edits } => Some((number, edits)),
            _ => None,
        });
        let (Some(ours), Some((number, edits))) = (attempt.corrected(), register) else { return Ok(None) };
        let withdrawing =
            |corrected: &RevisionArn, why| Ok(Some(EntryKind::Withdrawing { corrected: corrected.clone(), why }));

        let stands =
            |other: &&&RevisionArn| **other != ours && !attempt.withdrawals.iter().any(|(gone, ..)| gone == *other);
        if let Some(second) = attempt.registered.iter().find(stands) {
            return withdrawing(second, Reason::Duplicate);
        }
        let newest = self.ports.task_definitions().newest(&ours.family, NEWEST).await?;
        for other in newest.iter().rev().filter(|other| other.revision > self.source.arn.revision && *other != ours) {
            if !attempt.registered.contains(&other) && self.is_ours(other, edits).await? {
                // A worker that had lost the record registered too: of two the lower one stays.
                let done = Done::Registered { corrected: other.clone() };
                return Ok(Some(EntryKind::Done { step: number, done }));
            }
            if other.revision < ours.revision {
                if is_to_be_withdrawn(self.ports, other, &self.source.arn).await? {
                    let message = format!("our own {} is still to be withdrawn", other.short());
                    let (kind, reason) = (ErrorKind::Retry, Some(Reason::NewerRevision));
                    return Err(PortError { kind, call: "ListTaskDefinitions", message, reason });
                }
                return withdrawing(ours, Reason::NewerRevision);
            }
        }
        let received = described(self.ports.task_definitions(), ours).await?.filter(|received| received.active);
        let Some(received) = received else { return Ok(Some(EntryKind::Vanished { corrected: ours.clone() })) };
        let Ok(sent) = patch::apply(&self.source.definition, edits) else { return Ok(None) };
        let lost_tags = self.sent.get().is_some_and(|sent| sent.iter().any(|tag| !carries(&received.tags, tag)));
        if lost_tags || !difference::lost(sent.view(), received.definition.view()).is_empty() {
            return withdrawing(ours, Reason::LostMembers);
        }
        Ok(None)
    }
}

fn for_good(why: String, reason: Option<Reason>) -> StepStop {
    StepStop::ForGood { why, reason, error: None }
}

/// How an attempt ended whose steps are done, or will not be.
fn closing(attempt: &Attempt<'_>) -> Conclusion {
    if let Some((_, _, reason)) = attempt.failed {
        let changed = attempt
            .done
            .iter()
            .flatten()
            .any(|done| matches!(done, Done::LogGroup { made: true } | Done::Retention { set: true }));
        let outcome = match reason {
            Some(Reason::NotLatest) => Outcome::Superseded,
            _ if changed => Outcome::Partial,
            Some(Reason::PassRoleDenied | Reason::TooLarge | Reason::Privileged) => Outcome::Refused,
            _ => Outcome::Failed,
        };
        return Conclusion::new(outcome, reason, None);
    }
    if attempt.registered.is_empty() || attempt.corrected().is_some() {
        return Outcome::Remediated.into();
    }
    let why = attempt.withdrawals.iter().map(|(_, why, _)| *why).find(|why| *why != Reason::Duplicate);
    let outcome = match why {
        _ if !attempt.vanished.is_empty() => Outcome::NeedsOperator,
        Some(Reason::LostMembers) => Outcome::Failed,
        _ => Outcome::Superseded,
    };
    Conclusion::new(outcome, why, None)
}
