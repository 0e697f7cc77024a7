//! Driving a claimed record to its end: journal, act, journal. What comes next is decided by the entries alone, so a
//! worker that takes over goes on where the last one stopped.

use super::claim::{Claimed, Halt};
use crate::domain::event::is_own;
use crate::domain::finding::Edit;
use crate::domain::report::{Outcome, Reason};
use crate::domain::revision::RevisionArn;
use crate::domain::saga::{Closing, Done, Next, Step, What, next};
use crate::domain::tags::{self, Tag};
use crate::domain::task_definition::TaskDefinition;
use crate::domain::{difference, patch};
use crate::ports::{Clock, Described, Journal, Kind, LogGroups, PortError, Ports, TaskDefinitions};

/// How many of a family's newest revisions are looked at for one of ours.
const NEWEST: u8 = 10;

/// What driving needs beside the record.
pub(super) struct Drive<'p, P> {
    pub(super) ports: &'p P,
    pub(super) source: &'p Described,
    pub(super) baseline_digest: &'p str,
    /// The roles whose registrations are Logweir's.
    pub(super) own_roles: &'p [String],
}

/// A step that did not come to its end.
enum Stopped {
    /// It will not: said in the record, and the record is closed.
    ForGood { why: String, reason: Option<Reason> },
    /// Another try can help.
    ForNow(PortError),
}

impl From<PortError> for Stopped {
    fn from(error: PortError) -> Self {
        match error.kind {
            Kind::Retry => Self::ForNow(error),
            Kind::Refused | Kind::Missing => Self::ForGood { why: error.to_string(), reason: error.reason },
        }
    }
}

