//! New and resolved findings between two baselines.

use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};

/// A folder with two documents, the shipped baseline, and a copy of it in which `to` replaces `from`.
fn stage(from: &str, to: &str) -> (TempDir, [String; 4]) {
    let folder = TempDir::new().unwrap();
    let changed = SHIPPED_BASELINE.replacen(from, to, 1);
    assert!(from.is_empty() || changed != SHIPPED_BASELINE, "{from}");
    let fixed = BLOCKING.replace(r#""mode": "blocking""#, r#""mode": "non-blocking", "max-buffer-size": "25m""#);
    let paths = [
        file(&folder, "old.toml", SHIPPED_BASELINE),
        file(&folder, "new.toml", &changed),
        file(&folder, "web.json", BLOCKING),
        file(&folder, "fine.json", &fixed),
    ];
    (folder, paths)
}

fn told(folder: &TempDir, text: &str) -> String {
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn the_changes_by_a_new_baseline_are_shown_for_each_target_with_both_digests() {
    let (folder, [old, new, web, fine]) = stage("delivery = \"non-blocking\"", "delivery = \"blocking\"");
    let at = ["--region", "eu-west-1"];
    let ran = run(logweir(&["check", &web, &fine, "--baseline", &new, "--against", &old]).args(at));
    assert_eq!(ran.code, 1, "{ran:?}");
    let text = told(&folder, &ran.out);
    let lines: Vec<&str> = text.lines().collect();
    let starts = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert!(
        starts("- web.json: warning[blocking-delivery] ") == 1
            && starts("+ fine.json: warning[blocking-delivery] ") == 1,
        "{text}"
    );
    assert!(starts("- fine.json: ") == 0, "{text}");
    assert!(text.contains("2 checked, differences in 2: "), "{text}");
    let digest = |text: &str| logweir::domain::baseline::Baseline::parse(text).unwrap().digest().to_owned();
    let new_text = std::fs::read_to_string(&new).unwrap();
    let [before, after] = [lines[lines.len() - 2], lines[lines.len() - 1]];
    assert_eq!(before, format!("- findings only with old.toml ({})", digest(SHIPPED_BASELINE)));
    assert_eq!(after, format!("+ findings only with new.toml ({})", digest(&new_text)));
}

#[test]
fn the_changes_by_a_new_baseline_are_shown_in_json() {
    let (_folder, [old, new, web, fine]) = stage("max-buffer-size = \"25m\"", "max-buffer-size = \"50m\"");
    let arguments = ["check", &web, &fine, "--baseline", &new, "--against", &old, "--format", "json"];
    let ran = run(logweir(&arguments).args(["--region", "eu-west-1"]));
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((shown["schema"].as_str(), ran.code), (Some("logweir.against/2"), 1));
    assert_eq!((&shown["baseline"]["path"], &shown["against"]["path"]), (&json!(new), &json!(old)));
    assert_eq!((&shown["summary"]["checked"], &shown["summary"]["errors"]), (&json!(2), &json!(0)));
    let targets = shown["targets"].as_array().unwrap();
    for target in targets {
        assert_eq!(target["come"].as_array().unwrap().len(), target["go"].as_array().unwrap().len(), "{target}");
    }
    assert_eq!(targets[0]["come"][0]["rule"], "unsized-buffer", "another size is another fix: {shown:#}");
}

#[test]
fn a_changed_setting_without_new_findings_is_reported_and_counts_as_a_difference() {
    for (from, to, says) in [
        ("image-guard = \"hold\"", "image-guard = \"off\"", "~ rollout.image-guard: hold → off"),
        ("registers-per-second = 0.2", "registers-per-second = 1.0", "~ rollout.registers-per-second: 0.2 → 1"),
        ("corrections = 3 ", "corrections = 30", "~ fuse.corrections: 3 → 30"),
    ] {
        let (_folder, [old, new, web, _]) = stage(from, to);
        let ran = run(&mut logweir(&["check", &web, "--baseline", &new, "--against", &old]));
        let lines: Vec<&str> = ran.out.lines().take(2).collect();
        assert_eq!(
            (ran.code, lines),
            (1, vec![says, "1 checked, differences in 0: 0 new, 0 resolved; 1 setting differs"]),
            "{ran:?}"
        );
        let ran = run(&mut logweir(&["check", &web, "--baseline", &new, "--against", &old, "--format", "json"]));
        let shown: Value = serde_json::from_str(&ran.out).unwrap();
        let (key, values) = says.strip_prefix("~ ").unwrap().split_once(": ").unwrap();
        let (before, after) = values.split_once(" → ").unwrap();
        assert_eq!((ran.code, &shown["summary"]["settings"]), (1, &json!(1)));
        assert_eq!(shown["settings"], json!([{"key": key, "old": before, "new": after}]));
    }
}

#[test]
fn equal_baselines_exit_with_0_and_unreadable_input_exits_with_2() {
    let (folder, [old, new, web, _]) = stage("", "# the same in other words\n");
    let ran = run(&mut logweir(&["check", &web, "--baseline", &new, "--against", &old]));
    assert_eq!((ran.code, ran.out.lines().count()), (0, 3), "{ran:?}");
    assert!(ran.out.starts_with("1 checked, differences in 0: 0 new, 0 resolved\n"));
    let defaults = file(&folder, "defaults.toml", "version = 1\n");
    let ran = run(&mut logweir(&["check", &web, "--baseline", &defaults, "--against", &old]));
    assert_eq!(ran.code, 0, "the shipped baseline equals the defaults: {ran:?}");
    let absent = folder.path().join("absent.json").display().to_string();
    let ran = run(&mut logweir(&["check", &web, &absent, "--baseline", &new, "--against", &old]));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("1 without a verdict"), "{ran:?}");
    let wrong = file(&folder, "wrong.toml", "version = 1\n[logging]\nmod = 1\n");
    let ran = run(&mut logweir(&["check", &web, "--against", &wrong]));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("wrong.toml:3:1: "), "{ran:?}");
}

#[test]
fn standard_input_and_diff_are_refused_with_against() {
    let (_folder, [old, _, web, _]) = stage("", "");
    for arguments in [["check", "-", "--against", &old].as_slice(), &["check", &web, "--diff", "--against", &old]] {
        let ran = run(logweir(arguments).write_stdin(BLOCKING));
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{ran:?}");
    }
}

#[test]
fn a_check_with_a_named_baseline_names_it() {
    let (folder, [old, _, web, _]) = stage("", "");
    let digest = logweir::domain::baseline::Baseline::parse(SHIPPED_BASELINE).unwrap().digest().to_owned();
    let ran = run(&mut logweir(&["check", &web, "--baseline", &old]));
    assert!(
        told(&folder, &ran.out).ends_with(&format!("\nbaseline: old.toml ({digest}), from --baseline\n")),
        "{ran:?}"
    );
    assert!(!run(&mut logweir(&["check", &web])).out.contains("sha256:"));
}
