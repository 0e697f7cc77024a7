//! Parsing `baseline.toml`: refused input with its position and help, and the workloads that settings and exemptions
//! apply to.

mod exec;
mod freeze;
mod learnt;
mod levels;
mod services;

use logweir::domain::baseline::{
    AbsentMode, Baseline, Delivery, Exempt, ImageGuard, MissingDriver, RolloutWhen, Workload,
};
use logweir::domain::rule_name::RuleName;

/// The error as it is shown after the file's name.
fn refused(text: &str) -> String {
    Baseline::parse(text).expect_err(text).to_string()
}

fn exemption(who: &str, until: &str) -> String {
    format!(
        "version = 1\n[[exempt]]\nmatch = {{ {who} }}\nrules = [\"blocking-delivery\"]\nuntil = {until}\nowner = \"team-x\"\nreason = \"ticket 123\"\n"
    )
}

const APP: Workload<'_> = Workload {
    family: Some("web"),
    container: Some("app"),
    account: Some("111122223333"),
    region: Some("eu-west-1"),
    tags: &[],
    cluster: None,
    service_tags: &[],
};

fn exempts(baseline: &str, subject: &Workload<'_>, now: &str) -> Exempt {
    Baseline::parse(baseline).unwrap().exempts(RuleName::BlockingDelivery, subject, now.parse().unwrap())
}

#[test]
fn the_shipped_baseline_equals_the_defaults() {
    let shipped = Baseline::parse(include_str!("../../infra/baseline.toml")).unwrap();
    let defaults = Baseline::parse("version = 1").unwrap();
    assert_eq!(shipped.settings(&APP), defaults.settings(&APP));
}

#[test]
fn the_examples_of_the_shipped_baseline_are_valid_once_uncommented() {
    let mut examples = false;
    let lines = include_str!("../../infra/baseline.toml").lines().map(|line| {
        examples |= line.starts_with("# [");
        if examples { line.strip_prefix("# ").unwrap_or(line) } else { line }
    });
    let baseline = Baseline::parse(&lines.collect::<Vec<_>>().join("\n")).unwrap();
    let audit = Workload { family: Some("audit-trail"), ..APP };
    assert_eq!(baseline.settings(&audit).logging.delivery, Delivery::Blocking);
    let prod = Workload { cluster: Some("prod-1"), ..APP };
    assert_eq!(baseline.rollout(&prod).freeze.len(), 1);
}

#[test]
fn every_key_is_read() {
    let text = r#"
        version = 1
        [logging]
        missing-driver = "advice"
        accept = ["awslogs", "journald"]
        replace = ["json-file"]
        correct-drivers = ["awslogs", "journald"]
        delivery = "blocking"
        absent-mode = "effective"
        max-buffer-size = "1g"
        min-buffer-size = "512k"
        max-buffer-share = 1
        group = "/apps/{family}/{container}"
        stream-prefix = "ecs"
        [log-group]
        create = []
        retention-days = 3653
        class = "INFREQUENT_ACCESS"
        kms-key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
        adopt = ["/apps/*"]
        [rollout]
        when = "at-once"
        image-guard = "warn"
        require-service-tag = "logweir=follow"
        freeze = ["fri 15:00 - mon 08:00 Europe/Berlin"]
        settle-minutes = 1440
        deadline-minutes = 10080
        registers-per-second = 1
    "#;
    let baseline = Baseline::parse(text).unwrap();
    let settings = baseline.settings(&APP);
    let (logging, group, rollout) = (&settings.logging, &settings.log_group, &settings.rollout);
    assert_eq!(
        (logging.missing_driver, logging.delivery, logging.absent_mode),
        (MissingDriver::Advice, Delivery::Blocking, AbsentMode::Effective)
    );
    assert_eq!((logging.max_buffer_size, logging.min_buffer_size, logging.max_buffer_share), (1 << 30, 512 << 10, 1.0));
    assert_eq!((logging.accept.join(" "), logging.replace.join(" ")), ("awslogs journald".into(), "json-file".into()));
    assert_eq!(logging.correct_drivers.join(" "), "awslogs journald");
    assert_eq!((logging.group.as_str(), logging.stream_prefix.as_str()), ("/apps/{family}/{container}", "ecs"));
    assert_eq!((group.retention_days, group.class.as_str()), (Some(3653), "INFREQUENT_ACCESS"));
    assert!(!group.may_create("/ecs/web") && group.adopts("/apps/web") && group.kms_key.is_some());
    assert_eq!((rollout.when, rollout.image_guard), (RolloutWhen::AtOnce, ImageGuard::Warn));
    assert_eq!(rollout.require_service_tag, Some(("logweir".into(), "follow".into())));
    assert_eq!(rollout.freeze[0].to_string(), "fri 15:00 - mon 08:00 Europe/Berlin");
    assert_eq!((rollout.settle.as_hours(), rollout.deadline.as_hours()), (24, 7 * 24));
    assert_eq!(rollout.registers_per_second, 1.0);
}

