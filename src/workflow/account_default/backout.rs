//! The backout of an account setting: Logweir sets the former value, unless another principal has changed the value
//! since. If the account had no value, Logweir sets the default of ECS explicitly.

use jiff::Timestamp;

use super::SettingClaim;
use super::steps::{PUT, closing};
use super::{named, read, report};
use crate::domain::ecs::default_log_mode::{SERVICE_DEFAULT, SettingName};
use crate::domain::ecs::lag::may_lag;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{SettingEffect, SettingEntryKind, SettingNext, SettingRecord, WholeRecord};
use crate::domain::report::{Decision, Report};
use crate::ports::{AccountSettings, Clock, ErrorKind, Journal, PortError, Ports};
use crate::workflow::backout::BackoutOrder;
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;
use crate::workflow::reporting::{end, failed, timed};
use crate::workflow::request_text::bounded;

/// Sets the value that the setting had before Logweir set it. This function returns no error, because the report of the
/// decision contains every error.
pub async fn back_out_account_default<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    order: &BackoutOrder<'_>,
    name: &SettingName,
) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, name, started).await {
        Ok((decision, record)) => back_out(ports, settings, order, decision, record).await,
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

/// Reports what [`back_out_account_default`] would undo. Writes nothing.
pub async fn preview_account_default<P: Ports>(ports: &P, order: &BackoutOrder<'_>, name: &SettingName) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, name, started).await {
        Ok((mut decision, record)) => {
            report::would_undo(&mut decision.report, &record);
            decision.ends(Outcome::Observed)
        }
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

async fn found<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    name: &SettingName,
    now: Timestamp,
) -> Result<(Decision, SettingRecord), Box<Decision>> {
    let cause = Cause { actor: bounded(order.ask.requested_by.as_ref()), ..Cause::default() };
    let mut report = Report::new(order.home, ReportMode::Backout, TriggerKind::Backout, &cause, now);
    report.about_setting(name);
    let decision = Decision::from(report);
    let own = named(order.home);
    if *name != own {
        let reason = if name.account == own.account { Reason::ForeignRegion } else { Reason::ForeignAccount };
        let why = format!("the record is {name}, but the current account and Region have the record {own}");
        return Err(Box::new(decision.ends(Outcome::Refused.because(reason).saying(why))));
    }
    match ports.journal().read_state::<SettingRecord>(name).await {
        Err(error) => Err(Box::new(failed(decision, &error))),
        Ok(None) => {
            let why = format!("the journal has no record of {name}");
            Err(Box::new(decision.ends(Outcome::Failed.because(Reason::NoRecord).saying(why))))
        }
        Ok(Some(record)) => Ok((decision, record)),
    }
}

async fn back_out<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    order: &BackoutOrder<'_>,
    mut decision: Decision,
    record: SettingRecord,
) -> Decision {
    if record.is_held(ports.clock().now()) {
        let why = "another worker holds the lease on this record";
        return decision.ends_for_now(Outcome::Skipped.because(Reason::Locked).saying(why));
    }
    if !record.is_open() && record.is_suppressed() && record.effect().is_none() {
        let _ = report::tell(&mut decision.report, &record, order.backout);
        decision.report.notes.push(format!("the record was backed out before, at {:.0}", record.at));
        return decision.ends(Outcome::BackedOut.because(Reason::Duplicate));
    }
    let (reason, requested_by) = (bounded(order.ask.reason.as_ref()), bounded(order.ask.requested_by.as_ref()));
    let asked = SettingEntryKind::BackoutRequested { reason, requested_by };
    let ended = match SettingClaim::take(ports, &order.worker, order.lease, &record, asked).await {
        Ok(mut claim) => {
            let driven = to_the_end(ports, settings, &mut claim).await;
            let why = report::tell(&mut decision.report, &claim.record, order.backout);
            driven.map(|conclusion| Conclusion { why, ..conclusion })
        }
        Err(halt) => Err(halt),
    };
    end(decision, ended.map(Some))
}

async fn to_the_end<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    claim: &mut SettingClaim<'_, P>,
) -> Result<Conclusion, Halt> {
    loop {
        let record = claim.record.clone();
        let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
        match attempt.next() {
            SettingNext::Finished(closing) => return Ok(closing.clone()),
            SettingNext::Close => claim.append(SettingEntryKind::Closed(closing(&attempt))).await?,
            SettingNext::Take(_) => return Err(Halt::LeaseLost),
            SettingNext::Undo(started) => {
                let what = match undo(ports, settings, claim, &record, started).await {
                    Ok(what) => what,
                    Err(Halt::Port(error)) if error.kind != ErrorKind::Retry => {
                        let (why, reason) = (error.to_string(), error.reason);
                        SettingEntryKind::Kept { why, open: true, reason }
                    }
                    Err(Halt::Port(error)) => return Err(claim.give_up(error).await),
                    Err(halt) => return Err(halt),
                };
                claim.append(what).await?;
            }
        }
    }
}

/// Sets the former value, and returns the entry about the result.
async fn undo<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    claim: &mut SettingClaim<'_, P>,
    record: &SettingRecord,
    started: bool,
) -> Result<SettingEntryKind, Halt> {
    let kept = |why: &str, reason| SettingEntryKind::Kept { why: why.to_owned(), open: false, reason };
    let Some(effect) = record.effect() else {
        return Ok(kept("Logweir did not change the setting", None));
    };
    let former = effect.before.unwrap_or(SERVICE_DEFAULT);
    let now = read(settings).await?.value;
    if now != Some(effect.after) {
        let looks_like_before = now == effect.before;
        return if looks_like_before && may_hide_the_change(ports, record) {
            Err(Halt::Port(not_visible_to(PUT, "ECS may not show Logweir's value yet; try again in ten minutes")))
        } else if started && now == Some(former) {
            Ok(SettingEntryKind::Undone)
        } else if looks_like_before {
            Ok(kept(untouched(&effect), None))
        } else {
            let why = "another principal has since changed defaultLogDriverMode; Logweir keeps its value";
            Ok(kept(why, Some(Reason::SettingChanged)))
        };
    }
    claim.append(SettingEntryKind::Undoing).await?;
    if former == effect.after {
        // The default of ECS is in place already, and nothing removes an explicit value of the account.
        return Ok(SettingEntryKind::Undone);
    }
    // Nothing but this read comes right before the write.
    if read(settings).await?.value != now {
        let message = "another principal changed defaultLogDriverMode while Logweir set the former value; try again";
        let (kind, reason) = (ErrorKind::Retry, Some(Reason::SettingChanged));
        return Err(Halt::Port(PortError { kind, call: PUT, message: message.to_owned(), reason }));
    }
    let answer = settings.set_default_log_mode(former).await?;
    if answer != former {
        let why = format!("ECS answers `{}` to the value `{}`", answer.mode(), former.mode());
        return Ok(SettingEntryKind::Kept { why, open: true, reason: Some(Reason::Unreadable) });
    }
    Ok(SettingEntryKind::Undone)
}

/// Whether the change is so recent that ECS may not show it yet. A setting that then looks like before may be neither
/// restored nor untouched.
fn may_hide_the_change<P: Ports>(ports: &P, record: &SettingRecord) -> bool {
    may_lag(record.set_at().unwrap_or(record.at), ports.clock().now())
}

/// Returns why a setting that shows the value from before Logweir's change stays.
fn untouched(effect: &SettingEffect) -> &'static str {
    match effect.is_certain {
        true => "another principal has set the former value of defaultLogDriverMode",
        false => "ECS did not carry out the change of defaultLogDriverMode",
    }
}