impl<P: Ports> Drive<'_, P> {
    /// Takes every step that remains.
    ///
    /// Errors: `Halt::Port` where another try can help; the lease is given back then.
    pub(super) async fn to_the_end<J: Journal, C: Clock>(
        &self,
        claimed: &mut Claimed<'_, J, C>,
    ) -> Result<Closing, Halt> {
        loop {
            let attempt = claimed.record.attempt()?.ok_or(Halt::LeaseLost)?;
            let step = match next(&attempt) {
                Next::Finished(closing) => return Ok(closing.clone()),
                Next::Take(number, step) => (number, step.clone(), false),
                Next::Resolve(number, step) => (number, step.clone(), true),
                Next::Withdraw(corrected, _) => {
                    let corrected = corrected.clone();
                    match self.ports.task_definitions().deregister(&corrected).await {
                        Ok(()) => claimed.append(What::Withdrawn { corrected }).await?,
                        Err(error) if error.kind == Kind::Missing => {
                            claimed.append(What::Withdrawn { corrected }).await?
                        }
                        Err(error) => return Err(self.give_up_for_now(claimed, error).await),
                    }
                    continue;
                }
                Next::Close => {
                    let corrected = attempt.corrected().filter(|_| attempt.withdrawal.is_none()).cloned();
                    let closing = closing(&attempt);
                    match self.withdrawal(corrected.as_ref(), &attempt.opening.steps).await {
                        Ok(None) => claimed.append(What::Closed(closing)).await?,
                        Ok(Some((corrected, why))) => claimed.append(What::Withdrawing { corrected, why }).await?,
                        Err(error) => return Err(self.give_up_for_now(claimed, error).await),
                    }
                    continue;
                }
            };
            self.take(claimed, step).await?;
        }
    }

    async fn take<J: Journal, C: Clock>(
        &self,
        claimed: &mut Claimed<'_, J, C>,
        step: (usize, Step, bool),
    ) -> Result<(), Halt> {
        let (number, step, possibly_done) = step;
        let ready = match (&step, possibly_done) {
            (Step::Register { edits }, _) => self.before_register(claimed, edits).await,
            _ => Ok(None),
        };
        let acted = match ready {
            Ok(Some(done)) => {
                // Ours is there already: an act whose answer was lost, found again.
                claimed.append(What::Started { step: number }).await?;
                Ok(done)
            }
            Ok(None) => {
                claimed.append(What::Started { step: number }).await?;
                self.act(claimed, &step).await
            }
            Err(stopped) => Err(stopped),
        };
        match acted {
            Ok(done) => match claimed.append(What::Done { step: number, done: done.clone() }).await {
                Err(Halt::LeaseLost) => {
                    self.take_back_unclaimed(claimed.source(), &done).await;
                    Err(Halt::LeaseLost)
                }
                written => written,
            },
            Err(Stopped::ForGood { why, reason }) => claimed.append(What::Failed { step: number, why, reason }).await,
            Err(Stopped::ForNow(error)) => Err(self.give_up_for_now(claimed, error).await),
        }
    }

    /// Somebody else has taken the record over while this worker registered: what it made is taken back, unless the
    /// other has found it and taken it for its own. If even that fails, the other's look at the family finds it.
    async fn take_back_unclaimed(&self, source: &RevisionArn, done: &Done) {
        let Done::Registered { corrected } = done else { return };
        let record = self.ports.journal().read(source).await;
        if record.is_ok_and(|record| record.is_some_and(|record| record.head.corrected.as_ref() != Some(corrected))) {
            let _ = self.ports.task_definitions().deregister(corrected).await;
        }
    }

    async fn give_up_for_now<J: Journal, C: Clock>(&self, claimed: &mut Claimed<'_, J, C>, error: PortError) -> Halt {
        claimed.release(&error.to_string()).await;
        Halt::Port(error)
    }

    async fn act<J: Journal, C: Clock>(&self, claimed: &Claimed<'_, J, C>, step: &Step) -> Result<Done, Stopped> {
        match step {
            Step::EnsureLogGroup(group) => Ok(Done::LogGroup { made: self.ports.log_groups().create(group).await? }),
            Step::SetRetention { name, old, new, only_if_made } => {
                let made = claimed.record.attempt().ok().flatten().is_some_and(|attempt| attempt.made(name));
                self.set_retention(name, *old, *new, *only_if_made && !made).await
            }
            Step::Register { edits } => {
                let (corrected, tags) = self.corrected(edits)?;
                let registered = self.ports.task_definitions().register(&corrected, &tags).await?;
                Ok(Done::Registered { corrected: registered })
            }
        }
    }

    /// Sets the retention if it is still what was read. A group that turned out to be somebody else's
    /// (`must_be_empty`) gets one only while there is nothing in it to lose.
    async fn set_retention(
        &self,
        name: &str,
        old: Option<u32>,
        new: u32,
        must_be_empty: bool,
    ) -> Result<Done, Stopped> {
        use crate::domain::observation::LogGroup;
        let groups = self.ports.log_groups();
        let standing = groups.look(&[name.to_owned()]).await?.remove(name);
        let unchanged = match standing {
            Some(LogGroup::Exists { retention, policy: None, .. }) => retention == old,
            _ => false,
        };
        if !unchanged || (must_be_empty && !groups.is_empty(name).await?) {
            return Ok(Done::Retention { set: false });
        }
        groups.set_retention(name, new).await?;
        Ok(Done::Retention { set: true })
    }

    /// The corrected document and its tags. Nothing but the planned log configurations may differ.
    fn corrected(&self, edits: &[Edit]) -> Result<(TaskDefinition, Vec<Tag>), Stopped> {
        let for_good = |why: String| Stopped::ForGood { why, reason: None };
        let source = &self.source.definition;
        let corrected = patch::apply(source, edits).map_err(|conflict| for_good(conflict.to_string()))?;
        let unplanned = difference::unplanned(source, &corrected, edits);
        if !unplanned.is_empty() {
            return Err(for_good(format!(
                "the corrected document differs where it must not: {}",
                unplanned.join(", ")
            )));
        }
        let own = [
            Tag::new(tags::SOURCE, self.source.arn.revision.to_string()),
            Tag::new(tags::BASELINE, self.baseline_digest),
        ];
        Ok((corrected, tags::carried(&self.source.tags, &own)))
    }

    /// A source is corrected only while it is its family's newest ACTIVE revision. A revision of ours that is there
    /// already, as the answer to an earlier try was lost, is found here and taken for the answer.
    async fn before_register<J: Journal, C: Clock>(
        &self,
        claimed: &Claimed<'_, J, C>,
        edits: &[Edit],
    ) -> Result<Option<Done>, Stopped> {
        let source = claimed.source();
        let newest = self.ports.task_definitions().newest(&source.family, NEWEST).await?;
        if newest.first() == Some(source) {
            return Ok(None);
        }
        let (corrected, tags) = self.corrected(edits)?;
        for candidate in newest.iter().rev().filter(|candidate| candidate.revision > source.revision) {
            if self.is_ours(candidate, &corrected, &tags).await? {
                return Ok(Some(Done::Registered { corrected: candidate.clone() }));
            }
        }
        let why = match newest.first() {
            Some(newer) => {
                format!("{} is not its family's newest ACTIVE revision: {} is", source.short(), newer.short())
            }
            None => format!("{} is not ACTIVE any more", source.short()),
        };
        Err(Stopped::ForGood { why, reason: Some(Reason::NotLatest) })
    }

    /// Whether a revision is one that Logweir registered for this source: by tag, by principal where ECS names it, and
    /// by content. A tag alone proves nothing; a copy of all three is what we would have registered anyway.
    async fn is_ours(
        &self,
        candidate: &RevisionArn,
        corrected: &TaskDefinition,
        tags: &[Tag],
    ) -> Result<bool, Stopped> {
        let found = match self.ports.task_definitions().describe(&candidate.to_string()).await {
            Ok(found) => found,
            Err(error) if error.kind == Kind::Missing => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let source = Tag::new(tags::SOURCE, self.source.arn.revision.to_string());
        let tagged = !tags.contains(&source)
            || found.tags.iter().any(|tag| (&tag.key, &tag.value) == (&source.key, &source.value));
        let principal =
            found.registered_by.as_deref().is_none_or(|by| self.own_roles.is_empty() || is_own(by, self.own_roles));
        let (mine, theirs) = (corrected.view(), found.definition.view());
        let same = difference::lost(mine, theirs).is_empty() && difference::lost(theirs, mine).is_empty();
        Ok(tagged && principal && same)
    }

    /// Whether our revision has to be taken back: ECS lost something of what was sent, or somebody's revision slipped
    /// in between, so that ours would make stale code the newest.
    async fn withdrawal(
        &self,
        corrected: Option<&RevisionArn>,
        steps: &[Step],
    ) -> Result<Option<(RevisionArn, Reason)>, PortError> {
        let Some(corrected) = corrected else {
            return Ok(None);
        };
        let edits = steps.iter().find_map(|step| match step {
            Step::Register { edits } => Some(edits),
            _ => None,
        });
        let Some(Ok((sent, tags))) = edits.map(|edits| self.corrected(edits)) else {
            return Ok(None);
        };
        let newest = self.ports.task_definitions().newest(&corrected.family, NEWEST).await?;
        let between =
            |other: &&RevisionArn| other.revision > self.source.arn.revision && other.revision < corrected.revision;
        if newest.iter().any(|other| between(&other)) {
            return Ok(Some((corrected.clone(), Reason::NewerRevision)));
        }
        let received = match self.ports.task_definitions().describe(&corrected.to_string()).await {
            Ok(received) => received,
            // Somebody took ours away: there is nothing to take back.
            Err(error) if error.kind == Kind::Missing => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lost = difference::lost(sent.view(), received.definition.view());
        let carried =
            |tag: &Tag| received.tags.iter().any(|other| (&other.key, &other.value) == (&tag.key, &tag.value));
        lost.extend(tags.iter().filter(|tag| !carried(tag)).map(|tag| format!("/tags/{}", tag.key)));
        Ok((!lost.is_empty()).then(|| (corrected.clone(), Reason::LostMembers)))
    }
}

/// How an attempt ended whose steps are done, or will not be.
fn closing(attempt: &crate::domain::saga::Attempt<'_>) -> Closing {
    if let Some((_, why, _)) = attempt.withdrawal {
        let outcome = if why == Reason::LostMembers { Outcome::Failed } else { Outcome::Superseded };
        return Closing { outcome, reason: Some(why) };
    }
    let Some((_, _, reason)) = attempt.failed else {
        return Closing { outcome: Outcome::Remediated, reason: None };
    };
    let changed = attempt
        .done
        .iter()
        .flatten()
        .any(|done| matches!(done, Done::LogGroup { made: true } | Done::Retention { set: true }));
    let outcome = match reason {
        Some(Reason::NotLatest) => Outcome::Superseded,
        _ if changed => Outcome::Partial,
        Some(Reason::PassRoleDenied | Reason::TooLarge) => Outcome::Refused,
        _ => Outcome::Failed,
    };
    Closing { outcome, reason }
}
