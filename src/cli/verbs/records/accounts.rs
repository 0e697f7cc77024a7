//! `logweir records --accounts`: lists the records in the journals of several accounts and Regions.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::RecordsArgs;
use crate::aws::Aws;
use crate::cli::accounts::{AT_ONCE, NotEntered, Place, Places};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::journal::published_journal;
use crate::domain::doctor::records::UNREADABLE;
use crate::domain::record::{ClusterRecord, Head, ResourceRecord, SettingRecord};
use crate::domain::text::{count, names};
use crate::ports::{Journal, Listed, PortError};
use crate::render::human::records::{ListedRecord, RecordsOutput};
use crate::settings::JournalPlace;

/// The records of one journal.
#[derive(Default)]
struct Found {
    heads: Vec<Head>,
    clusters: Vec<ClusterRecord>,
    resources: Vec<ResourceRecord>,
    settings: Vec<SettingRecord>,
    unreadable: Vec<String>,
}

impl RecordsArgs {
    /// Lists the records of all journals, newest first. Names every account and Region whose journal could not be read.
    pub(super) async fn list_accounts(&self, context: &Context) -> VerbResult {
        if self.record.is_some() {
            return Err(Failure::usage("--accounts and --regions list records, and show no single record")
                .help("leave RECORD out, or select one account with --profile and --region"));
        }
        if context.given.journal {
            return Err(Failure::usage(
                "--accounts and --regions read the journal that the stack of each account publishes",
            )
            .help("leave --journal out"));
        }
        let Places { entered, not_entered, .. } = self.accounts.enter(context).await?;
        let (now, printer) = (Timestamp::now(), &context.printer);
        let number = entered.len();
        let read = async |place: Place| (self.found(&place.aws, now).await, place.home);
        let mut reading = stream::iter(entered).map(read).buffered(AT_ONCE);
        let (mut all, mut without, mut exit) = (Found::default(), 0, Exit::Fine);
        while let Some((found, home)) = reading.next().await {
            match found {
                Ok(Some(found)) => all.add(found),
                Ok(None) => without += 1,
                Err(error) => {
                    exit = Exit::Error;
                    printer.target_failure(&format!("{} {}", home.account, home.region), &Failure::from(error));
                }
            }
        }
        for NotEntered { home, error } in not_entered {
            exit = Exit::Error;
            printer.target_failure(&format!("{} {}", home.account, home.region), &Failure::from(error));
        }
        printer
            .note(&format!("{} read, {without} of them without a stack of Logweir", count(number as u64, "journal")));
        let Found { heads, clusters, resources, settings, unreadable } = all.newest(self.limit);
        if !unreadable.is_empty() {
            let items = names(unreadable.iter().map(String::as_str));
            let warning = format!("this version of logweir cannot read these items of the journals: {items}");
            printer.warning(&warning, UNREADABLE);
        }
        // The command to back out a record needs the credentials of its account.
        let records = heads.into_iter().map(|head| ListedRecord { head, backout: None }).collect();
        printer.show(&RecordsOutput { records, stopped: Vec::new(), clusters, resources, settings, unreadable, now });
        Ok(exit)
    }

    /// Returns the selected records of the journal of one account and Region. Returns `None` if no stack publishes a
    /// journal there.
    async fn found(&self, aws: &Aws, now: Timestamp) -> Result<Option<Found>, PortError> {
        let Some(JournalPlace::Table(table)) = published_journal(aws).await? else { return Ok(None) };
        let journal = aws.journal(&table);
        let Listed { readable: heads, mut unreadable } = journal.list(&self.filter(now), self.limit).await?;
        let Listed { readable: mut clusters, unreadable: unread } = journal.listed::<ClusterRecord>().await?;
        unreadable.extend(unread);
        clusters.retain(|record| self.selects(record));
        let Listed { readable: mut resources, unreadable: unread } = journal.listed::<ResourceRecord>().await?;
        unreadable.extend(unread);
        resources.retain(|record| self.selects_resource(record));
        let Listed { readable: mut settings, unreadable: unread } = journal.listed::<SettingRecord>().await?;
        unreadable.extend(unread);
        settings.retain(|record| self.selects_setting(record));
        Ok(Some(Found { heads, clusters, resources, settings, unreadable }))
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.heads.extend(other.heads);
        self.clusters.extend(other.clusters);
        self.resources.extend(other.resources);
        self.settings.extend(other.settings);
        self.unreadable.extend(other.unreadable);
    }

    /// Returns at most `most` records of each kind, newest first.
    fn newest(mut self, most: usize) -> Self {
        self.heads.sort_by_key(|head| std::cmp::Reverse(head.at));
        self.clusters.sort_by_key(|record| std::cmp::Reverse(record.at));
        self.resources.sort_by_key(|record| std::cmp::Reverse(record.at));
        self.settings.sort_by_key(|record| std::cmp::Reverse(record.at));
        self.heads.truncate(most);
        self.clusters.truncate(most);
        self.resources.truncate(most);
        self.settings.truncate(most);
        self
    }
}
