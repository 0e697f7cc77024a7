//! The journal in one file: the contract, and damaged or misplaced files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use logweir::domain::outcome::Reason;
use logweir::domain::record::EntryKind;
use logweir::journal_file::FileJournal;
use logweir::ports::{CommitError, ErrorKind, Filter, Journal, Listed};
use tempfile::TempDir;

use crate::journal_contract::sample::{Commit, closed, now, registered, resumed, revision, started};
use crate::journal_contract::{held_by, read, run};

held_by!(
    tempfile::tempdir().unwrap(), open,
    also of_two_concurrent_commits_one_wins of_two_concurrent_family_states_one_wins of_two_concurrent_service_histories_one_wins
        a_commit_made_again_is_not_lost a_state_put_again_is_not_lost a_service_put_again_is_not_lost
        a_rate_limit_put_again_is_not_lost
        an_entry_out_of_sequence_is_refused
);

pub fn open(folder: &TempDir) -> FileJournal {
    FileJournal::open(folder.path().join("journal")).unwrap()
}

pub fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("journal/journal.jsonl")
}

/// A journal with three entries, and its text.
fn three() -> (TempDir, [Commit; 3], Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let first = Commit::first("web:41", "a");
    let second = first.then("a", registered("web:42"));
    let commits = [first, second.clone(), second.then("a", closed())];
    for commit in &commits {
        run(commit.on(&open(&folder))).unwrap();
    }
    let text = fs::read(file(&folder)).unwrap();
    (folder, commits, text)
}

/// The end of each line.
pub fn ends(text: &[u8]) -> Vec<usize> {
    (1..).zip(text).filter(|(_, byte)| **byte == b'\n').map(|(end, _)| end).collect()
}

#[test]
fn nothing_is_created_before_the_first_commit() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    assert_eq!(run(journal.read(&revision("web:41"))), Ok(None));
    assert_eq!(run(journal.source_of(&revision("web:41"))), Ok(None));
    assert_eq!(run(journal.list(&Filter::all(now()), 9)), Ok(Listed::default()));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_access_folder_and_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path().join("a/b/journal")).unwrap();
    run(Commit::first("web:41", "a").on(&journal)).unwrap();
    for (path, mode) in [("a", 0o700), ("a/b", 0o700), ("a/b/journal", 0o700), ("a/b/journal/journal.jsonl", 0o600)] {
        assert_eq!(folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn written_lines_are_never_rewritten() {
    let (folder, commits, text) = three();
    run(commits[2].then("b", resumed()).on(&open(&folder))).unwrap();
    assert!(fs::read(file(&folder)).unwrap().starts_with(&text));
}

#[test]
fn a_line_without_an_end_does_not_count_and_is_cut_off_by_the_next_commit() {
    let (folder, commits, text) = three();
    let [_, second, third] = *ends(&text) else { panic!("three lines") };
    for cut in second..third {
        fs::write(file(&folder), &text[..cut]).unwrap();
        let record = run(read(&open(&folder), "web:41"));
        assert_eq!((&record.head, record.entries.len()), (&commits[1].head, 2), "cut at byte {cut} of {third}");
        assert_eq!(fs::metadata(file(&folder)).unwrap().len(), cut as u64, "reading changes nothing");
        if cut % 16 == 0 || cut == third - 1 {
            run(commits[2].on(&open(&folder))).unwrap();
            assert_eq!(fs::read(file(&folder)).unwrap(), text);
        }
    }
}

#[test]
fn a_first_line_without_an_end_is_no_record() {
    let (folder, commits, text) = three();
    for cut in [1, ends(&text)[0] - 1] {
        fs::write(file(&folder), &text[..cut]).unwrap();
        assert_eq!(run(open(&folder).read(&revision("web:41"))), Ok(None));
        run(commits[0].on(&open(&folder))).unwrap();
        assert_eq!(fs::read(file(&folder)).unwrap(), text[..ends(&text)[0]]);
    }
}

#[test]
fn a_read_waits_for_a_commit_to_end() {
    let (folder, _, text) = three();
    let committing = File::options().write(true).open(file(&folder)).unwrap();
    committing.lock().unwrap();
    fs::write(file(&folder), "half of it\n").unwrap();
    let (begins, begun) = std::sync::mpsc::channel();
    let entries = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            begins.send(()).unwrap();
            run(read(&open(&folder), "web:41")).entries.len()
        });
        begun.recv().unwrap();
        (0..10_000).for_each(|_| std::thread::yield_now());
        fs::write(file(&folder), &text).unwrap();
        drop(committing);
        reader.join().unwrap()
    });
    assert_eq!(entries, 3);
}

