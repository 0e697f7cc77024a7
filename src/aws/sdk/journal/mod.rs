//! The journal in one DynamoDB table.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `REV#<source ARN>` | `E#<sequence, ten digits>` | one entry, which never changes |
//! | `REV#<source ARN>` | `HEAD` | the head of the record, with attributes for conditions and indexes |
//! | `MIGRATION#<source ARN>` | as for `REV#` | the entries and the head of the record of a migration |
//! | `REV#<registered ARN>` | `OWN` | the source revision of a revision that Logweir registered, and the kind of its record |
//! | `FAM#<account>/<region>/<family>` | `FAMILY` | the state of the family |
//! | `SVC#<service ARN>` | `SERVICE` | the state of the service |
//! | `BUDGET#<account>/<region>` | `BUDGET` | the state of the registration rate limit |
//! | `PIN#<account>/<region>/<kind>/<group>/<name>` | `PIN` | the pins of a rule or schedule |
//! | `PINS#<corrected ARN>` | `PINS` | the rules and schedules that pinned a corrected revision |
//! | `CLUSTER#<cluster ARN>` | `CLUSTER` | the record of a cluster |
//! | `RESOURCE#<ARN>` | `RESOURCE` | the record of the settings and tags of a cluster or a service |
//! | `RUN#<account>/<region>/<run>` | `RUN` | the record of a run of `logweir apply --all` |
//! | `RUN-PAGE#<account>/<region>/<run>/<page>` | `RUN-PAGE` | a part of the items of a run |
//! | `BASELINE#<file>` | `BASELINE` | the baseline in the package of the function |
//! | `SESSION#<account>/<region>/<session>` | `SESSION` | the watch over a session of ECS Exec, for 31 days |
//!
//! A commit writes the items of one record in one transaction. The journal writes each state of a family, a service or
//! the rate limit with a separate call. The journal reads items by key, with consistent reads. The indexes `by-family`,
//! `by-day` and `by-open` contain only the heads of records, the states of stopped families and the records of
//! clusters. The indexes lag behind the table, so the journal uses the indexes only for lists.

mod items;

use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::SignedDuration;

use crate::aws::errors::port_error;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{Entry, Head, Record, RecordKey};
use crate::ports::{Answer, CommitError, ErrorKind, Expected, Filter, Journal, Listed, PortError, StoredState};
use items::{COMMIT, Item};

const QUERY: &str = "Query";
const GET: &str = "GetItem";
const PUT: &str = "PutItem";

/// The largest number of times that the journal reads a record until the head and the entries of the record match.
const LOOKS: usize = 3;

/// The number of past days that a list of records covers by default.
const DAYS: i64 = 31;

/// The journal in one DynamoDB table, which `template.yaml` defines.
#[derive(Clone, Debug)]
pub struct DynamoJournal {
    client: Client,
    table: String,
}

impl DynamoJournal {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Reads the head and the entries of a record. While DynamoDB applies a commit, a read may return only the new head
    /// or only the new entry.
    async fn look(&self, key: &RecordKey) -> Answer<(Option<Head>, Vec<Entry>)> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let mut found = query
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", items::record(key))
            .expression_attribute_values(":first", items::text("E#"))
            .expression_attribute_values(":last", items::text(items::HEAD))
            .into_paginator()
            .items()
            .send();
        let (mut head, mut entries) = (None, Vec::new());
        while let Some(item) = found.next().await {
            let item = item.map_err(|error| self.failed(QUERY, &error))?;
            match items::string(&item, "sk") {
                Some(items::HEAD) => head = Some(items::read_head(&item)?),
                _ => entries.push(items::read_entry(&item)?),
            }
        }
        Ok((head, entries))
    }

    async fn item(&self, partition: AttributeValue, sk: &str) -> Answer<Option<Item>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = Box::pin(get.key("pk", partition).key("sk", items::text(sk)).send()).await;
        Ok(answer.map_err(|error| self.failed(GET, &error))?.item)
    }

    /// Reads the heads in one partition of an index, newest first, and adds each head that matches the filter to
    /// `listed`. Stops when `listed` has `most` heads.
    async fn find(
        &self,
        index: &str,
        key: (&str, String),
        filter: &Filter,
        most: usize,
        listed: &mut Listed<Head>,
    ) -> Answer<()> {
        let query = self.client.query().table_name(&self.table).index_name(index).scan_index_forward(false);
        let mut found = query
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", key.0)
            .expression_attribute_values(":key", items::text(key.1))
            .limit(most.clamp(1, 1000) as i32)
            .into_paginator()
            .items()
            .send();
        while listed.readable.len() < most {
            let Some(item) = found.next().await else {
                break;
            };
            let item = item.map_err(|error| self.failed(QUERY, &error))?;
            match items::read_head(&item) {
                // While the index lags behind the table, the index may list the same record for two different days.
                Ok(head) if !filter.fits(&head) || listed.readable.iter().any(|it| it.key() == head.key()) => {}
                Ok(head) => listed.readable.push(head),
                Err(_) => listed.skip(items::name(&item)),
            }
        }
        Ok(())
    }

    /// Interprets the error of a failed commit. Returns `Ok` if the table already holds the entry.
    async fn not_committed(
        &self,
        error: SdkError<TransactWriteItemsError, HttpResponse>,
        key: &RecordKey,
        entry: &Entry,
    ) -> Result<(), CommitError> {
        let codes: Vec<&str> = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => vec![IN_PROGRESS],
            _ => Vec::new(),
        };
        if codes.contains(&"ConditionalCheckFailed") {
            // The table already holds the entry if an earlier attempt of this commit succeeded, but the response was
            // lost.
            let standing = self.item(items::record(key), &items::entry_key(entry.sequence)).await?;
            let is_same = standing.map_or(Ok(false), |item| items::holds(&item, entry))?;
            return if is_same { Ok(()) } else { Err(CommitError::Lost) };
        }
        let error = self.failed(COMMIT, &error);
        let kind = if codes.iter().any(|code| PASSING.contains(code)) { ErrorKind::Retry } else { error.kind };
        Err(PortError { kind, ..error }.into())
    }

    /// Replaces the item of a state, if the table holds the previous version of the state. Otherwise returns `false`.
    async fn put(&self, item: Item, version: u32) -> Answer<bool> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match version {
            ..=1 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", items::number(version - 1)),
        };
        match Box::pin(put.send()).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(self.failed(PUT, &error)),
        }
    }

    fn failed<E>(&self, call: &'static str, error: &SdkError<E, HttpResponse>) -> PortError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let error = port_error(call, error);
        if error.kind != ErrorKind::Missing {
            return error;
        }
        let message = format!(
            "there is no table {} in this account and Region: deploy Logweir, or name the table with --journal dynamodb:TABLE",
            self.table
        );
        PortError { message, ..error }
    }
}

