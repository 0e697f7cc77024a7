//! The preview of a backout: the effects that a backout would undo, and whether it would restore the source revision.

use super::pinned::kept;
use super::remaining::requested;
use super::restore::newer;
use super::{BackoutOrder, again, is_backed_out};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Outcome;
use crate::domain::record::{Effects, Record, RecordKind, Undo};
use crate::domain::report::{Decision, LogGroupAction, LogGroupReport, Report};
use crate::ports::{Answer, ErrorKind, Ports, Services};
use crate::workflow::pins::pins_of;
use crate::workflow::registration_state::{Registration, read, registered_at};
use crate::workflow::reporting::failed;
use crate::workflow::summary::kept_group;

pub(super) async fn previewed<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    mut decision: Decision,
    record: &Record,
) -> Decision {
    let left = match requested(ports, &order.ask, record).await {
        Ok(left) if is_backed_out(record, &left) => return again(decision, record, order.backout),
        Ok(left) => left,
        Err(error) => return failed(decision, &error),
    };
    let effects = Effects::of(record);
    let report = &mut decision.report;
    report.log_groups = effects.made.iter().map(|group| kept_group(group)).collect();
    for undo in &left {
        if let Err(error) = names(ports, order, record, report, undo).await {
            return failed(decision, &error);
        }
    }
    match restored(ports, order, record, &left).await {
        Ok(note) => report.notes.extend(note),
        Err(error) => return failed(decision, &error),
    }
    if let Some(until) = order.ask.hold_until {
        report.notes.push(format!("family {} would be on hold until {until:.0}", record.head.source.family));
    }
    if effects.possible.is_some() {
        let note =
            "the response to RegisterTaskDefinition was lost: the backout would search for the registered revision";
        report.notes.push(note.into());
    }
    report.backout = Some(order.backout.command(record.head.named_by()));
    decision.ends(Outcome::Observed)
}

/// Adds an undo step to the report.
async fn names<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    record: &Record,
    report: &mut Report,
    undo: &Undo,
) -> Answer<()> {
    match undo {
        Undo::Deregister { corrected, .. } => {
            match record.head.kind {
                RecordKind::Correction => report.corrected = Some(corrected.to_string()),
                RecordKind::Migration => report.migrated = Some(corrected.to_string()),
            }
            let (name, found) = (corrected.short(), read(ports, corrected, registered_at(record, corrected)).await?);
            let is_inactive = found.is_inactive();
            report.notes.push(match found {
                Registration::Inactive(_) => format!("{name} is not ACTIVE any more"),
                Registration::Active(_) | Registration::Unknown => {
                    format!("{name} would be deregistered, unless a service or task uses it")
                }
            });
            if !is_inactive {
                report.notes.push(unseen(&name));
            }
            let pins = if order.ask.ignore_pins { Vec::new() } else { pins_of(ports, corrected).await? };
            if !pins.is_empty() {
                report.notes.push(kept(corrected, &pins));
            }
        }
        Undo::RollBackService { service, from, to, .. } => report.notes.push(format!(
            "service {} would be rolled back to {}, if the service still runs {}",
            service.short(),
            from.short(),
            to.short()
        )),
        Undo::RestoreRetention { name, old, .. } => report.log_groups.push(LogGroupReport {
            name: name.clone(),
            action: LogGroupAction::RestoreRetention,
            retention_days: *old,
        }),
    }
    Ok(())
}

/// Returns the note about the consumers of the revision `name` that Logweir cannot see.
fn unseen(name: &str) -> String {
    format!(
        "Logweir cannot see every consumer of {name}: a state machine, a pipeline or a script may name {name} in \
         RunTask or StartTask and run no task now, and the event of a rule or schedule may not have reached the stack"
    )
}

/// Returns whether the backout would restore the source revision, and why, in words. Returns `None` if the source
/// revision is ACTIVE, or if the record has no corrected revision from which Logweir could restore it.
async fn restored<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    record: &Record,
    left: &[Undo],
) -> Answer<Option<String>> {
    let source = &record.head.source;
    let Some((corrected, _)) = left.iter().find_map(Undo::origin) else { return Ok(None) };
    if read(ports, source, Some(record.head.opened_at)).await?.is_active() {
        return Ok(order.ask.restore_source.then(|| {
            format!(
                "ECS shows {} as ACTIVE: the backout would wait ten minutes for a late deregistration, and then \
                 restore nothing",
                source.short()
            )
        }));
    }
    let gone = format!("{} is not ACTIVE any more", source.short());
    let (name, standing) = (source.short(), Effects::of(record).restored);
    let from = match needing(ports, source, left).await? {
        Some((service, from)) => {
            if let Some(standing) = standing {
                return Ok(Some(format!(
                    "{gone}: service {service} would run the restored revision {}",
                    standing.short()
                )));
            }
            let why = format!(
                "{gone}: the backout would restore {name} from {}, because service {service} needs {name}",
                from.short()
            );
            (from, why)
        }
        None if !order.ask.restore_source => {
            return Ok(Some(format!(
                "{gone}: the backout would not restore {name}, because no service needs {name} (--restore-source restores it \
                 anyway)"
            )));
        }
        None if standing.is_some() => return Ok(None),
        None => (corrected, format!("{gone}: the backout would restore {name} from {}", corrected.short())),
    };
    let (from, why) = from;
    if !order.ask.restore_over_newer
        && let Some(newer) = newer(ports, record, from).await?
    {
        return Ok(Some(format!(
            "{gone}: the backout would not restore {name}, because {} is newer than {} (--restore-over-newer restores it \
             anyway)",
            newer.short(),
            from.short()
        )));
    }
    Ok(Some(why))
}

/// Returns the first service that still runs the corrected revision and would be rolled back to the source revision,
/// with that corrected revision.
async fn needing<'u, P: Ports>(
    ports: &P,
    source: &RevisionArn,
    left: &'u [Undo],
) -> Answer<Option<(String, &'u RevisionArn)>> {
    for undo in left {
        let Undo::RollBackService { service, from, to, .. } = undo else { continue };
        if from != source {
            continue;
        }
        match ports.services().service(service).await {
            Ok(found) if found.revision == *to => return Ok(Some((service.short(), to))),
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::Missing => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
