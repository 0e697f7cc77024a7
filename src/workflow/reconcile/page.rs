//! One page of a reconciliation: the newest revisions of at most fifty families, and the verdict on each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::family_list::Listing;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::event::{is_own, is_service_linked};
use crate::domain::limits::pages::EndlessList;
use crate::domain::limits::reconciliation::{Counts, Due, PAGE, Reconciliation, Run};
use crate::domain::outcome::{Mode, Outcome};
use crate::domain::plan::{self, Plan};
use crate::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use crate::ports::{Answer, Clock, Described, ErrorKind, Journal, LogGroups, PortError, Ports, TaskDefinitions};
use crate::workflow::family_walk::{AtOnce, Listed, endless, list, newest};
use crate::workflow::left_over::is_left_over;
use crate::workflow::order::Order;

/// The time after which a page reads no further family, so that the function has time to store the progress. The
/// function may run for 60 seconds.
const LONGEST: SignedDuration = SignedDuration::from_secs(35);

/// The number of reads after which a page reads no further family: one list, and one description for each family. ECS
/// allows all principals of an account and Region together a burst of fifty reads (source: the ECS developer guide on
/// request throttling), and further reads while the page runs.
const MOST_READS: u32 = 1 + PAGE as u32;

/// The time for which ECS certainly accepts the token of a list. AWS does not document how long a token is valid.
const TOKEN_HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// The reader of one page, with its results.
pub(super) struct Page<'p, P: Ports> {
    ports: &'p P,
    order: &'p Order<'p>,
    /// The time since which the present mode and baseline apply.
    since: Timestamp,
    began: Timestamp,
    default_mode: DefaultMode,
    /// The revisions whose log groups are not read yet.
    waiting: Vec<NewestRevision>,
    /// The families with a verdict, the families that no longer have an ACTIVE revision, and the families about which
    /// Logweir gives no verdict.
    examined: BTreeSet<String>,
    /// The families at which this page or an earlier page failed.
    failed: BTreeSet<String>,
    pub(super) counts: Counts,
    pub(super) overdue: Vec<RevisionArn>,
    /// The deregistered source revisions of newest revisions.
    pub(super) withdrawn: Vec<RevisionArn>,
    /// The number of task-definition reads, which share one request limit of ECS.
    pub(super) reads: u32,
    /// The first error of a family that Logweir could not read.
    pub(super) unread: Option<PortError>,
}

/// The newest revision of a family.
struct NewestRevision {
    described: Described,
    /// The log groups that the rules need facts about.
    log_groups: Vec<String>,
    /// The source revision, if Logweir registered this revision.
    source: Option<RevisionArn>,
    /// Whether ECS describes the source revision as deregistered.
    is_withdrawn: bool,
}

impl<'p, P: Ports> Page<'p, P> {
    pub(super) fn of(ports: &'p P, order: &'p Order<'p>, since: Timestamp) -> Self {
        Self {
            ports,
            order,
            since,
            began: ports.clock().now(),
            default_mode: DefaultMode::NotChecked,
            waiting: Vec::new(),
            examined: BTreeSet::new(),
            failed: BTreeSet::new(),
            counts: Counts::default(),
            overdue: Vec::new(),
            withdrawn: Vec::new(),
            reads: 0,
            unread: None,
        }
    }

    /// Examines the next families of `run`, and removes each examined family from `run`. Lists further families if
    /// `run` has none left. After an error, `run` still contains the families without a verdict.
    pub(super) async fn read(&mut self, run: &mut Run) -> Answer<()> {
        if run.rest.is_empty() {
            self.list(run).await?;
        }
        self.default_mode = match self.ports.task_definitions().default_mode().await {
            Ok(mode) => DefaultMode::Known(mode),
            Err(error) if error.kind == ErrorKind::Retry => return Err(error),
            Err(error) => DefaultMode::Unreadable(error.to_string()),
        };
        self.failed.clone_from(&run.failed);
        let families: Vec<String> = run.rest.iter().take(PAGE).cloned().collect();
        let described = self.describe(&families).await;
        let judged = self.judge_waiting().await;
        run.examined(&self.examined, &self.failed);
        described.and(judged)
    }