const IN_PROGRESS: &str = "TransactionInProgress";

/// The cancellation codes of a DynamoDB transaction that may succeed at the next attempt.
const PASSING: [&str; 4] = [IN_PROGRESS, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

impl Journal for DynamoJournal {
    async fn read_record(&self, key: &RecordKey) -> Answer<Option<Record>> {
        for _ in 0..LOOKS {
            let (head, mut entries) = self.look(key).await?;
            let Some(head) = head else {
                if entries.is_empty() {
                    return Ok(None);
                }
                continue;
            };
            entries.truncate(head.next as usize);
            let complete = entries.iter().map(|entry| entry.sequence).eq(0..head.next);
            if complete {
                return Ok(Some(Record { head, entries }));
            }
        }
        let message = format!("the journal returned only a part of the entries of {}", key.source.short());
        Err(PortError { kind: ErrorKind::Retry, call: QUERY, message, reason: Some(Reason::Unreadable) })
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let next = match expected {
            Expected::Nothing => 0,
            Expected::At { next, .. } => *next,
        };
        if entry.sequence != next || head.next != next + 1 {
            return Err(items::refused(
                format!("entry {} is not the next entry of a record with {next} entries", entry.sequence),
                None,
            )
            .into());
        }
        let (table, key) = (self.table.as_str(), head.key());
        let puts = [
            Some(items::head(table, expected, head)),
            Some(items::entry(table, &key, entry)),
            items::own(table, &key, entry),
        ];
        let puts = puts.into_iter().flatten().collect::<Answer<Vec<_>>>()?;
        // The SDK adds an idempotency token, which is the same for every attempt of one call.
        match Box::pin(self.client.transact_write_items().set_transact_items(Some(puts)).send()).await {
            Ok(_) => Ok(()),
            Err(error) => self.not_committed(error, &key, entry).await,
        }
    }

    async fn record_of(&self, revision: &RevisionArn) -> Answer<Option<RecordKey>> {
        self.item(items::partition(revision), items::OWN).await?.map(|item| items::read_record_key(&item)).transpose()
    }

    /// If the filter has neither a family nor `open` nor `retiring`, this method lists the records that changed since
    /// `filter.since`, by default in the last 31 days.
    async fn list(&self, filter: &Filter, most: usize) -> Answer<Listed<Head>> {
        let mut listed = Listed::default();
        match &filter.family {
            _ if filter.open => self.find("by-open", ("open", items::OPEN.into()), filter, most, &mut listed).await?,
            _ if filter.retiring => {
                self.find("by-open", ("open", items::RETIRING.into()), filter, most, &mut listed).await?
            }
            Some(family) => {
                self.find("by-family", ("family_key", items::family_key(family)), filter, most, &mut listed).await?
            }
            None => {
                let span = filter.since.map(|since| filter.now.duration_since(since).as_hours() / 24 + 2);
                for days in 0..span.unwrap_or(DAYS) {
                    let then = filter.now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(filter.now);
                    self.find("by-day", ("day", items::day(then)), filter, most, &mut listed).await?;
                    if listed.readable.len() >= most {
                        break;
                    }
                }
            }
        }
        Ok(listed)
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        let (partition, sort) = items::state_key::<S>(name);
        self.item(partition, sort).await?.map(|item| items::read_state(&item)).transpose()
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        if self.put(items::state(state)?, state.version()).await? {
            return Ok(());
        }
        // The table already holds the state if an earlier attempt of this change succeeded, but the response was lost.
        let is_same = self.read_state::<S>(state.name()).await?.as_ref() == Some(state);
        if is_same { Ok(()) } else { Err(CommitError::Lost) }
    }

    async fn listed<S: StoredState>(&self) -> Answer<Listed<S>> {
        let mut listed = Listed::default();
        let Some(open) = items::listed(S::KIND) else { return Ok(listed) };
        let query = self.client.query().table_name(&self.table).index_name("by-open").scan_index_forward(false);
        let mut found = query
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", "open")
            .expression_attribute_values(":key", items::text(open))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = found.next().await {
            let item = item.map_err(|error| self.failed(QUERY, &error))?;
            match items::read_state(&item) {
                Ok(state) => listed.readable.push(state),
                Err(_) => listed.skip(items::name(&item)),
            }
        }
        Ok(listed)
    }
}
