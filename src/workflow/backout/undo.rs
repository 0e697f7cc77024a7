//! Taking a record back: for each of its undos look, journal, act, journal. What somebody else has changed since is left
//! alone, and said. As forward, what comes next is decided by the entries alone.

use super::context::{ServiceUndo, UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::{Edit, difference};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{Backout, Effects, EntryKind, Next, NotUndone, Undo, next};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, Described, ErrorKind, Journal, LogGroups, Ports, Services, TaskDefinitions};
use crate::workflow::assess::described;
use crate::workflow::family_state;
use crate::workflow::lease::{Claim, Halt, give_up};
use crate::workflow::ownership::{ExpectedRevision, NEWEST, Registrars, reversed};
use crate::workflow::withdraw::{take_back_unclaimed, withdraw};

/// How many of the places that run a revision are named; more would be of no use to a reader.
const MOST_PLACES: usize = 20;

impl<'p, P: Ports> UndoDriver<'p, P> {
    pub(in crate::workflow) fn new(ports: &'p P, own: Registrars) -> Self {
        Self { ports, own }
    }

    /// Takes back all that was asked for and can be.
    ///
    /// Errors: `Halt::Port` where another try can help, `Halt::Stuck` where only a human can; the lease is given back
    /// then, and the record stays open.
    pub(in crate::workflow) async fn to_the_end(&self, claimed: &mut Claim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let attempt = claimed.record.attempt()?.ok_or(Halt::LeaseLost)?;
            let Some(backout) = &attempt.backout else {
                return Err(Halt::Stuck("nobody asked for the record to be taken back".into()));
            };
            match next(&attempt) {
                Next::Finished(closing) => return Ok(closing.clone()),
                Next::Undo(step, undo) => {
                    let undo = undo.clone();
                    let source = claimed.source().clone();
                    let now = UndoContext::of(step, backout, &source);
                    let then = match &undo {
                        Undo::Deregister { corrected, edits } => self.revision(&now, corrected, edits).await,
                        Undo::PointBack { service, from, to, settled } => {
                            let back = ServiceUndo { service, from, to, settled: *settled };
                            self.service(&now, backout, &back).await
                        }
                        Undo::RestoreRetention { name, old, new } => self.retention(&now, name, *old, *new).await,
                    };
                    self.follow(claimed, step, then).await?;
                }
                Next::Withdraw(revision, _) => {
                    let revision = revision.clone();
                    withdraw(self.ports.task_definitions(), claimed, revision).await?;
                }
                Next::Close => {
                    let closing = closing(backout);
                    // Whatever has become of services, none is on our way any more.
                    family_state::end_turns(self.ports, claimed.source()).await?;
                    claimed.append(EntryKind::Closed(closing)).await?;
                }
                Next::Take(..) | Next::Resolve(..) => {
                    return Err(Halt::Stuck("the record goes forward while it is taken back".into()));
                }
            }
        }
    }

    async fn follow(&self, claimed: &mut Claim<'_, P>, step: usize, then: Answer<UndoAction>) -> Result<(), Halt> {
        let acted = match then {
            Err(error) => Err(error),
            Ok(UndoAction::Write(what)) => return claimed.append(what).await,
            Ok(UndoAction::Deregister(corrected)) => {
                claimed.append(EntryKind::Undoing { step }).await?;
                match self.ports.task_definitions().deregister(&corrected).await {
                    Err(error) if error.kind != ErrorKind::Missing => Err(error),
                    _ => Ok(EntryKind::Undone { step }),
                }
            }
            Ok(UndoAction::DeleteRetention(name)) => {
                claimed.append(EntryKind::Undoing { step }).await?;
                self.ports.log_groups().delete_retention(&name).await.map(|()| EntryKind::Undone { step })
            }
            Ok(UndoAction::Point { found, to }) => {
                claimed.append(EntryKind::Undoing { step }).await?;
                return self.point_back(claimed, step, &found, &to).await;
            }
            Ok(UndoAction::Stop { deployment, found, to }) => {
                claimed.append(EntryKind::Undoing { step }).await?;
                match self.ports.services().stop(&deployment).await {
                    // What comes of it is looked at next.
                    Ok(()) => return Ok(()),
                    Err(error) if error.kind == ErrorKind::Retry => Err(error),
                    Err(_) => return self.point_back(claimed, step, &found, &to).await,
                }
            }
            Ok(UndoAction::Yield { found, theirs }) => return self.yield_to(claimed, step, &found, theirs).await,
            Ok(UndoAction::Wait(why)) => {
                claimed.release(&why).await;
                return Err(Halt::Waiting(why));
            }
            Ok(UndoAction::Restore(definition, tags)) => {
                claimed.append(EntryKind::Restoring { step }).await?;
                let registered = self.ports.task_definitions().register(&definition, &tags).await;
                registered.map(|restored| EntryKind::Restored { step, restored })
            }
        };
        match acted {
            Ok(what) => {
                let restored = what.registered().cloned();
                let written = claimed.append(what).await;
                if let (Err(Halt::LeaseLost), Some(restored)) = (&written, restored) {
                    take_back_unclaimed(self.ports, claimed.source(), &restored).await;
                }
                written
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(give_up(claimed, error, "").await),
            // Refused: it stays as it is until somebody mends the cause and asks again.
            Err(error) => claimed.append(EntryKind::Kept(NotUndone::open(step, error.to_string(), error.reason))).await,
        }
    }

    /// Our revision is deregistered once nothing runs it and its source, or one like it, is there.
    async fn revision(&self, now: &UndoContext<'_>, corrected: &RevisionArn, edits: &[Edit]) -> Answer<UndoAction> {
        let task_definitions = self.ports.task_definitions();
        let found = described(task_definitions, corrected).await?;
        let reversed = reversed(edits);
        if now.restoring
            && now.restored.is_none()
            && let Some(then) = self.unanswered(now, corrected, found.as_ref(), &reversed).await?
        {
            return Ok(then);
        }
        let Some(ours) = found.filter(|found| found.active) else {
            return Ok(UndoAction::Write(if now.started {
                EntryKind::Undone { step: now.step }
            } else {
                now.done_with(format!("our revision {} is not ACTIVE any more", corrected.short()))
            }));
        };
        if let Some(record) = self.ports.journal().read(corrected).await?
            && !Effects::of(&record).is_nothing()
        {
            let why = format!("{0} was corrected in its turn, by name: take {0} back first", corrected.short());
            return Ok(now.keep(why, Some(Reason::NewerRevision)));
        }
        let users = match self.ports.services().users(corrected).await {
            Ok(users) => users,
            Err(error) if error.kind == ErrorKind::Retry => return Err(error),
            Err(error) => {
                let why =
                    format!("whether something runs {} could not be read, so it stays: {error}", corrected.short());
                return Ok(now.keep(why, error.reason.or(Some(Reason::Unreadable))));
            }
        };
        if self.active(now.source).await?.is_none()
            && let Some(then) = self.restored(now, &ours, &reversed).await?
        {
            return Ok(then);
        }
        if users.is_empty() {
            return Ok(UndoAction::Deregister(corrected.clone()));
        }
        if users.iter().all(|user| user.draining) {
            let places: Vec<String> = users.iter().take(MOST_PLACES).map(|user| user.place.to_string()).collect();
            let why = format!("the last tasks of {} end in {}", corrected.short(), places.join(", "));
            return Ok(UndoAction::Wait(format!("{why}: it is deregistered after them")));
        }
        let users: Vec<_> = users.into_iter().filter(|user| !user.draining).collect();
        let shown: Vec<String> = users.iter().take(MOST_PLACES).map(|user| user.place.to_string()).collect();
        let more =
            if users.len() > shown.len() { format!(" and {} more", users.len() - shown.len()) } else { String::new() };
        let why = format!(
            "{} stays, as it still runs in {}{more}: point it elsewhere, then take back once more",
            corrected.short(),
            shown.join(", ")
        );
        let kept = NotUndone { places: shown, ..NotUndone::open(now.step, why, Some(Reason::StillRunning)) };
        Ok(UndoAction::Write(EntryKind::Kept(kept)))
    }

    /// The revision that stands for the source, if its registration was carried out and not answered.
    pub(in crate::workflow) async fn unanswered(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
        found: Option<&Described>,
        reversed: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        let made = ExpectedRevision { base: corrected, described: found, edits: reversed, tag: now.tag() };
        let restored = made.unanswered(self.ports.task_definitions(), &self.own).await?;
        Ok(restored.map(|restored| UndoAction::Write(EntryKind::Restored { step: now.step, restored })))
    }

    /// A revision, if it is ACTIVE.
    pub(in crate::workflow) async fn active(&self, revision: &RevisionArn) -> Answer<Option<Described>> {
        Ok(described(self.ports.task_definitions(), revision).await?.filter(|found| found.active))
    }

    /// What is to be done until a revision stands for a source that is gone; none: it does.
    pub(in crate::workflow) async fn restored(
        &self,
        now: &UndoContext<'_>,
        ours: &Described,
        reversed: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        let gone = format!("{} is not ACTIVE any more", now.source.short());
        if let Some(reason) = now.not_restored {
            let why = match reason {
                Reason::NewerRevision => format!("{gone}, and a newer revision slipped in while it was restored"),
                _ => format!("{gone}, and ECS did not give back all of what was sent to restore it"),
            };
            return Ok(Some(now.keep(why, Some(reason))));
        }
        let restored = match difference::edited(&ours.definition, reversed) {
            Ok(restored) => restored,
            Err(why) => return Ok(Some(now.keep(format!("{gone}: {why}"), None))),
        };
        let newest = self.ports.task_definitions().newest(&ours.arn.family, NEWEST).await?;
        if let Some(standing) = &now.restored {
            return self.verified(now, ours, standing, &restored, &newest).await;
        }
        if let Some(first) = newest.first().filter(|first| **first != ours.arn && !now.restore_stale) {
            let why = format!(
                "{gone}, and {} is newer than our {}: to restore it would make old code the family's newest \
                 (--restore-stale does it all the same)",
                first.short(),
                ours.arn.short()
            );
            return Ok(Some(now.keep(why, Some(Reason::NewerRevision))));
        }
        let tags = tags::carried(&ours.tags, &[now.tag()]);
        Ok(Some(UndoAction::Restore(Box::new(restored), tags)))
    }

    /// Whether what was restored is what was sent, and makes no stale code the newest; none: it is well.
    async fn verified(
        &self,
        now: &UndoContext<'_>,
        ours: &Described,
        standing: &RevisionArn,
        sent: &TaskDefinition,
        newest: &[RevisionArn],
    ) -> Answer<Option<UndoAction>> {
        // Somebody who took it away again has moved on.
        let Some(received) = self.active(standing).await? else { return Ok(None) };
        let withdrawing =
            |why| Ok(Some(UndoAction::Write(EntryKind::Withdrawing { corrected: standing.clone(), why })));
        let between = |other: &&RevisionArn| (ours.arn.revision + 1..standing.revision).contains(&other.revision);
        if !now.restore_stale && newest.iter().any(|other| between(&other)) {
            return withdrawing(Reason::NewerRevision);
        }
        if !difference::lost(sent.view(), received.definition.view()).is_empty() {
            return withdrawing(Reason::LostMembers);
        }
        Ok(None)
    }

    /// A retention is taken back where it is still ours, and where nothing is lost by it.
    async fn retention(&self, now: &UndoContext<'_>, name: &str, old: Option<u32>, new: u32) -> Answer<UndoAction> {
        let found = self.ports.log_groups().look(&[name.to_owned()]).await?.remove(name);
        let days = |days: Option<u32>| days.map_or("no retention".to_owned(), |days| format!("{days} days"));
        let why = match found {
            None | Some(LogGroup::Missing) => format!("log group {name} is not there any more"),
            Some(LogGroup::Exists { policy: Some(policy), .. }) => {
                let why = format!("the account's policy {policy} decides over log group {name}: ours cannot be seen");
                return Ok(now.keep(why, Some(Reason::Unreadable)));
            }
            Some(LogGroup::Exists { retention, .. }) if retention == old && now.started => {
                return Ok(UndoAction::Write(EntryKind::Undone { step: now.step }));
            }
            Some(LogGroup::Exists { retention, .. }) if retention == old => format!("log group {name} is as it was"),
            Some(LogGroup::Exists { retention, .. }) if retention != Some(new) => {
                format!("somebody has given log group {name} {} since", days(retention))
            }
            Some(LogGroup::Exists { .. }) => match old {
                None => return Ok(UndoAction::DeleteRetention(name.to_owned())),
                // What was kept since would be deleted.
                Some(old) => format!("log group {name} keeps {new} days: to go back to {old} would delete log data"),
            },
        };
        Ok(UndoAction::Write(now.done_with(why)))
    }
}

/// How a backout ended whose undos are done, or will not be.
fn closing(backout: &Backout<'_>) -> Conclusion {
    let Some(kept) = backout.kept().find(|kept| kept.open) else {
        return Outcome::BackedOut.into();
    };
    let outcome = match kept.reason {
        Some(Reason::StillRunning | Reason::AccessDenied | Reason::Unreadable) => Outcome::Partial,
        _ => Outcome::NeedsOperator,
    };
    Conclusion::new(outcome, kept.reason, None)
}
