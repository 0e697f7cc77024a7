//! The journal table on two independent emulators and on Amazon's DynamoDB Local. `tests/with-emulators` starts them.

use std::env;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use logweir::aws::sdk::journal::DynamoJournal;
use logweir::domain::limits::family::Family;
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::ports::{CommitError, ErrorKind, Filter, Journal};

use crate::dynamodb::client;
use crate::journal_contract::families::{first, name};
use crate::journal_contract::run;
use crate::journal_contract::sample::{Commit, now, revision, service, time};
use crate::journal_contract::{newer_version, pointings};

struct Table {
    url: String,
    name: String,
}

/// Returns a table on the emulator of this environment variable. `None` if the variable says why the emulator was left
/// out. The test then prints that reason, because it would otherwise count as passed without notice.
fn table(variable: &str) -> Option<Table> {
    let url = env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run tests/with-emulators cargo test --all-features"));
    if url.starts_with("left out: ") {
        let line = format!("{} is {url}\n", thread::current().name().unwrap_or(variable));
        // Not with a macro: the harness shows the output of macros only for failed tests.
        io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    Some(create(url))
}

/// Creates an empty table as in `template.yaml`.
fn create(url: String) -> Table {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("journal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let attribute = |name| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let key = |hash: &str, range: &str| {
        [(hash, KeyType::Hash), (range, KeyType::Range)]
            .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap())
            .to_vec()
    };
    let index = |name: &str, hash: &str| {
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key(hash, "at")))
            .projection(all)
            .build()
            .unwrap()
    };
    let client = client(&url);
    let create = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "at", "day", "family_key", "open"].map(attribute).to_vec()))
        .set_key_schema(Some(key("pk", "sk")))
        .global_secondary_indexes(index("by-family", "family_key"))
        .global_secondary_indexes(index("by-day", "day"))
        .global_secondary_indexes(index("by-open", "open"));
    run(create.send()).unwrap();
    Table { url, name }
}

fn open(table: &Table) -> DynamoJournal {
    DynamoJournal::new(client(&table.url), &table.name)
}

macro_rules! on {
    ($emulator:ident, $variable:literal, also $($more:ident)*) => {
        mod $emulator {
            macro_rules! table {
                () => {
                    match super::table($variable) {
                        Some(table) => table,
                        None => return,
                    }
                };
            }
            crate::journal_contract::held_by!(table!(), super::open, also $($more)*);

            #[test]
            fn a_missing_table_is_reported_as_missing() {
                super::a_missing_table_is_reported_as_missing(table!());
            }

            #[test]
            fn what_a_newer_version_wrote_stops_only_itself() {
                let table = table!();
                super::newer_version::plant(&super::client(&table.url), &table.name);
                super::newer_version::what_a_newer_version_wrote_stops_only_itself(&super::open(&table));
            }

            #[test]
            fn an_unfiltered_list_covers_one_month() {
                super::an_unfiltered_list_covers_one_month(&table!());
            }
        }
    };
}

on!(
    ministack, "LOGWEIR_TEST_MINISTACK",
    also of_two_concurrent_commits_one_wins of_two_concurrent_family_states_one_wins of_two_concurrent_service_histories_one_wins
        a_commit_made_again_is_not_lost a_state_put_again_is_not_lost a_service_put_again_is_not_lost
        a_rate_limit_put_again_is_not_lost
        an_entry_out_of_sequence_is_refused
);
on!(
    dynamodb_local, "LOGWEIR_TEST_DYNAMODB_LOCAL",
    also of_two_concurrent_commits_one_wins of_two_concurrent_family_states_one_wins of_two_concurrent_service_histories_one_wins
        a_commit_made_again_is_not_lost a_state_put_again_is_not_lost a_service_put_again_is_not_lost
        a_rate_limit_put_again_is_not_lost
        an_entry_out_of_sequence_is_refused
);
// No races: if a transaction fails, moto restores the whole table as it was before. Commits of other clients in the
// meantime are lost.
on!(
    moto, "LOGWEIR_TEST_MOTO",
    also a_commit_made_again_is_not_lost a_state_put_again_is_not_lost a_service_put_again_is_not_lost
        a_rate_limit_put_again_is_not_lost
        an_entry_out_of_sequence_is_refused
);

fn a_missing_table_is_reported_as_missing(table: Table) {
    let missing = Table { name: "nowhere".into(), ..table };
    run(async {
        let journal = open(&missing);
        let answers = [
            journal.read(&revision("web:41")).await.map(drop),
            journal.source_of(&revision("web:41")).await.map(drop),
            journal.list(&everything(), 5).await.map(drop),
            journal.read_state::<Family>(&name("web")).await.map(drop),
            journal.stopped().await.map(drop),
            journal.read_state::<ServiceHistory>(&service("prod/web")).await.map(drop),
        ];
        let commits = [
            Commit::first("web:41", "a").on(&journal).await,
            journal.put_state(&first("web")).await,
            journal.put_state(&pointings::first("prod/web")).await,
        ]
        .map(|commit| match commit {
            Err(CommitError::Port(error)) => Err(error),
            other => panic!("{other:?}"),
        });
        for answer in answers.into_iter().chain(commits) {
            let error = answer.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Missing, "{error}");
            assert!(error.message.starts_with("there is no table nowhere in this account and Region: "), "{error}");
        }
    });
}

fn an_unfiltered_list_covers_one_month(table: &Table) {
    run(async {
        let journal = open(table);
        for (name, at) in [("web:1", "2026-10-21T23:59:59Z"), ("web:2", "2026-10-22T00:00:00Z")] {
            Commit::first_at(name, "a", time(at)).on(&journal).await.unwrap();
        }
        let listed = journal.list(&everything(), 5).await.unwrap();
        assert_eq!(listed.readable.iter().map(|head| head.source.short()).collect::<Vec<_>>(), ["web:2"]);
        let family = Filter { family: Some("web".into()), ..everything() };
        assert_eq!(journal.list(&family, 5).await.unwrap().readable.len(), 2);
    });
}

fn everything() -> Filter {
    Filter::all(now())
}
