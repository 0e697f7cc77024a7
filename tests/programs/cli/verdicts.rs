//! The verdict on each file of the two collections beside the repository: third-party files, and small inputs that
//! earlier versions of Logweir judged wrongly.
//!
//! One file in `tests/programs/cli/verdicts` holds the expected verdict on one input. `LOGWEIR_BLESS=1` rewrites these
//! files; read every line of the diff. Without the collections, the tests read nothing and pass. On CI, the
//! collections are required.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{logweir, run};

const EXPECTED: &str = "tests/programs/cli/verdicts";

/// Returns the files below a folder of the collections, sorted by path. The list is empty if the collections are missing.
fn inputs(folder: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if !beside.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "the collections are not beside the repository");
        return Vec::new();
    }
    let mut files = Vec::new();
    let mut folders = vec![beside];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Returns the verdict of `logweir check` on a file or folder: the exit code, each error, and each finding on a line.
fn verdict(target: &Path) -> String {
    let folder = target.parent().unwrap();
    let name = target.file_name().unwrap().to_str().unwrap();
    let mut arguments = vec!["check", name, "--region", "eu-west-1", "--format", "json"];
    let baseline = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "toml"));
    if let Some(baseline) = &baseline {
        arguments.extend(["--baseline", baseline.to_str().unwrap()]);
    }
    let ran = run(logweir(&arguments).current_dir(folder));
    let mut verdict = format!("exit code {}\n", ran.code);
    let output: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}: {}{}", target.display(), ran.out, ran.err));
    verdict.push_str(&ran.err);
    for checked in output["targets"].as_array().unwrap() {
        let target = checked["target"].as_str().unwrap();
        let _ =
            writeln!(verdict, "{target}: {}", if checked["compliant"] == true { "compliant" } else { "not compliant" });
        for finding in checked["findings"].as_array().unwrap() {
            let text = |member: &str| finding[member].as_str().unwrap_or("-").to_owned();
            let (line, column) = (&finding["place"]["line"], &finding["place"]["column"]);
            let (fix, safety) = (&finding["fix"], finding["fix"]["safety"].as_str().unwrap());
            let _ = writeln!(
                verdict,
                "  {line}:{column} {} [{}] {} ({})",
                text("severity"),
                text("rule"),
                text("message"),
                safety
            );
            for note in fix["text"]
                .as_str()
                .filter(|_| safety == "advice")
                .into_iter()
                .chain(finding["notes"].as_array().unwrap().iter().filter_map(Value::as_str))
            {
                let _ = writeln!(verdict, "    {note}");
            }
        }
        let not_checked: Vec<&str> =
            checked["not_checked"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        // Without AWS, these two rules are never checked.
        let undecided: Vec<&str> = not_checked
            .into_iter()
            .filter(|rule| !["missing-log-group", "unbounded-retention"].contains(rule))
            .collect();
        if !undecided.is_empty() {
            let _ = writeln!(verdict, "  not checked: {}", undecided.join(", "));
        }
    }
    verdict
}

/// Compares the verdict on each input with the expected verdict.
fn expect(folder: &str, inputs: impl IntoIterator<Item = PathBuf>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let mut wrong = String::new();
    for input in inputs {
        let relative = input.strip_prefix(&root).unwrap();
        let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPECTED).join(format!("{}.txt", relative.display()));
        let verdict = verdict(&input);
        if std::env::var_os("LOGWEIR_BLESS").is_some() {
            fs::create_dir_all(expected.parent().unwrap()).unwrap();
            fs::write(&expected, &verdict).unwrap();
        }
        let known = fs::read_to_string(&expected).unwrap_or_default();
        if verdict != known {
            let _ = writeln!(wrong, "{}\nexpected:\n{known}found:\n{verdict}", relative.display());
        }
    }
    assert!(wrong.is_empty(), "{folder}:\n{wrong}");
}

#[test]
fn each_small_input_gets_the_expected_verdict() {
    let files = inputs("cases").into_iter().filter(|path| {
        let is_in = |folder: &str| path.components().any(|component| component.as_os_str() == folder);
        // `replay` reads the events, and the folder of the repository is one target.
        let is_a_target = !is_in("events-as-people-have-them") && !is_in("repository");
        is_a_target && path.extension().is_some_and(|extension| extension == "json")
    });
    expect("cases", files);
}

#[test]
fn a_repository_gets_the_expected_verdict() {
    let files = inputs("cases/repository");
    expect(
        "repository",
        files.first().map(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/repository/app")),
    );
}

#[test]
fn each_third_party_file_gets_the_expected_verdict() {
    let folders = ["taskdefs", "broken", "templates"];
    expect("corpus", folders.into_iter().flat_map(|folder| inputs(&format!("corpus/{folder}"))));
}
