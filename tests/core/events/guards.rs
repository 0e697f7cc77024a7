//! The calls that Logweir ignores: failed ones, its own, those of AWS services, those in other accounts and Regions.

use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Home, read};
use serde_json::{Value, json};

use super::sample::{all, answer, calls, changed, home, said, sample, with};
use super::sessions::SESSIONS;

const OWN: [&str; 2] = [
    "arn:aws:iam::111122223333:role/logweir/Remediator",
    "arn:aws:sts::111122223333:assumed-role/Remediator/logweir-remediator",
];

#[test]
fn a_failed_call_is_ignored_and_a_null_error_code_is_no_failure() {
    for (name, event) in calls() {
        let failed = with(&event, "/detail/errorCode", "AccessDenied".into());
        assert_eq!(answer(&failed), "ignored: FailedCall", "{name}");
        assert_eq!(answer(&with(&event, "/detail/errorCode", Value::Null)), answer(&event), "{name}");
    }
}

/// The sample events of calls that are ignored if Logweir or an AWS service makes them.
fn calls_of_others() -> Vec<(String, Value)> {
    calls().into_iter().filter(|(name, _)| !SESSIONS.contains(&name.as_str())).collect()
}

#[test]
fn logweirs_own_calls_are_ignored_whether_named_by_role_or_by_session() {
    for (name, event) in calls_of_others() {
        for own in OWN {
            let session = with(&event, "/detail/userIdentity", json!({"type": "AssumedRole", "arn": own}));
            assert_eq!(answer(&session), "ignored: OwnPrincipal", "{name} by {own}");
            let issuer = json!({"sessionIssuer": {"type": "Role", "arn": own}});
            let issued = with(&event, "/detail/userIdentity/sessionContext", issuer);
            assert_eq!(answer(&issued), "ignored: OwnPrincipal", "{name} by {own}");
        }
        let namesake = json!({"arn": "arn:aws:iam::111122223333:user/Remediator"});
        assert_eq!(ignored(&with(&event, "/detail/userIdentity", namesake)), None, "{name}");
    }
}

