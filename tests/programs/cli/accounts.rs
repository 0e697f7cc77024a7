//! Runs over several accounts and Regions: a role with an external ID in each account, and an account that denies half
//! of its calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::account_audit;
use super::apply::blocking;
use crate::loopback::account::Account;
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

/// The account of the caller, two accounts that the role opens, and one whose role the caller may not assume.
pub const OWN: &str = "111122223333";
pub const OTHER: &str = "222233334444";
pub const HALF: &str = "333344445555";
const CLOSED: &str = "444455556666";

/// What the accounts do.
#[derive(Default)]
pub struct Organization {
    pub accounts: BTreeMap<&'static str, Account>,
    /// The calls of [`HALF`] so far.
    calls: usize,
    /// The bodies of AssumeRole.
    pub assumed: Vec<String>,
    /// The tag of every revision in an account: its key and its value.
    pub tags: BTreeMap<&'static str, (&'static str, &'static str)>,
}

impl Organization {
    /// An organization whose accounts have one family each.
    pub fn begin() -> (Operator, Arc<Mutex<Self>>) {
        let families = [(OWN, "web"), (OTHER, "api"), (HALF, "jobs")];
        let accounts = families.map(|(id, family)| {
            let account = Account::default();
            account.registers(&blocking(family));
            (id, account)
        });
        let all = Arc::new(Mutex::new(Self { accounts: BTreeMap::from(accounts), ..Self::default() }));
        let of_service = Arc::clone(&all);
        let aws = Loopback::serve_accounts(move |account, operation, body| {
            of_service.lock().unwrap().answer(account, operation, body)
        });
        (Operator::at(aws), all)
    }

    fn answer(&mut self, account: &str, operation: &str, body: &str) -> Reply {
        if body.starts_with("Action=AssumeRole&") {
            return self.assume(body);
        }
        if body.starts_with("Action=DescribeRegions&") {
            return regions();
        }
        if operation == "ListAccounts" {
            return organization(body);
        }
        if account == HALF {
            self.calls += 1;
            if self.calls.is_multiple_of(2) {
                return Reply::error("AccessDeniedException", "denied by \u{1b}[2Ja policy");
            }
        }
        let Some(known) = self.accounts.get(account) else {
            return Reply::error("AccessDeniedException", "no account");
        };
        // The account in memory has the number of the caller's account.
        let body = body.replace(account, OWN);
        let reply = account_audit::answer(operation, &body).unwrap_or_else(|| known.service()(operation, &body));
        match reply {
            Reply::Json(200, body) if operation == "DescribeTaskDefinition" => {
                let mut described: Value = serde_json::from_str(&body.replace(OWN, account)).unwrap();
                if let Some((key, value)) = self.tags.get(account) {
                    described["tags"] = json!([{"key": key, "value": value}]);
                }
                Reply::ok(&described)
            }
            Reply::Json(status, body) => Reply::Json(status, body.replace(OWN, account)),
            other => other,
        }
    }

    fn assume(&mut self, body: &str) -> Reply {
        self.assumed.push(body.to_owned());
        let account = body.split("iam%3A%3A").nth(1).and_then(|rest| rest.get(..12)).unwrap().to_owned();
        if account == CLOSED || !body.contains("ExternalId=7c2e91") {
            let error = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized \
                         to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
            return Reply::Http(403, "content-type: text/xml\r\n".into(), error.into());
        }
        let xml = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>CANARY-ASSUMED</SecretAccessKey>\
             <SessionToken>CANARY-TOKEN</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
             </AssumeRoleResult></AssumeRoleResponse>"
        );
        Reply::Http(200, "content-type: text/xml\r\n".into(), xml)
    }
}

fn regions() -> Reply {
    let item = |name: &str, status: &str| {
        format!("<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>")
    };
    let items =
        [item("eu-west-1", "opt-in-not-required"), item("eu-north-1", "opted-in"), item("me-south-1", "not-opted-in")];
    let xml = format!("<DescribeRegionsResponse><regionInfo>{}</regionInfo></DescribeRegionsResponse>", items.concat());
    Reply::Http(200, "content-type: text/xml\r\n".into(), xml)
}

