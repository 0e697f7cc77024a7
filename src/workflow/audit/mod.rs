//! The audit of one account and Region: which revisions run and which are the newest, and what faults they have. What
//! runs is judged first. An audit only reads.

mod caller;
mod earlier;
mod families;
mod in_use;
mod judging;
mod log_groups;
mod question;
mod tags;

use std::collections::{HashMap, HashSet};
use std::pin::pin;

use futures_util::future::{Either, select};
use jiff::Timestamp;

use crate::domain::audit::{
    Audit, AuditHome, AuditedRevision, Judge, Scope, Selection, SharedEvidence, Step, Text, Texts, UnreadPart,
};
use crate::domain::ecs::default_log_mode::DefaultLogMode;
use crate::domain::limits::throttle::Rate;
use crate::domain::outcome::Reason;
use crate::domain::rules::facts::DefaultMode;
use crate::ports::{AuditMemory, AuditPart, AuditProgress, AuditWatch, FleetReads, PortError, Timer};

pub use caller::Caller;
pub use in_use::{InUse, Uses};

use question::Question;

/// What an audit does.
#[derive(Clone, Copy)]
pub struct AuditOrder<'o> {
    pub home: &'o AuditHome,
    pub judge: Judge<'o>,
    pub selection: &'o Selection,
    /// Identifies the program, because another program may judge otherwise (see [`SharedEvidence::of`]).
    pub program: &'o str,
    pub rate: Rate,
}

/// Audits one account and Region. Ends early when `until` ends, and says then what is not known. No error ends an
/// audit: the coverage of the result names what could not be read.
pub async fn audit<F: FleetReads, T: Timer>(
    fleet: &F,
    timer: &T,
    order: AuditOrder<'_>,
    memory: &mut impl AuditMemory,
    watch: &mut impl AuditWatch,
    until: impl Future<Output = ()>,
) -> Audit {
    let caller = Caller::new(fleet, timer, order.rate);
    let mut walk = Walk::new(&caller, order, memory, watch);
    let is_interrupted = match select(pin!(walk.run()), pin!(until)).await {
        Either::Left(_) => false,
        Either::Right(_) => true,
    };
    walk.finish(is_interrupted)
}

/// An audit that runs.
struct Walk<'w, F, T, M, W> {
    caller: &'w Caller<'w, F, T>,
    order: AuditOrder<'w>,
    memory: &'w mut M,
    watch: &'w mut W,
    audit: Audit,
    now: Timestamp,
    evidence: SharedEvidence,
    default_mode: DefaultMode,
    texts: Texts,
    in_use: InUse,
    tags: tags::RevisionTags,
    /// The revisions whose evidence has changed since the cache kept them.
    forgotten: HashSet<(Text, u32)>,
    /// The facts about log groups that were read.
    groups: log_groups::KnownGroups,
    /// The place of each judged revision that runs. `None` for a revision that the selection does not cover.
    placed: HashMap<(Text, u32), Option<usize>>,
    /// The answers of an interrupted audit to questions.
    earlier: earlier::Earlier,
    /// The families that the selection names and the audit has not found yet.
    unfound: HashSet<Text>,
    /// The families that were listed, and the progress of the list.
    listed: families::Listed,
    progress: AuditProgress,
}

impl<'w, F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'w, F, T, M, W> {
    fn new(caller: &'w Caller<'w, F, T>, order: AuditOrder<'w>, memory: &'w mut M, watch: &'w mut W) -> Self {
        let now = caller.now();
        Self {
            caller,
            order,
            memory,
            watch,
            audit: Audit::new(order.home.clone(), now),
            now,
            evidence: SharedEvidence::of(order.judge.baseline, order.program, now),
            default_mode: DefaultMode::NotChecked,
            texts: Texts::default(),
            in_use: InUse::of(order.home.clone()),
            tags: tags::RevisionTags::default(),
            forgotten: HashSet::new(),
            groups: log_groups::KnownGroups::default(),
            placed: HashMap::new(),
            earlier: earlier::Earlier::default(),
            unfound: HashSet::new(),
            listed: families::Listed::default(),
            progress: AuditProgress::default(),
        }
    }