    fn calls(&self) -> AtOnce<'p, P::TaskDefinitions> {
        AtOnce(self.ports.task_definitions())
    }

    async fn list(&mut self, run: &mut Run) -> Answer<()> {
        let is_old = self.began.duration_since(run.started) > TOKEN_HOLDS;
        while run.listing != Listing::End {
            self.reads += 1;
            let before = run.listing.clone();
            match list(&self.calls(), &mut run.listing, is_old).await? {
                Listed::Page(_) if run.listing == before => {
                    return Err(endless("ListTaskDefinitionFamilies", EndlessList::SameToken));
                }
                Listed::Page(families) => {
                    let scope = &self.order.home.scope;
                    run.rest = families.into_iter().filter(|family| scope.has_family(family)).collect();
                    break;
                }
                Listed::BeginsAgain => run.begins_again(),
            }
        }
        Ok(())
    }

    /// Describes the newest revision of each family, and reads the log groups of many revisions with one call.
    async fn describe(&mut self, families: &[String]) -> Answer<()> {
        let home = self.order.home;
        for family in families {
            let is_late = self.ports.clock().now().duration_since(self.began) > LONGEST;
            if is_late || self.reads >= MOST_READS {
                break;
            }
            self.reads += 1;
            match newest(&self.calls(), family, |arn| home.has(arn)).await {
                Ok(described) => match self.newest(described).await {
                    Ok(newest) => self.waiting.push(newest),
                    Err(error) => self.fails(family, error)?,
                },
                Err(error) if error.kind == ErrorKind::Missing => _ = self.examined.insert(family.clone()),
                Err(error) => self.fails(family, error)?,
            }
            let names: BTreeSet<&String> = self.waiting.iter().flat_map(|newest| &newest.log_groups).collect();
            if names.len() >= PAGE {
                self.judge_waiting().await?;
            }
        }
        Ok(())
    }

    /// Handles the error of a read about one family. If a retry can succeed, returns the error, which ends the page.
    /// If an earlier page ended at the same family, skips the family, so that one family costs only one page.
    fn fails(&mut self, family: &str, error: PortError) -> Answer<()> {
        if error.kind == ErrorKind::Retry && self.failed.insert(family.to_owned()) {
            return Err(error);
        }
        self.examined.insert(family.to_owned());
        self.counts.unread += 1;
        self.unread.get_or_insert(error);
        Ok(())
    }

    async fn newest(&mut self, described: Described) -> Answer<NewestRevision> {
        let tags = tags_of(&described);
        let log_groups = plan::log_groups(&self.observation(&described, &tags, None), self.order.baseline);
        let log_groups = log_groups.into_keys().collect();
        let source = self.source(&described).await?;
        let is_withdrawn = match &source {
            Some(source) => self.is_withdrawn(source).await?,
            None => false,
        };
        Ok(NewestRevision { described, log_groups, source, is_withdrawn })
    }

    /// Returns the source revision of a revision that Logweir registered. Logweir reads the journal only if the tags or
    /// the registering principal suggest that Logweir registered the revision, because any principal can set the tags.
    async fn source(&mut self, described: &Described) -> Answer<Option<RevisionArn>> {
        let by = described.registered_by.as_deref();
        let is_suspected = by.is_some_and(|by| is_own(by, &self.order.home.own_roles))
            || described.tags.iter().any(|tag| tag.key == tags::SOURCE || tag.key == tags::RESTORES);
        if !is_suspected {
            return Ok(None);
        }
        self.ports.journal().source_of(&described.arn).await
    }

    /// Returns whether ECS describes a source revision as deregistered, so that the event of its deregistration may have
    /// been lost. If ECS no longer describes the source revision, only an event is evidence that it was deregistered.
    async fn is_withdrawn(&mut self, source: &RevisionArn) -> Answer<bool> {
        if self.order.mode == Mode::Observe {
            return Ok(false);
        }
        self.reads += 1;
        match self.ports.task_definitions().describe(&source.to_string()).await {
            Ok(described) => Ok(!described.is_active()),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(error) if error.kind == ErrorKind::Missing => Ok(false),
            Err(error) => {
                self.unread.get_or_insert(error);
                Ok(false)
            }
        }
    }

    async fn judge_waiting(&mut self) -> Answer<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let names: BTreeSet<String> = waiting.iter().flat_map(|newest| newest.log_groups.iter().cloned()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let found = match names.as_slice() {
            [] => BTreeMap::new(),
            names => self.ports.log_groups().look(names).await?,
        };
        for newest in waiting {
            let fact = |name: &String| (name.clone(), found.get(name).cloned().unwrap_or(LogGroup::Missing));
            let log_groups = newest.log_groups.iter().map(fact).collect();
            if let Err(error) = self.judge(&newest, &log_groups).await {
                self.fails(&newest.described.arn.family, error)?;
            }
        }
        Ok(())
    }

    /// Gives the verdict on one revision. Unlike the handling of an event, a reconciliation does not read whether a log
    /// group without a retention is empty, so it does not count a revision for such a log group.
    async fn judge(&mut self, newest: &NewestRevision, log_groups: &BTreeMap<String, LogGroup>) -> Answer<()> {
        let NewestRevision { described, source, is_withdrawn, .. } = newest;
        let tags = tags_of(described);
        let plan = plan::plan(&self.observation(described, &tags, Some(log_groups)), self.order.baseline);
        let is_readable = plan.not_checked.is_empty();
        let is_foreign = described.registered_by.as_deref().is_some_and(is_service_linked) || !described.is_active();
        let is_faulty = is_readable && !is_foreign && !plan.is_compliant();
        let due = match is_faulty && is_correctable(&plan, described) {
            true => self.due(newest, &plan, log_groups).await?,
            false => None,
        };
        self.examined.insert(described.arn.family.clone());
        self.counts.families += 1;
        self.counts.unread += u64::from(!is_readable && !is_foreign);
        self.counts.faulty += u64::from(is_faulty);
        if let (true, Some(source)) = (*is_withdrawn, source) {
            self.counts.withdrawn += 1;
            self.withdrawn.push(source.clone());
        }
        match due {
            None | Some(Due::Expected) => {}
            Some(Due::Standing) => self.counts.standing += 1,
            Some(Due::Overdue) => {
                self.counts.overdue += 1;
                self.overdue.push(described.arn.clone());
            }
        }
        Ok(())
    }

    /// Returns what to do about a faulty revision. Returns `None` if Logweir has corrected the revision before, if the
    /// correction was backed out, or if the correction is unfinished.
    async fn due(
        &self,
        newest: &NewestRevision,
        plan: &Plan,
        log_groups: &BTreeMap<String, LogGroup>,
    ) -> Answer<Option<Due>> {
        let NewestRevision { described, source, .. } = newest;
        let due = Reconciliation::due(self.order.mode, self.since, described.registered_at, self.ports.clock().now());
        if due == Due::Expected {
            return Ok(Some(due));
        }
        let record = self.ports.journal().read(source.as_ref().unwrap_or(&described.arn)).await?;
        let Some(record) = record else { return Ok(Some(due).filter(|_| source.is_none())) };
        let head = &record.head;
        if head.suppressed {
            return Ok(None);
        }
        // A container has created its own log group since the correction, which had to leave the container unchanged.
        let is_left_over =
            |record| is_left_over(record, self.order.baseline, &described.arn, &described.definition, &plan.edits);
        let record = match (is_left_over(&record), source) {
            (true, None) => return Ok(Some(due)),
            // The correction of the corrected revision has its own record.
            (true, Some(_)) => match self.ports.journal().read(&described.arn).await? {
                None => return Ok(Some(due)),
                Some(own) if own.head.suppressed => return Ok(None),
                Some(own) if is_left_over(&own) => return Ok(Some(due)),
                Some(own) => own,
            },
            // The baseline has changed since Logweir registered the revision.
            (false, Some(_)) => return Ok(Some(Due::Standing)),
            (false, None) => record,
        };
        let head = &record.head;
        let exists = |group: &str| matches!(log_groups.get(group), Some(LogGroup::Exists { .. }));
        Ok(match head.closing.as_ref().filter(|_| !head.open).map(|closing| closing.outcome) {
            // The newer revision was deregistered, so this revision is its family's newest again.
            Some(Outcome::Superseded) => Some(due),
            Some(Outcome::Remediated) | None => None,
            // Logweir could not create the log group, and a container or another principal has created it since.
            Some(_) if record.group_not_created().is_some_and(exists) => Some(due),
            Some(_) => Some(Due::Standing),
        })
    }

    fn observation<'o>(
        &self,
        described: &'o Described,
        tags: &'o [(String, String)],
        log_groups: Option<&'o BTreeMap<String, LogGroup>>,
    ) -> Observation<'o> {
        Observation {
            definition: &described.definition,
            account: Some(&described.arn.account),
            region: Some(&described.arn.region),
            tags,
            default_mode: self.default_mode.clone(),
            log_groups,
            template: None,
            now: self.ports.clock().now(),
        }
    }
}

fn tags_of(described: &Described) -> Vec<(String, String)> {
    described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// Whether the remediator function would correct a revision with this plan.
fn is_correctable(plan: &Plan, described: &Described) -> bool {
    let is_privileged = !plan.edits.is_empty() && described.definition.is_privileged();
    plan.changes_something() && plan.refusal.is_none() && !is_privileged
}
