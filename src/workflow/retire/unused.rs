//! Retires the corrected revisions of deregistered sources, if nothing uses the corrected revisions. One search of the
//! clusters serves all revisions whose retirement is due.

use jiff::Timestamp;

use super::purge;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Cause;
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::outcome::{Conclusion, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{EntryKind, Head, Record, Retirement};
use crate::domain::report::{Decision, Report};
use crate::ports::{
    Answer, Clock, ErrorKind, Filter, Journal, PortError, Ports, RevisionUsers, Services, TaskDefinitions,
};
use crate::workflow::backout::BackoutOrder;
use crate::workflow::correct::admits;
use crate::workflow::lease::{Claim, Halt, Worker, give_up, take};
use crate::workflow::own_registration::{Registrars, unconfirmed};
use crate::workflow::pins::pins_of;
use crate::workflow::registration_state::{deregister, read, registered_at};
use crate::workflow::reporting::failed;
use crate::workflow::resume::{begin_elsewhere, finished};

/// The maximum number of records that one scheduled run handles, and so of the revisions and families that one search of
/// the clusters is about.
const MOST: usize = 20;

/// The maximum number of users that an entry names.
const MOST_USERS: usize = 20;

/// Retires each corrected revision whose retirement is due and that nothing uses. Returns a decision for each revision
/// that was retired or is still in use, and for each failure.
pub async fn retire_unused<P: Ports>(ports: &P, order: &BackoutOrder<'_>) -> Answer<Vec<Decision>> {
    let driver = RetirementDriver { ports, order, started: ports.clock().now() };
    let (mut decisions, mut candidates) = (Vec::new(), Vec::new());
    for head in driver.due().await? {
        match driver.candidate(&head).await {
            Ok(found) => candidates.extend(found),
            Err(halt) => decisions.extend(driver.ended(&head, Err(halt))),
        }
    }
    if candidates.is_empty() {
        return Ok(decisions);
    }
    let users = match ports.services().users_of(&revisions(candidates.iter().map(|it| &it.retirement))).await {
        Ok(users) => Ok(users),
        Err(error) if error.kind == ErrorKind::Retry => {
            decisions.push(failed(driver.decision(None), &error));
            return Ok(decisions);
        }
        Err(error) => Err(error),
    };
    let mut deregistered = Vec::new();
    for candidate in candidates {
        let head = candidate.record.head.clone();
        match driver.looked(candidate, &users).await {
            Ok(Looked::Deregistered(claimed)) => deregistered.push(*claimed),
            Ok(Looked::Delayed { users, error }) => decisions.extend(driver.delayed(&head, &users, error)),
            Ok(Looked::NotNow) => {}
            Err(halt) => decisions.extend(driver.ended(&head, Err(halt))),
        }
    }
    decisions.extend(driver.verified(deregistered).await);
    Ok(decisions)
}

struct RetirementDriver<'p, 'o, P> {
    ports: &'p P,
    order: &'p BackoutOrder<'o>,
    started: Timestamp,
}

/// A record whose retirement is due.
struct Candidate {
    record: Record,
    retirement: Retirement,
    /// Whether an earlier worker has deregistered the corrected revision, but has not recorded this.
    deregistered: bool,
    /// Why Logweir must not deregister the revision, although the record lists it as registered by Logweir.
    refusal: Option<String>,
}

/// The result of a search for users of one corrected revision.
enum Looked<'p, P: Ports> {
    Deregistered(Box<Claim<'p, P>>),
    /// Logweir searches again later, because these users use the revision. If AWS refused a call, `error` is the error
    /// of this call, and Logweir keeps the revision because of the error.
    Delayed {
        users: Vec<String>,
        error: Option<PortError>,
    },
    /// A later scheduled run continues, because this was the first search that found no user, or because no slot of the
    /// registration rate limit is free.
    NotNow,
}

fn revisions<'r>(retirements: impl Iterator<Item = &'r Retirement>) -> Vec<RevisionArn> {
    retirements.map(|retirement| retirement.cause.corrected.clone()).collect()
}

