//! `apply --account-default` and its backout, with the real requests.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::account_audit;
use super::apply::blocking;
use crate::loopback::operator::{Operator, undo};
use crate::loopback::{Loopback, Reply};

const ACCOUNT: &str = "111122223333";

/// The setting as ECS keeps it: the account's default, and a value of the caller.
#[derive(Default)]
struct Setting {
    default: Option<String>,
    own: Option<String>,
}

/// An operator in an account with a family without a mode, and the account's setting.
fn operator(default: Option<&str>) -> (Operator, Arc<Mutex<Setting>>) {
    let mut silent = blocking("web");
    let options = silent["containerDefinitions"][0]["logConfiguration"]["options"].as_object_mut().unwrap();
    options.remove("mode");
    let Operator { account, folder, .. } = Operator::of(&[silent]);
    let setting = Arc::new(Mutex::new(Setting { default: default.map(String::from), own: None }));
    let (mut service, held) = (account.service(), Arc::clone(&setting));
    let aws = Loopback::serve(move |operation, body| {
        let mut held = held.lock().unwrap();
        let body_of = || serde_json::from_str::<Value>(body).unwrap();
        let shown = |value: &Option<String>, principal: &str| {
            let arn = format!("arn:aws:iam::{ACCOUNT}:{principal}");
            let one =
                |value| json!({"name": "defaultLogDriverMode", "value": value, "principalArn": arn, "type": "user"});
            value.as_ref().map(one)
        };
        match operation {
            "ListAccountSettings" => {
                let own = shown(&held.own, "role/Operator");
                let is_effective = body_of()["effectiveSettings"] == true;
                let setting = own.or_else(|| shown(&held.default, "root").filter(|_| is_effective));
                Reply::ok(&json!({"settings": setting.into_iter().collect::<Vec<_>>()}))
            }
            "PutAccountSettingDefault" => {
                assert_eq!(body_of()["name"], "defaultLogDriverMode");
                held.default = body_of()["value"].as_str().map(String::from);
                Reply::ok(&json!({"setting": shown(&held.default, "root")}))
            }
            _ => account_audit::answer(operation, body).unwrap_or_else(|| service(operation, body)),
        }
    });
    let operator = Operator { folder, account, aws };
    std::fs::create_dir(operator.journal()).unwrap();
    (operator, setting)
}

fn default(setting: &Arc<Mutex<Setting>>) -> Option<String> {
    setting.lock().unwrap().default.clone()
}

