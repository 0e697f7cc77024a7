//! The choice of rules, the severities, and the exit codes that follow from them.

use serde_json::Value;
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};
use crate::loopback::operator::Ran;

fn check(arguments: &[&str]) -> Ran {
    run(logweir(&["check", "-", "--region", "eu-west-1"]).args(arguments).write_stdin(BLOCKING))
}

fn found(arguments: &[&str]) -> Vec<String> {
    let ran = check(&[&["--format", "json"], arguments].concat());
    let output: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = output["targets"][0]["findings"].as_array().unwrap().iter();
    findings.map(|finding| format!("{}[{}]", finding["severity"], finding["rule"]).replace('"', "")).collect()
}

#[test]
fn select_and_ignore_choose_the_rules() {
    assert_eq!(found(&[]), ["warning[blocking-delivery]", "warning[unsized-buffer]"]);
    assert_eq!(found(&["--select", "unsized-buffer"]), [""; 0]);
    assert_eq!(found(&["--select", "blocking-delivery,foreign-region"]), ["warning[blocking-delivery]"]);
    assert_eq!(found(&["--ignore", "unsized-buffer"]), ["warning[blocking-delivery]"]);
    assert_eq!(found(&["--ignore=unsized-buffer", "--ignore", "blocking-delivery"]), [""; 0]);
    assert_eq!(found(&["--select", "blocking-delivery", "--ignore", "blocking-delivery"]), [""; 0]);
}

#[test]
fn an_unknown_rule_is_refused_with_a_suggestion() {
    for option in ["--select", "--ignore"] {
        let ran = check(&[option, "unsized-buffer,blocking-delivry"]);
        assert_eq!(ran.code, 64);
        assert!(ran.err.contains("blocking-delivry") && ran.err.contains("'blocking-delivery'"), "{}", ran.err);
    }
}

#[test]
fn the_exit_code_is_1_from_warnings_up() {
    let folder = TempDir::new().unwrap();
    let notes = "version = 1\n[rules]\nblocking-delivery = \"note\"\nunsized-buffer = \"note\"\n";
    let path = file(&folder, "baseline.toml", notes);
    let ran = check(&["--baseline", &path]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("note[blocking-delivery]: "), "{}", ran.out);
    assert!(ran.out.contains("1 task definition checked: 1 compliant, 2 findings (2 notes)"), "{}", ran.out);
    let one = file(&folder, "one.toml", &notes.replace("unsized-buffer = \"note\"", "unsized-buffer = \"error\""));
    let ran = check(&["--baseline", &one]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("error[unsized-buffer]: ") && ran.out.contains("2 findings (1 error, 1 note)"),
        "{}",
        ran.out
    );
}

#[test]
fn exit_zero_hides_findings_and_no_error() {
    assert_eq!(check(&["--exit-zero"]).code, 0);
    assert_eq!(run(&mut logweir(&["check", "/nonexistent.json", "--exit-zero"])).code, 2);
    assert_eq!(check(&["--exit-zero", "--select", "typo"]).code, 64);
}

#[test]
fn fix_makes_no_fix_of_a_rule_that_does_not_count() {
    let fixed =
        |arguments: &[&str]| run(logweir(&["fix", "-", "--region", "eu-west-1"]).args(arguments).write_stdin(BLOCKING));
    assert_eq!(fixed(&["--ignore", "blocking-delivery"]).out, BLOCKING);
    let mode_only = fixed(&["--ignore", "unsized-buffer"]).out;
    assert!(mode_only.contains("non-blocking") && !mode_only.contains("max-buffer-size"), "{mode_only}");
}

#[test]
fn a_baseline_switches_a_rule_off_for_check_and_fix() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "baseline.toml", "version = 1\n[rules]\nblocking-delivery = \"off\"\n");
    assert_eq!(found(&["--baseline", &path]), [""; 0]);
    assert_eq!(found(&["--baseline", &path, "--select", "blocking-delivery"]), ["warning[blocking-delivery]"]);
    let fixed = run(logweir(&["fix", "-", "--baseline", &path]).write_stdin(BLOCKING));
    assert_eq!(fixed.out, BLOCKING);
}

#[test]
fn the_list_of_rules_shows_each_severity() {
    let list = run(&mut logweir(&["rules"])).out;
    for line in list.lines() {
        let severity = line.split_whitespace().nth(1).unwrap();
        assert!(["error", "warning", "note"].contains(&severity), "{line}");
    }
    let json: Value = serde_json::from_str(&run(&mut logweir(&["rules", "--format", "json"])).out).unwrap();
    let rule = json["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "missing-execution-role").unwrap();
    assert_eq!(rule["severity"], "error");
}