/// Two pages, with a suspended account whose name an attacker chose.
fn organization(body: &str) -> Reply {
    let account = |id: &str, state: &str| json!({"Id": id, "Name": "a\u{1b}[2Jb", "State": state, "Status": state});
    let second = serde_json::from_str::<Value>(body).is_ok_and(|body| body["NextToken"] == "2");
    if second {
        return Reply::ok(&json!({"Accounts": [account(HALF, "ACTIVE"), account("999999999999", "SUSPENDED")]}));
    }
    Reply::ok(&json!({"Accounts": [account(OTHER, "ACTIVE"), account(OWN, "ACTIVE")], "NextToken": "2"}))
}

/// Runs a verb over the accounts, with the external ID.
pub fn runs(operator: &Operator, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--endpoint-url", &operator.aws.url, "--region", "eu-west-1", "--external-id", "7c2e91"]);
    let environment = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")];
    operator.bare(&environment, &all)
}

/// Corrects the family of an account, so that the journal of its stack has a record.
fn corrects(operator: &Operator, all: &Arc<Mutex<Organization>>, account: &'static str, family: &str) {
    let own = all.lock().unwrap().accounts[account].clone();
    let aws = Loopback::serve(own.service());
    let target = format!("ecs:{family}");
    let arguments = ["apply", &target, "--yes", "--journal", "dynamodb:journal", "--endpoint-url", &aws.url];
    let environment =
        [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY"), ("AWS_REGION", "eu-west-1")];
    let applied = operator.bare(&environment, &arguments);
    assert_eq!(applied.code, 0, "{applied:?}");
    own.publishes("/logweir/journal", "dynamodb:journal");
}

#[test]
fn records_are_listed_across_the_journals_of_all_accounts() {
    let (operator, all) = Organization::begin();
    corrects(&operator, &all, OWN, "web");
    corrects(&operator, &all, OTHER, "api");
    let file = operator.file("accounts.txt", &format!("# all\n{OWN}\n{OTHER} # shop\n"));
    let listed = runs(&operator, &["records", "--accounts", &file, "--role", "LogweirAudit"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.out.contains("web:1") && listed.out.contains("api:1"), "{listed:?}");
    assert!(!format!("{listed:?}").contains("CANARY"), "{listed:?}");
    let assumed = all.lock().unwrap().assumed.clone();
    assert_eq!(assumed.len(), 1, "no role in the account of the caller: {assumed:?}");
    assert!(
        assumed[0].contains("role%2FLogweirAudit") && assumed[0].contains("RoleSessionName=logweir"),
        "{assumed:?}"
    );
    assert!(assumed[0].contains("ExternalId=7c2e91"), "{assumed:?}");
    assert!(operator.keys().contains(&format!("ASIA{OTHER}")), "{:?}", operator.keys());
}

#[test]
fn an_account_that_cannot_be_entered_is_named_and_the_others_are_listed() {
    let (operator, all) = Organization::begin();
    corrects(&operator, &all, OTHER, "api");
    let file = operator.file("accounts.txt", &format!("{CLOSED}\n{OTHER}\n"));
    let listed = runs(&operator, &["records", "--accounts", &file, "--role", "LogweirAudit"]);
    assert_eq!(listed.code, 2, "{listed:?}");
    assert!(listed.out.contains("api:1"), "{listed:?}");
    assert!(listed.err.contains(CLOSED) && listed.err.contains("AssumeRole"), "{listed:?}");
}

#[test]
fn an_account_that_denies_half_of_its_calls_is_named() {
    let (operator, all) = Organization::begin();
    corrects(&operator, &all, OTHER, "api");
    let arguments =
        ["records", "--accounts", "organization", "--role", "LogweirAudit", "--regions", "eu-west-1,eu-north-1"];
    let listed = runs(&operator, &arguments);
    assert_eq!(listed.code, 2, "{listed:?}");
    assert!(listed.err.contains(HALF) && listed.err.contains("AccessDenied"), "{listed:?}");
    assert!(
        listed.out.contains("api:1") && !listed.err.contains('\u{1b}') && !listed.err.contains("9999"),
        "{listed:?}"
    );
}

#[test]
fn all_regions_are_those_that_the_account_has_enabled() {
    let (operator, _) = Organization::begin();
    let listed =
        runs(&operator, &["records", "--accounts", "organization", "--role", "LogweirAudit", "--regions", "all"]);
    let heads = operator.aws.heads();
    let has = |region: &str| heads.iter().any(|head| head.contains(&format!("/{region}/ssm/")));
    assert!(has("eu-west-1") && has("eu-north-1") && !has("me-south-1"), "{listed:?}");
}

#[test]
fn an_audit_of_three_accounts_is_complete_and_honest_though_one_denies_half_of_its_calls() {
    let (operator, all) = Organization::begin();
    let file = operator.file("accounts.txt", &format!("{HALF}\n{CLOSED}\n{OTHER}\n{OWN}\n"));
    let arguments = ["audit", "--no-cache", "--accounts", &file, "--role", "LogweirAudit"];
    let ran = runs(&operator, &[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(ran.code, 2, "{ran:?}");
    let json = ran.json();
    let accounts = json["accounts"].as_array().unwrap();
    let complete: Vec<(&str, bool)> = accounts
        .iter()
        .map(|account| (account["account"].as_str().unwrap(), account["is_complete"].as_bool().unwrap()))
        .collect();
    assert_eq!(complete, [(OWN, true), (OTHER, true), (HALF, false), (CLOSED, false)], "{ran:?}");
    let denied = |account: &Value| -> u64 {
        account["coverage"]["calls"].as_object().unwrap().values().map(|count| count["denied"].as_u64().unwrap()).sum()
    };
    assert_eq!((denied(&accounts[0]), denied(&accounts[1])), (0, 0));
    let (half, made) = (denied(&accounts[2]), all.lock().unwrap().calls);
    assert!(half > 0 && half <= made as u64 / 2, "{half} of {made} calls: {ran:?}");
    let unread = |account: &Value| account["coverage"]["unread"].as_array().unwrap().clone();
    assert!(unread(&accounts[2]).iter().all(|part| part["is_denied"] == true), "{ran:?}");
    let closed = &unread(&accounts[3])[0];
    assert_eq!((&closed["call"], &closed["is_denied"]), (&json!("AssumeRole"), &json!(true)));
    let families: Vec<(&str, &str)> = json["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| (revision["account"].as_str().unwrap(), revision["family"].as_str().unwrap()))
        .collect();
    assert!(families.contains(&(OWN, "web")) && families.contains(&(OTHER, "api")), "{families:?}");
    assert!(!format!("{ran:?}").contains("CANARY"), "{ran:?}");
    let text = runs(&operator, &arguments);
    for account in [OWN, OTHER, HALF, CLOSED] {
        assert!(text.out.contains(account), "{account} in {text:?}");
    }
    assert!(text.code == 2 && !format!("{}{}", text.out, text.err).contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_wrong_file_or_option_is_named_with_its_place() {
    let (operator, _) = Organization::begin();
    let file = operator.file("accounts.txt", &format!("{OWN}\n\u{1b}[2Jprod\n"));
    let wrong = runs(&operator, &["records", "--accounts", &file, "--role", "LogweirAudit"]);
    assert!(wrong.code == 2 && wrong.err.contains("line 2: `[2Jprod` is not the number of an account"), "{wrong:?}");
    let without = operator.run(&["records", "--accounts", &file]);
    assert!(without.code == 64 && without.err.contains("--role"), "{without:?}");
    let cache = runs(&operator, &["audit", "--resume", "a.jsonl", "--accounts", &file, "--role", "LogweirAudit"]);
    assert!(cache.code == 64 && cache.err.contains("one account and Region"), "{cache:?}");
    let single = runs(&operator, &["records", "web:1", "--accounts", &file, "--role", "LogweirAudit"]);
    assert_eq!(single.code, 64, "{single:?}");
    for (option, value) in [("--role", "arn:aws:iam::1:role/x"), ("--regions", "EU")] {
        let wrong = runs(&operator, &["records", "--accounts", &file, "--role", "Good", option, value]);
        assert_eq!(wrong.code, 64, "{wrong:?}");
    }
}