#[test]
fn a_retention_is_a_number_of_days_that_aws_accepts_or_any() {
    let days = |value: &str| {
        let baseline = Baseline::parse(&format!("version = 1\n[log-group]\nretention-days = {value}\n")).unwrap();
        baseline.settings(&APP).log_group.retention_days
    };
    assert_eq!((days("\"any\""), days("7")), (None, Some(7)));
    for value in ["\"never\"", "true", "7.0", "[7]"] {
        assert_eq!(
            refused(&format!("version = 1\n[log-group]\nretention-days = {value}\n")),
            "3:18: retention-days must be a number of days, or \"any\" (retention-days = 30)"
        );
    }
}

#[test]
fn a_profile_for_an_untrusted_tag_may_not_accept_any_retention() {
    let profile = "version = 1\n[[profile]]\nmatch = { tag = \"team=x\" }\nlog-group.retention-days = \"any\"\n";
    assert!(refused(profile).contains("must not loosen retention-days"));
}

#[test]
fn an_unknown_key_is_refused_with_its_position_and_the_nearest_key() {
    assert_eq!(
        refused("version = 1\n\n[logging]\n  delivry = \"blocking\"\n").lines().next().unwrap(),
        "4:3: unknown field `delivry`, expected one of `driver`, `missing-driver`, `accept`, `replace`, `correct-drivers`, `delivery`, `absent-mode`, \
         `max-buffer-size`, `min-buffer-size`, `max-buffer-share`, `group`, `stream-prefix` (did you mean `delivery`?)"
    );
}

#[test]
fn an_unknown_value_is_refused_with_the_nearest_value() {
    assert_eq!(
        refused("version = 1\n[logging]\ndelivery = \"nonblocking\"\n"),
        "3:12: unknown variant `nonblocking`, expected `non-blocking` or `blocking` (did you mean `non-blocking`?)"
    );
}

#[test]
fn invalid_toml_is_refused_with_its_position() {
    assert!(refused("version = 1\nlogging = [\n").starts_with("2:"), "{}", refused("version = 1\nlogging = [\n"));
}

#[test]
fn columns_count_characters_and_not_bytes() {
    assert!(refused("version = 1\ntrusted-tags = [\"ü\"]\nü = 1").starts_with("3:1: "));
    assert!(refused("version = 1 # ü\n\"ü\".x = 1").starts_with("2:1: "));
}

#[test]
fn a_version_is_required_and_known() {
    assert_eq!(refused(""), "1:1: missing field `version`");
    assert_eq!(refused("version = 2"), "1:11: version 2 of the baseline format is not known (version = 1)");
}

