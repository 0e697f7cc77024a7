//! A file without an end, or a very large file, is an error that names the limit.

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};

const LIMIT: &str = "larger than the limit of 16 MiB";

#[cfg(unix)]
#[test]
fn an_endless_file_is_refused_wherever_it_is_named() {
    let folder = TempDir::new().unwrap();
    let web = file(&folder, "web.json", BLOCKING);
    for (arguments, limit) in [
        (&["check", "/dev/zero"][..], "larger than the limit of 16 MiB"),
        (&["fix", "/dev/zero"], "larger than the limit of 16 MiB"),
        (&["replay", "/dev/zero"], "larger than 16 MiB"),
        (&["check", &web, "--baseline", "/dev/zero"], "larger than the limit of 1 MiB"),
        (&["check", &web, "--against", "/dev/zero"], "larger than the limit of 1 MiB"),
    ] {
        let ran = run(&mut logweir(arguments));
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(limit), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn standard_input_is_never_cut() {
    let text = format!("{BLOCKING}{}", " ".repeat((16 << 20) - BLOCKING.len()));
    assert_eq!(run(logweir(&["check", "-"]).write_stdin(text.clone())).code, 1);
    let ran = run(logweir(&["check", "-"]).write_stdin(text + " "));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("<stdin>") && ran.err.contains(LIMIT), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn in_a_folder_only_regular_files_are_read() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.json")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe.json")).status().unwrap().success());
    let ran = run(&mut logweir(&["check", folder.path().to_str().unwrap()]));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("1 task definition checked"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut writer = Command::new("sh");
    writer.args(["-c", "cat > \"$1\"", "sh", path.to_str().unwrap()]);
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    writer.stdin.take().unwrap().write_all(BLOCKING.as_bytes()).unwrap();
    let ran = run(&mut logweir(&["check", path.to_str().unwrap()]));
    writer.wait().unwrap();
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_no_regular_file_is_refused() {
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("journal.jsonl")).unwrap();
    let journal = format!("file:{}", folder.path().display());
    let ran = run(&mut logweir(&["records", "--journal", &journal]));
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("not a regular file"), "{}", ran.err);
}
