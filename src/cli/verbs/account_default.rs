//! `logweir apply --account-default`: sets the account setting `defaultLogDriverMode` once, instead of correcting each
//! revision that has no `mode`.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::families::{Patient, families};
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::domain::account_default::{Statement, UnsetModes, obstacle, owners_decision};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::event::Cause;
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::{Report, SettingAction, SettingReport, schema};
use crate::domain::rules::facts::{DefaultMode, Observation};
use crate::ports::{AccountSettings, ErrorKind};
use crate::render::Output;
use crate::workflow::{Order, Origin, newest, set_account_default};

/// The number of revisions that Logweir reads at the same time.
const AT_ONCE: usize = 3;

#[derive(Args)]
pub(in crate::cli) struct AccountDefaultArgs {
    /// Set the account setting `defaultLogDriverMode` to non-blocking, instead of correcting revisions. Asks for the
    /// number of the account
    #[arg(long, conflicts_with_all = ["all", "targets", "plan", "resume"], hide_short_help = true)]
    account_default: bool,
    /// The number of the account, as the answer to the question of --account-default
    #[arg(long, value_name = "ID", requires = "account_default", hide_short_help = true)]
    account: Option<String>,
}

/// The other options of `logweir apply` that apply to the setting.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) dry_run: bool,
    pub(super) force: bool,
    pub(super) patience: Duration,
}

impl AccountDefaultArgs {
    /// Whether the caller asks for the account setting.
    pub(super) fn is_given(&self) -> bool {
        self.account_default
    }

    pub(super) fn run(&self, context: &Context, how: How) -> VerbResult {
        if !how.dry_run && self.account.is_none() {
            let help = "add --account with the number of the account, or --dry-run";
            context.printer.can_ask("--format json cannot prompt", help)?;
        }
        wait(async {
            let placed = context.baseline().await?;
            let session = context.session(if how.dry_run { Intent::Look } else { Intent::Act }, Some(placed)).await?;
            let change = Change { context, session: &session, baseline: &placed.baseline, how };
            let (exit, report) = change.run(self.account.as_deref()).await?;
            let reports: Vec<_> = report.into_iter().collect();
            context.printer.json(|| json!({"schema": schema::APPLY, "reports": reports}));
            Ok(exit)
        })
    }
}

/// The context of the change.
struct Change<'a> {
    context: &'a Context,
    session: &'a Session,
    baseline: &'a Baseline,
    how: How,
}

impl Change<'_> {
    async fn run(&self, account: Option<&str>) -> Result<(Exit, Option<Report>), Failure> {
        let (printer, home) = (&self.context.printer, &self.session.home);
        if let Some(other) = account.filter(|account| *account != home.account) {
            return Err(Failure::usage(format!("--account is {other:?}, but this run is in account {}", home.account))
                .help("select the account with --profile"));
        }
        let statement = self.statement().await?;
        let mut planned = self.set(Mode::Observe).await;
        if let Some(why) = obstacle(self.baseline, &statement.families) {
            let unchanged = |setting| SettingReport { action: SettingAction::NotChanged, ..setting };
            let setting = planned.setting.take().map(unchanged);
            let refusal = Outcome::Refused.because(Reason::BaselineBlocks).saying(why);
            planned = Report { setting, ..planned }.ends(refusal);
        }
        printer.text(|| self.plan(&statement, &planned));
        if self.how.dry_run || planned.outcome != Outcome::Observed {
            return Ok((Exit::from(&planned), Some(planned)));
        }
        if account.is_none() {
            let question = format!("Type the number of the account whose setting changes ({}): ", home.account);
            if printer.typed(&question)? != home.account {
                printer.note("the setting was not changed");
                return Ok((Exit::Findings, None));
            }
        }
        // The question takes time, and is about the change that was planned.
        if self.set(Mode::Observe).await.setting != planned.setting {
            return Err(Failure::error("another principal changed the setting")
                .help("run the command again to see the new plan"));
        }
        let report = self.session.patiently(self.how.patience, || self.set(Mode::Register)).await;
        printer.text(|| report.text());
        Ok((Exit::from(&report), Some(report)))
    }

    async fn set(&self, mode: Mode) -> Report {
        let origin = Origin::Apply { again: self.how.force };
        let order: Order<'_> = self.session.order(self.baseline, mode, origin);
        let user_agent = Some(concat!("logweir/", env!("CARGO_PKG_VERSION")).into());
        let cause = Cause { actor: Some(self.session.caller.clone()), user_agent, ..Cause::default() };
        let ports = &self.session.ports;
        set_account_default(ports, &ports.ecs, &order, cause).await.report
    }

    /// Returns the text of the plan: what the setting is, what it would resolve, and whose decision it overrides.
    fn plan(&self, statement: &Statement, planned: &Report) -> String {
        let sentences = statement.sentences().into_iter().chain(owners_decision(&statement.setting));
        let sentences: String = sentences.map(|sentence| sentence + "\n").collect();
        sentences + &planned.text()
    }

    /// Reads the setting, and the newest revision of each family. A revision that cannot be read is an error, because
    /// the baseline may exempt its containers.
    async fn statement(&self) -> Result<Statement, Failure> {
        let (ecs, home) = (&self.session.ports.ecs, &self.session.home);
        let setting = ecs.default_log_mode().await?;
        let names = families(ecs).await?;
        let progress = Progress::over(names.len());
        let describe = async |name: String| (newest(&Patient(ecs), &name, |arn| home.has(arn)).await, name);
        let mut described = pin!(stream::iter(names).map(describe).buffered(AT_ONCE));
        let mut families = BTreeMap::new();
        while let Some((described, name)) = described.next().await {
            progress.beside(|| {});
            let described = match described {
                // The family was deregistered after ECS listed it.
                Err(error) if error.kind == ErrorKind::Missing => continue,
                described => described.map_err(|error| Failure::from(error).about(&name))?,
            };
            let tags: Vec<_> = described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
            let seen = Observation {
                account: Some(&described.arn.account),
                tags: &tags,
                default_mode: DefaultMode::Known(setting.effective()),
                ..Observation::of_document(&described.definition, Some(&described.arn.region), Timestamp::now())
            };
            families.insert(name, UnsetModes::of(&seen, self.baseline));
        }
        let name = SettingName { account: home.account.clone(), region: home.region.clone() };
        Ok(Statement { name, setting, caller: self.session.caller.clone(), families })
    }
}