impl<'p, P: Ports> RetirementDriver<'p, '_, P> {
    /// Returns the heads of the records whose time of the next search has come. Each run begins with another record, so
    /// that records that cannot be retired now, such as the records of a family on hold, do not delay the other records.
    async fn due(&self) -> Answer<Vec<Head>> {
        let now = self.started;
        let filter = Filter { retiring: true, ..Filter::all(now) };
        let mut heads = self.ports.journal().list(&filter, usize::MAX).await?.readable;
        let next = |head: &Head| head.retirement.as_ref().map(|retirement| retirement.next);
        heads.retain(|head| next(head).is_some_and(|next| next <= now) && !head.is_held(now));
        begin_elsewhere(&mut heads, &self.order.worker);
        heads.truncate(MOST);
        Ok(heads)
    }

    /// Reads a record whose retirement may be due. Returns `None` if Logweir does not search for users now.
    async fn candidate(&self, head: &Head) -> Result<Option<Candidate>, Halt> {
        let (journal, now) = (self.ports.journal(), self.started);
        let Some(record) = journal.read(&head.source).await? else { return Ok(None) };
        let due = record.head.is_retiring() && !record.head.is_held(now);
        let Some(retirement) = record.head.retirement.clone().filter(|it| due && it.next <= now) else {
            return Ok(None);
        };
        record.attempt()?;
        let family = journal.read_state::<Family>(&FamilyName::of(&head.source)).await?;
        if family.and_then(|family| family.hold).is_some_and(|hold| now < hold.until) {
            return Ok(None);
        }
        let corrected = retirement.cause.corrected.clone();
        // A revision that ECS does not describe may still be ACTIVE, unless a worker has deregistered it.
        let found = read(self.ports, &corrected, registered_at(&record, &corrected)).await?;
        let is_active = found.is_active() || !found.is_inactive() && !retirement.begun;
        let own = Registrars::of(self.order.home, None, &record);
        let found = found.described().filter(|found| !own.confirm(found, &head.source));
        if !is_active && !retirement.begun {
            self.take(record, EntryKind::Vanished { corrected }).await?;
            return Ok(None);
        }
        let newest = self.ports.task_definitions().newest(&corrected.family, 1).await?;
        if is_active && retirement.due(newest.first() == Some(&corrected)) > now {
            let until = retirement.check_again(now);
            let delayed = EntryKind::RetirementDelayed { corrected, until, unused: false, users: Vec::new() };
            self.take(record, delayed).await?;
            return Ok(None);
        }
        let refusal = found.map(|found| unconfirmed(&found));
        Ok(Some(Candidate { record, retirement, deregistered: !is_active, refusal }))
    }

    /// Deregisters the corrected revision if this is the second search that finds no user. Otherwise records the time
    /// of the next search.
    async fn looked(
        &self,
        candidate: Candidate,
        users: &Result<RevisionUsers, PortError>,
    ) -> Result<Looked<'p, P>, Halt> {
        let Candidate { record, retirement, deregistered, refusal } = candidate;
        let (corrected, now) = (retirement.cause.corrected.clone(), self.started);
        if deregistered {
            if let Err(error) = users
                && is_known_to_be_unverified(&record, &corrected)
            {
                return Err(Halt::Stuck(format!("{}: {error}", unverified(&corrected))));
            }
            let claimed = self.take(record, EntryKind::Retiring { corrected }).await?;
            return Ok(Looked::Deregistered(Box::new(claimed)));
        }
        let found = match users {
            Ok(users) => self.users_and_pins(users, &corrected).await,
            Err(error) => Err(error.clone()),
        };
        let (mut users, error) = match found {
            Ok(users) => (users, None),
            Err(error) if error.kind == ErrorKind::Retry => return Err(error.into()),
            Err(error) => (vec![format!("its users could not be read: {error}")], Some(error)),
        };
        users.extend(refusal);
        if !users.is_empty() {
            self.delay(record, &retirement, retirement.look_again(now), &users).await?;
            return Ok(Looked::Delayed { users, error });
        }
        if !retirement.is_second_look(now) && !retirement.begun {
            self.delay(record, &retirement, retirement.second_look(now), &users).await?;
            return Ok(Looked::NotNow);
        }
        let rate = retirement.cause.registers_per_second;
        if !admits(self.ports, &corrected, &self.order.worker, rate).await? {
            return Ok(Looked::NotNow);
        }
        let mut claimed = self.take(record, EntryKind::Retiring { corrected: corrected.clone() }).await?;
        match deregister(self.ports, &corrected, registered_at(&claimed.record, &corrected)).await {
            Err(error) if error.kind == ErrorKind::Retry => Err(give_up(&mut claimed, error, "").await),
            Err(error) if error.kind == ErrorKind::Refused => {
                let users = vec![format!("{} could not be deregistered: {error}", corrected.short())];
                self.delay(claimed.record, &retirement, retirement.look_again(now), &users).await?;
                Ok(Looked::Delayed { users, error: Some(error) })
            }
            _ => Ok(Looked::Deregistered(Box::new(claimed))),
        }
    }

    /// Returns the services and tasks that use the revision, and the rules and schedules that pin it.
    async fn users_and_pins(&self, users: &RevisionUsers, revision: &RevisionArn) -> Answer<Vec<String>> {
        let mut users = places(users, revision);
        users.extend(pins_of(self.ports, revision).await?);
        Ok(users)
    }

    async fn delay(
        &self,
        record: Record,
        retirement: &Retirement,
        until: Timestamp,
        users: &[String],
    ) -> Result<(), Halt> {
        let corrected = retirement.cause.corrected.clone();
        let unused = users.is_empty();
        let delayed = EntryKind::RetirementDelayed { corrected, until, unused, users: users.to_vec() };
        self.take(record, delayed).await.map(drop)
    }

    /// Searches for users once more, because a principal may have updated a service to a revision just before its
    /// deregistration. Then records the end of each retirement.
    async fn verified(&self, deregistered: Vec<Claim<'p, P>>) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if deregistered.is_empty() {
            return decisions;
        }
        let retirements = deregistered.iter().filter_map(|claimed| claimed.record.head.retirement.as_ref());
        let users = self.ports.services().users_of(&revisions(retirements)).await;
        for mut claimed in deregistered {
            let head = claimed.record.head.clone();
            let Some(retirement) = head.retirement.clone() else { continue };
            let ended = match &users {
                Ok(users) => {
                    let (corrected, users) =
                        (retirement.cause.corrected.clone(), places(users, &retirement.cause.corrected));
                    let retired = EntryKind::Retired { corrected, users: users.clone() };
                    claimed.append(retired).await.map(|()| Some(conclusion(&retirement, &users)))
                }
                Err(error) if error.kind == ErrorKind::Retry => Err(give_up(&mut claimed, error.clone(), "").await),
                Err(error) => {
                    let about = unverified(&retirement.cause.corrected);
                    Err(give_up(&mut claimed, error.clone(), &about).await)
                }
            };
            let is_stuck = matches!(ended, Err(Halt::Stuck(_)));
            let mut decision = self.ended(&head, ended);
            if let Some(decision) = decision.as_mut().filter(|_| is_stuck) {
                decision.notify.repeats = Some(false);
            }
            decisions.extend(decision);
        }
        decisions
    }

    async fn take(&self, record: Record, what: EntryKind) -> Result<Claim<'p, P>, Halt> {
        let worker = Worker { name: self.order.worker.clone(), lease: self.order.lease };
        take(self.ports.journal(), self.ports.clock(), &worker, record, what).await
    }

    fn decision(&self, head: Option<&Head>) -> Decision {
        let (home, cause) = (self.order.home, Cause::default());
        let mut report = Report::new(home, ReportMode::Retirement, TriggerKind::Resume, &cause, self.started);
        if let Some(head) = head {
            report.about(&head.source);
            let retirement = head.retirement.as_ref();
            report.corrected = retirement.map(|retirement| retirement.cause.corrected.to_string());
        }
        report.into()
    }

    /// Returns the decision about a record whose corrected revision is kept. A repeated decision sends no notification.
    fn delayed(&self, head: &Head, users: &[String], error: Option<PortError>) -> Option<Decision> {
        let mut decision = self.decision(Some(head));
        let retirement = head.retirement.as_ref()?;
        decision.notify.repeats = Some(retirement.looks_in_use > 0);
        let (source, corrected) = (head.source.short(), retirement.cause.corrected.short());
        let why = format!("{source} is no longer ACTIVE, but {corrected} is kept: {}", users.join(", "));
        let conclusion = match error {
            Some(error) => Conclusion::new(Outcome::Failed, error.reason, Some(why)),
            None => Outcome::Skipped.because(Reason::StillRunning).saying(why),
        };
        finished(self.ports, decision, Ok(Some(conclusion)), self.started)
    }

    /// Returns the decision about a record. Returns `None` if another worker has claimed the record.
    fn ended(&self, head: &Head, ended: Result<Option<Conclusion>, Halt>) -> Option<Decision> {
        let mut decision = self.decision(Some(head));
        let Some(retirement) = &head.retirement else { return finished(self.ports, decision, ended, self.started) };
        let (source, corrected) = (head.source.short(), retirement.cause.corrected.short());
        if let Ok(Some(Conclusion { outcome: Outcome::Retired, .. })) = &ended {
            let note = format!(
                "{source} is no longer ACTIVE and nothing uses {corrected}, so Logweir deregistered {corrected}"
            );
            decision.report.notes.push(note);
            if retirement.cause.deleted {
                decision.report.notes.push(purge(&head.source, &retirement.cause.corrected));
            }
        }
        finished(self.ports, decision, ended, self.started)
    }
}

