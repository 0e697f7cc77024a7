//! Several processes on one file, and processes that die. A child is this same test program, asked for its one test
//! `child`, which commits to a journal and says on its standard output what was acknowledged.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use logweir::domain::record::{EntryKind, Record};
use logweir::journal_file::FileJournal;
use logweir::ports::{CommitError, Journal};
use tempfile::TempDir;

use super::file::{file, open};
use crate::journal_contract::sample::{Commit, revision, started, upon};
use crate::journal_contract::{read, run};

const FOLDER: &str = "LOGWEIR_TEST_CHILD_FOLDER";
const NAME: &str = "LOGWEIR_TEST_CHILD_NAME";
const COUNT: &str = "LOGWEIR_TEST_CHILD_COUNT";
const LENGTH: &str = "LOGWEIR_TEST_CHILD_LENGTH";

#[test]
#[ignore = "what the other tests start as a process of its own"]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let number = |name| env::var(name).unwrap().parse::<usize>().unwrap();
    let (name, count, why) = (env::var(NAME).unwrap(), number(COUNT), "x".repeat(number(LENGTH)));
    let journal = FileJournal::open(folder).unwrap();
    say(String::new()); // what stands on the line so far is the test harness's
    let mut step = 0;
    while step < count {
        let what = EntryKind::Failed { step, why: why.clone(), reason: None };
        match run(commit_upon_what_stands(&journal, &name, what)) {
            Ok(sequence) => say(format!("acknowledged {sequence}")),
            Err(CommitError::Lost) => continue,
            Err(error) => return say(format!("refused {error}")),
        }
        step += 1;
    }
}

async fn commit_upon_what_stands(journal: &FileJournal, name: &str, what: EntryKind) -> Result<u32, CommitError> {
    let commit = match journal.read(&revision("web:41")).await? {
        None => Commit::first("web:41", name),
        Some(Record { head, .. }) => upon(&head, name, what),
    };
    journal.commit(&commit.expected, &commit.head, &commit.entry).await.map(|()| commit.entry.sequence)
}

fn say(line: String) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
}

/// Starts a child, by way of a shell that runs `before` first.
fn start(folder: &TempDir, name: &str, count: usize, length: usize, before: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!(r#"{before} exec "$0" "$@""#)])
        .arg(env::current_exe().unwrap())
        .args(["journal::processes::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, file(folder).parent().unwrap())
        .envs([(NAME, name), (COUNT, &count.to_string()), (LENGTH, &length.to_string())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child says after this word, line by line until it ends.
fn said(child: &mut Child, word: &'static str) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(move |line| line.strip_prefix(word).map(|rest| rest.trim().to_owned()))
}

fn is_whole(file: &Path) -> bool {
    fs::read(file).unwrap().ends_with(b"\n")
}

#[test]
fn processes_at_once_neither_lose_an_entry_nor_count_one_twice() {
    const EACH: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let names = ["a", "b", "c", "d"];
    let mut children = names.map(|name| start(&folder, name, EACH, 0, ""));
    let acknowledged = children.each_mut().map(|child| {
        let sequences: Vec<u32> = said(child, "acknowledged").map(|sequence| sequence.parse().unwrap()).collect();
        assert!(child.wait().unwrap().success());
        sequences
    });
    let record = run(read(&open(&folder), "web:41"));
    assert_eq!(record.entries.len(), names.len() * EACH);
    for (name, acknowledged) in names.into_iter().zip(acknowledged) {
        let written: Vec<u32> =
            record.entries.iter().filter(|entry| entry.by == name).map(|entry| entry.sequence).collect();
        assert_eq!(written, acknowledged, "by {name}");
    }
}

#[test]
fn a_process_killed_in_the_middle_of_its_writes_loses_nothing_that_was_acknowledged() {
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        // Writes that take long, so that it dies in one, too.
        let mut child = start(&folder, "a", usize::MAX, 300_000, "");
        let mut said = said(&mut child, "acknowledged");
        let before = said.nth(round % 4).expect("it writes until it is killed");
        for _ in 0..round * 20_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        let last = said.last().unwrap_or(before);
        child.wait().unwrap();

        let last: usize = last.parse().unwrap();
        let record = run(read(&open(&folder), "web:41"));
        let entries = record.entries.len();
        assert!((last + 1..=last + 2).contains(&entries), "{last} was acknowledged last, and {entries} stand there");
        let next = upon(&record.head, "b", started(0));
        run(next.on(&open(&folder))).unwrap();
        assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), entries + 1);
        assert!(is_whole(&file(&folder)));
    }
}

#[test]
fn on_a_full_disk_a_commit_is_refused_and_what_was_acknowledged_stays() {
    for length in [0, 700, 5000] {
        let folder = tempfile::tempdir().unwrap();
        // A file may not grow beyond 64 or 128 blocks, whatever the shell calls one, and trying does not kill.
        let mut child = start(&folder, "a", usize::MAX, length, "trap '' XFSZ; ulimit -f 64;");
        let lines: Vec<String> = said(&mut child, "").collect();
        assert!(child.wait().unwrap().success());

        let refusal = lines.iter().find_map(|line| line.strip_prefix("refused")).expect("a refusal");
        assert!(refusal.contains("make room and do it again"), "{refusal}");
        let acknowledged = lines.iter().filter(|line| line.starts_with("acknowledged")).count();
        let record = run(read(&open(&folder), "web:41"));
        assert_eq!(record.entries.len(), acknowledged);
        assert!(is_whole(&file(&folder)), "nothing half-written stays");
        run(upon(&record.head, "b", started(0)).on(&open(&folder))).unwrap();
        assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), acknowledged + 1);
    }
}
