//! The file journal, with the histories of services between the other lines.

use std::fs;

use logweir::domain::limits::family::Family;
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Filter, Journal};
use tempfile::TempDir;

use super::file::{ends, file, open, refused};
use crate::journal_contract::families;
use crate::journal_contract::pointings::{first, then};
use crate::journal_contract::sample::{Commit, now, registered, revision, service};
use crate::journal_contract::{read, run};

/// Two states of a service, with a commit and a family's state between them, and a commit behind them: each a line.
fn five() -> (TempDir, [ServiceHistory; 2], [Commit; 2], Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let one = first("prod/web");
    let two = then(&one, 44);
    let claim = Commit::first("web:41", "a");
    let commits = [claim.clone(), claim.then("a", registered("web:42"))];
    run(async {
        let journal = open(&folder);
        journal.put_state(&one).await.unwrap();
        commits[0].on(&journal).await.unwrap();
        journal.put_state(&families::first("web")).await.unwrap();
        journal.put_state(&two).await.unwrap();
        commits[1].on(&journal).await.unwrap();
    });
    let text = fs::read(file(&folder)).unwrap();
    (folder, [one, two], commits, text)
}

#[test]
fn lines_of_services_do_not_affect_other_lines() {
    let (folder, [_, two], commits, text) = five();
    assert_eq!(ends(&text).len(), 5);
    let journal = open(&folder);
    assert_eq!(run(journal.read_state::<ServiceHistory>(&service("prod/web"))), Ok(Some(two)));
    assert_eq!(run(journal.read_state::<Family>(&families::name("web"))), Ok(Some(families::first("web"))));
    assert_eq!(run(read(&journal, "web:41")).entries, commits.clone().map(|commit| commit.entry));
    assert_eq!(run(journal.list(&Filter::all(now()), 9)), Ok(vec![commits[1].head.clone()].into()));
    assert_eq!(run(journal.source_of(&revision("web:42"))), Ok(Some(revision("web:41"))));
}

#[test]
fn a_state_without_an_end_does_not_count_and_is_cut_off_by_the_next_line() {
    let (folder, [one, two], _, text) = five();
    let [.., third, fourth, _] = *ends(&text) else { panic!("five lines") };
    for cut in third..fourth {
        fs::write(file(&folder), &text[..cut]).unwrap();
        assert_eq!(
            run(open(&folder).read_state::<ServiceHistory>(&one.service)),
            Ok(Some(one.clone())),
            "cut at byte {cut} of {fourth}"
        );
    }
    run(open(&folder).put_state(&two)).unwrap();
    assert_eq!(fs::read(file(&folder)).unwrap(), text[..fourth]);
}

#[test]
fn a_damaged_line_of_a_service_is_named_by_every_call() {
    let (folder, [one, two], ..) = five();
    let text = fs::read(file(&folder)).unwrap();
    let [.., third, fourth, _] = *ends(&text) else { panic!("five lines") };
    for at in third..fourth - 1 {
        let mut damaged = text.clone();
        damaged[at] ^= 1;
        fs::write(file(&folder), damaged).unwrap();
        let error = run(open(&folder).read_state::<ServiceHistory>(&one.service)).unwrap_err();
        assert!(error.message.contains(", line 4: "), "byte {at}: {error}");
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
    }
    let journal = open(&folder);
    refused(run(journal.read_state::<ServiceHistory>(&service("prod/api"))), "line 4");
    refused(run(journal.read_state::<Family>(&families::name("web"))), "line 4");
    refused(run(journal.read(&revision("web:41"))), "line 4");
    refused(run(journal.put_state(&then(&two, 46))), "line 4");
}

#[test]
fn a_state_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    run(journal.put_state(&ServiceHistory { schema: ServiceHistory::SCHEMA + 1, ..first("prod/web") })).unwrap();
    let answer = run(journal.read_state::<ServiceHistory>(&service("prod/web")));
    refused(answer, "line 1: the line holds data that this version of Logweir does not know");
    assert_eq!(run(journal.read_state::<Family>(&families::name("web"))), Ok(None), "no other call needs it");
}

#[test]
fn a_line_that_is_two_states_at_once_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    run(journal.put_state(&first("prod/web"))).unwrap();
    let text = |state: String| state.trim().to_owned();
    let pointings = text(serde_json::to_string(&first("prod/web")).unwrap());
    let family = text(serde_json::to_string(&families::first("web")).unwrap());
    let crc32 = crc32fast::hash(format!("{family}{pointings}").as_bytes());
    let both = format!("{{\"crc32\":{crc32},\"family\":{family},\"pointings\":{pointings}}}\n");
    fs::write(file(&folder), both).unwrap();
    refused(run(journal.read_state::<ServiceHistory>(&service("prod/web"))), "line 1");
    refused(run(journal.read_state::<Family>(&families::name("web"))), "line 1");
}
