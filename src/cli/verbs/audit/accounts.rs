//! An audit of several accounts and Regions: each within the rate limits of its own, and all in one result.

use std::pin::pin;

use futures_util::{StreamExt, stream};

use super::{AuditArgs, Run};
use crate::cli::accounts::{AT_ONCE, NotEntered, Place, Places};
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::domain::audit::{Audit, AuditHome, CallCount, UnreadPart};
use crate::domain::event::Home;
use crate::domain::outcome::Reason;
use crate::domain::text::count;
use crate::ports::{Clock, PortError, SystemClock, Unwatched};

impl AuditArgs {
    /// Audits every account and Region that the options select, sorted by account and Region. An account that cannot be
    /// entered is a result that says so.
    pub(super) async fn audit_accounts(&self, run: &Run<'_>) -> Result<Vec<Audit>, Failure> {
        let printer = &run.context.printer;
        if self.resume.is_some() || self.cache.is_some() {
            return Err(Failure::usage("--resume and --cache name the file of one account and Region")
                .help("leave them out: the default cache has a file for each account and Region"));
        }
        if let Some(arn) = self.selection.arn() {
            return Err(Failure::usage(format!(
                "{arn} names one account and Region, and --accounts and --regions several"
            ))
            .help("name the cluster, or use --profile and --region"));
        }
        let Places { entered, not_entered, disabled } = self.accounts.enter(run.context).await?;
        if disabled > 0 {
            let regions = count(disabled as u64, "Region");
            printer.note(&format!("the audit leaves out {regions}, because the accounts have not enabled them"));
        }
        let progress = Progress::over(entered.len());
        let audit = async |Place { home, aws }: Place| (self.audit(run, &aws, &mut Unwatched).await, home);
        let mut auditing = pin!(stream::iter(entered).map(audit).buffer_unordered(AT_ONCE));
        let mut audits: Vec<Audit> = not_entered.into_iter().map(closed).collect();
        while let Some((audited, home)) = auditing.next().await {
            match audited {
                Ok((audit, mut memory)) => {
                    progress.beside(|| self.note(run, &audit, &mut memory));
                    audits.push(audit);
                }
                Err(failure) => audits.push(unaudited(home, failure)),
            }
        }
        audits.sort_by(|a, b| a.home.cmp(&b.home));
        Ok(audits)
    }
}

/// Returns the result for an account that could not be entered.
fn closed(NotEntered { home, error }: NotEntered) -> Audit {
    let mut audit = Audit::new(audit_home(home), SystemClock.now());
    let PortError { call, message, reason, .. } = error;
    let is_denied = reason == Some(Reason::AccessDenied);
    let calls = CallCount { made: 1, denied: u64::from(is_denied), throttled: 0 };
    audit.coverage.calls.insert(call, calls);
    audit.coverage.add_unread(UnreadPart { what: "the account".into(), call, message, is_denied, count: 1 });
    audit
}

/// Returns the result for an account whose audit could not begin.
fn unaudited(home: Home, failure: Failure) -> Audit {
    let mut audit = Audit::new(audit_home(home), SystemClock.now());
    let (is_denied, call) = (failure.denied.is_some(), failure.denied.unwrap_or("GetCallerIdentity"));
    let what = "the account".to_owned();
    audit.coverage.add_unread(UnreadPart { what, call, message: failure.message, is_denied, count: 1 });
    audit
}

fn audit_home(Home { partition, account, region, .. }: Home) -> AuditHome {
    AuditHome { partition, account, region }
}
