//! `logweir records`: lists the records, or shows one record with its cause and its backout command.

mod accounts;

use clap::Args;
use jiff::Timestamp;

use crate::cli::accounts::AccountsArgs;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::moment::since;
use crate::cli::record_name;
use crate::domain::doctor::records::UNREADABLE;
use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::outcome::Outcome;
use crate::domain::record::{ClusterRecord, Effects, Head, PREFIX, Record, ResourceRecord, SettingRecord, WholeRecord};
use crate::domain::text::names;
use crate::journal_file::FileJournal;
use crate::ports::{Filter, Journal, Listed};
use crate::render::human::cluster_records::ClusterRecordOutput;
use crate::render::human::records::{ListedRecord, RecordOutput, RecordsOutput, StoppedFamily};
use crate::render::human::resource_records::ResourceRecordOutput;
use crate::render::human::setting_records::SettingRecordOutput;
use crate::settings::JournalPlace;
use crate::workflow::record_named;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir records                           the newest records, and each stopped family",
    "logweir records web:1                     one record in full, with its backout command",
    "logweir records cluster/prod              the record of a cluster",
    "logweir records runbook/cluster/prod      the record of the settings and tags of a cluster",
    "logweir records account-default           the record of the account setting",
    "logweir records --accounts accounts.txt --role LogweirAudit --external-id 7c2e91",
    "logweir records --open --since 2h         unfinished records that changed in the last two hours",
];

#[derive(Args)]
pub(in crate::cli) struct RecordsArgs {
    /// FAMILY:REVISION or an ARN, of the source revision or of the revision that Logweir registered; cluster/NAME;
    /// runbook/cluster/NAME or runbook/service/CLUSTER/NAME; or account-default
    #[arg(value_name = "RECORD")]
    record: Option<String>,
    /// Only records of this family
    #[arg(long)]
    family: Option<String>,
    /// Only unfinished records
    #[arg(long)]
    open: bool,
    /// Only records that changed since this moment: a time, a day, or a span (`2h`, `7d`)
    #[arg(long, value_parser = since)]
    since: Option<Timestamp>,
    /// Only records with this outcome, such as remediated, rolled-out, backed-out or partial
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// Only records caused by a principal whose ARN contains this text
    #[arg(long, value_name = "PRINCIPAL")]
    caused_by: Option<String>,
    /// The number of records to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    accounts: AccountsArgs,
}

fn outcome(text: &str) -> Result<Outcome, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "unknown outcome; docs/reference/outcomes.md lists all outcomes".into())
}