#[test]
fn a_damaged_line_is_named_and_never_skipped() {
    let (folder, commits, text) = three();
    let ends = ends(&text);
    for at in 0..text.len() - 1 {
        let line = 1 + ends.iter().filter(|end| **end <= at).count();
        let mut damaged = text.clone();
        damaged[at] ^= 1;
        fs::write(file(&folder), &damaged).unwrap();
        let error = run(open(&folder).read(&revision("web:41"))).unwrap_err();
        let place = format!("{}, line {line}: ", file(&folder).display());
        assert!(error.message.starts_with(&place), "byte {at}: {error}");
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
    }
    // Every read by key is refused too, as the line may belong to any record. A commit does not change the file. A list
    // names the line and leaves it out.
    let mut damaged = text;
    damaged[ends[0] + 40] ^= 1;
    fs::write(file(&folder), &damaged).unwrap();
    let journal = open(&folder);
    refused(run(journal.read(&revision("api:1"))), "line 2");
    refused(run(journal.source_of(&revision("web:42"))), "line 2");
    let listed = run(journal.list(&Filter::all(now()), 9)).unwrap();
    assert_eq!(listed.readable, [commits[2].head.clone()]);
    assert_eq!(listed.unreadable, [format!("line 2 of {}", file(&folder).display())]);
    for commit in [&commits[2], &Commit::first("api:1", "a")] {
        refused(run(commit.on(&journal)), "line 2");
    }
    assert_eq!(fs::read(file(&folder)).unwrap(), damaged);
}

#[test]
fn a_line_that_is_missing_or_repeated_is_noticed() {
    let (folder, _, text) = three();
    let [first, second, _] = *ends(&text) else { panic!("three lines") };
    for (text, place) in [
        ([&text[..first], &text[second..]].concat(), "line 2"),
        ([&text[..second], &text[first..]].concat(), "line 3"),
        (text[first..].to_vec(), "line 1"),
    ] {
        fs::write(file(&folder), text).unwrap();
        refused(run(open(&folder).read(&revision("web:41"))), place);
    }
}

#[test]
fn an_error_shows_nothing_of_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let first = Commit::first("web:41", "CANARY");
    let second = first.then("CANARY", EntryKind::Failed { step: 0, why: "CANARY".into(), reason: None });
    for commit in [&first, &second] {
        run(commit.on(&open(&folder))).unwrap();
    }
    let text = fs::read_to_string(file(&folder)).unwrap();
    // A correct checksum of content that no version has ever written.
    let strange = r#"{"head":{"CANARY":1},"entry":"CANARY"}"#;
    let crc32 = crc32fast::hash(br#"{"CANARY":1}"CANARY""#);
    for text in [text.replacen("CANARY", "CANARX", 1), format!("{text}{{\"crc32\":{crc32},{}\n", &strange[1..])] {
        fs::write(file(&folder), text).unwrap();
        let error = run(open(&folder).read(&revision("web:41"))).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANAR"), "{error:?}");
    }
}

#[test]
fn an_entry_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut newer = Commit::first("web:41", "a");
    newer.entry.schema += 1;
    run(newer.on(&open(&folder))).unwrap();
    refused(
        run(open(&folder).read(&revision("web:41"))),
        "line 1: the line holds data that this version of Logweir does not know",
    );
}

#[test]
fn something_else_in_the_place_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    File::create(folder.path().join("taken")).unwrap();
    for path in ["taken", "taken/below"] {
        refused(FileJournal::open(folder.path().join(path)), "name another folder with --journal file:DIR");
    }
    // The same applies if the file appears after the journal was opened.
    let journal = open(&folder);
    File::create(folder.path().join("journal")).unwrap();
    refused(run(Commit::first("web:41", "a").on(&journal)), "name another folder with --journal file:DIR");
    refused(run(journal.read(&revision("web:41"))), "name another folder with --journal file:DIR");
}

#[test]
fn something_else_in_the_place_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(file(&folder)).unwrap();
    refused(run(open(&folder).read(&revision("web:41"))), "name another folder");
    refused(run(Commit::first("web:41", "a").on(&open(&folder))), "name another folder");
}

#[test]
#[cfg(unix)]
fn a_read_only_folder_can_be_read() {
    let (folder, commits, text) = three();
    let next = commits[2].then("a", started(0));
    let forbid =
        |path: &Path, mode| fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    forbid(&file(&folder), 0o400);
    forbid(&folder.path().join("journal"), 0o500);
    assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), 3);
    // Root may write everywhere.
    if File::create(folder.path().join("journal/probe")).is_err() {
        refused(run(next.on(&open(&folder))), "get access to this file, or name another folder");
        assert_eq!(fs::read(file(&folder)).unwrap(), text);
    }
    forbid(&folder.path().join("journal"), 0o700);
}

/// Asserts that the result is a permanent refusal, with a message that says where and what to do.
pub fn refused<T: std::fmt::Debug, E: Into<CommitError>>(answer: Result<T, E>, part: &str) {
    let error = match answer.map_err(Into::into) {
        Err(CommitError::Port(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.message.contains(part) && error.message.contains("journal"), "{error}");
}
