//! The cases of the rules about roles, parameters and secrets.

use logweir::domain::runbook::Verdict::{Advice, Fail, NotChecked, Pass, Undecidable};
use logweir::domain::runbook::account::Account;
use logweir::domain::runbook::account::identity::{Parameter, Secret};
use serde_json::{Value, json};

use super::account::{POLICY, ROLE, SECRET, denied, of, policy, read, role, trust};
use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [broad(), denied_actions(), passing(), sources(), stores()].into_iter().flatten().collect()
}

/// Gives the role a policy of its own with this statement.
fn inline(statement: Value) -> impl Fn(&mut Account) {
    move |account| role(account).inline = read(vec![("own".into(), Some(policy(statement.clone())))])
}

/// Gives the attached policy this statement.
fn attached(statement: Value) -> impl Fn(&mut Account) {
    move |account| {
        account.identity.policies.insert(POLICY.into(), read(Some(policy(statement.clone()))));
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn broad() -> Vec<Case> {
    const RULE: &str = "broad-task-role";
    let conditional = json!({
        "Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}
    });
    vec![
        case(RULE, Fail, inline(allow("*", "*"))),
        case(RULE, Fail, attached(allow("s3:*", "*"))),
        case(RULE, Fail, attached(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))),
        case(RULE, Pass, attached(json!({"Effect": "Allow", "Action": "*", "NotResource": "*"}))),
        case(RULE, Pass, attached(json!({"Effect": "Allow", "NotAction": "*", "Resource": "*"}))),
        case(RULE, Advice, attached(conditional)),
        case(RULE, Fail, |account| {
            role(account).attached = read(vec!["arn:aws:iam::aws:policy/AdministratorAccess".into()]);
        }),
        case(RULE, Fail, |account| {
            role(account).attached = read(vec!["arn:aws-cn:iam::aws:policy/AdministratorAccess".into()]);
        }),
        case(RULE, Advice, |account| {
            role(account).boundary = Some("arn:aws:iam::111122223333:policy/boundary".into());
            inline(allow("*", "*"))(account);
        }),
        case(RULE, Undecidable, |account| role(account).inline = read(vec![("own".into(), None)])),
        case(RULE, Undecidable, |account| {
            account.identity.roles.insert(ROLE.into(), read(None));
        }),
        // A fault that Logweir read counts more than a policy that it could not read.
        case(RULE, Fail, |account| {
            inline(allow("*", "*"))(account);
            role(account).attached = denied("iam:ListAttachedRolePolicies");
        }),
        case(RULE, NotChecked, |account| {
            account.identity.policies.insert(POLICY.into(), denied("iam:GetPolicy"));
        }),
    ]
}

/// Gives the role a policy of its own that allows all actions, and one with a statement that denies actions.
fn denying(denial: Value) -> impl Fn(&mut Account) {
    move |account| {
        let mut denial = denial.clone();
        denial["Effect"] = "Deny".into();
        let own = [("own", allow("*", "*")), ("guard", denial)];
        let own = own.map(|(name, statement)| (name.to_owned(), Some(policy(statement))));
        role(account).inline = read(own.into());
    }
}

/// AWS denies what any statement denies, so a denial decides about a statement of another policy too.
fn denied_actions() -> Vec<Case> {
    const BROAD: &str = "broad-task-role";
    const PASSING: &str = "unrestricted-pass-role";
    let region = json!({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}});
    vec![
        case(BROAD, Fail, denying(json!({"Action": "iam:*", "Resource": "*"}))),
        case(BROAD, Pass, denying(json!({"Action": "*", "Resource": "*"}))),
        case(BROAD, Undecidable, denying(json!({"NotAction": "s3:GetObject", "Resource": "*"}))),
        case(BROAD, Undecidable, denying(json!({"Action": "*", "NotResource": "arn:aws:s3:::a/*"}))),
        case(BROAD, Advice, denying(json!({"Action": "*", "Resource": "*", "Condition": region}))),
        case(BROAD, Undecidable, |account| {
            denying(json!({"NotAction": "s3:GetObject", "Resource": "*"}))(account);
            role(account).attached = read(vec!["arn:aws:iam::aws:policy/AdministratorAccess".into()]);
        }),
        case(PASSING, Pass, denying(json!({"Action": "iam:*", "Resource": "*"}))),
        case(PASSING, Fail, denying(json!({"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/admin"}))),
        case(PASSING, Undecidable, denying(json!({"Action": "iam:PassRole", "NotResource": "arn:aws:iam::1:role/a"}))),
    ]
}

