//! `logweir audit`: judges what runs in an account and Region, and what would run next.

mod accounts;
mod cache_file;
mod memory;
mod own_file;
mod progress;
mod resume_file;
mod selection;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use self::memory::FileMemory;
use self::progress::AuditBar;
use self::selection::SelectionArgs;
use crate::aws::{Aws, Identity};
use crate::cli::accounts::AccountsArgs;
use crate::cli::audit_outputs::AuditOutputArgs;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::family_sources::SourceFolder;
use crate::cli::help::examples;
use crate::cli::interrupt::Interrupt;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::domain::account_default::Statement;
use crate::domain::audit::{Audit, AuditHome, AuditedRevision, Judge, OWNER_TAGS, Selection};
use crate::domain::baseline::{Baseline, Delivery};
use crate::domain::ecs::default_log_mode::{DefaultLogMode, SettingName};
use crate::domain::limits::throttle::Rate;
use crate::domain::owner::Traces;
use crate::domain::rules::packs::every;
use crate::domain::text::plain::shortened;
use crate::ports::{AuditWatch, SystemClock};
use crate::render::json::OwnedFamily;
use crate::workflow::audit::{AuditOrder, audit};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir audit                             what runs, and the newest revision of each family",
    "logweir audit --scope running             only what runs, which takes some hundred calls",
    "logweir audit prod 'ecs:payments-*'       a cluster, and the families whose names match",
    "logweir audit --output html=audit.html    also a page with charts and a line for each family",
    "logweir audit --rate 50% --resume audit.jsonl",
    "logweir audit --accounts organization --role LogweirAudit --external-id 7c2e91a0 --regions all",
];

/// The longest text about names that do not exist, in characters.
const LONGEST_ABSENT: usize = 500;

#[derive(Args)]
pub(in crate::cli) struct AuditArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The part of AWS's rate limits to use: a share such as 50%, or calls a second
    #[arg(long, value_name = "RATE", value_parser = rate, default_value = "100%", hide_short_help = true)]
    rate: Rate,
    /// The file in which findings are cached [default: a file in the user's cache folder]
    #[arg(long, value_name = "FILE", conflicts_with = "no_cache", hide_short_help = true)]
    cache: Option<PathBuf>,
    /// Neither read nor write the cache
    #[arg(long, hide_short_help = true)]
    no_cache: bool,
    /// Keep the progress in this file, and continue the interrupted audit in it
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// The tag that names the owner of a revision; repeatable, the first one counts [default: owner, team, then the
    /// CloudFormation stack]
    #[arg(long, value_name = "KEY", hide_short_help = true)]
    owner_tag: Vec<String>,
    /// Name the owner of each family with faults, and the patch for each file in this folder that describes the family
    #[arg(long, value_name = "DIR")]
    sources: Option<PathBuf>,
    #[command(flatten)]
    outputs: AuditOutputArgs,
    /// End with exit code 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
    #[command(flatten)]
    accounts: AccountsArgs,
}

/// Parses a share such as `50%`, or a number of calls a second.
fn rate(text: &str) -> Result<Rate, String> {
    let help = || "use a share such as 50%, or a number of calls a second such as 5".to_owned();
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    match text.strip_suffix('%') {
        Some(percent) => {
            number(percent).filter(|percent| *percent <= 100.0).map(|percent| Rate::Share(percent / 100.0))
        }
        None => number(text).map(Rate::PerSecond),
    }
    .ok_or_else(help)
}

/// What all audits of a run share.
struct Run<'r> {
    context: &'r Context,
    baseline: &'r Baseline,
    selection: &'r Selection,
    program: Option<String>,
    interrupt: Interrupt,
}

