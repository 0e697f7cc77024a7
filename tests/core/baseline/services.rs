//! Profiles that match on a service's cluster or tags.

use logweir::domain::baseline::{Baseline, ImageGuard, RolloutSettings, RolloutWhen, Workload};

use super::{APP, exemption, refused};

const SERVICE: Workload<'_> = Workload { container: None, cluster: Some("prod-1"), ..APP };

const WINDOW: &str = "fri 15:00 - mon 08:00 Europe/Berlin";

fn profile(matches: &str, key: &str) -> String {
    format!("version = 1\n[[profile]]\nmatch = {{ {matches} }}\n{key}\n")
}

fn trusting(text: &str) -> String {
    text.replace("version = 1\n", "version = 1\ntrusted-tags = [\"tier\"]\n")
}

fn tag(key: &str, value: &str) -> [(String, String); 1] {
    [(key.to_owned(), value.to_owned())]
}

fn rollout(text: &str, subject: &Workload<'_>) -> RolloutSettings {
    Baseline::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")).rollout(subject).clone()
}

#[test]
fn a_profile_may_match_on_the_cluster() {
    let text = profile("cluster = \"prod-*\"", "rollout.deadline-minutes = 30");
    let deadline = |cluster| rollout(&text, &Workload { cluster, ..SERVICE }).deadline.as_mins();
    assert_eq!(deadline(Some("prod-1")), 30);
    assert_eq!(deadline(Some("staging")), 120);
    assert_eq!(deadline(None), 120, "an unknown cluster matches nothing");
}

#[test]
fn a_profile_may_match_on_a_tag_of_the_service() {
    let text = profile("service-tag = \"tier = gold\"", "rollout.deadline-minutes = 30");
    let deadline = |tags: &[_]| rollout(&text, &Workload { service_tags: tags, ..SERVICE }).deadline.as_mins();
    assert_eq!(deadline(&tag("tier", "gold")), 30);
    assert_eq!(deadline(&tag("tier", "silver")), 120);
    assert_eq!(deadline(&[]), 120);
    let revision = Workload { tags: &tag("tier", "gold"), ..SERVICE };
    assert_eq!(rollout(&text, &revision).deadline.as_mins(), 120, "a revision's tag is not a tag of the service");
}

#[test]
fn every_key_of_a_match_has_to_match() {
    let text = profile("family = \"web\", cluster = \"prod-*\"", "rollout.when = \"at-once\"");
    assert_eq!(rollout(&text, &SERVICE).when, RolloutWhen::AtOnce);
    assert_eq!(rollout(&text, &Workload { family: Some("batch"), ..SERVICE }).when, RolloutWhen::Deployed);
}

#[test]
fn the_first_matching_profile_wins_between_a_family_and_a_cluster() {
    let (family, cluster) = (
        "[[profile]]\nmatch = { family = \"web\" }\nrollout.deadline-minutes = 30\n",
        "[[profile]]\nmatch = { cluster = \"prod-*\" }\nrollout.image-guard = \"warn\"\n",
    );
    let decided = |text: String, subject| {
        let rollout = rollout(&text, subject);
        (rollout.deadline.as_mins(), rollout.image_guard)
    };
    assert_eq!(decided(format!("version = 1\n{family}{cluster}"), &SERVICE), (30, ImageGuard::Hold));
    assert_eq!(decided(format!("version = 1\n{cluster}{family}"), &SERVICE), (120, ImageGuard::Warn));
    assert_eq!(decided(format!("version = 1\n{cluster}{family}"), &APP), (30, ImageGuard::Hold), "no service is known");
}

#[test]
fn a_profile_that_matches_on_services_sets_only_rollout_keys() {
    let why = "a profile that matches on cluster or service-tag may set only keys of rollout (the keys of logging, log-group and correct apply to revisions, which have no cluster and no service tags)";
    for (matches, keys, place) in [
        ("cluster = \"prod-*\"", "logging.delivery = \"blocking\"", "4:1"),
        ("service-tag = \"tier=gold\"", "rollout.when = \"deployed\"\nlog-group.retention-days = 365", "5:1"),
        ("family = \"web\", cluster = \"*\"", "[profile.logging]\ndelivery = \"blocking\"", "4:1"),
    ] {
        assert_eq!(refused(&profile(matches, keys)), format!("{place}: {why}"));
    }
}

#[test]
fn a_profile_that_matches_on_services_cannot_match_on_a_container() {
    let why =
        "3:9: match must not combine container with cluster or service-tag, because these two keys select services";
    assert_eq!(refused(&profile("container = \"app\", cluster = \"prod-*\"", "")), why);
    assert_eq!(refused(&profile("container = \"app\", service-tag = \"tier=gold\"", "")), why);
}

#[test]
fn a_tag_of_a_service_is_a_key_and_a_value() {
    assert_eq!(refused(&profile("service-tag = \"gold\"", "")), "3:25: a tag must have the form key=value");
}

#[test]
fn an_exemption_cannot_match_on_a_service() {
    let why = "an exemption cannot use cluster or service-tag, because a revision has no cluster and no service tags \
               (match on family, container, account, region or tag; for rules about ECS Exec alone, also on cluster)";
    assert_eq!(refused(&exemption("cluster = \"prod-*\"", "2027-01-31")), format!("3:21: {why}"));
    assert_eq!(
        refused(&exemption("family = \"web\", service-tag = \"tier=gold\"", "2027-01-31")),
        format!("3:41: {why}")
    );
    let of = |rules: &str, matches: &str| exemption(matches, "2027-01-31").replace("\"blocking-delivery\"", rules);
    assert!(Baseline::parse(&of("\"unlogged-sessions\", \"forbidden-exec\"", "cluster = \"lab\"")).is_ok());
    for (rules, matches) in [
        ("\"unlogged-sessions\", \"blocking-delivery\"", "cluster = \"lab\""),
        ("\"unlogged-sessions\"", "service-tag = \"tier=gold\""),
    ] {
        assert_eq!(refused(&of(rules, matches)), format!("3:{}: {why}", 11 + matches.find('"').unwrap()));
    }
}

