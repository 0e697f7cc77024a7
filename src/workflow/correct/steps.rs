//! Carries out the steps of a claimed record of a correction or a migration. Logweir writes an entry to the journal before each action, and another
//! entry after the action. Only the entries determine the next step, so a worker that takes over a record continues
//! where the previous worker stopped.

use std::sync::OnceLock;

use jiff::SignedDuration;

use super::newest::overtaken;
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::{Ground, difference};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{Attempt, Done, EntryKind, Next, RecordKind, Step, next};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Clock, Described, ErrorKind, Journal, LogGroups, PortError, Ports, TaskDefinitions};
use crate::workflow::lease::{Claim, Claimed, Halt, give_up, give_up_registration};
use crate::workflow::order::Origin;
use crate::workflow::own_registration::{ExpectedRevision, NEWEST, Registrars, migration_tags, source_tag};
use crate::workflow::withdraw::{withdraw, withdraw_unclaimed};

/// The time after which Logweir expects a new log group to be visible. AWS does not document when a new log group
/// becomes visible. If Logweir does not find a log group this long after the creation of the log group, Logweir
/// concludes that another principal has deleted the log group.
const SEEN_BY_THEN: SignedDuration = SignedDuration::from_secs(60);

/// The context of all steps of one record.
pub(in crate::workflow) struct StepDriver<'p, P> {
    pub(super) ports: &'p P,
    pub(super) source: &'p Described,
    pub(super) own: Registrars,
    origin: Origin,
    /// The planned document of a migration. `None` for a correction.
    planned: Option<&'p TaskDefinition>,
    /// The tags that this worker sent with RegisterTaskDefinition. Another worker cannot know these tags, because the
    /// tags of the source revision may have changed since.
    pub(super) sent: OnceLock<Vec<Tag>>,
}

/// The reason why Logweir could not carry out a step.
enum StepStop {
    /// A retry cannot succeed, so Logweir records the reason and closes the record.
    ForGood { why: String, reason: Option<Reason>, error: Option<PortError> },
    /// A retry can succeed after this error, so the record stays open.
    ForNow(PortError),
}

