//! The migration of one source revision: Logweir registers the document that an operator planned as a new revision, and
//! updates no service. Only a command begins a migration and finishes it, because a record does not contain the document.

use jiff::Timestamp;

use super::correct::{StepDriver, overtaken};
use super::decide::look_up;
use super::lag::described_after;
use super::lease::{Claim, ClaimState, Halt, Worker, open, take};
use super::order::Order;
use super::own_registration::{NEWEST, Registrars, migration_tags};
use super::reporting::{end, fresh, timed};
use super::summary::tell;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::event::{Cause, RevisionRef};
use crate::domain::limits::family::{Family, FamilyName, Stopped};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, ReportMode};
use crate::domain::record::{EntryKind, Head, Opening, Record, RecordKind, Step};
use crate::domain::report::{Decision, FollowUp};
use crate::ports::{Answer, Clock, Described, Filter, Journal, Ports, TaskDefinitions};

/// Registers `document` as a migrated revision of `source`, or finishes the registration that an earlier run of the same
/// command began. This function returns no error, because the report of the decision contains every error.
pub async fn migrate<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &RevisionArn,
    document: &TaskDefinition,
    cause: Cause,
) -> Decision {
    let started = ports.clock().now();
    let mut decision = begun(order, &cause, started);
    let found = look_up(ports, order.home, RevisionRef::Revision(source.clone()), &mut decision.report).await;
    let decision = match found {
        Err(undecided) => undecided.end(decision),
        Ok(source) => {
            let migration = Migration { ports, order, source: &source, document, digest: document.digest() };
            let ended = migration.run(&mut decision, cause).await;
            end(decision, ended.map(Some))
        }
    };
    timed(ports, decision, started)
}

/// Returns the decision about a migration that does not begin, because its guards outside the workflow refuse it.
pub fn refused_migration<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    source: &RevisionArn,
    cause: &Cause,
    why: Conclusion,
) -> Decision {
    let started = ports.clock().now();
    let mut decision = begun(order, cause, started);
    decision.report.about(source);
    timed(ports, decision.ends(why), started)
}

