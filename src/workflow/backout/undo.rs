//! Carries out the undos of a record. For each undo, Logweir reads the current state, and writes an entry to the
//! journal before and after the action. Logweir does not undo an effect that another principal has changed since the
//! correction, and reports that effect. As in a correction, only the entries determine the next step.

use super::context::{ServiceUndo, UndoAction, UndoContext, UndoDriver};
use super::remaining::remaining;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::User;
use crate::domain::edit::Edit;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{
    Backout, BackoutRequest, Effects, EntryKind, Next, NotUndone, Record, ServiceRollback, Undo, next,
};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, Described, ErrorKind, Journal, LogGroups, Ports, Services, TaskDefinitions};
use crate::workflow::family_state;
use crate::workflow::lease::{Claim, Halt, give_up, give_up_registration};
use crate::workflow::own_registration::{Registrars, unconfirmed};
use crate::workflow::registration_state::{deregister, read, registered_at};
use crate::workflow::withdraw::{withdraw, withdraw_unclaimed};

/// The maximum number of services and tasks that a message names as the users of a revision.
const MOST_PLACES: usize = 20;

impl<'p, P: Ports> UndoDriver<'p, P> {
    pub(in crate::workflow) fn new(ports: &'p P, own: Registrars) -> Self {
        Self { ports, own }
    }