impl AuditArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        self.outputs.check()?;
        let selection = self.selection.parse()?;
        let folder = self.sources.as_deref().map(|folder| SourceFolder::read(context, folder)).transpose()?;
        let placed = wait(context.baseline())?;
        let baseline = RuleChoiceArgs::default().apply(&placed.baseline);
        let run = Run {
            context,
            baseline: &baseline,
            selection: &selection,
            program: program(),
            interrupt: Interrupt::listen(),
        };
        let audits = wait(async {
            if self.accounts.are_given() {
                return self.audit_accounts(&run).await;
            }
            let aws = context.aws(Intent::Look).await?;
            let mut bar = AuditBar::new(context);
            let (audit, mut memory) = self.audit(&run, &aws, &mut bar).await?;
            drop(bar);
            self.note(&run, &audit, &mut memory);
            Ok(vec![audit])
        })?;
        let sources = folder.map(|folder| sources(&folder, &audits)).unwrap_or_default();
        let written = self.outputs.show(context, &audits, placed.line(), &self.owner_tags(), sources);
        let exit = exit(&audits).without_findings(self.exit_zero).max(written);
        let Some(absent) = absent(&audits) else { return Ok(exit) };
        context.printer.failure(&Failure::error(absent).help("check the names, --region and --profile"));
        Ok(exit.max(Exit::Error))
    }

    /// Returns the keys of the tags that name an owner.
    fn owner_tags(&self) -> Vec<String> {
        match self.owner_tag.as_slice() {
            [] => OWNER_TAGS.map(String::from).into(),
            given => given.to_vec(),
        }
    }

    /// Audits one account and Region. Returns the audit with its cache, which has notes for the caller.
    async fn audit(
        &self,
        run: &Run<'_>,
        aws: &Aws,
        watch: &mut impl AuditWatch,
    ) -> Result<(Audit, FileMemory), Failure> {
        let Identity { account, arn } = aws.identity().await?;
        let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
        let home = AuditHome { partition, account, region: aws.region().to_owned() };
        if !self.accounts.are_given() {
            self.selection.is_in(&home)?;
        }
        let Run { context, baseline, selection, program, interrupt } = run;
        let mut memory = FileMemory::open(self, context, &home, baseline, selection, program.as_deref())?;
        if let Some(began) = memory.began {
            watch.noted(&format!(
                "continuing the audit that began at {began:.0}; its earlier findings are from that time"
            ));
        }
        let rules = every();
        let order = AuditOrder {
            home: &home,
            judge: Judge { rules: &rules, baseline },
            selection,
            program: program.as_deref().unwrap_or_default(),
            rate: self.rate,
        };
        let fleet = aws.fleet();
        let mut audit = audit(&fleet, &SystemClock, order, &mut memory, watch, interrupt.wait()).await;
        memory.close(&audit, selection);
        // A verdict is as old as the oldest fact that it may contain.
        audit.started = memory.began.unwrap_or(audit.started);
        audit.account_default = account_default(&mut audit, aws, arn).await;
        Ok((audit, memory))
    }

    /// Writes what the caller should know about the cache and about an interruption.
    fn note(&self, run: &Run<'_>, audit: &Audit, memory: &mut FileMemory) {
        let printer = &run.context.printer;
        memory.report(printer);
        if audit.coverage.is_interrupted {
            printer.note(&self.interrupted(audit));
        }
    }

    /// Says what an interrupted audit does not know, and how to continue.
    fn interrupted(&self, audit: &Audit) -> String {
        let next = match (&self.resume, self.no_cache) {
            (Some(path), _) => format!("run the command again with --resume {} to continue", path.display()),
            (None, false) => "run the command again: the cache knows what was described".to_owned(),
            (None, true) => "use --resume FILE to continue an interrupted audit".to_owned(),
        };
        format!("interrupted: {}; {next}", audit.coverage.interruption())
    }
}

/// Returns the owner and the files of each family with shown faults, by account and Region.
fn sources(folder: &SourceFolder, audits: &[Audit]) -> Vec<OwnedFamily> {
    let mut found: BTreeMap<(&AuditHome, &str), OwnedFamily> = BTreeMap::new();
    let revisions = audits.iter().flat_map(|audit| audit.revisions.iter().map(|revision| (&audit.home, revision)));
    for (home, revision) in revisions.filter(|(_, revision)| revision.shows_fault()) {
        let tags: Vec<(&str, &str)> = revision.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        let principal = revision.registered_by.as_deref();
        let traces = Traces { tags: &tags, principal, ..Traces::default() };
        if let Some(owned) = folder.family(home, &revision.family, &traces) {
            found.insert((home, &revision.family), owned);
        }
    }
    found.into_values().collect()
}

