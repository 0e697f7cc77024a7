//! Checks of the source tree: the core is pure, no part depends on a higher part, and every rule has all its pieces.

mod circles;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::packs;
use source::{mentions, names};

/// Words that are banned from a part of `src/`. A word that ends in `*` is a prefix.
struct Ban {
    /// The folder in which the ban holds. "" is everywhere.
    below: &'static str,
    but_in: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban { below: "domain", but_in: &[], words: &["async", "await", "tokio"], why: "the domain cannot wait" },
    Ban {
        below: "domain",
        but_in: &[],
        words: &["SystemTime", "Instant", "std::time", "Timestamp::now", "Zoned::now"],
        why: "time is a parameter",
    },
    Ban {
        below: "domain",
        but_in: &[],
        words: &["std::fs", "std::env", "std::io", "std::net", "std::process", "std::thread"],
        why: "the domain does not depend on the machine",
    },
    Ban {
        below: "domain",
        but_in: &[],
        words: &["tracing", "print", "println", "eprint", "eprintln", "dbg"],
        why: "the domain returns values and prints nothing",
    },
    Ban {
        below: "workflow",
        but_in: &[],
        words: &[
            "std::fs",
            "std::env",
            "std::net",
            "std::process",
            "SystemTime",
            "Instant",
            "Timestamp::now",
            "Zoned::now",
        ],
        why: "the workflow reaches the outside only through its ports, of which the clock is one",
    },
    Ban {
        below: "",
        but_in: &["aws"],
        words: &["aws_sdk*", "aws_smithy*", "aws_config*"],
        why: "only src/aws names an SDK",
    },
    Ban {
        below: "",
        but_in: &["handler", "bin/bootstrap.rs"],
        words: &["lambda_runtime", "aws_lambda_events"],
        why: "only the function's shell depends on Lambda",
    },
];

/// Every part of `src/`, and which others it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("bounded_file", &[]),
    ("ports", &["domain"]),
    ("workflow", &["domain", "ports"]),
    ("aws", &["domain", "ports"]),
    ("journal_file", &["domain", "ports", "bounded_file"]),
    ("render", &["domain"]),
    ("sources", &["domain", "bounded_file"]),
    ("settings", &["domain", "workflow", "bounded_file"]),
    ("telemetry", &["domain"]),
    ("handler", &["domain", "ports", "workflow", "settings", "telemetry"]),
    ("cli", &["domain", "ports", "workflow", "aws", "journal_file", "render", "sources", "settings", "bounded_file"]),
    ("bin", &["domain", "ports", "workflow", "aws", "settings", "telemetry", "handler", "cli"]),
];

/// The maximum number of lines of a file. A longer file usually mixes input, sequence and policy.
const LONGEST: usize = 400;

/// Names that say nothing about the contents of a file.
const DRAWERS: [&str; 6] = ["util", "utils", "helpers", "common", "manager", "misc"];

struct File {
    /// The path below `src/`, with `/` as separator.
    path: String,
    text: String,
}

impl File {
    /// The part of `src/` that the file belongs to.
    fn part(&self) -> &str {
        self.path.split('/').next().unwrap_or(&self.path).trim_end_matches(".rs")
    }

    fn names(&self) -> BTreeSet<String> {
        let modules = self.path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count();
        names(&self.text, modules)
    }

