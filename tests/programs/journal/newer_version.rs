//! Journals that contain records and states of a newer version of Logweir.

use std::fs;
use std::sync::Mutex;

use super::file::{file, open};
use super::table::journal;
use crate::dynamodb::client;
use crate::journal_contract::newer_version::{LINES, plant, what_a_newer_version_wrote_stops_only_itself};
use crate::loopback::table::Table;
use crate::loopback::{Loopback, Reply};

#[test]
fn in_a_file_it_stops_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("journal")).unwrap();
    fs::write(file(&folder), LINES).unwrap();
    what_a_newer_version_wrote_stops_only_itself(&open(&folder));
}

#[test]
fn in_a_table_it_stops_only_itself() {
    let table = Mutex::new(Table::default());
    let table = Loopback::serve(move |operation, body| {
        let body = serde_json::from_str(body).unwrap();
        Reply::ok(&table.lock().unwrap().answer(operation, &body).unwrap())
    });
    plant(&client(&table.url), "journal");
    what_a_newer_version_wrote_stops_only_itself(&journal(&table));
}