#[test]
fn calls_of_an_aws_service_are_ignored() {
    let scaling = "arn:aws:iam::111122223333:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService";
    let session = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForBatch/aws-batch";
    for (name, event) in calls_of_others() {
        for who in [
            json!({"type": "AWSService", "invokedBy": "batch.amazonaws.com"}),
            json!({"type": "AssumedRole", "arn": session}),
            json!({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": scaling}}}),
        ] {
            assert_eq!(answer(&with(&event, "/detail/userIdentity", who)), "ignored: ServiceOwned", "{name}");
        }
    }
}

fn ignored(event: &Value) -> Option<String> {
    Some(answer(event)).filter(|answer| answer.starts_with("ignored"))
}

/// The members of each event that name an account and a Region, except those of the envelope and of the record itself.
const NAMED: [(&str, &[&str]); 18] = [
    ("register-task-definition", &["responseElements/taskDefinition/taskDefinitionArn"]),
    ("create-service", OF_SERVICES),
    ("update-service", OF_SERVICES),
    ("update-service-scaled", &["requestParameters/cluster", "requestParameters/service"]),
    ("update-service", &["requestParameters/taskDefinition"]),
    ("run-task", &["requestParameters/cluster", "requestParameters/taskDefinition"]),
    ("start-task", &["responseElements/tasks/0/taskDefinitionArn"]),
    ("put-targets", &["requestParameters/targets/3/ecsParameters/taskDefinitionArn"]),
    ("register-daemon-task-definition", &["responseElements/daemonTaskDefinitionArn"]),
    (
        "create-daemon",
        &["responseElements/daemonArn", "requestParameters/clusterArn", "requestParameters/daemonTaskDefinitionArn"],
    ),
    ("update-daemon", &["responseElements/daemonArn", "requestParameters/daemonArn"]),
    ("create-cluster", &["responseElements/cluster/clusterArn"]),
    ("update-cluster", &["responseElements/cluster/clusterArn"]),
    ("deregister-task-definition", &["responseElements/taskDefinition/taskDefinitionArn"]),
    (
        "delete-task-definitions",
        &["responseElements/taskDefinitions/1/taskDefinitionArn", "requestParameters/taskDefinitions/1"],
    ),
    ("create-schedule", &["requestParameters/target/ecsParameters/taskDefinitionArn"]),
    ("execute-command", &["responseElements/clusterArn", "responseElements/taskArn"]),
    ("create-task-set", &["responseElements/taskSet/serviceArn", "responseElements/taskSet/taskDefinition"]),
];

const OF_SERVICES: &[&str] = &[
    "responseElements/service/serviceArn",
    "responseElements/service/clusterArn",
    "responseElements/service/taskDefinition",
];

#[test]
fn one_member_of_another_account_or_region_is_enough_to_ignore_an_event() {
    let mut places: Vec<(&str, String)> = Vec::new();
    for (name, pointers) in NAMED {
        places.extend(pointers.iter().map(|pointer| (name, format!("/detail/{pointer}"))));
    }
    for name in ["deployment-completed", "deployment-failed"] {
        places.extend([(name, "/resources/0".into()), (name, "/detail/clusterArn".into())]);
    }
    for (name, pointer) in places {
        let event = changed(name, &[]);
        let here = event.pointer(&pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{name}: no {pointer}"));
        let account = here.replace("111122223333", "444455556666");
        let region = here.replace("eu-west-1", "eu-central-1");
        assert!(account != here && region != here, "{name}: {pointer} is no ARN");
        assert_eq!(answer(&with(&event, &pointer, account.into())), "ignored: ForeignAccount", "{name}: {pointer}");
        assert_eq!(answer(&with(&event, &pointer, region.into())), "ignored: ForeignRegion", "{name}: {pointer}");
    }
}

#[test]
fn an_envelope_or_a_record_of_another_account_or_region_is_ignored() {
    for (name, event) in all() {
        let mut places =
            vec![("/account", "444455556666", "ForeignAccount"), ("/region", "us-east-1", "ForeignRegion")];
        if !name.starts_with("deployment") {
            places.push(("/detail/recipientAccountId", "444455556666", "ForeignAccount"));
            places.push(("/detail/awsRegion", "us-east-1", "ForeignRegion"));
        }
        for (pointer, elsewhere, why) in places {
            assert_eq!(
                answer(&with(&event, pointer, elsewhere.into())),
                format!("ignored: {why}"),
                "{name}: {pointer}"
            );
        }
    }
}

#[test]
fn of_several_reasons_the_first_is_given() {
    for (name, event) in calls_of_others() {
        let steps = [
            ("/detail/errorCode", json!("AccessDenied"), "FailedCall"),
            ("/account", json!("444455556666"), "ForeignAccount"),
            ("/detail/awsRegion", json!("us-east-1"), "ForeignRegion"),
            ("/detail/userIdentity", json!({"arn": OWN[0], "invokedBy": "batch.amazonaws.com"}), "OwnPrincipal"),
            ("/detail/userIdentity", json!({"invokedBy": "batch.amazonaws.com"}), "ServiceOwned"),
        ];
        for first in 0..steps.len() {
            // The later reasons go in first, so that an earlier reason overwrites a later one of the same member.
            let event = steps[first..]
                .iter()
                .rev()
                .fold(event.clone(), |event, (pointer, value, _)| with(&event, pointer, value.clone()));
            assert_eq!(answer(&event), format!("ignored: {}", steps[first].2), "{name}");
        }
    }
}

#[test]
fn events_outside_the_scope_are_ignored() {
    let told = |families: &str, clusters: &str, name: &str| {
        let home = Home { scope: Scope::of(&[families], &[clusters]), ..home() };
        said(&read(&changed(name, &[]), &home))
    };
    for (families, clusters) in [("*", "*"), ("w?b", "*"), ("web", "pr*")] {
        assert_eq!(told(families, clusters, "register-task-definition"), answer(&sample("register-task-definition")));
        for name in ["create-service", "update-service", "deployment-completed"] {
            assert_eq!(told("other", clusters, name), answer(&sample(name)), "{name}: only the cluster decides");
        }
    }
    assert_eq!(told("shop-*", "*", "register-task-definition"), "ignored: OutOfScope");
    for name in ["create-service", "update-service", "deployment-completed"] {
        assert_eq!(told("*", "other-*", name), "ignored: OutOfScope", "{name}");
    }
    let mut nameless = changed("register-task-definition", &[]);
    nameless["detail"]["responseElements"] = Value::Null;
    let home = Home { scope: Scope::of(&["shop-*"], &["*"]), ..home() };
    assert_eq!(said(&read(&nameless, &home)), "ignored: OutOfScope", "by the family of the request");
}
