//! Errors from the caller's view: one sentence that says what is wrong, and one line that says what to do.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::apply::blocking;
use super::{BLOCKING, file, logweir, run};
use crate::loopback::operator::{Operator, Ran, undo};
use crate::loopback::{Loopback, Reply};

const KEY: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")];

/// The texts of an SDK or an operating system that say nothing to a person.
const INTERNAL: [&str; 8] = [
    "os error",
    "dispatch failure",
    "ProviderError",
    "Unhandled",
    "Some(",
    "{",
    "cargo feature",
    "the credential provider",
];

#[track_caller]
fn is(ran: &Ran, message: &str, help: &str) {
    assert_eq!(ran.code, 2, "{ran:?}");
    let lines: Vec<&str> = ran.err.lines().collect();
    let [error, helps] = lines.as_slice() else { panic!("{ran:?}") };
    assert!(error.starts_with("error: ") && error.contains(message), "{error}");
    assert!(helps.starts_with("  help: ") && helps.contains(help), "{helps}");
    for internal in INTERNAL {
        assert!(!ran.err.contains(internal), "{internal}: {}", ran.err);
    }
}

fn at(operator: &Operator, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let place = ["--endpoint-url", &operator.aws.url, "--region", "eu-west-1"];
    operator.bare(environment, &[arguments, &place[..]].concat())
}

#[test]
fn missing_credentials_are_named_and_no_call_is_made() {
    for verb in [&["check", "ecs:web"][..], &["apply", "ecs:web", "--yes"], &["doctor"], &["check", "--all"]] {
        let operator = Operator::of(&[blocking("web")]);
        is(&at(&operator, &[], verb), "there are no AWS credentials", "aws sso login --profile NAME");
        assert!(operator.aws.calls().is_empty());
    }
}

#[test]
fn an_ended_sso_session_says_how_to_log_in() {
    let old = "[profile old]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n\
               sso_account_id = 111122223333\nsso_role_name = Operator\n";
    let new = "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n\
               [profile new]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Operator\n\
               [profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = new\n";
    for (profile, login) in [("old", "old"), ("new", "new"), ("role", "new")] {
        let operator = Operator::of(&[]);
        operator.configures(&format!("{old}{new}"));
        for (environment, options) in [(&KEY[..], &["--profile", profile][..]), (&[("AWS_PROFILE", profile)], &[])] {
            let ran = at(&operator, environment, &[&["check", "ecs:web"], options].concat());
            is(&ran, "SSO session", &format!("log in: aws sso login --profile {login}"));
            assert!(ran.err.contains(&format!("profile `{profile}`")), "{}", ran.err);
        }
    }
}