#[test]
fn an_unsupported_retention_is_refused_with_the_next_supported_value() {
    let retention = |days: &str| refused(&format!("version = 1\nlog-group.retention-days = {days}"));
    assert_eq!(
        retention("45"),
        "2:28: CloudWatch Logs does not support a retention of 45 days (use 60, the next longer retention)"
    );
    assert_eq!(
        retention("0"),
        "2:28: CloudWatch Logs does not support a retention of 0 days (use 1, the next longer retention)"
    );
    assert_eq!(retention("9999"), "2:28: CloudWatch Logs does not support a retention of 9999 days (use at most 3653)");
}

#[test]
fn invalid_values_are_refused() {
    for (value, why) in [
        (
            "logging.driver = \"splunk\"",
            "2:18: driver must be awslogs, the only log driver that Logweir writes (driver = \"awslogs\")",
        ),
        ("logging.max-buffer-size = \"25x\"", "2:27: `25x` is not a size (write a size such as \"25m\")"),
        ("logging.min-buffer-size = \"0\"", "2:27: `0` is not a size (write a size such as \"25m\")"),
        (
            "logging.max-buffer-share = 0.0",
            "2:28: max-buffer-share must be a fraction of the memory, above 0 and at most 1 (use a fraction such as 0.25)",
        ),
        (
            "logging.max-buffer-share = nan",
            "2:28: max-buffer-share must be a fraction of the memory, above 0 and at most 1 (use a fraction such as 0.25)",
        ),
        (
            "logging.group = \"/ecs/{task}\"",
            "2:17: CloudWatch Logs does not accept the name `/ecs/{task}` (a name may contain the placeholders {family} and {container})",
        ),
        (
            "logging.group = \"\"",
            "2:17: CloudWatch Logs does not accept the name `` (a name may contain the placeholders {family} and {container})",
        ),
        (
            "logging.accept = [\"awslogs\", \"awsfirelense\"]",
            "2:18: ECS has no log driver `awsfirelense` (did you mean `awsfirelens`?)",
        ),
        ("logging.replace = [\"json\"]", "2:19: ECS has no log driver `json` (did you mean `json-file`?)"),
        (
            "log-group.class = \"DELIVERY\"",
            "2:19: `DELIVERY` is not a log group class that Logweir supports (use one of: STANDARD, INFREQUENT_ACCESS, ESSENTIALS)",
        ),
        (
            "log-group.class = \"standard\"",
            "2:19: `standard` is not a log group class that Logweir supports (use one of: STANDARD, INFREQUENT_ACCESS, ESSENTIALS)",
        ),
        ("log-group.kms-key = \"alias/logs\"", "2:21: kms-key must be the ARN of a KMS key"),
        ("rollout.require-service-tag = \"follow\"", "2:31: a tag must have the form key=value"),
        (
            "rollout.registers-per-second = 2",
            "2:32: registers-per-second must be above 0 and at most 1, the AWS limit for all principals of an account and Region",
        ),
        (
            "rollout.freeze = [\"friday 15:00 - mon 08:00 UTC\"]",
            "2:19: `friday` is not a day of the week (use one of: mon, tue, wed, thu, fri, sat, sun)",
        ),
        ("rollout.settle-minutes = -1", "2:26: settle-minutes must be between 0 and 1440, not -1"),
        ("rollout.settle-minutes = 1441", "2:26: settle-minutes must be between 0 and 1440, not 1441"),
        ("rollout.deadline-minutes = 4", "2:28: deadline-minutes must be between 5 and 10080, not 4"),
        ("rollout.deadline-minutes = 10081", "2:28: deadline-minutes must be between 5 and 10080, not 10081"),
    ] {
        assert_eq!(refused(&format!("version = 1\n{value}\n")), why);
    }
}

