//! `logweir baseline`, and what `check` says about exemptions.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};

const BASELINE: &str = r#"version = 1
[logging]
max-buffer-size = "10m"
delivery = "non-blocking"
[rules]
foreign-region = "off"
[[profile]]
match = { family = "audit-*" }
logging.delivery = "blocking"
rollout.settle-minutes = 30
[[profile]]
match = { cluster = "prod-*" }
rollout.when = "at-once"
"#;

fn settings(arguments: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "baseline.toml", BASELINE);
    let ran = run(logweir(&["baseline", "show", "--baseline", &path, "--format", "json"]).args(arguments));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    serde_json::from_str(&ran.out).unwrap()
}

/// The value and the origin of a key.
fn setting(output: &Value, key: &str) -> Value {
    let settings = output["settings"].as_array().unwrap();
    let found: Vec<&Value> = settings.iter().filter(|setting| setting["key"] == key).collect();
    let [setting] = found.as_slice() else { panic!("{key}: {found:?}") };
    json!([setting["value"], setting["origin"], setting["profile"]])
}

#[test]
fn show_names_the_origin_of_each_effective_setting() {
    let output = settings(&["audit-1", "--ignore", "unsized-buffer"]);
    assert_eq!((&output["schema"], &output["workload"]["family"]), (&json!("logweir.baseline/1"), &json!("audit-1")));
    for (key, expected) in [
        ("logging.delivery", json!(["blocking", "profile", "family=audit-*"])),
        ("logging.max-buffer-size", json!(["10m", "file", null])),
        ("logging.min-buffer-size", json!(["4m", "default", null])),
        ("rollout.settle-minutes", json!(["30", "profile", "family=audit-*"])),
        ("fuse.minutes", json!(["10", "default", null])),
        ("rules.foreign-region", json!(["off", "file", null])),
        ("rules.unsized-buffer", json!(["off", "override", null])),
        ("rules.blocking-delivery", json!(["warning", "default", null])),
    ] {
        assert_eq!(setting(&output, key), expected, "{key}");
    }
    assert_eq!(setting(&settings(&["web"]), "logging.delivery"), json!(["non-blocking", "file", null]));
    let selected = settings(&["web", "--select", "foreign-region"]);
    assert_eq!(setting(&selected, "rules.foreign-region"), json!(["warning", "override", null]));
}

#[test]
fn the_cluster_counts_for_the_keys_of_rollout_alone() {
    let output = settings(&["web", "--cluster", "prod-1"]);
    assert_eq!(setting(&output, "rollout.when"), json!(["at-once", "profile", "cluster=prod-*"]));
    assert_eq!(setting(&output, "logging.max-buffer-size"), json!(["10m", "file", null]));
}

#[test]
fn show_as_text_has_a_line_for_each_setting() {
    let ran = run(&mut logweir(&["baseline", "show", "web"]));
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("baseline: (shipped) (sha256:"), "{}", ran.out);
    let line = ran.out.lines().find(|line| line.starts_with("logging.delivery ")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["logging.delivery", "non-blocking", "default"]);
}

#[test]
fn show_takes_the_name_of_a_family_or_of_a_revision() {
    for name in ["audit-1", "ecs:audit-1", "ecs:audit-1:7", "audit-1:7"] {
        assert_eq!(setting(&settings(&[name]), "logging.delivery")[0], "blocking", "{name}");
    }
    assert_eq!(run(&mut logweir(&["baseline", "show", "a/b"])).code, 64);
}

#[test]
fn check_says_whether_a_baseline_is_valid() {
    let folder = TempDir::new().unwrap();
    let good = file(&folder, "good.toml", BASELINE);
    let ran = run(&mut logweir(&["baseline", "check", &good]));
    assert!(ran.code == 0 && ran.out.starts_with(&format!("{good} is valid (sha256:")), "{}", ran.out);
    let bad = file(&folder, "bad.toml", &BASELINE.replace("delivery = \"non-blocking\"", "delivry = \"non-blocking\""));
    for arguments in [&["baseline", "check", &bad][..], &["baseline", "check", "--baseline", &bad]] {
        let ran = run(&mut logweir(arguments));
        assert_eq!(ran.code, 2);
        let text = ran.out + &ran.err;
        assert!(text.contains(&format!("{bad}:4:1: unknown field `delivry`")), "{text}");
        assert!(text.contains("did you mean `delivery`?"), "{text}");
    }
    let ran = run(&mut logweir(&["baseline", "check", &bad, "--format", "json"]));
    let output: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &output["schema"], &output["valid"]), (2, &json!("logweir.baseline-check/1"), &json!(false)));
    assert_eq!((&output["errors"][0]["line"], &output["errors"][0]["column"]), (&json!(4), &json!(1)));
    let nowhere = run(&mut logweir(&["baseline", "check", "/nonexistent.toml"]));
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("/nonexistent.toml"), "{}", nowhere.err);
}

fn exempt(who: &str, rules: &str, until: Timestamp) -> String {
    let until = until.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!(
        "[[exempt]]\nmatch = {{ {who} }}\nrules = [{rules}]\nuntil = {until}\nowner = \"team-x\"\nreason = \"ticket\"\n"
    )
}

