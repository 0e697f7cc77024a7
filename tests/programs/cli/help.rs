//! The help text of each verb.

use super::{golden, logweir, run};

const VERBS: [&str; 20] = [
    "check",
    "audit",
    "fix",
    "firelens",
    "apply",
    "exec",
    "backout",
    "hold",
    "replay",
    "records",
    "doctor",
    "runbook",
    "controls",
    "schema",
    "activity",
    "rules",
    "baseline",
    "init",
    "completions",
    "man",
];

fn help(arguments: &[&str]) -> String {
    let ran = run(&mut logweir(arguments));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    ran.out
}

#[test]
fn the_help_of_each_verb_is_the_golden_one() {
    let verbs = VERBS.map(|verb| format!("$ logweir {verb} -h\n{}", help(&[verb, "-h"])));
    golden("help.txt", &format!("$ logweir --help\n{}\n{}", help(&["--help"]), verbs.join("\n")));
}

#[test]
fn a_help_text_fits_a_screen() {
    for verb in VERBS {
        for (option, lines) in [("-h", 44), ("--help", 57)] {
            // These verbs have options for each kind of input, and their short help leaves most of them out.
            let has_many = ["activity", "audit", "apply", "records"].contains(&verb);
            let lines = if has_many && option == "--help" { 90 } else { lines };
            let text = help(&[verb, option]);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            let shown = text.lines().count();
            assert!(shown <= lines && widest <= 100, "{verb} {option}: {shown} lines, {widest} columns");
        }
    }
}

#[test]
fn the_short_help_shows_only_the_options_of_the_verb() {
    for verb in VERBS {
        let (short, long) = (help(&[verb, "-h"]), help(&[verb, "--help"]));
        for global in ["--baseline", "--journal", "--endpoint-url"] {
            assert!(!short.contains(global) && long.contains(global), "{verb}: {global}");
        }
    }
}

#[test]
fn the_long_help_shows_the_options_that_the_short_help_leaves_out() {
    for (verb, option) in [("audit", "--rate"), ("apply", "--account-default"), ("activity", "--engine")] {
        let long = help(&[verb, "--help"]);
        assert!(long.lines().any(|line| line.trim_start().starts_with(option)), "{verb} {option}: {long}");
    }
}

#[test]
fn the_options_of_a_verb_precede_the_global_options() {
    for (verb, own) in [("check", "--diff"), ("apply", "--mode"), ("replay", "--backout"), ("records", "--open")] {
        let text = help(&[verb, "--help"]);
        let line = |words: &str| text.lines().position(|line| line.trim_start().starts_with(words)).unwrap();
        assert!(line("Options:") < line(own) && line(own) < line("Global options:"), "{verb}: {text}");
        assert!(line("Global options:") < line("--baseline"), "{verb}: {text}");
    }
}

#[test]
fn a_help_text_shows_each_default_once() {
    for verb in VERBS {
        for line in help(&[verb, "--help"]).split("\n      --") {
            assert!(line.matches("[default:").count() <= 1, "{verb}: {line}");
        }
    }
}

#[test]
fn a_help_text_ends_with_examples_and_the_exit_codes() {
    for verb in VERBS {
        let text = help(&[verb, "-h"]);
        let (_, examples) = text.split_once("\nExamples:\n  logweir ").expect(verb);
        assert!(examples.ends_with("\n\nExit codes: 0 nothing to fix · 1 findings · 2 error · 64 usage\n"), "{verb}");
    }
}

#[test]
fn a_name_from_another_tool_suggests_the_name_that_works_here() {
    for (arguments, tip) in [
        (vec!["undo", "web:1"], "use `logweir backout`"),
        (vec!["rollback", "web:1"], "use `logweir backout`"),
        (vec!["revert", "web:1"], "use `logweir backout`"),
        (vec!["history"], "use `logweir records`"),
        (vec!["plan", "ecs:web"], "use `logweir apply --dry-run`"),
        (vec!["inventory"], "use `logweir audit`"),
        (vec!["validate", "baseline.toml"], "use `logweir baseline check`"),
        (vec!["check", ".", "--skip", "foreign-region"], "use `--ignore`"),
        (vec!["check", ".", "--soft-fail"], "use `--exit-zero`"),
        (vec!["records", "--most", "3"], "use `--limit`"),
        (vec!["apply", "ecs:web", "--again"], "use `--force`"),
        (vec!["backout", "web:1", "--restore-stale"], "use `--restore-over-newer`"),
    ] {
        let ran = run(&mut logweir(&arguments));
        assert_eq!(ran.code, 64, "{arguments:?}");
        assert!(ran.err.contains(&format!("tip: {tip}")), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_misspelt_verb_suggests_the_nearest_one() {
    let ran = run(&mut logweir(&["recrods"]));
    assert!(ran.code == 64 && ran.err.contains("'records'"), "{}", ran.err);
}

#[test]
fn each_shell_gets_a_script_that_completes_the_verbs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = help(&["completions", shell]);
        assert!(VERBS.iter().all(|verb| script.contains(verb)), "{shell}");
    }
}

#[test]
fn the_man_page_describes_logweir_and_each_verb_has_one_in_the_folder() {
    assert!(help(&["man"]).contains(".TH logweir 1"));
    let folder = tempfile::tempdir().unwrap();
    let ran = run(logweir(&["man", "--output", "pages"]).current_dir(folder.path()));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    for verb in VERBS {
        let page = folder.path().join(format!("pages/logweir-{verb}.1"));
        assert!(std::fs::read_to_string(page).unwrap().contains("Examples"), "{verb}");
    }
}