/// Returns the names of the services and tasks that use the revision.
fn places(users: &RevisionUsers, revision: &RevisionArn) -> Vec<String> {
    let users = users.get(revision).into_iter().flatten();
    users.take(MOST_USERS).map(|user| user.place.to_string()).collect()
}

/// Returns why the retirement of a deregistered revision has not ended.
fn unverified(corrected: &RevisionArn) -> String {
    format!("Logweir deregistered {}, but could not search for users once more", corrected.short())
}

/// Whether an earlier worker has already reported that it may not search for users of the revision once more.
fn is_known_to_be_unverified(record: &Record, corrected: &RevisionArn) -> bool {
    let last = record.entries.last().map(|entry| &entry.what);
    matches!(last, Some(EntryKind::Released { why, .. }) if why.starts_with(&unverified(corrected)))
}

fn conclusion(retirement: &Retirement, users: &[String]) -> Conclusion {
    if users.is_empty() {
        return Outcome::Retired.because(Reason::SourceWithdrawn);
    }
    let corrected = retirement.cause.corrected.short();
    let why = format!(
        "Logweir deregistered {corrected} because its source is deregistered, and at the same time these services and \
         tasks began to use {corrected}: {}; move them to an ACTIVE revision",
        users.join(", ")
    );
    Outcome::NeedsOperator.because(Reason::StillRunning).saying(why)
}