// Tags of a service: the principal that deploys the service sets them.

#[test]
fn a_tag_of_a_service_loosens_only_if_it_is_trusted() {
    for (key, value) in [
        ("when", "rollout.when = \"at-once\""),
        ("image-guard", "rollout.image-guard = \"warn\""),
        ("settle-minutes", "rollout.settle-minutes = 0"),
        ("deadline-minutes", "rollout.deadline-minutes = 121"),
        ("registers-per-second", "rollout.registers-per-second = 1.0"),
    ] {
        let text = profile("service-tag = \"tier=gold\"", value);
        assert_eq!(
            refused(&text),
            format!(
                "3:9: the author of a service can set its tags, so service-tag `tier` must not loosen {key} (if only trusted principals can set the tag, list its key: trusted-tags = [\"tier\"])"
            )
        );
        Baseline::parse(&trusting(&text)).unwrap();
    }
}

#[test]
fn a_tag_of_a_service_may_ask_for_more() {
    for value in [
        "rollout.deadline-minutes = 60".to_owned(),
        format!("rollout.freeze = [\"{WINDOW}\"]"),
        "rollout.require-service-tag = \"logweir=follow\"".to_owned(),
    ] {
        Baseline::parse(&profile("service-tag = \"tier=gold\"", &value)).unwrap();
        Baseline::parse(&profile("tag = \"tier=gold\"", &value)).unwrap();
    }
}

#[test]
fn a_tag_may_add_freeze_windows_but_not_remove_any() {
    let frozen = format!("version = 1\nrollout.freeze = [\"{WINDOW}\"]\n");
    let with = |matches: &str, windows: &str| {
        let profile = profile(matches, &format!("rollout.freeze = [{windows}]"));
        Baseline::parse(&profile.replace("version = 1\n", &frozen))
    };
    for (matches, named) in
        [("tag = \"tier=gold\"", "tag `tier`"), ("service-tag = \"tier=gold\"", "service-tag `tier`")]
    {
        for missing in ["", "\"fri 15:00 - mon 07:00 Europe/Berlin\"", "\"fri 15:00 - mon 08:00 Europe/Paris\""] {
            let error = with(matches, missing).expect_err(missing).to_string();
            assert!(error.contains(&format!("{named} must not loosen freeze (")), "{error}");
        }
        with(matches, &format!("\"wed 00:00 - thu 00:00 UTC\", \"{WINDOW}\"")).unwrap();
        with(matches, "\"fri  15:00 - mon 08:00  europe/berlin\"").expect("the same window in another spelling");
    }
}

#[test]
fn a_tag_may_not_change_or_drop_the_required_service_tag() {
    for value in ["", "tier=gold"] {
        let profile = profile("service-tag = \"tier=gold\"", &format!("rollout.require-service-tag = \"{value}\""));
        let text = profile.replace("version = 1\n", "version = 1\nrollout.require-service-tag = \"logweir=follow\"\n");
        let error = refused(&text);
        assert!(error.contains("service-tag `tier` must not loosen require-service-tag ("), "{error}");
        Baseline::parse(&trusting(&text)).unwrap();
    }
}

#[test]
fn a_cluster_may_loosen() {
    let text = profile("cluster = \"staging\"", "rollout.image-guard = \"off\"");
    assert_eq!(rollout(&text, &Workload { cluster: Some("staging"), ..SERVICE }).image_guard, ImageGuard::Off);
}

#[test]
fn a_tag_of_a_service_may_not_override_a_stricter_profile_after_it() {
    let tagged = "[[profile]]\nmatch = { service-tag = \"tier=gold\" }\nrollout.deadline-minutes = 60\n";
    let strict = format!("[[profile]]\nmatch = {{ cluster = \"prod-*\" }}\nrollout.freeze = [\"{WINDOW}\"]\n");
    let error = refused(&format!("version = 1\n{tagged}{strict}"));
    assert!(error.starts_with("3:9: ") && error.contains("service-tag `tier` must not loosen freeze"), "{error}");
    Baseline::parse(&format!("version = 1\n{strict}{tagged}"))
        .expect("after the stricter profile, the tag decides nothing");
}

#[test]
fn a_tag_of_a_service_does_not_affect_the_revision_settings_of_a_later_profile() {
    let tagged = "[[profile]]\nmatch = { service-tag = \"tier=gold\" }\nrollout.deadline-minutes = 60\n";
    let audit = "[[profile]]\nmatch = { family = \"audit-*\" }\nlog-group.retention-days = 365\n";
    Baseline::parse(&format!("version = 1\n{tagged}{audit}"))
        .expect("a profile that matches on a service tag is used for services only");
}

#[test]
fn both_tags_of_a_match_have_to_be_trusted() {
    let text = profile("tag = \"team=x\", service-tag = \"tier=gold\"", "rollout.when = \"at-once\"");
    assert!(refused(&trusting(&text)).contains("tag `team` must not loosen when ("));
    Baseline::parse(&text.replace("version = 1\n", "version = 1\ntrusted-tags = [\"team\", \"tier\"]\n")).unwrap();
}