impl StepStop {
    /// Makes the error of a refused read retryable if AWS may have carried out the step, because a refused read does
    /// not show the result of the step.
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
        Self { ports, source, own, origin, planned: None, sent: OnceLock::new() }
    }

    /// Creates the driver of a migration, which an operator requested with `logweir firelens apply`.
    pub(in crate::workflow) fn migrating(
        ports: &'p P,
        source: &'p Described,
        own: Registrars,
        planned: &'p TaskDefinition,
    ) -> Self {
        Self { planned: Some(planned), ..Self::new(ports, source, own, Origin::Apply { again: false }) }
    }

    /// Carries out the remaining steps of the record, and returns the conclusion of the attempt.
    ///
    /// Returns `Halt::Port` if a retry can succeed, and `Halt::Stuck` if an operator has to act. In both cases, Logweir
    /// releases the lease, and the record stays open.
    pub(in crate::workflow) async fn to_the_end(&self, claimed: &mut Claim<'_, P>) -> Result<Conclusion, Halt> {
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
                    withdraw(self.ports, claimed, &self.own, corrected).await?;
                }
                Next::Undo(..) => return Err(Halt::Stuck("the record is being backed out".into())),
                Next::Close => {
                    let closing = closing(&attempt);
                    let what = match self.verify(&claimed.record, &attempt).await {
                        Ok(found) => found.unwrap_or(EntryKind::Closed(closing)),
                        Err(error) => {
                            let about = attempt.corrected().map(|corrected| corrected.short()).unwrap_or_default();
                            return Err(give_up(claimed, error, &format!("{about} could not be verified")).await);
                        }
                    };
                    claimed.append(what).await?;
                }
            }
        }
    }

    async fn take(
        &self,
        claimed: &mut Claim<'_, P>,
        number: usize,
        step: &Step,
        possibly_done: bool,
    ) -> Result<(), Halt> {
        let ready = match step {
            Step::Register { .. } | Step::Migrate { .. } => self.before_register(claimed, step, possibly_done).await,
            Step::EnsureLogGroup(_) | Step::SetRetention { .. } => Ok(None),
        };
        let ready = ready.map_err(|stopped| stopped.at_a_look(possibly_done));
        let acted = match ready {
            // ECS has already registered the corrected revision, and only the response to RegisterTaskDefinition was
            // lost.
            Ok(Some(done)) => Ok(done),
            Ok(None) => {
                let tags = self.tags_to_send(claimed, step);
                claimed.append(EntryKind::Started { step: number, tags }).await?;
                match self.act(claimed, step, possibly_done).await {
                    Err(StepStop::ForNow(error)) if step.registers() => {
                        return Err(give_up_registration(claimed, number, error).await);
                    }
                    acted => acted,
                }
            }
            Err(stopped) => Err(stopped),
        };
        match acted {
            Ok(done) => match (claimed.append(EntryKind::Done { step: number, done: done.clone() }).await, &done) {
                (Err(halt), Done::Registered { corrected }) => {
                    Err(withdraw_unclaimed(self.ports, claimed, &self.own, corrected, halt).await)
                }
                (written, _) => written,
            },
            Err(StepStop::ForGood { why, reason, .. }) => {
                claimed.append(EntryKind::Failed { step: number, why, reason }).await
            }
            Err(StepStop::ForNow(error)) => {
                // AWS may report a new resource as missing because the resource is not visible yet, so a retry can
                // succeed.
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
                        Err(for_good(format!("log group {name} was deleted after Logweir created it"), None))
                    }
                    set => set,
                }
            }
            Step::Register { .. } | Step::Migrate { .. } => {
                let (document, tags) = self.to_send(step, claimed)?;
                let registered = self.ports.task_definitions().register(&document, &tags).await?;
                let _ = self.sent.set(tags);
                Ok(Done::Registered { corrected: registered })
            }
        }
    }

    /// Sets the retention of a log group, unless the retention has changed since Logweir made the plan. Sets no
    /// retention if `ground` no longer holds. `ground` is the reason why Logweir may set the retention: the log group
    /// is new, empty or adopted.
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
            // An earlier call set the retention, but the response to that call was lost.
            Some(LogGroup::Exists { retention, policy: None, .. }) if possibly_done && retention == Some(new) => {
                return Ok(Done::Retention { set: true });
            }
            // An account policy hides whether Logweir set the retention. Logweir may record the retention as set,
            // because a backout reads the retention again before it changes the retention.
            Some(LogGroup::Exists { policy: Some(_), .. }) if possibly_done => {
                return Ok(Done::Retention { set: true });
            }
            // The new log group may not be visible yet, because AWS does not document when a new log group becomes
            // visible.
            None | Some(LogGroup::Missing) if ground == Ground::Made => {}
            _ => return Ok(Done::Retention { set: false }),
        }
        if ground == Ground::Empty && !groups.is_empty(name).await? {
            return Ok(Done::Retention { set: false });
        }
        match groups.set_retention(name, new).await {
            // The new log group is not visible to this call yet.
            Err(error) if error.kind == ErrorKind::Missing && ground == Ground::Made => Err(StepStop::ForNow(error)),
            set => Ok(set.map(|()| Done::Retention { set: true })?),
        }
    }

    /// Returns the number of tags that Logweir sends with the new revision. Returns `None` if the step registers no
    /// revision.
    fn tags_to_send<J, C>(&self, claimed: &Claimed<'_, J, C>, step: &Step) -> Option<u32> {
        if !step.registers() {
            return None;
        }
        let (_, tags) = self.to_send(step, claimed).ok()?;
        u32::try_from(tags.len()).ok()
    }

    /// Returns the document and the tags of the new revision.
    fn to_send<J, C>(&self, step: &Step, claimed: &Claimed<'_, J, C>) -> Result<(TaskDefinition, Vec<Tag>), StepStop> {
        let document = self.document(step).map_err(|why| for_good(why, None))?;
        let own = match step {
            Step::Migrate { digest } => migration_tags(&self.source.arn, digest),
            Step::Register { .. } | Step::EnsureLogGroup(_) | Step::SetRetention { .. } => {
                let attempt = claimed.record.attempt().ok().flatten();
                let digest = attempt.map_or("", |attempt| attempt.opening.baseline_digest.as_str());
                vec![source_tag(&self.source.arn), Tag::new(tags::BASELINE, digest)]
            }
        };
        Ok((document, tags::carried(&self.source.tags, &own)))
    }

    /// Returns the document that the step registers. The error says why there is no such document.
    pub(super) fn document(&self, step: &Step) -> Result<TaskDefinition, String> {
        match step {
            Step::Migrate { .. } => {
                self.planned.cloned().ok_or_else(|| "only a command has the planned document".into())
            }
            step => difference::edited(&self.source.definition, step.edits().unwrap_or_default()),
        }
    }

    /// Verifies that the source revision is still the newest revision of its family. If Logweir may already have
    /// registered the new revision, first looks for the new revision, and returns it if it exists.
    async fn before_register<J: Journal, C: Clock>(
        &self,
        claimed: &Claimed<'_, J, C>,
        step: &Step,
        possibly_done: bool,
    ) -> Result<Option<Done>, StepStop> {
        let source = claimed.source();
        let newest = self.ports.task_definitions().newest(&source.family, NEWEST).await?;
        if possibly_done {
            let expected = self.expected(step);
            let unanswered = expected.unanswered_among(self.ports, &self.own, &claimed.record, &newest).await?;
            if let Some(corrected) = unanswered {
                return Ok(Some(Done::Registered { corrected }));
            }
        }
        match overtaken(self.ports, &self.own, self.source, &newest).await? {
            // An operator began this correction with `logweir apply`, and a function may not finish the correction,
            // because the functions may not register privileged containers.
            None if !self.origin.may_register(&self.source.definition) => {
                let name = source.short();
                let why = format!("a container of {name} is privileged: run `logweir apply` with your own permissions");
                Err(for_good(why, Some(Reason::Privileged)))
            }
            None => Ok(None),
            Some(why) => Err(for_good(why, Some(Reason::NotLatest))),
        }
    }

    /// Returns the new revision as Logweir registers it.
    pub(super) fn expected<'s>(&'s self, step: &'s Step) -> ExpectedRevision<'s> {
        ExpectedRevision::of(step, &self.source.arn, Some(self.source), self.planned)
    }
}

fn for_good(why: String, reason: Option<Reason>) -> StepStop {
    StepStop::ForGood { why, reason, error: None }
}

/// Returns the conclusion of an attempt that has no steps left.
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
        return match attempt.opening.kind() {
            RecordKind::Correction => Outcome::Remediated.into(),
            RecordKind::Migration => Outcome::Migrated.into(),
        };
    }
    let why = attempt.withdrawals.iter().map(|(_, why, _)| *why).find(|why| *why != Reason::Duplicate);
    let outcome = match why {
        _ if !attempt.vanished.is_empty() => Outcome::NeedsOperator,
        Some(Reason::LostMembers) => Outcome::Failed,
        _ => Outcome::Superseded,
    };
    Conclusion::new(outcome, why, None)
}
