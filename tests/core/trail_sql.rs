//! The report as SQL. `tests/formats/test_athena.py` runs the queries.

use jiff::civil::date;
use logweir::domain::trail::activity::{Filters, Question};
use logweir::domain::trail::sql::{Header, Layout, Name, Query, ResultError, Scope, table};

fn sql(filters: Filters, query: Query) -> String {
    let question = Question::new(filters, None, None);
    let table = Name::new("audit", "cloudtrail_logs").unwrap();
    let since = "2026-12-01T00:00:00Z".parse().unwrap();
    let until = "2026-12-02T12:00:00Z".parse().unwrap();
    Scope { table: &table, question: &question, since, until }.sql(query)
}

#[test]
fn each_query_reads_the_days_of_the_period_and_has_no_placeholder_left() {
    for query in Query::REPORT.into_iter().chain(Query::PANELS) {
        let sql = sql(Filters::default(), query);
        assert!(sql.contains("\"timestamp\" BETWEEN '2026/11/30' AND '2026/12/03'"), "{sql}");
        assert!(sql.contains("FROM \"audit\".\"cloudtrail_logs\""), "{sql}");
        assert!(!sql.contains(['{', '}', ';']) && sql.starts_with("SELECT"), "{sql}");
    }
}

#[test]
fn a_value_of_the_caller_is_a_literal() {
    let hostile = "x') OR (eventname = '{table}' -- ;".to_owned();
    let filters = Filters {
        sources: vec![hostile.clone()],
        accounts: vec![hostile.clone()],
        regions: vec![hostile.clone()],
        events: vec![hostile, "Delete*_?%!".to_owned()],
        ..Filters::default()
    };
    let sql = sql(filters, Query::Groups);
    assert_eq!(sql.matches("'x'') OR (eventname = ''{table}'' -- ;'").count(), 4, "{sql}");
    assert!(sql.contains("eventname LIKE 'x'') OR (eventname = ''{table}'' -- ;' ESCAPE '!'"), "{sql}");
    assert!(sql.contains("eventname LIKE 'Delete%!__!%!!' ESCAPE '!'"), "{sql}");
}

#[test]
fn a_name_of_the_caller_is_refused_unless_athena_accepts_it_without_quotation() {
    assert_eq!(Name::new("audit-2026", "t_1").unwrap().to_string(), "audit-2026.t_1");
    for name in ["", "Audit", "a\"b", "a`b", "a.b", "a b", "é", &"x".repeat(256)] {
        assert!(Name::new(name, "t").is_err() && Name::new("d", name).is_err(), "{name}");
    }
}

fn layout(accounts: &[&str], regions: &[&str]) -> Layout {
    let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
    Layout {
        accounts_folder: "s3://trail-logs/audit/AWSLogs/".into(),
        accounts: owned(accounts),
        regions: owned(regions),
        from: date(2026, 1, 1),
    }
}

#[test]
fn the_table_of_one_account_and_region_has_days_as_partitions() {
    let name = Name::new("audit", "cloudtrail_logs").unwrap();
    let ddl = table(&name, &layout(&["111122223333"], &["eu-west-1"]));
    for part in [
        "CREATE EXTERNAL TABLE IF NOT EXISTS `audit`.`cloudtrail_logs` (",
        "PARTITIONED BY (`timestamp` string)",
        "LOCATION 's3://trail-logs/audit/AWSLogs/111122223333/CloudTrail/eu-west-1/'",
        "'projection.timestamp.range' = '2026/01/01,NOW'",
        "'storage.location.template' = 's3://trail-logs/audit/AWSLogs/111122223333/CloudTrail/eu-west-1/${timestamp}'",
    ] {
        assert!(ddl.contains(part), "{part}:\n{ddl}");
    }
    assert!(!ddl.contains("projection.account"), "{ddl}");
}

#[test]
fn the_table_of_several_accounts_also_has_accounts_and_regions_as_partitions() {
    let name = Name::new("audit", "cloudtrail_logs").unwrap();
    let ddl = table(&name, &layout(&["111122223333", "444455556666"], &["eu-west-1"]));
    for part in [
        "PARTITIONED BY (`account` string, `region` string, `timestamp` string)",
        "LOCATION 's3://trail-logs/audit/AWSLogs/'",
        "'projection.account.values' = '111122223333,444455556666'",
        "'projection.region.values' = 'eu-west-1'",
        "'storage.location.template' = 's3://trail-logs/audit/AWSLogs/${account}/CloudTrail/${region}/${timestamp}'",
    ] {
        assert!(ddl.contains(part), "{part}:\n{ddl}");
    }
}

#[test]
fn a_result_without_a_column_or_with_a_text_for_a_number_is_an_error() {
    let row = |values: &[&str]| values.iter().map(|value| Some((*value).to_owned())).collect::<Vec<_>>();
    let header = Header::new(&row(&["records", "unreadable", "matching"]));
    assert_eq!(header.accounts(&row(&["1", "0", "1"])), Err(ResultError::Column("kept")));
    let header = Header::new(&row(&["records", "unreadable", "matching", "kept"]));
    assert_eq!(header.accounts(&row(&["9", "1", "8", "7"])), Ok([9, 1, 8, 7]));
    assert_eq!(header.accounts(&row(&["9", "1", "8", "x"])), Err(ResultError::Value("kept", "x".into())));
    assert_eq!(header.accounts(&row(&["9"])), Err(ResultError::Column("unreadable")));
}
