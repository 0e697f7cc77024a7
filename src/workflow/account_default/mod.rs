//! Sets the account's default of `defaultLogDriverMode` for an operator, and backs that out. Only the command line has
//! this use case, so no function can change the setting.

mod backout;
mod report;
mod steps;

pub use backout::{back_out_account_default, preview_account_default};

use jiff::Timestamp;

use super::lease::Halt;
use super::order::{Order, Origin};
use super::reporting::{end, fresh, timed};
use crate::domain::account_default::WANTED;
use crate::domain::ecs::default_log_mode::{DefaultLogMode, SettingName};
use crate::domain::event::{Cause, Home};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, ReportMode};
use crate::domain::record::{SettingEntryKind, SettingOpening, SettingRecord, WholeRecord};
use crate::domain::report::Decision;
use crate::ports::{AccountSettings, Clock, ErrorKind, Journal, PortError, Ports};
use crate::workflow::whole_claim::WholeClaim;
use steps::SettingDriver;

type SettingClaim<'p, P> = WholeClaim<'p, P, SettingRecord>;

/// Sets the account's default to `non-blocking`. Under [`Mode::Observe`], only reports what it would set. The caller
/// has checked that the baseline allows it. This function returns no error, because the report of the decision contains
/// every error.
pub async fn set_account_default<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    order: &Order<'_>,
    cause: Cause,
) -> Decision {
    let started = ports.clock().now();
    let mut decision = fresh(order, &cause, started);
    let name = named(order.home);
    decision.report.mode = if order.mode == Mode::Observe { ReportMode::Observe } else { ReportMode::Correct };
    decision.report.about_setting(&name);
    let ended = run(ports, settings, order, &mut decision, &name, cause).await;
    timed(ports, end(decision, ended.map(Some)), started)
}

fn named(home: &Home) -> SettingName {
    SettingName { account: home.account.clone(), region: home.region.clone() }
}

async fn run<P: Ports>(
    ports: &P,
    settings: &impl AccountSettings,
    order: &Order<'_>,
    decision: &mut Decision,
    name: &SettingName,
    cause: Cause,
) -> Result<Conclusion, Halt> {
    let now = ports.clock().now();
    let standing = ports.journal().read_state::<SettingRecord>(name).await?;
    let driver = SettingDriver { ports, settings };
    if let Some(record) = standing.as_ref().filter(|record| record.is_open()) {
        return unfinished(&driver, order, decision, record, now).await;
    }
    let found = read(settings).await?;
    if found.value == Some(WANTED) {
        return Ok(Outcome::Compliant.into());
    }
    report::planned(&mut decision.report, &found);
    if order.mode == Mode::Observe {
        return Ok(Outcome::Observed.into());
    }
    let record = standing.unwrap_or_else(|| SettingRecord::new(name.clone(), now));
    if record.is_suppressed() && order.origin != (Origin::Apply { again: true }) {
        report::not_changed(&mut decision.report);
        let at = record.at;
        let why = format!("the setting was backed out at {at:.0}; `--force` sets it again");
        return Ok(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why));
    }
    let opening =
        SettingOpening { baseline_digest: order.baseline.digest().into(), cause, before: found.value, after: WANTED };
    let opened = SettingEntryKind::Opened(Box::new(opening));
    let claim = SettingClaim::take(ports, &order.worker, order.lease, &record, opened).await?;
    drive(&driver, order, decision, claim).await
}

/// Finishes an attempt that another worker left, unless that worker still holds the lease or the attempt is being
/// backed out.
async fn unfinished<P: Ports, S: AccountSettings>(
    driver: &SettingDriver<'_, P, S>,
    order: &Order<'_>,
    decision: &mut Decision,
    record: &SettingRecord,
    now: Timestamp,
) -> Result<Conclusion, Halt> {
    if record.is_held(now) {
        return Ok(Outcome::Skipped.because(Reason::Locked));
    }
    if record.is_suppressed() {
        let why = "a backout of the setting is unfinished; `logweir backout account-default` finishes it";
        return Ok(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why));
    }
    if order.mode == Mode::Observe {
        return Ok(Outcome::Observed.into());
    }
    let (worker, resumed) = (&order.worker, SettingEntryKind::Resumed);
    let claim = SettingClaim::take(driver.ports, worker, order.lease, record, resumed).await?;
    drive(driver, order, decision, claim).await
}

async fn drive<P: Ports, S: AccountSettings>(
    driver: &SettingDriver<'_, P, S>,
    order: &Order<'_>,
    decision: &mut Decision,
    mut claim: SettingClaim<'_, P>,
) -> Result<Conclusion, Halt> {
    let driven = driver.to_the_end(&mut claim).await;
    let why = report::tell(&mut decision.report, &claim.record, order.backout);
    Ok(Conclusion { why, ..driven? })
}

/// Reads the setting. Returns an error if a value of the caller hides the account's default, because Logweir could then
/// neither see the former value nor check the new one.
async fn read(settings: &impl AccountSettings) -> Result<DefaultLogMode, PortError> {
    let found = settings.default_log_mode().await?;
    if found.hides_the_default() {
        let message =
            "the caller has a value of its own, which hides the account's default; use a principal without one, \
                       or delete the value of the caller with ecs:DeleteAccountSetting"
                .to_owned();
        let (kind, reason) = (ErrorKind::Refused, Some(Reason::SettingHidden));
        return Err(PortError { kind, call: "ListAccountSettings", message, reason });
    }
    Ok(found)
}
