//! `logweir audit`: judges what runs in an account and Region, and what would run next.

mod cache_file;
mod families;
mod interrupt;
mod memory;
mod output;
mod progress;
mod resume_file;
mod selection;

use std::path::PathBuf;

use clap::Args;

pub(in crate::cli) use families::families;

use self::interrupt::Interrupt;
use self::memory::FileMemory;
use self::progress::AuditBar;
use self::selection::SelectionArgs;
use crate::aws::Aws;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::domain::audit::{Audit, AuditHome, Judge, OWNER_TAGS, Selection};
use crate::domain::baseline::Baseline;
use crate::domain::limits::throttle::Rate;
use crate::domain::rules::packs::every;
use crate::ports::SystemClock;
use crate::workflow::audit::{AuditOrder, audit};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir audit                             what runs, and the newest revision of each family",
    "logweir audit --scope running             only what runs, which takes some hundred calls",
    "logweir audit prod 'ecs:payments-*'       a cluster, and the families whose names match",
    "logweir audit --severity error --tag team=web --format json",
    "logweir audit --rate 50% --resume audit.jsonl",
];

#[derive(Args)]
pub(in crate::cli) struct AuditArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The part of AWS's rate limits to use: a share such as 50%, or calls a second
    #[arg(long, value_name = "RATE", value_parser = rate, default_value = "100%")]
    rate: Rate,
    /// The file in which findings are cached [default: a file in the user's cache folder]
    #[arg(long, value_name = "FILE", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Neither read nor write the cache
    #[arg(long)]
    no_cache: bool,
    /// Keep the progress in this file, and continue the interrupted audit in it
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// The tag that names the owner of a revision; repeatable, the first one counts [default: owner, team, then the
    /// CloudFormation stack]
    #[arg(long, value_name = "KEY")]
    owner_tag: Vec<String>,
    /// End with exit code 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
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

impl AuditArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let selection = self.selection.parse()?;
        let placed = wait(context.baseline())?;
        let baseline = RuleChoiceArgs::default().apply(&placed.baseline);
        let audit = wait(async {
            let aws = context.aws(Intent::Look).await?;
            self.audit(context, &aws, &baseline, &selection).await
        })?;
        let audits = [audit];
        output::show(context, &audits, placed.line(), &self.owner_tags());
        Ok(exit(&audits).without_findings(self.exit_zero))
    }

    /// Returns the keys of the tags that name an owner.
    fn owner_tags(&self) -> Vec<String> {
        match self.owner_tag.as_slice() {
            [] => OWNER_TAGS.map(String::from).into(),
            given => given.to_vec(),
        }
    }

    /// Audits one account and Region.
    async fn audit(
        &self,
        context: &Context,
        aws: &Aws,
        baseline: &Baseline,
        selection: &Selection,
    ) -> Result<Audit, Failure> {
        let identity = aws.identity().await?;
        let partition = identity.arn.split(':').nth(1).unwrap_or("aws").to_owned();
        let home = AuditHome { partition, account: identity.account, region: aws.region().to_owned() };
        let program = program();
        let mut memory = FileMemory::open(self, context, &home, baseline, selection, program.as_deref())?;
        let mut bar = AuditBar::new(context);
        let interrupt = Interrupt::new();
        let rules = every();
        let order = AuditOrder {
            home: &home,
            judge: Judge { rules: &rules, baseline },
            selection,
            program: program.as_deref().unwrap_or_default(),
            rate: self.rate,
        };
        let fleet = aws.fleet();
        let audit = audit(&fleet, &SystemClock, order, &mut memory, &mut bar, interrupt.wait()).await;
        drop(bar);
        memory.close(&audit, selection);
        memory.report(&context.printer);
        if audit.coverage.is_interrupted {
            context.printer.note(&self.interrupted(&audit));
        }
        Ok(audit)
    }

    /// Says what an interrupted audit does not know, and how to continue.
    fn interrupted(&self, audit: &Audit) -> String {
        let left = audit.coverage.not_examined;
        let next = match (&self.resume, self.no_cache) {
            (Some(path), _) => format!("run the command again with --resume {} to continue", path.display()),
            (None, false) => "run the command again: the cache knows what was described".to_owned(),
            (None, true) => "use --resume FILE to continue an interrupted audit".to_owned(),
        };
        format!("interrupted: {left} of the known families and revisions are not examined; {next}")
    }
}

/// Returns a text that identifies the running program: its version, size and time. Another program may contain other
/// rules. Returns `None` if the program's file cannot be read.
fn program() -> Option<String> {
    let file = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let modified = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), file.len(), modified.as_nanos()))
}

/// Returns the exit code: an incomplete audit is an error, whatever it found.
fn exit(audits: &[Audit]) -> Exit {
    if audits.iter().any(|audit| !audit.coverage.is_complete()) {
        return Exit::Error;
    }
    let has_fault = audits.iter().flat_map(|audit| &audit.revisions).any(|one| one.compliant() == Some(false));
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

    #[test]
    fn a_rate_is_a_share_or_a_number_of_calls_a_second() {
        assert_eq!(rate("50%"), Ok(Rate::Share(0.5)));
        assert_eq!(rate("5"), Ok(Rate::PerSecond(5.0)));
        for wrong in ["", "0", "0%", "101%", "-1", "nan", "inf", "x", "50 %"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