    /// Carries out the undos that the backout request contains, as far as possible.
    ///
    /// Returns `Halt::Port` if a retry can succeed, and `Halt::Stuck` if an operator has to act. In both cases, Logweir
    /// releases the lease, and the record stays open.
    pub(in crate::workflow) async fn to_the_end(&self, claimed: &mut Claim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let attempt = claimed.record.attempt()?.ok_or(Halt::LeaseLost)?;
            let Some(backout) = &attempt.backout else {
                return Err(Halt::Stuck("the record has no backout request".into()));
            };
            match next(&attempt) {
                Next::Finished(closing) => return Ok(closing.clone()),
                Next::Undo(step, undo) => {
                    let now = UndoContext::of(step, backout, &claimed.record);
                    let then = match undo {
                        Undo::Deregister { corrected, edits } => self.revision(&now, corrected, edits).await,
                        Undo::RollBackService { service, from, to, settled } => {
                            let stoppable = claimed.record.stoppable_deployment(service).map(String::from);
                            let back = ServiceUndo { service, from, to, settled: *settled, stoppable };
                            self.service(&now, backout, &back).await
                        }
                        Undo::RestoreRetention { name, old, new } => self.retention(&now, name, *old, *new).await,
                    };
                    self.follow(claimed, step, then).await?;
                }
                Next::Withdraw(revision, _) => {
                    let revision = revision.clone();
                    withdraw(self.ports, claimed, &self.own, revision).await?;
                }
                Next::Close => {
                    let closing = closing(backout);
                    let what = match self.continued(&claimed.record, backout).await {
                        Ok(more) => more.unwrap_or(EntryKind::Closed(closing)),
                        Err(error) => {
                            let about = "Logweir could not read the revisions that it registered";
                            return Err(give_up(claimed, error, about).await);
                        }
                    };
                    if matches!(what, EntryKind::Closed(_)) {
                        // Regardless of the results of the undos, Logweir no longer updates a service to the corrected
                        // revision.
                        family_state::end_turns(self.ports, claimed.source()).await?;
                    }
                    claimed.append(what).await?;
                }
                Next::Take(..) | Next::Resolve(..) => {
                    return Err(Halt::Stuck("the record has an unfinished correction step during its backout".into()));
                }
            }
        }
    }

    /// Returns the request for the undo steps that the backout does not contain yet, or `None` if there are none. One
    /// request cannot contain the undo steps of a record with thousands of services.
    async fn continued(&self, record: &Record, backout: &Backout<'_>) -> Answer<Option<EntryKind>> {
        let steps = BackoutRequest::first(remaining(self.ports, record, Some(backout)).await?);
        let more = BackoutRequest { continues: true, steps, ..backout.asked.clone() };
        Ok((!more.steps.is_empty()).then(|| EntryKind::BackoutRequested(Box::new(more))))
    }

    async fn follow(&self, claimed: &mut Claim<'_, P>, step: usize, then: Answer<UndoAction>) -> Result<(), Halt> {
        let acted = match then {
            Err(error) => Err(error),
            Ok(UndoAction::Write(what)) => return claimed.append(what).await,
            Ok(UndoAction::Deregister(corrected)) => {
                claimed.append(EntryKind::Undoing { step, rollback: None }).await?;
                let at = registered_at(&claimed.record, &corrected);
                deregister(self.ports, &corrected, at).await.map(|()| EntryKind::Undone { step })
            }
            Ok(UndoAction::DeleteRetention(name)) => {
                claimed.append(EntryKind::Undoing { step, rollback: None }).await?;
                self.ports.log_groups().delete_retention(&name).await.map(|()| EntryKind::Undone { step })
            }
            Ok(UndoAction::Point { found, to }) => {
                let before = found.primary().and_then(|newest| newest.created);
                let rollback = Some(Box::new(ServiceRollback { to: to.clone(), seen: found.seen(), before }));
                claimed.append(EntryKind::Undoing { step, rollback }).await?;
                return self.roll_back(claimed, step, &found, &to).await;
            }
            Ok(UndoAction::Stop(deployment)) => {
                claimed.append(EntryKind::Undoing { step, rollback: None }).await?;
                match self.ports.services().stop(&deployment).await {
                    Err(error) if error.kind == ErrorKind::Retry => Err(error),
                    // The next iteration of the loop in `to_the_end` reads whether ECS rolls the service back. ECS
                    // refuses the rollback if the deployment has ended, or if a newer deployment has replaced it.
                    _ => return Ok(()),
                }
            }
            Ok(UndoAction::Yield { found, external }) => {
                return self.yield_to(claimed, step, &found.arn, found.seen(), &found.revision, external).await;
            }
            Ok(UndoAction::Wait(why)) => {
                claimed.release(&why).await;
                return Err(Halt::Waiting(why));
            }
            Ok(UndoAction::Restore(definition, tags)) => {
                claimed.append(EntryKind::Restoring { step }).await?;
                match self.ports.task_definitions().register(&definition, &tags).await {
                    Err(error) if error.kind == ErrorKind::Retry => {
                        return Err(give_up_registration(claimed, step, error).await);
                    }
                    registered => registered.map(|restored| EntryKind::Restored { step, restored }),
                }
            }
        };
        match acted {
            Ok(what) => {
                let restored = what.registered().cloned();
                let written = claimed.append(what).await;
                match (written, restored) {
                    (Err(halt), Some(restored)) => {
                        Err(withdraw_unclaimed(self.ports, claimed, &self.own, &restored, halt).await)
                    }
                    (written, _) => written,
                }
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(give_up(claimed, error, "").await),
            // AWS refused the call. The undo stays open until an operator resolves the cause and requests the backout
            // again.
            Err(error) => claimed.append(EntryKind::Kept(NotUndone::open(step, error.to_string(), error.reason))).await,
        }
    }

    /// Returns the next action for the corrected revision. Logweir deregisters the corrected revision when no service
    /// or task uses it any more. Logweir restores a deregistered source revision here only if the caller requests it.
    async fn revision(&self, now: &UndoContext<'_>, corrected: &RevisionArn, edits: &[Edit]) -> Answer<UndoAction> {
        let found = read(self.ports, corrected, registered_at(now.record, corrected)).await?;
        // If ECS does not describe the revision, the answer to its deregistration shows whether ECS has the revision.
        let is_inactive = found.is_inactive();
        let found = found.described();
        if let Some(then) = self.unneeded(now, corrected, found.as_ref(), edits).await? {
            return Ok(then);
        }
        if !is_inactive {
            return self.standing(now, corrected, found.as_ref(), edits).await;
        }
        if let Some(then) = self.requested(now, corrected, found.as_ref(), edits).await? {
            return Ok(then);
        }
        Ok(UndoAction::Write(if now.started {
            EntryKind::Undone { step: now.step }
        } else {
            now.done_with(format!("the corrected revision {} is not ACTIVE any more", corrected.short()))
        }))
    }

    /// Returns the next action for a corrected revision that may be ACTIVE.
    async fn standing(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
        found: Option<&Described>,
        edits: &[Edit],
    ) -> Answer<UndoAction> {
        if let Some(found) = found.filter(|found| !self.own.confirm(found, now.source)) {
            return Ok(now.keep(unconfirmed(found), None));
        }
        if let Some(record) = self.ports.journal().read(corrected).await?
            && !Effects::of(&record).is_nothing()
        {
            let why = format!("{0} was corrected too: run `logweir backout {0}` first", corrected.short());
            return Ok(now.keep(why, Some(Reason::NewerRevision)));
        }
        if let Some(then) = self.pinned(now, corrected).await? {
            return Ok(then);
        }
        let users = match self.ports.services().users(corrected).await {
            Ok(users) => users,
            Err(error) if error.kind == ErrorKind::Retry => return Err(error),
            Err(error) => {
                let name = corrected.short();
                let why =
                    format!("{name} is kept, because the services and tasks that use it could not be read: {error}");
                return Ok(now.keep(why, error.reason.or(Some(Reason::Unreadable))));
            }
        };
        if let Some(then) = self.requested(now, corrected, found, edits).await? {
            return Ok(then);
        }
        if users.is_empty() {
            return Ok(UndoAction::Deregister(corrected.clone()));
        }
        Ok(used(now, corrected, users))
    }

    /// Returns the next action to restore the old retention of a log group. Logweir restores the old retention only if
    /// the log group still has the retention that Logweir set, and only if the change deletes no log data.
    async fn retention(&self, now: &UndoContext<'_>, name: &str, old: Option<u32>, new: u32) -> Answer<UndoAction> {
        let found = self.ports.log_groups().look(&[name.to_owned()]).await?.remove(name);
        let days = |days: Option<u32>| days.map_or("no retention".to_owned(), |days| format!("{days} days"));
        let why = match found {
            None | Some(LogGroup::Missing) => format!("log group {name} no longer exists"),
            Some(LogGroup::Exists { policy: Some(policy), .. }) => {
                let why = format!(
                    "the account's policy {policy} overrides the retention of log group {name}, which cannot be read"
                );
                return Ok(now.keep(why, Some(Reason::Unreadable)));
            }
            Some(LogGroup::Exists { retention, .. }) if retention == old && now.started => {
                return Ok(UndoAction::Write(EntryKind::Undone { step: now.step }));
            }
            Some(LogGroup::Exists { retention, .. }) if retention == old => {
                format!("log group {name} already has its old retention")
            }
            Some(LogGroup::Exists { retention, .. }) if retention != Some(new) => {
                format!("another principal has since changed the retention of log group {name} to {}", days(retention))
            }
            Some(LogGroup::Exists { .. }) => match old {
                None => return Ok(UndoAction::DeleteRetention(name.to_owned())),
                // The old, shorter retention would delete log events that the log group has kept since.
                Some(old) => format!(
                    "log group {name} keeps its retention of {new} days, because the old retention of {old} days would \
                     delete log data"
                ),
            },
        };
        Ok(UndoAction::Write(now.done_with(why)))
    }
}

