//! Handles the event of a session on a container: notifies subscribers once that the session was opened, and looks for
//! the transcript after the end of the session.
//!
//! The event of a session returns to the queue every 15 minutes until the session has ended and its transcript has had
//! the time to arrive. The journal stores the watch over the session before each notification, with a condition, so
//! duplicate events and concurrent workers lead to no second notification. If a worker stops between the write and the
//! notification, Logweir does not send this notification later. The same holds for every notification.

use super::order::Order;
use super::reporting::{failed, fresh};
use crate::domain::ecs::cluster::ExecLogging;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{Cause, Home, SessionCall};
use crate::domain::exec::transcript::TranscriptPlace;
use crate::domain::exec::watch::{NextLook, SessionName, SessionWatch};
use crate::domain::exec::{Basis, ContainerLogs, Setting, Verdict, destination};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Decision, FollowUp, SessionReport};
use crate::ports::{Answer, Clock, Clusters, CommitError, ErrorKind, Journal, Ports, TaskDefinitions, WatchedSessions};

/// Handles the event, and returns the decision about it.
pub(super) async fn watch_session<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    call: &SessionCall,
    cause: &Cause,
) -> Decision {
    let mut decision = fresh(order, cause, ports.clock().now());
    let report = SessionReport::of(call);
    decision.report.session = Some(Box::new(report.clone()));
    let session = call.id.clone().unwrap_or_else(|| format!("event {}", call.event));
    let name = SessionName { account: order.home.account.clone(), region: order.home.region.clone(), session };
    let watched = match ports.journal().read_state::<SessionWatch>(&name).await {
        Ok(None) => open(ports, order, call, name, report).await,
        Ok(Some(watch)) if call.is_bypass || watch.verdict != Verdict::Pending => return duplicate(decision),
        Ok(Some(watch)) => {
            // The age of an event that comes back says nothing about the time that events need to arrive.
            decision.report.event_age_ms = None;
            look(ports, order, call, watch, report).await
        }
        Err(error) => Err(error.into()),
    };
    match watched {
        Ok((report, reason)) => {
            let waits = report.verdict == Verdict::Pending && report.session_id.is_some();
            let next = if waits { FollowUp::Later } else { FollowUp::Nothing };
            let mut decision = Decision { next, ..decision.ends(Outcome::Reported.because(reason)) };
            decision.report.session = Some(Box::new(report));
            decision
        }
        // Another worker handles the same session, and sends its notification.
        Err(CommitError::Lost) => duplicate(decision),
        Err(CommitError::Port(error)) => failed(decision, &error),
    }
}

fn duplicate(decision: Decision) -> Decision {
    decision.ends(Outcome::Skipped.because(Reason::Duplicate))
}

/// Begins the watch over a session. Logweir names the person even if it cannot find out where the transcript will be.
async fn open<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    call: &SessionCall,
    name: SessionName,
    report: SessionReport,
) -> Result<(SessionReport, Reason), CommitError> {
    let now = ports.clock().now();
    if call.is_bypass {
        let why = "ECS Exec records no session that Systems Manager opens directly".to_owned();
        let watch = SessionWatch::new(name, TranscriptPlace::Nowhere(why.clone()), Verdict::Bypass, &order.worker, now);
        ports.journal().put_state(&watch).await?;
        return Ok((report.judged(Verdict::Bypass, why), Reason::SessionBypass));
    }
    let place = match transcript_place(ports, order.home, call).await {
        Err(error) if error.kind == ErrorKind::Retry => return Err(error.into()),
        Err(error) => TranscriptPlace::unknown(&error.to_string()),
        Ok(place) => place,
    };
    let report = report.expecting(&place);
    let verdict = if call.id.is_some() { Verdict::Pending } else { Verdict::Unknown };
    ports.journal().put_state(&SessionWatch::new(name, place, verdict, &order.worker, now)).await?;
    let report = match verdict {
        Verdict::Pending => report,
        _ => report.judged(verdict, "the event names no session, so Logweir cannot look for its transcript".into()),
    };
    Ok((report, Reason::SessionOpened))
}

/// Finds out where the transcript of a new session will be. Makes at most three AWS calls.
async fn transcript_place<P: Ports>(ports: &P, home: &Home, call: &SessionCall) -> Answer<TranscriptPlace> {
    let named = call.cluster.as_deref().and_then(|name| home.cluster(name)).map(|cluster| cluster.to_string());
    let found = ports.clusters().clusters(named.as_slice()).await?;
    let Some(found) = found.first() else { return Ok(TranscriptPlace::unknown("ECS does not describe the cluster")) };
    let exec = found.configuration.exec();
    let logs = match (&exec.logging, &call.task) {
        (ExecLogging::Unset | ExecLogging::Default, Some(task)) => {
            container_logs(ports, &named.unwrap_or_default(), task, call.container.as_deref()).await?
        }
        _ => Err("the event names no task".to_owned()),
    };
    let id = call.id.as_deref().unwrap_or_default();
    let setting = Ok(Setting { exec, basis: Basis::Event });
    Ok(destination(id, &setting, || logs, &home.region).into())
}

/// Returns how the container of a task logs, or the reason why Logweir cannot tell.
async fn container_logs<P: Ports>(
    ports: &P,
    cluster: &str,
    task: &str,
    container: Option<&str>,
) -> Answer<Result<ContainerLogs, String>> {
    let Some(facts) = ports.sessions().task(cluster, task).await? else {
        return Ok(Err("ECS does not describe the task".into()));
    };
    let Some(container) = container.or(facts.only_container()) else {
        return Ok(Err("the event does not name the container".into()));
    };
    let Ok(revision) = facts.definition.parse::<RevisionArn>() else {
        return Ok(Err("ECS names no revision of the task".into()));
    };
    let described = ports.task_definitions().describe(&revision.to_string()).await?;
    Ok(ContainerLogs::of(&described.definition, container))
}

/// Looks whether the session has ended, and then for its transcript. Makes at most three AWS calls.
async fn look<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    call: &SessionCall,
    watch: SessionWatch,
    report: SessionReport,
) -> Result<(SessionReport, Reason), CommitError> {
    let report = report.expecting(&watch.place);
    let id = call.id.as_deref().unwrap_or_default();
    let now = ports.clock().now();
    let listed = ports.sessions().session(id).await?;
    let (verdict, why) = match watch.next(listed.as_ref(), now) {
        NextLook::Wait => return Ok((report, Reason::SessionPending)),
        NextLook::End(verdict, why) => (verdict, why),
        NextLook::Group(group) => {
            let (verdict, why) = watch.judged(ports.sessions().has_transcript(&group, id).await?);
            (verdict, why.to_owned())
        }
    };
    ports.journal().put_state(&watch.ended(verdict, &order.worker, now)).await?;
    let reason = if verdict == Verdict::Unlogged { Reason::SessionUnlogged } else { Reason::SessionEnded };
    Ok((report.judged(verdict, why), reason))
}
