//! `logweir records`: what was done, and what caused it.

use clap::Args;
use jiff::Timestamp;

use super::live::{failure, wait};
use super::{Context, Ended, Exit, Failure};
use crate::domain::revision::RevisionArn;
use crate::domain::saga::Head;
use crate::ports::{Answer, Filter, Journal};
use crate::render::records;
use crate::settings::JournalPlace;

#[derive(Args)]
pub(super) struct Records {
    /// FAMILY:REVISION or an ARN, of the source or of our revision
    #[arg(value_name = "RECORD")]
    record: Option<String>,
    /// Only this family's
    #[arg(long)]
    family: Option<String>,
    /// Only those that are not finished
    #[arg(long)]
    open: bool,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    most: usize,
}

impl Records {
    pub(super) fn run(&self, context: &Context) -> Ended {
        wait(async {
            match context.journal_place()? {
                JournalPlace::Folder(folder) => self.show(context, &context.file_journal(&folder)?).await,
                JournalPlace::Table(table) => self.show(context, &context.aws().await?.journal(&table)).await,
            }
        })?
    }

    async fn show(&self, context: &Context, journal: &impl Journal) -> Ended {
        let Some(name) = &self.record else {
            let filter = Filter { family: self.family.clone(), open: self.open, now: Timestamp::now() };
            let heads = ok(journal.list(&filter, self.most).await)?;
            match context.is_json() {
                true => context.printer.json(&records::list_json(&heads)),
                false if heads.is_empty() => context.printer.note("no records"),
                false => context.printer.result(&records::table(&heads)),
            }
            return Ok(Exit::Fine);
        };
        let source = self.source(journal, name).await?;
        let record =
            ok(journal.read(&source).await)?.ok_or_else(|| Failure::could_not(format!("no record of {name}")))?;
        match context.is_json() {
            true => context.printer.json(&records::record_json(&record)),
            false => context.printer.result(&records::text(&record)),
        }
        Ok(Exit::Fine)
    }

    /// The source that a name means. A short name that fits several accounts or Regions is refused with their ARNs.
    async fn source(&self, journal: &impl Journal, name: &str) -> Result<RevisionArn, Failure> {
        if name.starts_with("arn:") {
            let arn: RevisionArn = name.parse().map_err(|error| Failure::usage(format!("{name}: {error}")))?;
            return Ok(ok(journal.source_of(&arn).await)?.unwrap_or(arn));
        }
        let usage = || Failure::usage(format!("`{name}` is not a record")).help("FAMILY:REVISION or an ARN");
        let (family, revision) = name.rsplit_once(':').ok_or_else(usage)?;
        let revision: u32 = revision.parse().map_err(|_| usage())?;
        let filter = Filter { family: Some(family.to_owned()), open: false, now: Timestamp::now() };
        let heads = ok(journal.list(&filter, usize::MAX).await)?;
        let is_meant = |head: &&Head| {
            head.source.revision == revision || head.corrected.as_ref().is_some_and(|c| c.revision == revision)
        };
        let meant: Vec<&Head> = heads.iter().filter(is_meant).collect();
        match meant.as_slice() {
            [] => Err(Failure::could_not(format!("no record of {name}"))),
            [head] => Ok(head.source.clone()),
            several => {
                let arns: Vec<String> = several.iter().map(|head| head.source.to_string()).collect();
                Err(Failure::usage(format!("`{name}` fits several records"))
                    .help(format!("name one: {}", arns.join(", "))))
            }
        }
    }
}

fn ok<T>(answer: Answer<T>) -> Result<T, Failure> {
    answer.map_err(|error| failure(&error))
}
