//! Several processes on one file, and processes that die. A child runs only the test `child` of this test program. It
//! commits to a journal and prints the acknowledged entries on its standard output.

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
#[ignore = "the other tests start it as a separate process"]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let number = |name| env::var(name).unwrap().parse::<usize>().unwrap();
    let (name, count, why) = (env::var(NAME).unwrap(), number(COUNT), "x".repeat(number(LENGTH)));
    let journal = FileJournal::open(folder).unwrap();
    say(String::new()); // ends the line that the test harness has started
    let mut step = 0;
    while step < count {
        let what = EntryKind::Failed { step, why: why.clone(), reason: None };
        match run(commit_on_current_head(&journal, &name, what)) {
            Ok(sequence) => say(format!("acknowledged {sequence}")),
            Err(CommitError::Lost) => continue,
            Err(error) => return say(format!("refused {error}")),
        }
        step += 1;
    }
}

async fn commit_on_current_head(journal: &FileJournal, name: &str, what: EntryKind) -> Result<u32, CommitError> {
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

/// Starts a child through a shell, which runs `before` first.
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

/// The rest of each line of a child that starts with this word, until the child ends.
fn said(child: &mut Child, word: &'static str) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(move |line| line.strip_prefix(word).map(|rest| rest.trim().to_owned()))
}

fn is_whole(file: &Path) -> bool {
    fs::read(file).unwrap().ends_with(b"\n")
}

#[test]
fn concurrent_processes_neither_lose_an_entry_nor_count_one_twice() {
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
fn a_process_killed_during_a_write_loses_no_acknowledged_entry() {
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        // Long writes, so that the child sometimes dies during one.
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
        assert!(
            (last + 1..=last + 2).contains(&entries),
            "{last} was acknowledged last, and there are {entries} entries"
        );
        let next = upon(&record.head, "b", started(0));
        run(next.on(&open(&folder))).unwrap();
        assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), entries + 1);
        assert!(is_whole(&file(&folder)));
    }
}

#[test]
fn on_a_full_disk_a_commit_is_refused_and_acknowledged_entries_are_kept() {
    for length in [0, 700, 5000] {
        let folder = tempfile::tempdir().unwrap();
        // A file may not grow beyond 64 blocks of the shell. Exceeding the limit does not kill the process.
        let mut child = start(&folder, "a", usize::MAX, length, "trap '' XFSZ; ulimit -f 64;");
        let lines: Vec<String> = said(&mut child, "").collect();
        assert!(child.wait().unwrap().success());

        let refusal = lines.iter().find_map(|line| line.strip_prefix("refused")).expect("a refusal");
        assert!(refusal.contains("free disk space and try again"), "{refusal}");
        let acknowledged = lines.iter().filter(|line| line.starts_with("acknowledged")).count();
        let record = run(read(&open(&folder), "web:41"));
        assert_eq!(record.entries.len(), acknowledged);
        assert!(is_whole(&file(&folder)), "no partly written line is left");
        run(upon(&record.head, "b", started(0)).on(&open(&folder))).unwrap();
        assert_eq!(run(read(&open(&folder), "web:41")).entries.len(), acknowledged + 1);
    }
}
