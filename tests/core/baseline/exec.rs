//! The table `[exec]` of a baseline.

use logweir::domain::baseline::{Baseline, ExecSettings};

use super::refused;

fn exec(keys: &str) -> ExecSettings {
    Baseline::parse(&format!("version = 1\n[exec]\n{keys}\n")).unwrap().exec().clone()
}

#[test]
fn the_shipped_table_equals_the_defaults() {
    let shipped = Baseline::parse(logweir::settings::SHIPPED_BASELINE).unwrap();
    assert_eq!((shipped.exec(), exec("")), (&ExecSettings::default(), ExecSettings::default()));
}

#[test]
fn every_key_is_read() {
    let read = exec(
        "clusters = [\"dev-*\", \"lab\"]\nlog-group = \"/audit/{cluster}/exec\"\nretention-days = 365\n\
         min-retention-days = 180\ncorrect-default = true\nrequire-session-key = true\nrequire-encryption = true",
    );
    let expected = ExecSettings {
        clusters: vec!["dev-*".into(), "lab".into()],
        log_group: "/audit/{cluster}/exec".into(),
        retention_days: Some(365),
        min_retention_days: 180,
        correct_default: true,
        require_session_key: true,
        require_encryption: true,
    };
    assert_eq!(read, expected);
}

#[test]
fn exec_may_be_enabled_in_the_clusters_that_match_a_pattern() {
    let some = exec("clusters = [\"dev-*\", \"lab\"]");
    let allowed = ["dev-1", "lab", "lab-2", "prod"].map(|cluster| some.may_be_enabled_in(cluster));
    assert_eq!(allowed, [true, true, false, false]);
    assert!(!exec("clusters = []").may_be_enabled_in("lab") && exec("").may_be_enabled_in("prod"));
}

#[test]
fn a_log_group_has_the_name_of_the_cluster() {
    assert_eq!(exec("").log_group_of("prod"), "/ecs/exec/prod");
    assert_eq!(exec("log-group = \"/audit\"").log_group_of("prod"), "/audit");
}

#[test]
fn a_shorter_retention_is_also_the_minimum_if_the_table_sets_none() {
    let of = |keys: &str| (exec(keys).retention_days, exec(keys).min_retention_days);
    assert_eq!(of("retention-days = 7"), (Some(7), 7));
    assert_eq!(of("retention-days = 365"), (Some(365), 90));
    assert_eq!(of("retention-days = \"any\""), (None, 90));
    assert_eq!(of("retention-days = \"any\"\nmin-retention-days = 3653"), (None, 3653));
}

#[test]
fn invalid_and_contradictory_values_are_refused_with_their_positions() {
    let long = "x".repeat(258);
    for (keys, why) in [
        (
            "log-group = \"/ecs/{family}\"".to_owned(),
            "3:13: CloudWatch Logs does not accept the name `/ecs/{family}` for every cluster \
             (a name may contain the placeholder {cluster})"
                .to_owned(),
        ),
        (
            format!("log-group = \"{long}{{cluster}}\""),
            format!(
                "3:13: CloudWatch Logs does not accept the name `{long}{{cluster}}` for every cluster \
                 (a name may contain the placeholder {{cluster}})"
            ),
        ),
        (
            "retention-days = 45".to_owned(),
            "3:18: CloudWatch Logs does not support a retention of 45 days (use 60, the next longer retention)"
                .to_owned(),
        ),
        (
            "retention-days = 30\nmin-retention-days = 60".to_owned(),
            "4:22: min-retention-days must not be longer than retention-days, the retention that Logweir sets \
             (use at most 30)"
                .to_owned(),
        ),
        ("min-retention-days = 0".to_owned(), "3:22: min-retention-days must be between 1 and 3653".to_owned()),
        (
            "retention-days = \"any\"\nmin-retention-days = 3654".to_owned(),
            "4:22: min-retention-days must be between 1 and 3653".to_owned(),
        ),
    ] {
        assert_eq!(refused(&format!("version = 1\n[exec]\n{keys}\n")), why);
    }
    assert!(refused("version = 1\n[exec]\ncluster = [\"a\"]\n").ends_with("(did you mean `clusters`?)"));
}