impl RecordsArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if self.accounts.are_given() {
            return wait(self.list_accounts(context));
        }
        wait(async {
            let place = context.journal_place().await?;
            context.needs_folder(&place)?;
            match place {
                JournalPlace::Folder(folder) => {
                    let journal = FileJournal::open(&folder)?;
                    self.show(context, &journal, None).await
                }
                JournalPlace::Table(_) => {
                    let aws = context.aws(Intent::Look).await?;
                    let journal = context.journal(&aws, Intent::Look).await?;
                    self.show(context, &journal, Some(aws.region())).await
                }
            }
        })
    }

    async fn show(&self, context: &Context, journal: &impl Journal, region: Option<&str>) -> VerbResult {
        let Some(name) = &self.record else {
            return self.list(context, journal).await;
        };
        if let Some(resource) = name.strip_prefix(PREFIX) {
            return self.show_resource(context, journal, resource).await;
        }
        if let Some(cluster) = name.strip_prefix("cluster/").or(name.contains(":cluster/").then_some(name)) {
            return self.show_cluster(context, journal, cluster).await;
        }
        if SettingName::is_one(name) {
            return self.show_setting(context, journal, name).await;
        }
        let named = record_name::revision(journal, name).await?;
        let record = record_named(journal, &named).await?;
        let record = record.ok_or_else(|| Failure::error(format!("the journal has no record of {name}")))?;
        let source = record.head.source.clone();
        let family = journal.read_state::<Family>(&FamilyName::of(&source)).await?;
        let (now, region) = (Timestamp::now(), region.unwrap_or(&source.region));
        let stopped = family.filter(|family| family.stopped(now).is_some());
        context.printer.show(&RecordOutput {
            stopped: stopped.map(|family| stopped_family(context, family)).transpose()?,
            backout: self.backout(context, &record, region)?,
            again: context.again(&source.to_string(), region)?,
            now,
            record,
        });
        Ok(Exit::Fine)
    }

    /// Shows the record of a cluster, which the caller names by its name or its ARN.
    async fn show_cluster(&self, context: &Context, journal: &impl Journal, name: &str) -> VerbResult {
        let Listed { readable, .. } = journal.listed::<ClusterRecord>().await?;
        let mut found =
            readable.into_iter().filter(|record| record.cluster.name == name || record.cluster.to_string() == name);
        let record = match (found.next(), found.next()) {
            (Some(record), None) => record,
            (None, _) => return Err(Failure::error(format!("the journal has no record of cluster/{name}"))),
            (Some(_), Some(_)) => {
                return Err(
                    Failure::usage(format!("`{name}` matches several records")).help("use the ARN of the cluster")
                );
            }
        };
        let by = context.backout_by(&record.cluster.region)?;
        let backout = record.effect().map(|_| by.command_for(&record.cluster.to_string()));
        context.printer.show(&ClusterRecordOutput { record, backout });
        Ok(Exit::Fine)
    }

    /// Shows the record of the settings and tags of a resource, which the caller names by its short name or its ARN.
    async fn show_resource(&self, context: &Context, journal: &impl Journal, name: &str) -> VerbResult {
        let Listed { readable, .. } = journal.listed::<ResourceRecord>().await?;
        let mut found = readable
            .into_iter()
            .filter(|record| record.resource.short() == name || record.resource.to_string() == name);
        let record = match (found.next(), found.next()) {
            (Some(record), None) => record,
            (None, _) => return Err(Failure::error(format!("the journal has no record of {PREFIX}{name}"))),
            (Some(_), Some(_)) => {
                return Err(Failure::usage(format!("`{PREFIX}{name}` matches several records"))
                    .help("use the ARN of the cluster or service"));
            }
        };
        let by = context.backout_by(record.resource.region())?;
        let has_effects = !record.effects().is_nothing();
        let backout = has_effects.then(|| by.command_for(&ResourceRecord::name_of(&record.resource)));
        context.printer.show(&ResourceRecordOutput { record, backout });
        Ok(Exit::Fine)
    }

    /// Whether the options select the record of the settings and tags of a resource.
    fn selects_resource(&self, record: &ResourceRecord) -> bool {
        let attempt = record.attempt();
        let actor = attempt.as_ref().and_then(|attempt| attempt.opening.cause.actor.as_deref()).unwrap_or_default();
        let outcome = attempt.as_ref().and_then(|attempt| attempt.closing).map(|closing| closing.outcome);
        self.family.as_ref().is_none_or(|family| *family == record.short())
            && (!self.open || record.is_open())
            && self.since.is_none_or(|since| record.at >= since)
            && self.outcome.is_none_or(|wanted| outcome == Some(wanted))
            && self.caused_by.as_ref().is_none_or(|by| actor.contains(by))
    }

    /// Shows the record of an account setting, which the caller names as `account-default` if the journal has only one,
    /// or with its account and Region.
    async fn show_setting(&self, context: &Context, journal: &impl Journal, name: &str) -> VerbResult {
        let Listed { readable, .. } = journal.listed::<SettingRecord>().await?;
        let is_it = |record: &SettingRecord| {
            let SettingName { account, region } = &record.name;
            SettingName::read(name, account, region).as_ref() == Some(&record.name)
        };
        let mut found = readable.into_iter().filter(is_it);
        let record = match (found.next(), found.next()) {
            (Some(record), None) => record,
            (None, _) => return Err(Failure::error(format!("the journal has no record of {name}"))),
            (Some(_), Some(_)) => {
                return Err(Failure::usage(format!("`{name}` matches several records"))
                    .help("use account-default/ACCOUNT/REGION"));
            }
        };
        let by = context.backout_by(&record.name.region)?;
        let backout = record.effect().map(|_| by.command_for(&record.name.to_string()));
        context.printer.show(&SettingRecordOutput { record, backout });
        Ok(Exit::Fine)
    }

    /// Whether the options select the record of a cluster.
    fn selects(&self, record: &ClusterRecord) -> bool {
        let attempt = record.attempt();
        let actor = attempt.as_ref().and_then(|attempt| attempt.opening.cause.actor.as_deref()).unwrap_or_default();
        let outcome = attempt.as_ref().and_then(|attempt| attempt.closing).map(|closing| closing.outcome);
        let facts =
            Selected { name: &record.cluster.short(), is_open: record.is_open(), at: record.at, outcome, actor };
        self.selects_one(&facts)
    }

    /// Whether the options select the record of an account setting.
    fn selects_setting(&self, record: &SettingRecord) -> bool {
        let attempt = record.attempt();
        let actor = attempt.as_ref().and_then(|attempt| attempt.opening.cause.actor.as_deref()).unwrap_or_default();
        let outcome = attempt.as_ref().and_then(|attempt| attempt.closing).map(|closing| closing.outcome);
        let facts = Selected { name: "account-default", is_open: record.is_open(), at: record.at, outcome, actor };
        self.selects_one(&facts)
    }

    fn selects_one(&self, record: &Selected<'_>) -> bool {
        self.family.as_ref().is_none_or(|family| *family == record.name)
            && (!self.open || record.is_open)
            && self.since.is_none_or(|since| record.at >= since)
            && self.outcome.is_none_or(|wanted| record.outcome == Some(wanted))
            && self.caused_by.as_ref().is_none_or(|by| record.actor.contains(by))
    }

    /// Returns the filter of the records that the options select.
    fn filter(&self, now: Timestamp) -> Filter {
        Filter {
            family: self.family.clone(),
            open: self.open,
            since: self.since,
            outcome: self.outcome,
            actor: self.caused_by.clone(),
            ..Filter::all(now)
        }
    }

    async fn list(&self, context: &Context, journal: &impl Journal) -> VerbResult {
        let now = Timestamp::now();
        let Listed { readable: heads, mut unreadable } = journal.list(&self.filter(now), self.limit).await?;
        // If AWS denies this read, the records are shown anyway.
        let (stopped, mut exit) = (journal.stopped().await, Exit::Fine);
        let Listed { readable: mut stopped, unreadable: families } = stopped.unwrap_or_else(|error| {
            let failure = Failure::from(error).about("the stopped families cannot be listed");
            context.printer.failure(&failure);
            exit = failure.exit;
            Listed::default()
        });
        unreadable.extend(families);
        // The journal also returns families whose hold has ended.
        stopped.retain(|family| family.stopped(now).is_some());
        stopped.retain(|family| self.family.as_ref().is_none_or(|name| *name == family.name.family));
        let stopped: Vec<_> =
            stopped.into_iter().map(|family| stopped_family(context, family)).collect::<Result<_, _>>()?;
        let Listed { readable: mut clusters, unreadable: unread } = journal.listed::<ClusterRecord>().await?;
        unreadable.extend(unread);
        clusters.retain(|record| self.selects(record));
        clusters.truncate(self.limit);
        let Listed { readable: mut resources, unreadable: unread } = journal.listed::<ResourceRecord>().await?;
        unreadable.extend(unread);
        resources.retain(|record| self.selects_resource(record));
        resources.truncate(self.limit);
        let Listed { readable: mut settings, unreadable: unread } = journal.listed::<SettingRecord>().await?;
        unreadable.extend(unread);
        settings.retain(|record| self.selects_setting(record));
        settings.truncate(self.limit);
        let mut records = Vec::new();
        for head in heads {
            let backout = self.listed_backout(context, journal, &head, &mut unreadable).await?;
            records.push(ListedRecord { head, backout });
        }
        let hints = if records.iter().any(|record| record.head.corrected.is_some()) {
            vec!["`logweir records RECORD` shows one record in full, with its backout command".to_owned()]
        } else if [records.len(), clusters.len(), resources.len(), settings.len(), stopped.len(), unreadable.len()]
            == [0; 6]
        {
            vec!["the journal has no matching records".to_owned(), context.journal_line().await?]
        } else {
            Vec::new()
        };
        if !unreadable.is_empty() {
            let items = names(unreadable.iter().map(String::as_str));
            let warning = format!("this version of logweir cannot read these items of the journal: {items}");
            context.printer.warning(&warning, UNREADABLE);
        }
        context.printer.show(&RecordsOutput { records, stopped, clusters, resources, settings, unreadable, now });
        hints.iter().for_each(|hint| context.printer.hint(hint));
        Ok(exit)
    }

    /// Returns the command that backs out the correction of a listed record. Only the JSON output shows this command,
    /// for which Logweir must read the whole record. If this version of Logweir cannot read the record, adds the name
    /// of the record to `unreadable`.
    async fn listed_backout(
        &self,
        context: &Context,
        journal: &impl Journal,
        head: &Head,
        unreadable: &mut Vec<String>,
    ) -> Result<Option<String>, Failure> {
        if !context.printer.is_json() {
            return Ok(None);
        }
        match journal.read_record(&head.key()).await {
            Ok(Some(record)) => self.backout(context, &record, &head.source.region),
            Ok(None) => Ok(None),
            Err(error) if error.is_unreadable() => {
                unreadable.push(head.source.to_string());
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the command that backs out the correction of the record. Returns `None` if there is nothing to undo.
    fn backout(&self, context: &Context, record: &Record, region: &str) -> Result<Option<String>, Failure> {
        let Ok(Some(attempt)) = record.attempt() else { return Ok(None) };
        if Effects::of(record).is_nothing() {
            return Ok(None);
        }
        let by = match &attempt.opening.function {
            Some(name) => context.backout_by_function(name, region),
            None => context.backout_by(region)?,
        };
        Ok(Some(by.command(record.head.named_by())))
    }
}

/// The facts about a record of a cluster or of an account setting by which the options select records.
struct Selected<'r> {
    name: &'r str,
    is_open: bool,
    at: Timestamp,
    outcome: Option<Outcome>,
    actor: &'r str,
}

fn stopped_family(context: &Context, family: Family) -> Result<StoppedFamily, Failure> {
    let again = match family.name.family.strip_prefix("cluster/") {
        Some(cluster) => context.configures_again(cluster, &family.name.region)?,
        None => context.again(&format!("ecs:{}", family.name.family), &family.name.region)?,
    };
    let release = context.release(&family.name.family, &family.name.region)?;
    Ok(StoppedFamily { family, again, release })
}
