//! The documentation explains every outcome and every reason of a report, and its map names every part of the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::reasons::{reasons, words};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_outcome_and_every_reason_has_a_line_that_says_what_to_do() {
    let outcomes = read("docs/reference/outcomes.md");
    for (name, least) in [("Outcome", 9), ("Reason", 20)] {
        let words = words(name);
        assert!(words.len() >= least, "{words:?}");
        for word in words {
            let rows = outcomes.lines().filter(|line| line.starts_with(&format!("| `{word}` |")));
            assert_eq!(rows.count(), 1, "docs/reference/outcomes.md: {word}");
        }
    }
}

#[test]
fn the_documentation_says_of_every_reason_what_becomes_of_its_message() {
    let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for reason in reasons() {
        expected.entry(reason.disposition().words()).or_default().push(format!("`{}`", reason.name()));
    }
    let outcomes = read("docs/reference/outcomes.md");
    for (words, mut reasons) in expected {
        reasons.sort_unstable();
        let row = format!("| {words} | {} |", reasons.join(", "));
        assert!(outcomes.lines().any(|line| line == row), "docs/reference/outcomes.md: {row}");
    }
}

#[test]
fn the_readme_is_short_and_shows_both_commands_at_its_top() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200, "{} lines", readme.lines().count());
    let top: String = readme.lines().take(20).collect();
    assert!(top.contains("make demo") && top.contains("make test"));
}

/// The paths that the map names, without a final `/`.
fn mapped() -> Vec<String> {
    let map = read("docs/architecture.md");
    let (_, places) = map.split_once("\n## Where things are\n").unwrap();
    let (places, _) = places.split_once("\n## ").unwrap();
    let roots = ["src/", "tests/", "infra", "template.yaml", "demo", "load", "trial", "benches", "docs/"];
    let named = places.split('`').skip(1).step_by(2).filter(|word| roots.iter().any(|root| word.starts_with(root)));
    named.map(|path| path.trim_end_matches('/').to_owned()).collect()
}

#[test]
fn every_path_of_the_map_is_there() {
    let paths = mapped();
    assert!(paths.len() > 40, "{paths:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gone: Vec<_> = paths.into_iter().filter(|path| !root.join(path).exists()).collect();
    assert_eq!(gone, [""; 0]);
}

#[test]
fn every_folder_of_src_and_every_module_of_the_core_is_on_the_map() {
    let paths = mapped();
    for folder in ["src", "src/domain"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            assert!(
                ["lib.rs", "mod.rs"].contains(&name.as_str()) || paths.contains(&path),
                "docs/architecture.md: {path}"
            );
        }
    }
}
