//! `fix --diff` prints patches that `git apply` and `patch` apply, and `fix --check` says whether `fix` would write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use logweir::sources::Document;
use tempfile::TempDir;

use super::apply::blocking;
use super::{BLOCKING, file, logweir, run};
use crate::loopback::operator::{Operator, Ran};

/// Runs `logweir` in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    run(logweir(arguments).current_dir(folder).args(["--region", "eu-west-1"]))
}

/// Applies a patch in a folder, with `git apply` or `patch -p1`.
pub(super) fn apply(folder: &Path, program: &[&str], diff: &str) {
    fs::write(folder.join("the.diff"), diff).unwrap();
    let input = fs::File::open(folder.join("the.diff")).unwrap();
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).current_dir(folder).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    // git reads no configuration and no repository of the machine.
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CEILING_DIRECTORIES", folder).env("HOME", folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program:?}: {}\n{diff}", String::from_utf8_lossy(&output.stderr));
}

pub(super) const PROGRAMS: [&[&str]; 2] =
    [&["git", "apply", "--whitespace=nowarn"], &["patch", "-p1", "--quiet", "--fuzz=0"]];

/// Checks that the patch of `files` changes each file to the bytes that `fix --in-place` writes.
fn check(files: &[(&str, &str)]) {
    let fixed = TempDir::new().unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let folders = PROGRAMS.map(|_| TempDir::new().unwrap());
    for (name, text) in files {
        file(&fixed, name, text);
        folders.iter().for_each(|folder| drop(file(folder, name, text)));
    }
    run_in(fixed.path(), &[&["fix", "--in-place"][..], &names].concat());
    for (folder, program) in folders.iter().zip(PROGRAMS) {
        let ran = run_in(folder.path(), &[&["fix", "--diff"][..], &names].concat());
        assert!(ran.code < 2, "{}", ran.err);
        if !ran.out.is_empty() {
            apply(folder.path(), program, &ran.out);
        }
        for name in &names {
            let read = |folder: &TempDir| fs::read(folder.path().join(name)).unwrap();
            assert!(read(folder) == read(&fixed), "{program:?}: {name}\n{}", ran.out);
        }
    }
}

#[test]
fn a_patch_makes_what_fix_writes_in_every_layout() {
    let minified = serde_json::from_str::<serde_json::Value>(BLOCKING).unwrap().to_string();
    let (start, end) =
        (BLOCKING.find(",\n      \"logConfiguration\"").unwrap(), BLOCKING.find("\n    }\n  ]").unwrap());
    let without = format!("{}{}", &BLOCKING[..start], &BLOCKING[end..]);
    let crlf = BLOCKING.replace('\n', "\r\n");
    check(&[
        ("web.json", BLOCKING),
        ("one-line.json", &minified),
        ("one-line-and-newline.json", &format!("{minified}\n")),
        ("no-newline.json", BLOCKING.trim_end()),
        ("crlf.json", &crlf),
        ("bom.json", &format!("\u{feff}{crlf}")),
        ("added.json", &without),
        ("added-crlf.json", &without.replace('\n', "\r\n")),
        ("added-one-line.json", &serde_json::from_str::<serde_json::Value>(&without).unwrap().to_string()),
        ("a folder/with blanks.json", BLOCKING),
        ("übergröße/\"quoted\"\\.json", BLOCKING),
        ("advice.json", "{\"containerDefinitions\":[7]}"),
        ("carriage-returns.json", &BLOCKING.replace(": ", ":\r")),
    ]);
}

/// Linux allows any bytes in a name.
#[cfg(target_os = "linux")]
#[test]
fn the_patch_of_a_file_whose_name_is_not_text_applies() {
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"w\xffb.json");
    for verb in [&["fix", "--diff"][..], &["runbook", "patch", "--rule", "missing-init"]] {
        for program in PROGRAMS {
            let folder = TempDir::new().unwrap();
            for path in [folder.path().join(name), folder.path().join("api.json")] {
                fs::write(path, BLOCKING).unwrap();
            }
            let ran = run_in(folder.path(), &[verb, &["."]].concat());
            assert!(ran.out.contains(r#""a/w\377b.json""#), "{verb:?}: {ran:?}");
            apply(folder.path(), program, &ran.out);
            let changed = fs::read(folder.path().join(name)).unwrap();
            assert!(changed != BLOCKING.as_bytes() && changed == fs::read(folder.path().join("api.json")).unwrap());
        }
    }
}

#[test]
fn the_patch_of_the_third_party_files_makes_what_fix_writes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/taskdefs");
    let Ok(entries) = fs::read_dir(corpus) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files: Vec<(String, String)> = paths
        .iter()
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), fs::read_to_string(path).ok()?)))
        .filter(|(name, text)| Document::parse_all(name, text, None).is_ok())
        .collect();
    check(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
}

#[test]
fn a_patch_is_all_of_the_output_and_no_file_is_written() {
    let folder = TempDir::new().unwrap();
    let text = BLOCKING.replace("\"eu-west-1\"", "\"us-east-1\"");
    let path = file(&folder, "web.json", &text);
    let ran = run_in(folder.path(), &["fix", "--diff", "./web.json", "--color", "always"]);
    assert!(
        ran.out.starts_with("diff --git a/web.json b/web.json\n--- a/web.json\n+++ b/web.json\n@@ -"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\u{1b}') && ran.err.contains("not fixed: warning[foreign-region]"), "{}", ran.err);
    assert_eq!((ran.code, fs::read_to_string(&path).unwrap()), (1, text));
    let absolute = run_in(folder.path(), &["fix", "--diff", &path]);
    assert_eq!(absolute.out, ran.out);
}

#[test]
fn a_registered_revision_has_no_patch() {
    for target in ["ecs:web", "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1"] {
        let operator = Operator::of(&[blocking("web")]);
        let ran = operator.run(&["fix", "--diff", target]);
        assert!(ran.code == 64 && ran.out.is_empty() && ran.err.contains("check --diff"), "{}", ran.err);
        assert!(operator.aws.calls().iter().all(|(operation, _)| operation != "DescribeTaskDefinition"));
    }
}

#[test]
fn check_says_by_its_exit_code_whether_fix_would_write() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let ran = run_in(folder.path(), &["fix", "--check", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "would fix ./web.json\n"));
    assert_eq!(fs::read_to_string(folder.path().join("web.json")).unwrap(), BLOCKING);
    let both = run_in(folder.path(), &["fix", "--check", "--diff", "web.json"]);
    assert!(both.code == 1 && both.out.starts_with("diff --git "), "{}", both.out);
    assert_eq!(run_in(folder.path(), &["fix", "--in-place", "."]).code, 0);
    let ran = run_in(folder.path(), &["fix", "--check", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    // A finding that `fix` cannot fix is no change.
    file(
        &folder,
        "advice.json",
        &fs::read_to_string(folder.path().join("web.json")).unwrap().replace("eu-west-1", "us-east-1"),
    );
    let ran = run_in(folder.path(), &["fix", "--check", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("not fixed: warning[foreign-region]"), "{}", ran.err);
    assert_eq!(run_in(folder.path(), &["fix", "--check", "nowhere.json"]).code, 2);
    assert_eq!(run_in(folder.path(), &["fix", "--check", "--in-place", "."]).code, 64);
}
