//! The file journal, with the states of families between the lines of records.

use std::fs;

use logweir::domain::limits::family::Family;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Filter, Journal, Listed};
use tempfile::TempDir;

use super::file::{ends, file, open, refused};
use crate::journal_contract::families::{first, held, name, opened, then};
use crate::journal_contract::sample::{Commit, closed, now, registered, revision};
use crate::journal_contract::{read, run};

/// A family's state, two commits, the family's next state, and another commit: each a line.
fn five() -> (TempDir, [Family; 2], [Commit; 3], Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let one = first("web");
    let two = then(&one, opened);
    let claim = Commit::first("web:41", "a");
    let done = claim.then("a", registered("web:42"));
    let commits = [claim, done.clone(), done.then("a", closed())];
    run(async {
        let journal = open(&folder);
        journal.put_state(&one).await.unwrap();
        commits[0].on(&journal).await.unwrap();
        commits[1].on(&journal).await.unwrap();
        journal.put_state(&two).await.unwrap();
        commits[2].on(&journal).await.unwrap();
    });
    let text = fs::read(file(&folder)).unwrap();
    (folder, [one, two], commits, text)
}

#[test]
fn lines_of_families_and_of_records_do_not_affect_each_other() {
    let (folder, [_, two], commits, text) = five();
    assert_eq!(ends(&text).len(), 5);
    let journal = open(&folder);
    assert_eq!(run(read(&journal, "web:41")).entries, commits.clone().map(|commit| commit.entry));
    assert_eq!(run(journal.read_state::<Family>(&name("web"))), Ok(Some(two.clone())));
    assert_eq!(run(journal.stopped()), Ok(vec![two].into()));
    assert_eq!(run(journal.list(&Filter::all(now()), 9)), Ok(vec![commits[2].head.clone()].into()));
    assert_eq!(run(journal.source_of(&revision("web:42"))), Ok(Some(revision("web:41"))));
}

#[test]
fn a_state_without_an_end_does_not_count_and_is_cut_off_by_the_next_line() {
    let (folder, [one, two], commits, text) = five();
    let [.., third, fourth, _] = *ends(&text) else { panic!("five lines") };
    for cut in third..fourth {
        fs::write(file(&folder), &text[..cut]).unwrap();
        assert_eq!(
            run(open(&folder).read_state::<Family>(&name("web"))),
            Ok(Some(one.clone())),
            "cut at byte {cut} of {fourth}"
        );
        assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), 2);
    }
    run(open(&folder).put_state(&two)).unwrap();
    assert_eq!(fs::read(file(&folder)).unwrap(), text[..fourth]);
    fs::write(file(&folder), &text[..fourth - 1]).unwrap();
    run(commits[2].on(&open(&folder))).unwrap();
    assert_eq!(fs::read(file(&folder)).unwrap(), [&text[..third], &text[fourth..]].concat());
}

#[test]
fn a_damaged_line_of_a_family_is_named_by_every_call_and_only_lists_go_on() {
    let (folder, [_, two], commits, text) = five();
    let [.., third, fourth, _] = *ends(&text) else { panic!("five lines") };
    for at in third..fourth - 1 {
        let mut damaged = text.clone();
        damaged[at] ^= 1;
        fs::write(file(&folder), damaged).unwrap();
        let error = run(open(&folder).read_state::<Family>(&name("web"))).unwrap_err();
        assert!(error.message.contains(", line 4: "), "byte {at}: {error}");
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
    }
    let journal = open(&folder);
    refused(run(journal.read_state::<Family>(&name("api"))), "line 4");
    refused(run(journal.read(&revision("web:41"))), "line 4");
    refused(run(journal.put_state(&then(&two, held))), "line 4");
    refused(run(commits[2].then("a", closed()).on(&journal)), "line 4");
    let named = vec![format!("line 4 of {}", file(&folder).display())];
    assert_eq!(run(journal.stopped()), Ok(Listed { readable: Vec::new(), unreadable: named.clone() }));
    let heads = vec![commits[2].head.clone()];
    assert_eq!(run(journal.list(&Filter::all(now()), 9)), Ok(Listed { readable: heads, unreadable: named }));
}

#[test]
fn a_state_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    run(journal.put_state(&first("api"))).unwrap();
    run(journal.put_state(&Family { schema: Family::SCHEMA + 1, ..first("web") })).unwrap();
    let answer = run(journal.read_state::<Family>(&name("web")));
    assert_eq!(answer.clone().unwrap_err().reason, Some(Reason::Unreadable));
    refused(answer, "line 2: the line holds data that this version of Logweir does not know");
    let named = vec![name("web").to_string()];
    assert_eq!(run(journal.stopped()), Ok(Listed { readable: Vec::new(), unreadable: named }));
}

#[test]
fn a_line_that_is_neither_a_commit_nor_a_state_is_named() {
    let (folder, .., text) = five();
    let text = String::from_utf8(text).unwrap();
    let line = |number: usize| text.lines().nth(number).unwrap();
    let member = |line: &str, name: &str| {
        let parsed: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        parsed[name].to_string()
    };
    let (family, head, entry) = (member(line(0), "family"), member(line(1), "head"), member(line(1), "entry"));
    for members in [
        vec![],
        vec![("head", &head)],
        vec![("entry", &entry)],
        vec![("head", &head), ("family", &family)],
        vec![("head", &head), ("entry", &entry), ("family", &family)],
    ] {
        // The checksum is right.
        let crc32 = crc32fast::hash(members.iter().flat_map(|(_, text)| text.bytes()).collect::<Vec<_>>().as_slice());
        let members: String = members.iter().map(|(name, text)| format!(r#","{name}":{text}"#)).collect();
        fs::write(file(&folder), format!("{{\"crc32\":{crc32}{members}}}\n")).unwrap();
        refused(run(open(&folder).read(&revision("web:41"))), "line 1");
        refused(run(open(&folder).read_state::<Family>(&name("web"))), "line 1");
    }
}
