//! Questions to a person at a terminal, for which each test opens a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::apply::blocking;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::operator::Operator;

/// Runs `logweir` with standard input and standard error on a terminal, where a person types `answer`. Returns the exit
/// code, standard output, and what the terminal shows.
fn at_terminal(operator: &Operator, answer: &str, arguments: &[&str]) -> (i32, String, String) {
    let near: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let path = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
    let far = || OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
    command.args(arguments).args(["--endpoint-url", &operator.aws.url, "--region", "eu-west-1"]);
    command.arg("--journal").arg(format!("file:{}", operator.journal().display()));
    command
        .env_clear()
        .env("HOME", operator.folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("TERM", "dumb");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY");
    command.stdin(far()).stderr(far()).stdout(Stdio::piped());
    let mut near = File::from(near);
    writeln!(near, "{answer}").unwrap();
    let child = command.spawn().unwrap();
    drop(command);
    let shown = std::thread::spawn(move || {
        let (mut shown, mut part) = (Vec::new(), [0; 1024]);
        // After the program has ended, the read fails.
        while let Ok(count @ 1..) = near.read(&mut part) {
            shown.extend_from_slice(&part[..count]);
        }
        String::from_utf8_lossy(&shown).replace("\r\n", "\n")
    });
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), shown.join().unwrap())
}

fn corrected() -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0);
    operator
}

#[test]
fn a_backout_at_a_terminal_shows_the_account_and_asks() {
    for verb in [&["backout", "web:1"][..], &["replay", "--backout", "web:1"]] {
        let operator = corrected();
        let (code, out, shown) = at_terminal(&operator, "no", verb);
        assert_eq!((code, out.as_str()), (1, ""), "{shown}");
        assert!(shown.contains("account: 111122223333 (shop-dev), "), "{shown}");
        assert!(shown.contains(&format!("Back out the record of {WEB_1}? [y/N] nothing was changed\n")), "{shown}");
        assert_eq!(operator.account.active("web"), [1, 2]);

        let (code, out, shown) = at_terminal(&operator, "y", verb);
        assert_eq!((code, operator.account.active("web")), (0, vec![1]), "{shown}");
        assert!(out.contains("web:1: backed-out"), "{out}");
    }
}

#[test]
fn a_replay_that_writes_asks_at_a_terminal_and_one_that_reads_does_not() {
    let operator = Operator::of(&[blocking("web")]);
    let begun = operator.file("event.json", &event(WEB_1).to_string());
    let (code, out, shown) = at_terminal(&operator, "", &["replay", &begun, "--mode", "register"]);
    assert_eq!((code, out.as_str()), (1, ""), "{shown}");
    assert!(shown.contains("Process this event in mode register? [y/N] nothing was changed\n"), "{shown}");
    assert_eq!((operator.account.active("web"), operator.written().as_str()), (vec![1], ""));
    let (_, out, shown) = at_terminal(&operator, "", &["replay", &begun]);
    assert!(!out.is_empty() && !shown.contains("[y/N]"), "{shown}");
}

#[test]
fn with_yes_or_in_a_dry_run_or_without_a_terminal_nothing_is_asked() {
    for verb in [&["backout", "web:1", "--yes"][..], &["replay", "--backout", "web:1", "--yes"]] {
        let operator = corrected();
        let (code, _, shown) = at_terminal(&operator, "", verb);
        assert_eq!((code, operator.account.active("web")), (0, vec![1]), "{shown}");
        assert!(shown.contains("account: ") && !shown.contains("[y/N]"), "{shown}");
    }
    let operator = corrected();
    let (code, _, shown) = at_terminal(&operator, "", &["backout", "web:1", "--dry-run"]);
    assert!(code == 0 && !shown.contains("[y/N]"), "{shown}");
    assert_eq!(operator.run(&["backout", "web:1"]).code, 0, "undo never waits for a prompt");
}

#[test]
fn apply_shows_the_account_before_it_asks() {
    let operator = Operator::of(&[blocking("web")]);
    let (_, _, shown) = at_terminal(&operator, "n", &["apply", "ecs:web"]);
    let account = shown.find("account: 111122223333").unwrap();
    assert!(account < shown.find("Correct web:1? [y/N]").unwrap(), "{shown}");
    assert_eq!(operator.account.active("web"), [1]);
}
