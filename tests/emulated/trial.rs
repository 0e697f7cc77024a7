//! The trial (`trial/`) against emulated accounts: a whole run, and a run that is interrupted at each step.

use std::path::Path;
use std::process::Command;

/// Runs the tests of one file in `tests/trial`.
fn passes(tests: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ended = Command::new(root.join("target/venv-emulators/bin/python"))
        .args(["-B", "-m", "unittest", tests])
        .current_dir(root.join("tests/trial"))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{tests}:\n{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_whole_run_answers_and_leaves_nothing() {
    passes("test_whole_run");
}

#[test]
fn a_run_that_is_interrupted_at_any_step_leaves_nothing() {
    passes("test_interruptions");
}

#[test]
fn late_answers_and_refusals_lead_to_the_right_verdict() {
    passes("test_answers");
}

#[test]
fn its_report_has_no_account_data() {
    passes("test_redaction");
}

#[test]
fn its_journal_and_its_calls_are_safe() {
    passes("test_journal");
    passes("test_calls");
}

#[test]
fn each_open_point_has_a_probe() {
    passes("test_docs");
}