fn passing() -> Vec<Case> {
    const RULE: &str = "unrestricted-pass-role";
    let conditional = json!({
        "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    });
    vec![
        case(RULE, Fail, inline(allow("iam:PassRole", "*"))),
        case(RULE, Fail, inline(allow("iam:Pass*", "arn:aws:iam::111122223333:role/*"))),
        case(RULE, Fail, inline(allow("iam:PassRole", "arn:aws:iam::111122223333:role/?*"))),
        case(RULE, Pass, inline(json!({"Effect": "Allow", "Action": "iam:PassRole", "NotResource": "*"}))),
        case(RULE, Fail, attached(allow("*", "*"))),
        case(RULE, Advice, inline(conditional)),
    ]
}

fn sources() -> Vec<Case> {
    const RULE: &str = "untrusted-source";
    let trusting = |statement: Value| move |account: &mut Account| role(account).trust = trust(statement.clone());
    let tasks = |condition: Value| json!({"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Condition": condition});
    vec![
        case(RULE, Advice, trusting(json!({"Principal": {"Service": ["ecs-tasks.amazonaws.com"]}}))),
        case(RULE, Advice, trusting(tasks(json!({"StringNotEquals": {"aws:SourceAccount": "1"}})))),
        case(RULE, Advice, trusting(tasks(json!({"stringnotequals": {"aws:SourceAccount": "1"}})))),
        case(RULE, Advice, trusting(tasks(json!({"ArnLike": {"aws:SourceArn": "*"}})))),
        case(RULE, Advice, trusting(tasks(json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}})))),
        case(RULE, Advice, trusting(tasks(json!({"ArnLike": {"aws:SourceArn": ["arn:*"]}})))),
        case(RULE, Advice, trusting(tasks(json!({"Null": {"aws:SourceAccount": "false"}})))),
        case(RULE, Pass, trusting(tasks(json!({"ArnLike": {"AWS:SourceArn": "arn:aws:ecs:*:1:*"}})))),
        case(RULE, Fail, trusting(json!({"Principal": "*"}))),
        case(RULE, Fail, trusting(json!({"Principal": {"AWS": ["*"]}}))),
        case(RULE, Advice, trusting(json!({"Principal": {"AWS": "*"}, "Condition": {"Bool": {"a": "true"}}}))),
        case(RULE, Advice, trusting(json!({"Principal": {"AWS": "arn:aws:iam::444455556666:root"}}))),
        case(RULE, Fail, trusting(json!({"Principal": {"AWS": "*"}, "Condition": {}}))),
        // The worst statement counts, wherever it stands.
        case(RULE, Fail, |account| {
            let other = json!({"Effect": "Allow", "Principal": {"AWS": "444455556666"}});
            let every = json!({"Effect": "Allow", "Principal": {"AWS": "*"}});
            role(account).trust = Some(json!({"Statement": [other, every]}));
        }),
        case(RULE, Advice, trusting(json!({"Principal": {"Service": "lambda.amazonaws.com"}}))),
        case(RULE, Undecidable, |account| role(account).trust = None),
        case(RULE, Undecidable, |account| {
            let denial = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"});
            let statements = [json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}), denial];
            role(account).trust = Some(json!({"Statement": statements}));
        }),
    ]
}

fn stores() -> Vec<Case> {
    let parameter = |change: fn(&mut Parameter)| {
        move |account: &mut Account| {
            change(of(account.identity.parameters.get_mut("/prod/db").unwrap()).as_mut().unwrap())
        }
    };
    let secret = |change: fn(&mut Secret)| {
        move |account: &mut Account| {
            let secret = account.identity.secrets.get_mut(&format!("{SECRET}:password::")).unwrap();
            change(of(secret).as_mut().unwrap());
        }
    };
    vec![
        case("plain-parameter", Fail, parameter(|one| one.kind = "String".into())),
        case("plain-parameter", Fail, parameter(|one| one.kind = "StringList".into())),
        case("plain-parameter", Undecidable, |account| {
            account.identity.parameters.insert("/prod/db".into(), read(None));
        }),
        case("plain-parameter", NotChecked, |account| {
            let shared = "arn:aws:ssm:eu-west-1:444455556666:parameter/shared/db";
            account.ecs.definitions[0].secrets = vec![shared.into()];
        }),
        case("secret-without-rotation", Advice, secret(|one| one.is_rotated = false)),
        case("secret-without-rotation", Advice, secret(|one| one.is_deleted = true)),
        case("secret-without-rotation", Advice, |account| {
            let unrotated = Secret {
                name: "registry".into(),
                arn: SECRET.replace("db", "registry"),
                is_rotated: false,
                is_deleted: false,
                owner: None,
            };
            account.ecs.definitions[0].credentials = vec!["registry".into()];
            account.identity.secrets.insert("registry".into(), read(Some(unrotated)));
        }),
        case("secret-without-rotation", Undecidable, |account| {
            account.identity.secrets.insert(format!("{SECRET}:password::"), read(None));
        }),
    ]
}