    fn lies_in(&self, place: &str) -> bool {
        place.is_empty() || self.path == place || self.path.starts_with(&format!("{place}/"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source_files() -> Vec<File> {
    let src = root().join("src");
    let files = walkdir::WalkDir::new(&src).follow_links(true).sort_by_file_name().into_iter().map(Result::unwrap);
    let files: Vec<File> = files
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|entry| File {
            path: entry.path().strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/"),
            text: fs::read_to_string(entry.path()).unwrap(),
        })
        .collect();
    assert!(!files.is_empty(), "no source below {}", src.display());
    files
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_part_uses_a_word_that_is_banned_from_it() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let names = file.names();
        let holds = |ban: &&Ban| file.lies_in(ban.below) && !ban.but_in.iter().any(|place| file.lies_in(place));
        for ban in BANS.iter().filter(holds) {
            let banned = names.iter().filter(|name| ban.words.iter().any(|word| mentions(name, word)));
            wrong.extend(banned.map(|name| format!("src/{} names {name}: {}", file.path, ban.why)));
        }
    }
    none(&wrong);
}

#[test]
fn every_ban_is_about_places_that_exist() {
    let files = source_files();
    let places = BANS.iter().flat_map(|ban| ban.but_in.iter().copied().chain([ban.below]));
    let gone: Vec<_> = places.filter(|place| !files.iter().any(|file| file.lies_in(place))).map(String::from).collect();
    none(&gone);
}

#[test]
fn no_part_depends_on_a_higher_part() {
    let mut wrong = Vec::new();
    for file in source_files().iter().filter(|file| file.path != "lib.rs") {
        let Some((_, may)) = ARROWS.iter().find(|(part, _)| *part == file.part()) else { continue };
        for name in file.names() {
            let mut parts = name.split("::");
            let (Some("crate" | "logweir"), Some(other)) = (parts.next(), parts.next()) else { continue };
            let is_a_part = ARROWS.iter().any(|(part, _)| *part == other);
            if is_a_part && other != file.part() && !may.contains(&other) {
                wrong.push(format!("src/{} names {name}; {} may name {may:?}", file.path, file.part()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_entries_of_a_folder_import_each_other_in_a_circle() {
    let files = source_files();
    let folders = circles::folders(files.iter().map(|file| (file.path.as_str(), file.text.as_str())));
    assert!(folders.len() > 10, "imports are read in the whole of src/: {:?}", folders.keys());
    none(&folders.values().flat_map(circles::circles).collect::<Vec<_>>());
}

#[test]
fn every_part_lists_the_parts_that_it_may_name() {
    let parts: BTreeSet<String> =
        source_files().iter().filter(|file| file.path != "lib.rs").map(|file| file.part().to_owned()).collect();
    let listed: BTreeSet<String> = ARROWS.iter().map(|(part, _)| (*part).to_owned()).collect();
    assert_eq!(parts, listed, "the parts of src/, and those that ARROWS lists");
}

/// The function is built without the feature `cli`.
#[test]
fn no_part_of_the_function_can_change_an_account_setting() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let declares = ["mod account_settings;", "mod account_default;"].contains(&line.trim_start_matches("pub "));
            let is_of_cli = index > 0 && lines[index - 1] == "#[cfg(feature = \"cli\")]";
            if declares && file.part() != "domain" && file.part() != "cli" && !is_of_cli {
                wrong.push(format!("src/{}: `{line}` needs the feature cli", file.path));
            }
        }
        let is_adapter = file.path == "aws/sdk/account_settings.rs";
        if file.text.contains("account_setting_default()") != is_adapter {
            wrong.push(format!(
                "src/{}: only the adapter of the command line calls PutAccountSettingDefault",
                file.path
            ));
        }
    }
    none(&wrong);
}

#[test]
fn no_file_is_too_long() {
    let long = source_files().into_iter().map(|file| (file.text.lines().count(), file.path));
    none(
        &long
            .filter(|(lines, _)| *lines > LONGEST)
            .map(|(lines, path)| format!("src/{path}: {lines} lines"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_has_a_catch_all_name() {
    let is_drawer = |path: &str| path.trim_end_matches(".rs").split('/').any(|word| DRAWERS.contains(&word));
    none(&source_files().into_iter().map(|file| file.path).filter(|path| is_drawer(path)).collect::<Vec<_>>());
}

// A rule has a file, an entry in the catalogue, golden cases, and a heading in docs/rules.md.

fn catalogue() -> BTreeSet<String> {
    RuleName::ALL.map(|rule| rule.name().to_owned()).into()
}

fn entries(folder: &str) -> Vec<PathBuf> {
    fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn every_rule_has_a_file_of_its_name_and_every_file_is_a_rule() {
    let folders = ["src/domain/rules/logging", "src/domain/rules/firelens", "src/domain/rules/exec"]
        .map(entries)
        .into_iter()
        .flatten();
    let files: BTreeSet<String> = folders.map(|path| stem(&path).replace('_', "-")).collect();
    let about_all = [
        "mod",
        "awslogs-option",
        "buffer-share",
        "case",
        "defined-retention",
        "dependencies",
        "environment",
        "execution-role",
        "firelens",
        "held-back",
        "judge",
        "log-group",
        "log-stream",
        "naming",
        "options",
        "output",
        "region",
        "replacement",
        "route",
        "simulated",
        "unset-mode",
    ]
    .map(String::from);
    let rules: BTreeSet<String> = files.into_iter().filter(|name| !about_all.contains(name)).collect();
    assert_eq!(rules, catalogue(), "the folders of the packs, and the catalogue");
}

#[test]
fn every_rule_has_golden_cases_and_every_golden_case_has_a_rule() {
    let folders: BTreeSet<String> =
        entries("tests/core/rules").iter().filter(|path| path.is_dir()).map(|path| stem(path)).collect();
    assert_eq!(folders, catalogue(), "tests/core/rules/, and the catalogue");
}

#[test]
fn every_rule_is_explained_in_the_catalogues_order() {
    let docs = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let headings: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let wanted: Vec<String> = RuleName::ALL.map(|name| format!("`{name}`")).into();
    assert_eq!(headings, wanted, "the headings of docs/rules.md, and the catalogue");
}

#[test]
fn every_rule_sums_up_its_fault_in_one_line() {
    for rule in packs::summaries() {
        let summary = rule.summary;
        assert!((20..100).contains(&summary.len()) && !summary.ends_with('.') && !summary.contains('\n'), "{summary}");
    }
}

// The scanner itself.

#[test]
fn comments_and_string_literals_are_not_code() {
    let source = r###"
        // std::fs::read
        /* tokio /* nested */ still tokio */
        //! tracing
        let text = "std::env \" still a text: println"; let raw = r#"async " await"#; let quote = '"'; let tick = '\'';
        fn real<'a>(b: &'a u8) -> u8 { b'"' }
    "###;
    let found = names(source, 1);
    for word in ["std::fs", "tokio", "tracing", "std::env", "println", "async", "await"] {
        assert!(!found.iter().any(|name| mentions(name, word)), "{word} in {found:?}");
    }
    assert!(found.contains("real"), "the code after them is still read: {found:?}");
}

#[test]
fn imports_in_braces_are_expanded() {
    let found = names("use std::{fmt, fs::{self, File}, collections::*}; use crate::{aws, cli::check as c};", 1);
    for name in ["std::fmt", "std::fs::self", "std::fs::File", "std::collections::*", "crate::aws", "crate::cli::check"]
    {
        assert!(found.contains(name), "{name} in {found:?}");
    }
}

#[test]
fn code_that_is_banned_is_found() {
    let found = names(
        "let x = std::env::var(K)?; call().await; println!(); aws_sdk_ecs::Client::new(); now(Timestamp::now)",
        1,
    );
    for word in ["std::env", "await", "println", "aws_sdk*", "Timestamp::now"] {
        assert!(found.iter().any(|name| mentions(name, word)), "{word} in {found:?}");
    }
    assert!(!found.iter().any(|name| mentions(name, "env::std") || mentions(name, "aws_smithy*")));
}

#[test]
fn a_super_path_to_the_crate_root_is_resolved() {
    assert!(names("use super::super::cli::check;", 2).contains("crate::cli::check"));
    assert!(names("use super::cli::check;", 2).contains("super::cli::check"));
}

#[test]
fn a_circle_of_imports_is_found_through_folders_and_super_paths() {
    let found = |files: &[(&str, &str)]| {
        let folders = circles::folders(files.iter().copied());
        folders.values().flat_map(circles::circles).collect::<Vec<_>>()
    };
    let files =
        [("a/mod.rs", "mod one;"), ("a/one.rs", "use super::two::X;"), ("a/two.rs", "use crate::b::Y;"), ("b.rs", "")];
    assert_eq!(found(&files), [""; 0]);
    let mut circle = files;
    circle[2].1 = "fn f() { super::one::g() }";
    assert_eq!(found(&circle), ["src/a/one.rs names super::two::X", "src/a/two.rs names super::one::g"]);
    let mut circle = files;
    circle[3].1 = "use crate::a::{one::X};";
    assert_eq!(found(&circle), ["src/a/two.rs names crate::b::Y", "src/b.rs names crate::a::one::X"]);
    let mut parent = files;
    parent[1].1 = "use super::Z;";
    assert_eq!(found(&parent), [""; 0], "a file may use the items of its folder's mod.rs");
}