/// Returns the conclusion of a backout that has no undos left.
fn closing(backout: &Backout<'_>) -> Conclusion {
    let Some(kept) = backout.kept().find(|kept| kept.open) else {
        return Outcome::BackedOut.into();
    };
    let outcome = match kept.reason {
        Some(Reason::StillRunning | Reason::Pinned | Reason::AccessDenied | Reason::Unreadable) => Outcome::Partial,
        _ => Outcome::NeedsOperator,
    };
    Conclusion::new(outcome, kept.reason, None)
}

/// Returns the next action for a corrected revision that services or tasks use.
fn used(now: &UndoContext<'_>, corrected: &RevisionArn, users: Vec<User>) -> UndoAction {
    if users.iter().all(|user| user.draining) {
        let places: Vec<String> = users.iter().take(MOST_PLACES).map(|user| user.place.to_string()).collect();
        let why = format!("the last tasks of {} are stopping in {}", corrected.short(), places.join(", "));
        return UndoAction::Wait(format!("{why}; Logweir deregisters the revision after they have stopped"));
    }
    let users: Vec<_> = users.into_iter().filter(|user| !user.draining).collect();
    let shown: Vec<String> = users.iter().take(MOST_PLACES).map(|user| user.place.to_string()).collect();
    let more =
        if users.len() > shown.len() { format!(" and {} more", users.len() - shown.len()) } else { String::new() };
    let why = format!(
        "{} is kept, because it still runs in {}{more}: move these services and tasks to another revision, then back out again",
        corrected.short(),
        shown.join(", ")
    );
    let kept = NotUndone { places: shown, ..NotUndone::open(now.step, why, Some(Reason::StillRunning)) };
    UndoAction::Write(EntryKind::Kept(kept))
}