#[test]
fn contradictions_are_refused() {
    for (values, why) in [
        ("min-buffer-size = \"50m\"", "3:19: min-buffer-size must not be larger than max-buffer-size"),
        ("max-buffer-size = \"1m\"", "3:19: min-buffer-size must not be larger than max-buffer-size"),
        ("accept = [\"splunk\"]", "3:10: accept must list awslogs, the log driver that Logweir writes"),
        (
            "correct-drivers = [\"awslogs\", \"awsfirelens\"]",
            "3:19: correct-drivers must not list awsfirelens, because mode and max-buffer-size stop its router",
        ),
        ("correct-drivers = [\"awslog\"]", "3:19: ECS has no log driver `awslog` (did you mean `awslogs`?)"),
        ("replace = [\"splunk\"]", "3:11: `splunk` must not be listed under both accept and replace"),
    ] {
        assert_eq!(refused(&format!("version = 1\n[logging]\n{values}\n")), why);
    }
}

#[test]
fn a_profile_may_not_contradict_inherited_settings() {
    let text = "version = 1\n[logging]\nreplace = [\"json-file\"]\n[[profile]]\nmatch = { family = \"x\" }\nlogging.accept = [\"awslogs\", \"json-file\"]\n";
    assert_eq!(refused(text), "6:18: `json-file` must not be listed under both accept and replace");
}

#[test]
fn the_first_matching_profile_wins_and_keeps_the_other_keys() {
    let baseline = Baseline::parse(
        r#"
        version = 1
        log-group.retention-days = 90
        [[profile]]
        match = { family = "web", container = "audit" }
        logging.delivery = "blocking"
        [[profile]]
        match = { family = "w*" }
        log-group.retention-days = 365
        "#,
    )
    .unwrap();
    let of = |container, family| {
        let settings = baseline.settings(&Workload { container, family, ..APP });
        (settings.logging.delivery, settings.log_group.retention_days)
    };
    assert_eq!(of(Some("audit"), Some("web")), (Delivery::Blocking, Some(90)));
    assert_eq!(of(Some("app"), Some("web")), (Delivery::NonBlocking, Some(365)));
    assert_eq!(of(None, Some("web")), (Delivery::NonBlocking, Some(365)));
    assert_eq!(of(Some("audit"), Some("batch")), (Delivery::NonBlocking, Some(90)));
}

#[test]
fn an_unknown_attribute_matches_nothing() {
    let account = exemption("account = \"*\"", "2027-01-31");
    assert_eq!(exempts(&account, &Workload { account: None, ..APP }, "2026-11-21T12:00:00Z"), Exempt::No);
    assert!(matches!(exempts(&account, &APP, "2026-11-21T12:00:00Z"), Exempt::Yes(_)));
}

#[test]
fn an_exemption_needs_an_end_date() {
    let text = exemption("family = \"web\"", "2027-01-31").replace("until = 2027-01-31\n", "");
    assert_eq!(
        refused(&text),
        "2:1: missing field `until` (give the exemption an end date, such as until = 2027-01-31)"
    );
}

#[test]
fn an_exemption_ends_on_a_day_and_not_at_a_time() {
    let help = "until must be a date without a time (until = 2027-01-31)";
    assert_eq!(refused(&exemption("family = \"web\"", "2027-01-31T12:00:00Z")), format!("5:9: {help}"));
    assert_eq!(refused(&exemption("family = \"web\"", "12:00:00")), format!("5:9: {help}"));
}

#[test]
fn an_exemption_holds_through_the_last_second_of_its_last_day() {
    let text = exemption("family = \"web\"", "2026-11-21");
    assert!(matches!(exempts(&text, &APP, "2026-11-21T23:59:59.999999999Z"), Exempt::Yes(_)));
    let Exempt::Expired(was) = exempts(&text, &APP, "2026-11-22T00:00:00Z") else { panic!("still exempt") };
    assert_eq!((was.owner.as_str(), was.reason.as_str(), was.until.as_str()), ("team-x", "ticket 123", "2026-11-21"));
}

