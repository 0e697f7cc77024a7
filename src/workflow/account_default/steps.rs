//! Sets the value of a claimed record. Logweir writes an entry to the journal before the call, and another entry after
//! the call, so a worker that takes over a record continues where the previous worker stopped.

use super::SettingClaim;
use super::read;
use crate::domain::baseline::Delivery;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{SettingAttempt, SettingEntryKind, SettingNext};
use crate::ports::{AccountSettings, ErrorKind, PortError, Ports};
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;

pub(super) const PUT: &str = "PutAccountSettingDefault";

pub(super) struct SettingDriver<'p, P, S> {
    pub(super) ports: &'p P,
    pub(super) settings: &'p S,
}

impl<P: Ports, S: AccountSettings> SettingDriver<'_, P, S> {
    /// Sets the value of the record, and returns the conclusion of the attempt.
    pub(super) async fn to_the_end(&self, claim: &mut SettingClaim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let record = claim.record.clone();
            let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
            match attempt.next() {
                SettingNext::Finished(closing) => return Ok(closing.clone()),
                SettingNext::Close => claim.append(SettingEntryKind::Closed(closing(&attempt))).await?,
                SettingNext::Undo(_) => return Err(Halt::Stuck("the record is being backed out".into())),
                SettingNext::Take(possibly_done) => {
                    let (before, after) = (attempt.opening.before, attempt.opening.after);
                    claim.append(SettingEntryKind::Started).await?;
                    let what = match self.set(before, after, possibly_done).await {
                        Ok(()) => SettingEntryKind::Done,
                        // A refused read does not show whether an earlier call set the value.
                        Err(error) if error.kind == ErrorKind::Retry || (possibly_done && !has_changed(&error)) => {
                            return Err(claim.give_up(error).await);
                        }
                        Err(error) => {
                            let (why, reason) = (error.to_string(), error.reason);
                            SettingEntryKind::Failed { why, reason }
                        }
                    };
                    claim.append(what).await?;
                }
            }
        }
    }

    /// Sets the value if ECS still shows the value `before`, and reads it again. Nothing but the first read comes
    /// between the entry in the journal and the call.
    async fn set(&self, before: Option<Delivery>, after: Delivery, possibly_done: bool) -> Result<(), PortError> {
        let found = read(self.settings).await?.value;
        if possibly_done && found == Some(after) {
            return Ok(());
        }
        if found != before {
            return Err(changed("after Logweir read it"));
        }
        let answer = self.settings.set_default_log_mode(after).await?;
        if answer != after {
            let message = format!("ECS answers `{}` to the value `{}`", answer.mode(), after.mode());
            return Err(PortError { kind: ErrorKind::Refused, call: PUT, message, reason: Some(Reason::Unreadable) });
        }
        match read(self.settings).await.map_err(|error| PortError { kind: ErrorKind::Retry, ..error })?.value {
            shown if shown == Some(after) => Ok(()),
            shown if shown == before => {
                Err(not_visible_to(PUT, "ECS does not show the new value yet; run the command again"))
            }
            _ => Err(changed("right after Logweir")),
        }
    }
}

fn changed(when: &str) -> PortError {
    let message = format!("another principal changed defaultLogDriverMode {when}");
    PortError { kind: ErrorKind::Refused, call: PUT, message, reason: Some(Reason::SettingChanged) }
}

fn has_changed(error: &PortError) -> bool {
    error.reason == Some(Reason::SettingChanged)
}

/// Returns the conclusion of an attempt that has no work left.
pub(super) fn closing(attempt: &SettingAttempt<'_>) -> Conclusion {
    if let Some(backout) = &attempt.backout {
        return match backout.kept {
            Some((_, true, reason)) => Conclusion::new(Outcome::NeedsOperator, reason, None),
            Some(_) | None => Outcome::BackedOut.into(),
        };
    }
    match attempt.failed {
        None => Outcome::Remediated.into(),
        Some((_, reason @ Some(Reason::SettingChanged))) => Conclusion::new(Outcome::Superseded, reason, None),
        Some((_, reason)) => Conclusion::new(Outcome::Failed, reason, None),
    }
}
