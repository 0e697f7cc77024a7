//! Judges the sessions of ECS Exec in one account and Region: reads Systems Manager, the clusters, the tasks and the
//! places of the transcripts. Makes no call that changes anything, and reads no content of a transcript.

mod places;
mod reads;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::cluster::{ExecConfiguration, ExecLogging};
use crate::domain::exec::{
    Case, ClusterChange, ContainerLogs, Destination, Events, Facts, Home, Look, Outcome, Session, Setting, SsmSession,
    SsmSessions, TaskFacts, Tasks, Verdict, destination, join, judge, life, session, setting_at,
};
use crate::domain::lookup::Period;
use crate::ports::{Clusters, ExecSessions, LogGroups, TaskDefinitions, Timer};
use places::Places;
use reads::Reads;

/// The account and Region whose sessions are judged, with the ports to it.
pub struct SessionAccount<'a, E, L, S, T> {
    pub ecs: &'a E,
    pub log_groups: &'a L,
    pub sources: &'a S,
    pub timer: &'a T,
    pub home: Home,
}

/// Which sessions to judge, and how.
pub struct SessionOrder<'o> {
    /// The events of CloudTrail in the period.
    pub events: &'o Events,
    /// The period in which the sessions started.
    pub period: Period,
    pub now: Timestamp,
    /// The time after the end of a session in which its transcript may still be missing.
    pub grace: SignedDuration,
    /// Whether to keep the arguments of commands.
    pub with_commands: bool,
    /// Whether a cluster with this name is wanted. A session of an unknown cluster is always wanted.
    pub wants_cluster: &'o (dyn Fn(&str) -> bool + Sync),
}

/// The judged sessions.
#[derive(Clone, Debug, Default)]
pub struct JudgedSessions {
    /// The sessions and attempts, sorted by their start.
    pub sessions: Vec<Session>,
    /// The number of sessions that Systems Manager listed. `None` if they could not be read.
    pub listed: Option<usize>,
    /// The reads that failed, each with its reason, in sorted order.
    pub unread: Vec<String>,
}

/// Judges all sessions of the order.
pub async fn judge_sessions<E, L, S, T>(
    account: &SessionAccount<'_, E, L, S, T>,
    order: &SessionOrder<'_>,
) -> JudgedSessions
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let mut reads = Reads::new(account);
    let ssm = reads.ssm(order.period.since).await;
    let tasks = reads.tasks(order, &ssm).await;
    let mut cases = join(order.events, &ssm, &tasks, &account.home);
    cases.retain(|case| {
        let is_wanted = case.cluster.as_deref().is_none_or(order.wants_cluster);
        is_wanted && order.period.has(case.start())
    });
    let clusters = reads.clusters(&cases).await;
    let mut places = Places::default();
    let mut sessions = Vec::new();
    for case in &cases {
        let elsewhere = SsmSessions::Unread(elsewhere(case));
        let is_home = case.is_in(&account.home);
        let life = life(case, if is_home { &ssm } else { &elsewhere }, order.now);
        let destination = match is_home {
            true => of_case(&mut reads, case, order.events, &clusters, &tasks).await,
            false => Destination::Unknown(self::elsewhere(case)),
        };
        let (now, grace) = (order.now, order.grace);
        let mut facts = Facts { case, life: &life, destination: &destination, looks: &[], now, grace };
        let looks: Vec<Look> = match judge(&facts).verdict {
            Verdict::Unlogged | Verdict::Unknown => places.look(&mut reads, &destination).await,
            _ => Vec::new(),
        };
        facts.looks = &looks;
        let service = task(case, &tasks).and_then(|task| task.service.as_deref());
        sessions.push(session(&facts, service, order.with_commands));
    }
    let listed = matches!(ssm, SsmSessions::Read(_)).then(|| ssm.list().len());
    JudgedSessions { sessions, listed, unread: reads.failures() }
}

/// Returns where the transcript of one session of Systems Manager goes, by the present setting of its cluster.
pub async fn transcript_destination<E, L, S, T>(
    account: &SessionAccount<'_, E, L, S, T>,
    session: SsmSession,
) -> Destination
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let period = Period { since: session.start, until: session.start };
    let (events, ssm) = (Events::default(), SsmSessions::Read(vec![session]));
    let order = SessionOrder {
        events: &events,
        period,
        now: account.timer.now(),
        grace: SignedDuration::ZERO,
        with_commands: false,
        wants_cluster: &|_| true,
    };
    let mut reads = Reads::new(account);
    let tasks = reads.tasks(&order, &ssm).await;
    let cases = join(&events, &ssm, &tasks, &account.home);
    let clusters = reads.clusters(&cases).await;
    match cases.first() {
        Some(case) => of_case(&mut reads, case, &events, &clusters, &tasks).await,
        None => Destination::Unknown("the session has no target in a container of ECS".into()),
    }
}

fn elsewhere(case: &Case) -> String {
    format!("the session is of account {}, {}, which Logweir did not read", case.account, case.region)
}

fn task<'t>(case: &Case, tasks: &'t Tasks) -> Option<&'t TaskFacts> {
    tasks.get(&(case.cluster.clone()?, case.task.clone()?))
}

/// The configurations of clusters by name, or the reason why one is unknown.
type Configurations = BTreeMap<String, Result<ExecConfiguration, String>>;

/// Returns where the transcript of a session goes.
async fn of_case<E, L, S, T>(
    reads: &mut Reads<'_, E, L, S, T>,
    case: &Case,
    events: &Events,
    clusters: &Configurations,
    tasks: &Tasks,
) -> Destination
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let (Some(id), Some(cluster), Outcome::Succeeded) = (case.id(), &case.cluster, case.outcome()) else {
        return Destination::Unknown("the event names no session, and Logweir finds no matching session".into());
    };
    let is_of_cluster = |change: &&ClusterChange| {
        (&change.account, &change.region, &change.cluster) == (&case.account, &case.region, cluster)
    };
    let today = match clusters.get(cluster) {
        Some(Ok(exec)) => Ok(exec),
        Some(Err(why)) => Err(why.as_str()),
        None => Err("the cluster was not read"),
    };
    let setting = setting_at(case.start(), events.changes.iter().filter(is_of_cluster), today);
    let logs = match needs_container(&setting) {
        true => container_logs(reads, case, events, tasks).await,
        false => Err("the container was not read".into()),
    };
    destination(id, &setting, || logs, &case.region)
}

fn needs_container(setting: &Result<Setting, String>) -> bool {
    let logging = setting.as_ref().map(|setting| &setting.exec.logging);
    matches!(logging, Ok(ExecLogging::Unset | ExecLogging::Default))
}

/// Returns how the container of a session logs. ECS describes a stopped task for about an hour; later, only an event of
/// RunTask or StartTask tells the revision.
async fn container_logs<E, L, S, T>(
    reads: &mut Reads<'_, E, L, S, T>,
    case: &Case,
    events: &Events,
    tasks: &Tasks,
) -> Result<ContainerLogs, String>
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let of_event = || case.task.as_deref().and_then(|task| events.definition_of(task)).map(String::from);
    let definition = task(case, tasks).map(|task| task.definition.clone()).or_else(of_event);
    let definition = definition.ok_or("the task is gone, so the log group of its container is not known")?;
    let definition = reads.definition(&definition).await?;
    let mut containers = definition.containers().filter_map(|container| container.name());
    let container = match (&case.container, containers.next(), containers.next()) {
        (Some(container), ..) => container.clone(),
        (None, Some(only), None) => only.to_owned(),
        _ => return Err("the event does not name the container".into()),
    };
    ContainerLogs::of(&definition, &container)
}