/// Returns a text that identifies the running program: its version, size and time. Another program may contain other
/// rules. Returns `None` if the program's file cannot be read.
fn program() -> Option<String> {
    let file = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let modified = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), file.len(), modified.as_nanos()))
}

/// Returns what the account setting `defaultLogDriverMode` would resolve. Returns `None` if it would resolve nothing,
/// or if it cannot be read: the audit then names the failed read already.
async fn account_default(audit: &mut Audit, aws: &Aws, caller: String) -> Option<Statement> {
    let (families, AuditHome { account, region, .. }) = (audit.unset_modes(), audit.home.clone());
    let may_settle = families.values().any(|unset| unset.settled(Delivery::Blocking) > 0);
    if audit.coverage.is_interrupted || !may_settle {
        return None;
    }
    let setting = audit.default_mode.clone()?;
    audit.coverage.calls.entry("ListAccountSettings").or_default().made += 1;
    let setting = DefaultLogMode { own: aws.ecs.own_log_mode().await.ok()?, ..setting };
    let statement = Statement { name: SettingName { account, region }, setting, caller, families };
    (statement.settled() > 0).then_some(statement)
}

/// Returns which of the clusters, services and families that the caller names do not exist in any account and Region. A
/// misspelt name is no evidence that all is well. Returns `None` if an audit is incomplete, and so does not know.
fn absent(audits: &[Audit]) -> Option<String> {
    if !audits.iter().all(|audit| audit.coverage.is_complete()) {
        return None;
    }
    let (first, others) = audits.split_first()?;
    let absent = first.absent.iter().filter(|name| others.iter().all(|audit| audit.absent.contains(*name)));
    let absent: Vec<&str> = absent.map(String::as_str).collect();
    (!absent.is_empty()).then(|| shortened(&absent.join("; "), LONGEST_ABSENT))
}

/// Returns the exit code for the findings that the audit shows. An incomplete audit is an error, whatever it found.
fn exit(audits: &[Audit]) -> Exit {
    if audits.iter().any(|audit| !audit.coverage.is_complete()) {
        return Exit::Error;
    }
    let has_fault = audits.iter().flat_map(|audit| &audit.revisions).any(AuditedRevision::shows_fault);
    let is_unknown = audits.iter().flat_map(|audit| &audit.revisions).any(|one| one.unread.is_some());
    match (is_unknown, has_fault) {
        (true, _) => Exit::Error,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Coverage;

    #[test]
    fn a_name_that_exists_in_no_account_is_an_error() {
        let audit = |absent: &[&str], is_interrupted| Audit {
            absent: absent.iter().map(|name| (*name).to_owned()).collect(),
            coverage: Coverage { is_interrupted, ..Coverage::default() },
            ..Audit::new(AuditHome::default(), jiff::Timestamp::UNIX_EPOCH)
        };
        let both = [audit(&["a", "b"], false), audit(&["b", "c"], false)];
        assert_eq!(absent(&both).as_deref(), Some("b"));
        assert_eq!(absent(&both[..1]).as_deref(), Some("a; b"));
        assert_eq!(absent(&[audit(&["a"], false), audit(&[], false)]), None);
        assert_eq!(absent(&[audit(&["a"], true)]), None);
        assert_eq!(absent(&[]), None);
    }

    #[test]
    fn a_rate_is_a_share_or_a_number_of_calls_a_second() {
        assert_eq!(rate("50%"), Ok(Rate::Share(0.5)));
        assert_eq!(rate("5"), Ok(Rate::PerSecond(5.0)));
        for wrong in ["", "0", "0%", "101%", "-1", "nan", "inf", "x", "50 %"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