#[test]
fn an_exemption_may_end_on_the_last_representable_day() {
    let text = exemption("family = \"web\"", "9999-12-31");
    assert!(matches!(exempts(&text, &APP, "2026-11-21T12:00:00Z"), Exempt::Yes(_)));
}

#[test]
fn one_exemption_in_force_is_enough_beside_an_expired_one() {
    let text = [
        exemption("family = \"web\"", "2026-01-01"),
        exemption("family = \"web\"", "2027-01-01").replace("version = 1\n", ""),
    ];
    assert!(matches!(exempts(&text.concat(), &APP, "2026-11-21T12:00:00Z"), Exempt::Yes(_)));
}

#[test]
fn an_exemption_covers_only_the_rules_that_it_names() {
    let baseline = Baseline::parse(&exemption("family = \"web\"", "2027-01-31")).unwrap();
    assert_eq!(baseline.exempts(RuleName::UnsizedBuffer, &APP, "2026-11-21T12:00:00Z".parse().unwrap()), Exempt::No);
}

#[test]
fn an_exemption_needs_rules_an_owner_and_a_reason() {
    let good = exemption("family = \"web\"", "2027-01-31");
    for (from, to, why) in [
        ("\"blocking-delivery\"", "", "4:9: an exemption must name the rules that it switches off"),
        ("\"team-x\"", "\" \"", "6:9: an exemption must have an owner and a reason"),
        ("\"ticket 123\"", "\"\"", "7:10: an exemption must have an owner and a reason"),
        (
            "\"blocking-delivery\"",
            "\"blocking_delivery\"",
            "4:10: no rule is called `blocking_delivery` (did you mean `blocking-delivery`?)",
        ),
    ] {
        assert_eq!(refused(&good.replace(from, to)), why);
    }
}

#[test]
fn a_match_without_a_key_is_refused() {
    let why = "match must not be empty, because an empty match would cover every task definition (match = { family = \"web-*\" })";
    assert_eq!(refused(&exemption("", "2027-01-31")), format!("3:9: {why}"));
    assert_eq!(refused("version = 1\n[[profile]]\nmatch = {}\n"), format!("3:9: {why}"));
}

// Tags of a revision: the principal that registers the revision sets them.

#[test]
fn a_tag_exempts_only_if_it_is_trusted() {
    let text = exemption("tag = \"team=x\"", "2027-01-31");
    assert_eq!(
        refused(&text),
        "3:9: the author of a revision can set its tags, so tag `team` must not grant an exemption (if only trusted principals can set the tag, list its key: trusted-tags = [\"team\"])"
    );
    let trusting = text.replace("version = 1\n", "version = 1\ntrusted-tags = [\"team\"]\n");
    let tagged = [("team".to_owned(), "x".to_owned())];
    assert!(matches!(exempts(&trusting, &Workload { tags: &tagged, ..APP }, "2026-11-21T12:00:00Z"), Exempt::Yes(_)));
    assert_eq!(exempts(&trusting, &APP, "2026-11-21T12:00:00Z"), Exempt::No);
}

#[test]
fn a_tag_loosens_only_if_it_is_trusted() {
    let profile = |key: &str| format!("version = 1\n[[profile]]\nmatch = {{ tag = \"team=x\" }}\n{key}\n");
    for (key, value) in [
        ("delivery", "logging.delivery = \"blocking\""),
        ("absent-mode", "logging.absent-mode = \"effective\""),
        ("missing-driver", "logging.missing-driver = \"advice\""),
        ("accept", "logging.accept = [\"awslogs\", \"awsfirelens\", \"splunk\", \"syslog\"]"),
        ("correct-drivers", "logging.correct-drivers = []"),
        ("min-buffer-size", "logging.min-buffer-size = \"1m\""),
        ("max-buffer-share", "logging.max-buffer-share = 0.5"),
        ("create", "log-group.create = [\"*\"]"),
        ("retention-days", "log-group.retention-days = 1"),
        ("adopt", "log-group.adopt = [\"*\"]"),
        ("when", "rollout.when = \"at-once\""),
        ("image-guard", "rollout.image-guard = \"off\""),
        ("settle-minutes", "rollout.settle-minutes = 14"),
        ("deadline-minutes", "rollout.deadline-minutes = 121"),
        ("registers-per-second", "rollout.registers-per-second = 1.0"),
    ] {
        let error = refused(&profile(value));
        assert!(
            error.starts_with(&format!(
                "3:9: the author of a revision can set its tags, so tag `team` must not loosen {key} ("
            )),
            "{error}"
        );
        Baseline::parse(&profile(value).replace("version = 1\n", "version = 1\ntrusted-tags = [\"team\"]\n")).unwrap();
    }
    Baseline::parse(&profile("log-group.retention-days = 365")).expect("a longer retention does not loosen anything");
}

