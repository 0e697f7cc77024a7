//! The account, the Region, the endpoint, the baseline and the journal of a run: which ones a run selects, and that the
//! run says so.

use serde_json::Value;

use super::apply::blocking;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::stack::{DEAD_LETTERS, Message, Stack};
use crate::loopback::{ALIAS, Loopback, PROD, Reply};

/// An environment with the access key of another account.
const KEY: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")];

const PROFILES: &str = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = CANARY-D\n\
                        [profile prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = CANARY-P\n\
                        [profile empty]\nregion = eu-west-1\n";

fn configured() -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    operator.configures(PROFILES);
    operator
}

/// Runs `logweir` against the operator's account.
fn ran(operator: &Operator, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let endpoint = ["--endpoint-url", &operator.aws.url, "--region", "eu-west-1", "--journal", "file:journal"];
    operator.bare(environment, &[arguments, &endpoint[..]].concat())
}

fn keys(operator: &Operator) -> Vec<String> {
    operator.keys().into_iter().collect()
}

#[test]
fn a_named_profile_wins_over_access_keys_in_the_environment() {
    let by_option: (&[(&str, &str)], &[&str]) = (&[], &["--profile", "prod"]);
    let by_variable: (&[(&str, &str)], &[&str]) = (&[("LOGWEIR_PROFILE", "prod")], &[]);
    for (environment, options) in [by_option, by_variable] {
        for verb in [&["apply", "ecs:web", "--yes"][..], &["apply", "ecs:web", "--dry-run"], &["check", "ecs:web"]] {
            let operator = configured();
            let ran = ran(&operator, &[&KEY[..], environment].concat(), &[verb, options].concat());
            assert!(ran.code < 2, "{ran:?}");
            assert_eq!(keys(&operator), ["AKIDPROD"], "{verb:?}");
        }
    }
}

#[test]
fn a_profile_in_aws_profile_loses_to_access_keys_as_for_the_aws_cli_and_the_run_says_so() {
    let operator = configured();
    let with_key = ran(&operator, &[&KEY[..], &[("AWS_PROFILE", "prod")]].concat(), &["apply", "ecs:web", "--dry-run"]);
    assert_eq!(keys(&operator), ["AKIDEXAMPLE"]);
    let said = "account: 111122223333 (shop-dev), credentials from AWS_ACCESS_KEY_ID, not from AWS_PROFILE=prod\n";
    assert!(with_key.err.contains(said), "{}", with_key.err);

    let operator = configured();
    let without = ran(&operator, &[("AWS_PROFILE", "prod")], &["apply", "ecs:web", "--dry-run"]);
    assert_eq!(keys(&operator), ["AKIDPROD"]);
    assert!(without.err.contains(&format!("account: {PROD} ({ALIAS}), credentials from profile prod\n")));

    let operator = configured();
    ran(&operator, &[("AWS_PROFILE", "")], &["apply", "ecs:web", "--dry-run"]);
    assert_eq!(keys(&operator), ["AKIDDEFAULT"], "an empty variable is as unset");
}

#[test]
fn a_profile_in_aws_profile_without_credentials_is_not_named_as_their_origin() {
    let container = Loopback::serve(|_, _| {
        Reply::ok(&serde_json::json!({
            "AccessKeyId": "AKIDCONTAINER", "SecretAccessKey": "CANARY-C", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"
        }))
    });
    let elsewhere = [("AWS_PROFILE", "empty"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url.as_str())];
    let operator = configured();
    let ran = ran(&operator, &elsewhere, &["apply", "ecs:web", "--yes"]);
    assert_eq!(keys(&operator), ["AKIDCONTAINER"], "{}", ran.err);
    assert!(ran.err.contains(", default credentials\n"), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("--profile"), "{}{}", ran.out, ran.err);
}

