//! What each verb says of itself.

use super::{logweir, run};

const VERBS: [&str; 7] = ["check", "fix", "apply", "replay", "records", "doctor", "rules"];

fn help(verb: &str) -> String {
    let ran = run(&mut logweir(&[verb, "--help"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{verb}");
    ran.out
}

/// The text of a help without its line ends and columns.
fn flowing(verb: &str) -> String {
    help(verb).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_help_fits_a_screen() {
    for verb in VERBS {
        let text = help(verb);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(text.lines().count() <= 40 && widest <= 100, "{verb}: {} lines, {widest}", text.lines().count());
    }
}

#[test]
fn the_options_of_a_verb_stand_before_those_that_every_verb_has() {
    for (verb, own) in [("check", "--diff"), ("apply", "--mode"), ("replay", "--backout"), ("records", "--open")] {
        let text = help(verb);
        let line = |words: &str| text.lines().position(|line| line.trim_start().starts_with(words)).unwrap();
        assert!(line("Options:") < line(own) && line(own) < line("Everywhere:"), "{verb}: {text}");
        assert!(line("Everywhere:") < line("--baseline"), "{verb}: {text}");
    }
}

#[test]
fn check_says_what_it_can_look_at() {
    let text = flowing("check");
    for said in [
        "Files, folders, `-`, ecs:FAMILY[:REVISION], ARNs",
        "--all Look at every family of the account and Region, by its newest revision",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn apply_says_that_it_can_lead_services_and_how_long_it_waits_for_them() {
    let text = flowing("apply");
    for said in [
        "Correct live revisions, and lead services to them",
        "register, or rollout: also point the services at it that run the target, one after the other [default: register]",
        "How long to wait for deployments, and for somebody else who is at the record, in seconds [default: 30]",
        "was stopped by the family's fuse, or has returned to its source",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn replay_says_which_events_it_takes_and_what_a_backout_may_be_asked_of() {
    let text = flowing("replay");
    for said in [
        "A call that CloudTrail recorded or ECS's news of a deployment, as EventBridge delivers it",
        "with --backout also a record: FAMILY:REVISION or an ARN",
        "observe, register or rollout [env: LOGWEIR_MODE] [default: observe]",
        "Take back what was done for the revision that the event or the record names",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn doctor_says_what_it_mends_and_that_it_asks() {
    let text = flowing("doctor");
    for said in [
        "Say what is wrong with the deployment, and what to do; put dead letters back",
        "Put the dead letters back into the queue, one after the other, except those that no try can read",
        "With --fix: do not ask",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}