#[test]
fn the_plan_says_what_the_setting_would_resolve_and_changes_nothing() {
    let (operator, setting) = operator(Some("blocking"));
    let planned = operator.run(&["apply", "--account-default", "--dry-run"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    for part in [
        "defaultLogDriverMode is `blocking` in account 111122223333, eu-west-1, as arn:aws:sts::111122223333:assumed-role/",
        "AWS does not document which principal's value applies",
        "1 finding of `blocking-delivery` in 1 family",
        "together with `absent-mode = \"effective\"` in the baseline",
        "logweir apply --account-default --account 111122223333",
        "is explicitly `blocking`: the owner of the account chose this value",
        "blocking, would become non-blocking",
    ] {
        assert!(planned.out.contains(part), "{part} in {planned:?}");
    }
    assert_eq!((operator.writing_calls(), operator.written()), (Vec::new(), String::new()));
    assert_eq!(default(&setting).as_deref(), Some("blocking"));
}

#[test]
fn the_setting_is_changed_and_backed_out() {
    for former in [Some("blocking"), None] {
        let (operator, setting) = operator(former);
        let applied = operator.run(&["apply", "--account-default", "--account", ACCOUNT]);
        assert_eq!((applied.code, default(&setting).as_deref()), (0, Some("non-blocking")), "{applied:?}");
        assert_eq!(operator.writing_calls(), ["PutAccountSettingDefault"]);
        let listed = operator.run(&["records"]);
        assert!(listed.out.contains("account-default") && listed.out.contains("remediated"), "{listed:?}");
        let shown = operator.run(&["records", "account-default"]);
        let change = format!("{} → non-blocking", former.unwrap_or("not set"));
        assert!(shown.out.contains(&change) && undo(&shown.out) == undo(&applied.out), "{shown:?}");
        let preview = operator.run(&["backout", "account-default", "--dry-run"]);
        assert!(preview.code <= 1 && preview.out.contains("would become"), "{preview:?}");
        let undone = operator.types(undo(&applied.out));
        assert_eq!(
            (undone.code, default(&setting)),
            (0, Some(former.unwrap_or("non-blocking").to_owned())),
            "{undone:?}"
        );
        let says_so = undone.out.contains("sets the default of ECS explicitly");
        assert_eq!(says_so, former.is_none(), "{undone:?}");
    }
}

#[test]
fn the_number_of_the_account_must_be_that_of_the_run() {
    let (operator, setting) = operator(Some("blocking"));
    let wrong = operator.run(&["apply", "--account-default", "--account", "444455556666"]);
    assert!(wrong.code == 64 && wrong.err.contains("this run is in account 111122223333"), "{wrong:?}");
    for arguments in [["apply", "--account-default", "--yes"], ["apply", "--account-default", "--force"]] {
        let unasked = operator.run(&arguments);
        assert!(unasked.code == 64 && unasked.err.contains("--account"), "{unasked:?}");
    }
    let all = operator.run(&["apply", "--all", "--account-default", "--account", ACCOUNT]);
    assert_eq!(all.code, 64, "never a part of --all: {all:?}");
    assert_eq!((operator.writing_calls(), default(&setting).as_deref()), (Vec::new(), Some("blocking")));
}

#[test]
fn a_baseline_that_lets_containers_block_refuses_the_setting() {
    let (operator, setting) = operator(Some("blocking"));
    let exempt = "[[exempt]]\nmatch = { family = \"we*\" }\nrules = [\"blocking-delivery\"]\nuntil = 2099-01-31\n\
                  owner = \"o\"\nreason = \"r\"\n";
    let profile = "[[profile]]\nmatch = { family = \"audit-*\" }\nlogging.delivery = \"blocking\"\n";
    let elsewhere = exempt.replace("we*", "api-*");
    for (tables, code, part) in [
        (exempt, 1, "exempts containers without a mode from `blocking-delivery`, in these families: web"),
        (profile, 1, "asks for `delivery = \"blocking\"` in profile family=audit-*"),
        (&elsewhere, 0, "remediated"),
    ] {
        let baseline = operator.file("baseline.toml", &format!("version = 1\n{tables}"));
        let refused = operator.run(&["apply", "--account-default", "--account", ACCOUNT, "--baseline", &baseline]);
        assert!(refused.code == code && refused.out.contains(part), "{part} in {refused:?}");
        let value = if code == 0 { "non-blocking" } else { "blocking" };
        assert_eq!(default(&setting).as_deref(), Some(value), "{refused:?}");
    }
}

#[test]
fn a_value_of_the_caller_hides_the_default_and_no_function_changes_it() {
    let (operator, setting) = operator(Some("blocking"));
    setting.lock().unwrap().own = Some("blocking".into());
    let refused = operator.run(&["apply", "--account-default", "--account", ACCOUNT]);
    assert!(refused.code == 2 && refused.out.contains("a value of its own"), "{refused:?}");
    let asked = operator.run(&["backout", "account-default", "--function", "logweir-backout"]);
    assert!(asked.code == 64 && asked.err.contains("no function may change"), "{asked:?}");
    assert_eq!(operator.writing_calls(), Vec::<String>::new());
}

#[test]
fn an_audit_says_what_the_setting_would_resolve() {
    let (operator, _) = operator(Some("blocking"));
    let audit = operator.run(&["audit", "--scope", "next", "--no-cache"]);
    for part in [
        "defaultLogDriverMode is `blocking` in account 111122223333, eu-west-1, as arn:aws:sts::111122223333:assumed-role/",
        "1 finding of `blocking-delivery` in 1 family",
        "AWS does not document which principal's value applies",
        "logweir apply --account-default --account 111122223333 --region eu-west-1",
    ] {
        assert!(audit.out.contains(part), "{part} in {audit:?}");
    }
    let json = operator.run(&["audit", "--scope", "next", "--no-cache", "--format", "json"]).json();
    let line = &json["accounts"][0]["account_default"];
    assert_eq!((&line["value"], &line["settled"], &line["is_own"]), (&json!("blocking"), &json!(1), &json!(false)));
    assert_eq!(operator.writing_calls(), Vec::<String>::new());
}

#[test]
fn the_report_is_json() {
    let (operator, _) = operator(None);
    let applied = operator.run(&["apply", "--account-default", "--account", ACCOUNT, "--format", "json"]).json();
    let report = &applied["reports"][0];
    let change = json!({"action": "changed", "from": "not set", "to": "non-blocking"});
    assert_eq!((&applied["schema"], &report["setting"]), (&json!("logweir.apply/1"), &change));
    let record = operator.run(&["records", "account-default", "--format", "json"]).json();
    assert_eq!(record["setting"]["entries"][0]["before"], Value::Null);
}