#[test]
fn a_tag_may_not_override_a_stricter_profile_after_it() {
    let text = r#"
version = 1
[[profile]]
match = { tag = "team=x" }
log-group.retention-days = 60
[[profile]]
match = { family = "audit-*" }
log-group.retention-days = 365
"#;
    let error = refused(text);
    assert!(
        error.starts_with(
            "4:9: the author of a revision can set its tags, so tag `team` must not loosen retention-days"
        ),
        "{error}"
    );
    let (strict, tagged) = text.split_at(text.rfind("[[profile]]").unwrap());
    let (version, tag) = strict.split_at(strict.find("[[profile]]").unwrap());
    Baseline::parse(&[version, tagged, tag].concat()).expect("after the stricter profile, the tag decides nothing");
}

fn digest(text: &str) -> String {
    Baseline::parse(text).unwrap().digest().to_owned()
}

#[test]
fn the_digest_is_taken_over_the_settings_and_not_over_comments_and_layout() {
    let text = "version = 1\n[logging]\nmax-buffer-size = \"25m\"\ndelivery = \"non-blocking\"\n";
    let reworded =
        "# Reworded.\nversion=1\n\nlogging = { delivery = \"non-blocking\", max-buffer-size = \"25m\" } # as before\n";
    assert_eq!(digest(text), digest(reworded));
    let profiles = |first: &str, second: &str| {
        let profile =
            |name: &str| format!("[[profile]]\nmatch = {{ family = \"{name}\" }}\nlogging.max-buffer-size = \"50m\"\n");
        format!("version = 1\n{}{}", profile(first), profile(second))
    };
    let others = [
        text.replace("25m", "26m"),
        text.replace("[logging]", "[logging]\ndriver = \"awslogs\""),
        "version = 1".into(),
        profiles("a", "b"),
        profiles("b", "a"),
        profiles("ab", ""),
    ];
    let digests: std::collections::BTreeSet<_> = others.iter().map(|text| digest(text)).chain([digest(text)]).collect();
    assert_eq!(digests.len(), others.len() + 1);
}

#[test]
fn the_digest_of_the_former_shipped_baseline_has_a_form_that_still_names_it() {
    let former = Baseline::parse(include_str!("baseline/shipped-before-0.1.0.toml")).unwrap();
    let name = "sha256:a190293cf0ca3f36e77408822128393eeb1690f27f146e1a3935a0a2d5d165fd";
    assert!(former.is_named(name) && former.is_named(former.digest()));
    let changed = include_str!("baseline/shipped-before-0.1.0.toml").replace("\"25m\"", "\"26m\"");
    let changed = Baseline::parse(&changed).unwrap();
    assert!(!changed.is_named(name) && changed.digest() != former.digest(), "other settings have no former digest");
    // The baseline that is shipped now has one more setting, so an operator confirms it anew.
    let shipped = Baseline::parse(logweir::settings::SHIPPED_BASELINE).unwrap();
    assert!(!shipped.is_named(name) && shipped.is_named(shipped.digest()));
}