#[test]
fn a_process_or_a_role_that_gives_no_credentials_says_why() {
    let operator = Operator::of(&[]);
    let sts = Loopback::serve(|_, _| {
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized \
                   to perform: sts:AssumeRole on resource: r</Message></Error></ErrorResponse>";
        Reply::Http(403, "content-type: text/xml\r\n".into(), xml.into())
    });
    operator.configures(
        "[profile process]\ncredential_process = /bin/sh -c 'echo no session >&2; exit 3'\n\
         [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n\
         [profile loop]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = gone\n",
    );
    let environment = [("AWS_ENDPOINT_URL_STS", sts.url.as_str())];
    for (profile, why) in [
        ("process", "no session"),
        ("role", "AccessDenied: User: x is not authorized to perform: sts:AssumeRole on resource: r"),
        ("loop", "needs the profile `gone`, which does not exist"),
    ] {
        let ran = at(&operator, &environment, &["check", "ecs:web", "--profile", profile]);
        let message = format!("AWS profile `{profile}`");
        is(&ran, &message, profile);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

#[test]
fn expired_and_unknown_keys_say_what_to_do() {
    for (code, help) in
        [("ExpiredTokenException", "aws sso login --profile NAME"), ("UnrecognizedClientException", "uses this Region")]
    {
        let aws =
            Loopback::serve(move |_, _| Reply::error(code, "The security token included in the request is wrong."));
        let operator = Operator::at(aws);
        let good = operator.file("good.toml", "version = 1\n");
        let ran = at(&operator, &KEY, &["check", "ecs:web", "--baseline", &good]);
        assert_eq!(ran.code, 2);
        let said = format!(
            "error: ecs:web: DescribeTaskDefinition: {code}: The security token included in the request is wrong.\n"
        );
        assert!(ran.err.starts_with(&said) && ran.err.contains(help), "{}", ran.err);
    }
}

#[test]
fn a_wrong_region_is_named() {
    let operator = Operator::of(&[]);
    for wrong in ["EU-WEST-1", "eu west 1", "https://ecs.eu-west-1.amazonaws.com"] {
        let ran = operator.bare(&KEY, &["check", "ecs:web", "--region", wrong]);
        is(&ran, &format!("`{wrong}` is not the name of an AWS Region"), "eu-west-1");
    }
    is(&operator.bare(&KEY, &["check", "ecs:web"]), "no AWS Region is configured", "--region");
    let arn = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:1";
    let ran = at(&operator, &KEY, &["check", arn, "--baseline", &operator.file("good.toml", "version = 1\n")]);
    is(&ran, "the ARN is of Region us-east-1, but this run calls Region eu-west-1", "use --region us-east-1");
}

#[test]
fn an_endpoint_that_does_not_answer_is_named_once() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let operator = Operator::of(&[]);
    let good = operator.file("good.toml", "version = 1\n");
    let url = format!("http://{closed}");
    let options = ["--baseline", &good, "--endpoint-url", &url, "--region", "eu-west-1"];
    let ran = operator.bare(&KEY, &[&["check", "ecs:web", "ecs:api"], &options[..]].concat());
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.starts_with("error: ecs:web: DescribeTaskDefinition: the connection failed: Connection refused\n"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("help: check the network, the Region (--region)"), "{}", ran.err);
    assert!(ran.err.ends_with("the same error occurred for ecs:api\n"), "{}", ran.err);
    let unnamed = ["check", "ecs:web", "--endpoint-url", &url, "--region", "eu-west-1"];
    let message = "the baseline of the deployed stack cannot be read: GetParameter: the connection failed";
    is(&operator.bare(&KEY, &unnamed), message, "check the network, the Region (--region)");
}

#[test]
fn a_journal_folder_that_does_not_exist_is_named() {
    let operator = Operator::of(&[blocking("web")]);
    let hold = ["hold", "web", "--until", "2h"];
    for verb in [&["records"][..], &["records", "web:1"], &["backout", "web:1"], &hold, &["hold", "--release", "web"]] {
        let ran = at(&operator, &KEY, &[verb, &["--journal", "file:/nowhere/journal"]].concat());
        is(&ran, "the journal folder /nowhere/journal does not exist", "--journal");
    }
    let a_file = operator.file("file", "");
    let ran = at(&operator, &KEY, &["records", "--journal", &format!("file:{a_file}")]);
    is(&ran, "not a directory", "name another folder with --journal file:DIR");
}

#[test]
fn an_empty_variable_is_as_unset() {
    let operator = Operator::of(&[blocking("web")]);
    operator.configures("[default]\nregion = eu-west-1\n");
    let names = [
        "LOGWEIR_REGION",
        "LOGWEIR_PROFILE",
        "LOGWEIR_ENDPOINT_URL",
        "LOGWEIR_BASELINE",
        "LOGWEIR_JOURNAL",
        "LOGWEIR_FORMAT",
        "LOGWEIR_COLOR",
        "LOGWEIR_MODE",
        "LOGWEIR_AGAINST",
        "LOGWEIR_DIFF",
        "LOGWEIR_IN_PLACE",
        "LOGWEIR_OUTPUT_DIR",
        "LOGWEIR_OWN_ROLES",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ENDPOINT_URL_ECS",
        "AWS_SESSION_TOKEN",
    ];
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
    let endpoint = [("AWS_ENDPOINT_URL", operator.aws.url.as_str())];
    let environment = [&KEY[..], &endpoint, &empty].concat();
    let path = operator.file("web.json", BLOCKING);
    for verb in [
        &["check", &path][..],
        &["check", "ecs:web"],
        &["apply", "ecs:web", "--dry-run"],
        &["records"],
        &["fix", &path],
        &["apply", "ecs:web", "--yes"],
    ] {
        let (with, without) = (operator.bare(&environment, verb), operator.bare(&[&KEY[..], &endpoint].concat(), verb));
        assert_eq!((with.code, with.out.is_empty()), (without.code, without.out.is_empty()), "{verb:?}: {with:?}");
        assert!(with.code < 2, "{verb:?}: {with:?}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_quiet() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = file(&folder, "web.json", BLOCKING);
    for verb in [
        &["check", &path][..],
        &["check", &path, "--format", "json"],
        &["fix", &path],
        &["rules"],
        &["rules", "blocking-delivery"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["check", "--help"],
        &["--version"],
    ] {
        let mut full = Command::new(env!("CARGO_BIN_EXE_logweir"));
        let output = full.args(verb).stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb:?}: {err}");
        assert!(err.contains("cannot write to standard output: No space left on device\n"), "{verb:?}: {err}");
        assert!(!err.contains("os error"), "{err}");

        let mut closed = Command::new(env!("CARGO_BIN_EXE_logweir"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = closed.args(verb).stdout(Stdio::from(writer)).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(2), ""), "{verb:?}");
    }
}

#[test]
fn the_name_of_a_family_suggests_the_registered_revision() {
    for (name, wanted) in [("web", "`ecs:web`"), ("web:3", "`ecs:web:3`")] {
        for verb in ["check", "fix", "apply"] {
            let ran = run(&mut logweir(&[verb, name, "--region", "eu-west-1"]));
            assert!(ran.code >= 2 && ran.err.contains(wanted), "{verb}: {}", ran.err);
        }
    }
    let ran = run(&mut logweir(&["check", "web.json"]));
    assert!(!ran.err.contains("ecs:"), "{}", ran.err);
    let ran = run(&mut logweir(&["records", "web"]));
    assert!(ran.code == 64 && ran.err.contains("logweir records --family web"), "{}", ran.err);
}

#[test]
fn an_arn_without_a_revision_is_that_of_the_newest_revision() {
    let operator = Operator::of(&[blocking("web"), blocking("web")]);
    let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web";
    let json = operator.run(&["check", arn, "--format", "json"]).json();
    assert_eq!((&json["targets"][0]["revision"], &json["targets"][0]["target"]), (&json!(2), &json!(arn)));
    let ran = operator.run(&["apply", arn, "--yes"]);
    assert_eq!((ran.code, operator.account.active("web")), (0, vec![1, 2, 3]), "{ran:?}");
    // The family of another account is not the family of this account.
    let other = arn.replace("111122223333", "444455556666");
    for verb in [&["check", &other][..], &["apply", &other, "--yes"]] {
        let ran = operator.run(verb);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(&format!("instead of {other}")), "{}", ran.err);
    }
    assert_eq!(operator.account.active("web"), [1, 2, 3]);
}

#[test]
fn an_exported_backout_command_names_its_journal() {
    let operator = Operator::of(&[blocking("web")]);
    let environment =
        [&KEY[..], &[("AWS_ENDPOINT_URL", operator.aws.url.as_str()), ("AWS_REGION", "eu-west-1")]].concat();
    let ran = operator.bare(&environment, &["apply", "ecs:web", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let default = format!("--journal file:{}", operator.folder.path().join(".local/state/logweir").display());
    let command = undo(&ran.out).to_owned();
    assert!(command.contains(&default), "{command}");
    assert!(command.contains(&format!("--endpoint-url {}", operator.aws.url)), "{command}");
    let shown = operator.bare(&environment, &["records", "web:1"]);
    assert!(undo(&shown.out).contains(&default), "{}", shown.out);
    let undone = operator.types(&command);
    assert_eq!((undone.code, operator.account.active("web")), (0, vec![1]), "{undone:?}");
}

#[test]
fn records_show_the_account_and_the_region() {
    let operator = Operator::of(&[blocking("web")]);
    operator.run(&["apply", "ecs:web", "--yes"]);
    let ran = operator.run(&["records"]);
    let words: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0][4..6], ["ACCOUNT", "REGION"], "{}", ran.out);
    assert_eq!(words[1][4..6], ["111122223333", "eu-west-1"], "{}", ran.out);
}

#[test]
fn the_report_of_a_failed_act_lists_no_change_as_made() {
    let operator = Operator::of(&[blocking("web")]);
    let mut service = operator.account.service();
    let refuses = Operator::at(Loopback::serve(move |operation, body| match operation {
        "RegisterTaskDefinition" => Reply::error("AccessDeniedException", "may not: ecs:RegisterTaskDefinition"),
        _ => service(operation, body),
    }));
    let ran = refuses.run(&["apply", "ecs:web", "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("web:1: ") && ran.out.contains("(access-denied)"), "{}", ran.out);
    assert!(!ran.out.contains("  change "), "{}", ran.out);
    let report: Value = refuses.run(&["apply", "ecs:web", "--yes", "--format", "json"]).json()["reports"][0].clone();
    assert_eq!(report["changes"], json!([]), "{report}");
    let dry = operator.run(&["apply", "ecs:web", "--dry-run"]);
    assert!(dry.out.contains("  would change "), "{}", dry.out);
}

#[test]
fn a_denied_read_hides_nothing_else_and_is_reported_once() {
    let documents = ["api", "web", "zoo"].map(blocking);
    let operator = Operator::of(&documents);
    for (denied, rules) in
        [("DescribeLogGroups", "missing-log-group, unbounded-retention"), ("DescribeTaskDefinition", "")]
    {
        let mut service = operator.account.service();
        let account = operator.account.clone();
        let operator = Operator::at(Loopback::serve(move |operation, body| match operation {
            _ if operation == denied => {
                Reply::error("AccessDeniedException", &format!("User: me is not authorized to perform this on {body}"))
            }
            _ => service(operation, body),
        }));
        for verb in [&["check", "--all"][..], &["apply", "--all", "--yes"], &["apply", "--all", "--dry-run"]] {
            let ran = operator.run(verb);
            assert_eq!((ran.code, ran.err.matches("AccessDeniedException").count()), (2, 1), "{verb:?}: {ran:?}");
            assert!(ran.err.contains("the same error occurred for ecs:web, ecs:zoo\n"), "{}", ran.err);
            if verb[0] == "check" {
                let findings = if rules.is_empty() { 0 } else { 3 };
                assert_eq!(ran.out.matches("[blocking-delivery]").count(), findings, "{}", ran.out);
                assert!(ran.err.contains(rules), "{}", ran.err);
            } else {
                assert!(ran.out.contains("could not read 3 parts of the account"), "{}", ran.out);
            }
        }
        let json = operator.run(&["check", "--all", "--format", "json"]).json();
        for target in json["targets"].as_array().unwrap() {
            assert!(target["error"].as_str().unwrap().contains("AccessDeniedException"), "{target}");
            assert_eq!(target["compliant"], if rules.is_empty() { Value::Null } else { false.into() });
            if !rules.is_empty() {
                assert_eq!(target["not_checked"], json!(rules.split(", ").collect::<Vec<_>>()));
                assert_eq!(target["findings"][0]["rule"], "blocking-delivery");
            }
        }
        assert!(["api", "web", "zoo"].iter().all(|family| account.active(family) == [1]), "nothing was changed");
    }
}

#[test]
fn an_error_that_occurs_again_is_named_among_other_errors() {
    let folder = tempfile::TempDir::new().unwrap();
    let targets = [("a.json", ""), ("b.json", "["), ("c.json", "")].map(|(name, text)| file(&folder, name, text));
    let ran = run(logweir(&["check"]).args(&targets));
    assert_eq!((ran.code, ran.err.matches("error: ").count()), (2, 2), "{ran:?}");
    let again = ran.err.lines().last().unwrap();
    assert!(again.starts_with("the error `1:1: not JSON: ") && again.ends_with("c.json"), "{again}");
}