fn begun(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Decision {
    let mut decision = fresh(order, cause, now);
    decision.report.mode = ReportMode::Migration;
    decision
}

/// Returns the source revision of an unfinished migration of the family, which the same command has to finish first. The
/// newest revision of the family may be the revision that the unfinished migration registered.
pub async fn unfinished_migration<P: Ports>(ports: &P, family: &FamilyName) -> Answer<Option<RevisionArn>> {
    let filter = Filter { open: true, ..Filter::all(ports.clock().now()) };
    let heads = ports.journal().list(&filter, usize::MAX).await?.readable.into_iter();
    let is_unfinished = |head: &Head| {
        head.kind == RecordKind::Migration && head.open && !head.backing_out && FamilyName::of(&head.source) == *family
    };
    Ok(heads.filter(is_unfinished).map(|head| head.source).max_by_key(|source| source.revision))
}

struct Migration<'m, 'o, P> {
    ports: &'m P,
    order: &'m Order<'o>,
    source: &'m Described,
    document: &'m TaskDefinition,
    digest: String,
}

impl<P: Ports> Migration<'_, '_, P> {
    async fn run(&self, decision: &mut Decision, cause: Cause) -> Result<Conclusion, Halt> {
        let (journal, clock) = (self.ports.journal(), self.ports.clock());
        let name = self.source.arn.short();
        let worker = Worker { name: self.order.worker.clone(), lease: self.order.lease };
        let standing = journal.read_record(&RecordKind::Migration.of(&self.source.arn)).await?;
        let mut claimed = match ClaimState::to(standing, true, clock.now()) {
            ClaimState::Held => {
                decision.next = FollowUp::Retry;
                return Ok(Outcome::Skipped.because(Reason::Locked));
            }
            ClaimState::BackingOut(_) => {
                let why = format!("the backout of an earlier migration of {name} is unfinished; it has to end first");
                return Ok(Outcome::Refused.because(Reason::BackedOutBefore).saying(why));
            }
            ClaimState::GoOn(record) if !self.is_of(&record) => {
                let why = format!(
                    "an earlier migration of {name} with another document is unfinished: run the earlier command again, or \
                     undo it with `logweir backout {name}`"
                );
                return Ok(Outcome::Refused.because(Reason::Duplicate).saying(why));
            }
            ClaimState::GoOn(record) => {
                let resumes = Registrars::resumes(self.order.home, self.order.registrar);
                take(journal, clock, &worker, record, resumes).await?
            }
            ClaimState::Finished(..) => return Ok(Outcome::Skipped.because(Reason::Duplicate)),
            state @ (ClaimState::New | ClaimState::Again(_)) => {
                if let ClaimState::Again(record) = &state
                    && let Some(migrated) = self.in_place(record).await?
                {
                    decision.report.migrated = Some(migrated.to_string());
                    let why = format!("{name} was migrated before; the migrated revision is {}", migrated.short());
                    return Ok(Outcome::Skipped.because(Reason::Duplicate).saying(why));
                }
                if let Some(refused) = self.refusal().await? {
                    return Ok(refused);
                }
                let opening = self.opening(cause);
                match state {
                    ClaimState::Again(record) => {
                        take(journal, clock, &worker, record, EntryKind::Opened(Box::new(opening))).await?
                    }
                    _ => open(journal, clock, &worker, opening).await?,
                }
            }
        };
        self.drive(decision, &mut claimed).await
    }

    /// Registers and verifies the migrated revision of a claimed record, and adds the result to the report.
    async fn drive(&self, decision: &mut Decision, claimed: &mut Claim<'_, P>) -> Result<Conclusion, Halt> {
        let own = Registrars::of(self.order.home, self.order.registrar, &claimed.record);
        let driver = StepDriver::migrating(self.ports, self.source, own, self.document);
        let driven = driver.to_the_end(claimed).await;
        decision.notify.repeats = Some(claimed.record.repeats());
        let why = tell(&mut decision.report, &claimed.record, self.order.backout);
        Ok(Conclusion { why, ..driven? })
    }

    /// Whether the newest attempt of the record registers the same document.
    fn is_of(&self, record: &Record) -> bool {
        let attempt = record.attempt().ok().flatten();
        attempt.is_some_and(|attempt| attempt.opening.steps.iter().any(|step| *step == self.step()))
    }

    fn step(&self) -> Step {
        Step::Migrate { digest: self.digest.clone() }
    }

    /// Returns the migrated revision of an earlier migration, if this revision is still ACTIVE.
    async fn in_place(&self, record: &Record) -> Answer<Option<RevisionArn>> {
        let Some(migrated) = &record.head.corrected else { return Ok(None) };
        let registered = record.registered_at(migrated).unwrap_or_default();
        let found = described_after(self.ports, migrated, registered).await?;
        Ok(found.filter(Described::is_active).map(|found| found.arn))
    }

    /// Returns why Logweir does not begin the migration.
    async fn refusal(&self) -> Answer<Option<Conclusion>> {
        let source = &self.source.arn;
        let newest = self.ports.task_definitions().newest(&source.family, NEWEST).await?;
        let own = Registrars::own(self.order.home, self.order.registrar);
        if let Some(why) = overtaken(self.ports, &own, self.source, &newest).await? {
            return Ok(Some(Outcome::Superseded.because(Reason::NotLatest).saying(why)));
        }
        let family = self.ports.journal().read_state::<Family>(&FamilyName::of(source)).await?;
        if let Some(stopped) = family.and_then(|family| family.stopped(self.ports.clock().now())) {
            let reason = match stopped {
                Stopped::Held(_) => Reason::OnHold,
                Stopped::FuseOpen(_) => Reason::FuseOpen,
            };
            return Ok(Some(Outcome::Refused.because(reason).saying(stopped.to_string())));
        }
        // Only by its tags does a worker find the migrated revision after a lost response.
        let own = migration_tags(source, &self.digest);
        let carried = tags::carried(&self.source.tags, &own);
        Ok((!own.iter().all(|tag| carried.contains(tag))).then(|| {
            let why = format!("{} has no room for Logweir's {} tags; remove tags from it", source.short(), own.len());
            Outcome::Refused.because(Reason::TooLarge).saying(why)
        }))
    }

    fn opening(&self, cause: Cause) -> Opening {
        Opening {
            source: self.source.arn.clone(),
            mode: Mode::Register,
            trigger: self.order.origin.kind(),
            baseline_digest: self.order.baseline.digest().into(),
            rules: Vec::new(),
            cause,
            steps: vec![self.step()],
            function: None,
            registrars: Registrars::registrars(self.order.home, self.order.registrar),
        }
    }
}