#[test]
fn an_unknown_profile_is_an_error_and_no_call_is_made() {
    let by_option: (&[(&str, &str)], &[&str]) = (&[], &["--profile", "prd"]);
    let by_variable: (&[(&str, &str)], &[&str]) = (&[("AWS_PROFILE", "prd")], &[]);
    let verbs = [&["apply", "ecs:web", "--yes"][..], &["check", "ecs:web"], &["check", "--all"], &["doctor"]];
    for verb in verbs {
        for (environment, options) in [by_option, by_variable] {
            let operator = configured();
            let ran = ran(&operator, &[&KEY[..], environment].concat(), &[verb, options].concat());
            assert_eq!((ran.code, operator.aws.calls().len()), (2, 0), "{verb:?}: {ran:?}");
            assert!(ran.err.contains("there is no AWS profile `prd`"), "{}", ran.err);
            assert!(ran.err.contains("help: use one of these profiles: default, empty, prod\n"), "{}", ran.err);
            assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
        }
    }
    // A journal in a table belongs to the account of the profile.
    let operator = configured();
    let ran = operator.bare(&KEY, &["records", "--profile", "prd", "--region", "eu-west-1"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
}

#[test]
fn a_profile_without_credentials_does_not_fall_back_to_those_of_the_machine() {
    let operator = configured();
    let ran = ran(&operator, &KEY, &["apply", "ecs:web", "--yes", "--profile", "empty"]);
    assert_eq!((ran.code, operator.aws.calls().len()), (2, 0), "{ran:?}");
    assert!(ran.err.contains("error: AWS profile `empty` has no credentials\n"), "{}", ran.err);
}

#[test]
fn a_named_profile_may_start_a_process_or_assume_a_role_or_use_sso() {
    let operator = configured();
    let process = operator.file(
        "process",
        "#!/bin/sh\necho x >> process-runs\necho '{\"Version\":1,\"AccessKeyId\":\"AKIDPROCESS\",\"SecretAccessKey\":\"s\"}'\n",
    );
    operator.configures(&format!("{PROFILES}[profile process]\ncredential_process = /bin/sh {process}\n"));
    let of_process = ran(&operator, &KEY, &["apply", "ecs:web", "--dry-run", "--profile", "process"]);
    assert_eq!((of_process.code, keys(&operator)), (1, vec!["AKIDPROCESS".to_owned()]), "{of_process:?}");
    let runs = std::fs::read_to_string(operator.folder.path().join("process-runs")).unwrap();
    assert_eq!(runs.lines().count(), 1, "one run loads the credentials once");

    let operator = configured();
    let sts = Loopback::serve(|_, body| {
        assert!(body.contains("Action=AssumeRole&") && body.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"));
        let xml = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
                   <AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                   <Expiration>2126-11-30T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        Reply::Http(200, "content-type: text/xml\r\n".into(), xml.into())
    });
    operator
        .configures(&format!("{PROFILES}[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = prod\n"));
    let environment = [&KEY[..], &[("AWS_ENDPOINT_URL_STS", &sts.url)]].concat();
    let of_role = ran(&operator, &environment, &["apply", "ecs:web", "--dry-run", "--profile", "role"]);
    assert_eq!((of_role.code, keys(&operator)), (1, vec!["AKIDROLE".to_owned()]), "{of_role:?}");
    assert!(sts.heads()[0].contains("Credential=AKIDPROD/"), "the source profile signs, not the environment");
}

/// The lines that say where a run acts.
fn shown(operator: &Operator, journal: &str) -> [String; 3] {
    let digest = logweir::domain::baseline::Baseline::parse(logweir::settings::SHIPPED_BASELINE).unwrap();
    [
        format!("account: 111122223333 ({ALIAS}), credentials from AWS_ACCESS_KEY_ID\nregion: eu-west-1\n"),
        format!("endpoint: {}\n", operator.aws.url),
        format!("baseline: (shipped) ({})", digest.digest()),
    ]
    .map(|line| line.replace("JOURNAL", journal))
}

#[test]
fn every_plan_and_every_act_says_where_it_acts() {
    let operator = configured();
    let begun = operator.file("event.json", &event(WEB_1).to_string());
    let verbs: [&[&str]; 7] = [
        &["apply", "ecs:web", "--dry-run"],
        &["replay", &begun],
        &["replay", &begun, "--mode", "register", "--format", "json"],
        &["apply", "ecs:web", "--yes"],
        &["backout", "web:1", "--dry-run"],
        &["replay", "--backout", "web:1", "--dry-run"],
        &["backout", "web:1"],
    ];
    for verb in verbs {
        let ran = ran(&operator, &KEY, verb);
        let [account, endpoint, baseline] = shown(&operator, "");
        assert!(ran.err.starts_with(&format!("{account}{endpoint}")), "{verb:?}: {ran:?}");
        if verb.iter().any(|word| word.contains("backout")) {
            assert!(ran.err.contains("baseline: not used by this verb\n"), "{}", ran.err);
        } else {
            assert!(ran.err.contains(&baseline), "{}", ran.err);
        }
        assert!(ran.err.contains("journal: file:journal (from --journal)\n"), "{}", ran.err);
    }
}

#[test]
fn a_redrive_says_where_it_acts() {
    let stack = Stack::in_mode("register");
    let letter = Message::new("m-1", &event(WEB_1).to_string(), Value::Null);
    stack.with(|state| state.messages.get_mut(DEAD_LETTERS).unwrap().push(letter));
    let operator = Operator::at(Loopback::serve(stack.service()));
    let ran = operator.run(&["doctor", "--fix", "--yes"]);
    let [account, endpoint, _] = shown(&operator, "");
    assert!(ran.err.starts_with(&format!("{account}{endpoint}baseline: ")), "{ran:?}");
    assert!(ran.err.contains("journal: dynamodb:") && ran.err.contains("(from the deployed stack)\n"), "{}", ran.err);
}

#[test]
fn an_endpoint_of_one_service_is_shown_too() {
    let operator = configured();
    let all = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"];
    let other = format!("{}/", operator.aws.url);
    let environment =
        [&KEY[..], &[(all[0], operator.aws.url.as_str()), (all[1], &other), ("AWS_REGION", "eu-west-1")]].concat();
    let ran = operator.bare(&environment, &["apply", "ecs:web", "--dry-run", "--journal", "file:journal"]);
    assert!(ran.err.contains(&format!("endpoint: {}, ecs: {other}\n", operator.aws.url)), "{}", ran.err);
}