/// The match and the state of each exemption that `check` reports.
fn remarks(exemptions: &[String], arguments: &[&str]) -> Vec<String> {
    remarks_beside(("tasks/package.json", "{}"), exemptions, arguments)
}

/// The same as [`remarks`], with another file in the folder.
fn remarks_beside((name, text): (&str, &str), exemptions: &[String], arguments: &[&str]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    file(&folder, "tasks/web.json", BLOCKING);
    file(&folder, name, text);
    let path = file(&folder, "baseline.toml", &format!("version = 1\n{}", exemptions.concat()));
    let check = |format: &str| {
        let mut command = logweir(&["check", "--baseline", &path, "--region", "eu-west-1", "--format", format]);
        run(command.args(arguments).current_dir(folder.path()))
    };
    let output: Value = serde_json::from_str(&check("json").out).unwrap();
    let texts = output["exemptions"].as_array().unwrap().iter();
    let texts: Vec<String> =
        texts.map(|it| format!("{} {}", it["match"].as_str().unwrap(), it["state"].as_str().unwrap())).collect();
    assert_eq!(check("text").err.matches("warning: the exemption of ").count(), texts.len());
    texts
}

#[test]
fn check_names_exemptions_that_end_soon_or_cover_nothing() {
    let in_days = |days: i64| Timestamp::now() + SignedDuration::from_hours(24 * days);
    let blocking = "\"blocking-delivery\", \"unsized-buffer\"";
    let all = [
        exempt("family = \"web\"", blocking, in_days(10)),
        exempt("family = \"w*\"", blocking, in_days(100)),
        exempt("family = \"gone\"", blocking, in_days(100)),
        exempt("family = \"past\"", blocking, in_days(-3)),
        exempt("family = \"web\", container = \"sidecar\"", blocking, in_days(5)),
        exempt("family = \"gone\", account = \"111122223333\"", blocking, in_days(100)),
        exempt("family = \"gone\", region = \"us-east-1\"", blocking, in_days(100)),
        exempt("family = \"gone\", region = \"eu-*\"", blocking, in_days(100)),
        exempt("family = \"gone2\"", "\"blocking-delivery\", \"missing-log-group\"", in_days(100)),
    ];
    let complete = [
        "family=web ends-soon",
        "family=gone unused",
        "family=past unused",
        "family=web, container=sidecar unused",
        "family=gone, region=eu-* unused",
    ];
    assert_eq!(remarks(&all, &["tasks"]), complete);
    assert_eq!(remarks(&all, &["tasks/web.json"]), ["family=web ends-soon"]);
    assert_eq!(remarks(&all, &["tasks", "/nonexistent.json"]), ["family=web ends-soon"]);
    assert_eq!(remarks(&all, &["tasks", "--exclude", "x.json"]), ["family=web ends-soon"]);
    let ignored = ["tasks", "--ignore", "blocking-delivery"];
    assert_eq!(remarks(&all[2..3], &ignored), [""; 0], "a rule that is off may need the exemption");
}

#[test]
fn an_exemption_may_be_needed_if_a_task_definition_is_not_known() {
    let until = Timestamp::now() + SignedDuration::from_hours(24 * 100);
    let gone = [exempt("family = \"gone\"", "\"blocking-delivery\"", until)];
    assert_eq!(remarks(&gone, &["tasks"]), ["family=gone unused"]);
    let unnamed = BLOCKING.replace("  \"family\": \"web\",\n", "");
    for beside in [
        ("tasks/main.tf", ""),
        ("tasks/stack.yaml", ""),
        ("tasks/api.json", &*unnamed),
        ("tasks/api.json.tpl", &BLOCKING.replace("\"web\"", "\"${family}\"")),
        ("tasks/api.json", &BLOCKING.replace("\"app\"", "\"{{ app }}\"")),
        ("tasks/api.json", "{\"containerDefinitions\": 1}"),
    ] {
        assert_eq!(remarks_beside(beside, &gone, &["tasks"]), [""; 0], "{beside:?}");
    }
}

#[test]
fn an_exemption_of_the_runbook_names_what_the_runbook_has() {
    let folder = TempDir::new().unwrap();
    let web = file(&folder, "web.json", BLOCKING);
    for (list, code) in [
        ("requirements = [\"12\", \"X1\"]", 0),
        ("rules = [\"writable-root\"]", 0),
        ("requirements = [\"12\", \"99\"]", 2),
        ("rules = [\"writable-rot\"]", 2),
    ] {
        let head = "version = 1\n[[runbook.exempt]]\nmatch = { resource = \"*\" }";
        let terms = "until = 2199-01-31\nowner = \"o\"\nreason = \"r\"";
        let path = file(&folder, "baseline.toml", &format!("{head}\n{list}\n{terms}\n"));
        let ran = run(&mut logweir(&["baseline", "check", &path]));
        assert_eq!(ran.code, code, "{list}: {ran:?}");
        let judged = run(&mut logweir(&["runbook", &web, "--baseline", &path]));
        assert_eq!(judged.out.is_empty(), code == 2, "{list}: {judged:?}");
        if code == 2 {
            assert!(ran.err.contains("baseline.toml:4:"), "{list}: {}", ran.err);
            assert!(judged.err.contains("no requirement and no rule of the runbook is called"), "{}", judged.err);
        }
    }
}