    async fn run(&mut self) {
        self.restore();
        let scopes = self.order.selection.scopes();
        if scopes.has(Scope::Running) || scopes.has(Scope::Stale) || self.order.selection.is_of_places() {
            self.read_in_use().await;
        }
        self.read_default_mode().await;
        if scopes.has(Scope::Running) {
            let mut running: Vec<(Text, u32)> = self.in_use.uses.keys().cloned().collect();
            running.sort();
            let questions = running.into_iter().map(|(family, revision)| Question::Revision(family, revision));
            self.judge(AuditPart::Running, Scope::Running, questions.collect()).await;
            self.note_running();
        }
        if scopes.has(Scope::Next) {
            let questions = self.newest_questions().await;
            self.judge(AuditPart::Next, Scope::Next, questions).await;
        }
        if scopes.has(Scope::Stale) {
            let questions = self.stale_questions().await;
            self.judge(AuditPart::Stale, Scope::Stale, questions).await;
        }
    }

    /// Takes over the steps of an interrupted audit.
    fn restore(&mut self) {
        let Self { in_use, earlier, listed, texts, memory, .. } = self;
        memory.earlier(&mut |step| match step {
            Step::Cluster(step) => in_use.restore(step),
            Step::Families { families, next } => listed.restore_families(families, next),
            Step::Revisions { newest, is_last } => listed.restore_revisions(newest, is_last),
            Step::Described(step) => earlier.add_foreseen(*step),
            Step::Runs { family, revision } => earlier.add_running(family, revision),
            Step::Judged(step) => earlier.add_judged(step, texts),
        });
    }

    async fn read_default_mode(&mut self) {
        self.default_mode = match self.caller.default_mode().await {
            Ok(value) => {
                let setting = DefaultLogMode { value, ..DefaultLogMode::default() };
                let mode = setting.effective();
                self.audit.default_mode = Some(setting);
                DefaultMode::Known(mode)
            }
            Err(error) => {
                self.unread("the account setting defaultLogDriverMode", &error);
                DefaultMode::Unreadable(error.to_string())
            }
        };
    }

    /// Notes a part that could not be read.
    fn unread(&mut self, what: &str, error: &PortError) {
        self.audit.coverage.add_unread(unread_part(what, error));
    }

    fn note_running(&mut self) {
        let judged = self.audit.revisions.iter();
        let faulty = judged.clone().filter(|revision| revision.compliant() == Some(false));
        let (all, faulty) = (judged.count(), faulty.count());
        self.watch.noted(&format!("what runs: {faulty} of {all} revisions have faults"));
    }

    fn progressed(&mut self) {
        let (calls, throttled) = self.caller.totals();
        let left = self.progress.known.saturating_sub(self.progress.examined);
        let (rate, left) = self.caller.pace(left);
        self.progress = AuditProgress { calls, throttled, rate, left, ..self.progress };
        self.watch.progressed(&self.progress);
    }

    fn finish(mut self, is_interrupted: bool) -> Audit {
        let coverage = &mut self.audit.coverage;
        coverage.calls = self.caller.counts();
        coverage.log_groups = self.groups.len() as u64;
        coverage.clusters = self.in_use.clusters;
        coverage.services = self.in_use.services_read;
        coverage.tasks = self.in_use.tasks_read;
        coverage.daemons = self.in_use.daemons();
        coverage.is_interrupted = is_interrupted;
        let is_running = |family: &Text| self.in_use.uses.keys().any(|(used, _)| used == family);
        let unfound = self.unfound.iter().filter(|family| !is_running(family));
        self.audit.absent.extend(unfound.map(|family| format!("family {family} has no ACTIVE revision")));
        if is_interrupted {
            coverage.not_examined = self.progress.known.saturating_sub(self.progress.examined);
        }
        self.audit.revisions.sort_unstable_by(|a, b| (&a.family, a.revision).cmp(&(&b.family, b.revision)));
        self.audit.services = std::mem::take(&mut self.in_use.services);
        self.audit.services.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
        self.audit
    }
}

/// Returns the failed read of a part.
fn unread_part(what: &str, error: &PortError) -> UnreadPart {
    UnreadPart {
        what: what.to_owned(),
        call: error.call,
        message: error.message.clone(),
        is_denied: error.reason == Some(Reason::AccessDenied),
        count: 1,
    }
}

/// Hides the findings that the audit is not asked for. Returns whether the audit covers the revision.
fn filtered(selection: &Selection, revision: &mut AuditedRevision, in_use: &InUse) -> bool {
    revision.keep_findings(|finding| selection.has_finding(finding));
    let of_services = revision.services().flat_map(|user| in_use.tags_of(&user.cluster, &user.name));
    let tags = revision.tags.iter().chain(of_services).map(|(key, value)| (&**key, &**value));
    selection.has_tags(tags)
}
