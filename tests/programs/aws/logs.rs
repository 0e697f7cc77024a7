//! The calls to CloudWatch Logs, and how the answers are read.

use std::collections::BTreeMap;

use logweir::domain::edit::NewLogGroup;
use logweir::domain::outcome::Reason;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{ErrorKind, LogGroups};
use serde_json::{Value, json};

use super::line::{Back, Seen, aws, replay};

pub(crate) fn group(name: &str) -> NewLogGroup {
    NewLogGroup { name: name.into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn page(groups: &[&str], token: Value) -> Back {
    let groups: Vec<Value> = groups.iter().map(|name| json!({"logGroupName": name, "storedBytes": 0})).collect();
    Back::ok(json!({"logGroups": groups, "nextToken": token}))
}

const PLAIN: LogGroup = LogGroup::Exists { retention: None, policy: None, empty: None };

#[tokio::test]
async fn one_name_is_one_lookup_by_prefix() {
    let (aws, line) = replay([page(&["/ecs/web"], json!("more"))]);
    let found = aws.log_groups.look(&names(&["/ecs/web", "/ecs/web"])).await.unwrap();
    assert_eq!(found, BTreeMap::from([("/ecs/web".to_owned(), PLAIN)]));
    assert_eq!(line.seen()[0].json(), json!({"logGroupNamePrefix": "/ecs/web", "limit": 1}));
}

#[tokio::test]
async fn a_group_that_only_shares_a_prefix_is_another_group() {
    let (aws, _) = replay([page(&["/ecs/web-2"], json!("more"))]);
    assert_eq!(aws.log_groups.look(&names(&["/ecs/web"])).await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let (aws, line) = replay([page(&[], json!("a")), page(&["/ecs/web"], json!(null))]);
    assert_eq!(aws.log_groups.look(&names(&["/ecs/web"])).await.unwrap().len(), 1);
    assert_eq!(line.seen()[1].json()["nextToken"], "a");
    let (aws, _) =
        replay([Back::ok(json!({"logStreams": [], "nextToken": "a"})), Back::ok(json!({"logStreams": [{}]}))]);
    assert!(!aws.log_groups.is_empty("/ecs/web").await.unwrap());
}

#[tokio::test]
async fn several_names_are_one_call() {
    let (aws, line) = replay([page(&["/ecs/b"], json!("more")), page(&["/ecs/a"], json!(null))]);
    let found = aws.log_groups.look(&names(&["/ecs/b", "/ecs/a", "/ecs/c"])).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["/ecs/a", "/ecs/b"]);
    assert_eq!(line.seen()[0].json(), json!({"logGroupIdentifiers": ["/ecs/a", "/ecs/b", "/ecs/c"]}));
    assert_eq!(line.seen()[1].json()["nextToken"], "more");
}

#[tokio::test]
async fn fifty_one_names_are_two_calls() {
    let (aws, line) = aws(|_| page(&[], json!(null)));
    let many: Vec<String> = (0..51).map(|n| format!("/ecs/{n}")).collect();
    aws.log_groups.look(&many).await.unwrap();
    let asked: Vec<usize> =
        line.seen().iter().map(|seen| seen.json()["logGroupIdentifiers"].as_array().unwrap().len()).collect();
    assert_eq!(asked, [50, 1]);
}

#[tokio::test]
async fn names_that_are_refused_together_are_looked_up_one_by_one() {
    for code in ["ResourceNotFoundException", "InvalidParameterException", "ValidationException"] {
        let (aws, line) = aws(move |seen: &Seen| match seen.json()["logGroupNamePrefix"].as_str() {
            None => Back::error(code, "no"),
            Some("/ecs/a") => page(&["/ecs/a"], json!(null)),
            Some(_) => page(&[], json!(null)),
        });
        let found = aws.log_groups.look(&names(&["/ecs/a", "/ecs/b"])).await.unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["/ecs/a"]);
        assert_eq!(line.seen().len(), 3);
    }
    let (aws, line) = aws(|_| Back::error("AccessDeniedException", "no"));
    let error = aws.log_groups.look(&names(&["/ecs/a", "/ecs/b"])).await.unwrap_err();
    assert_eq!((error.reason, line.seen().len()), (Some(Reason::AccessDenied), 1));
}

#[tokio::test]
async fn an_answer_that_ignores_the_names_is_read_to_its_end() {
    let (aws, _) =
        replay([page(&["/aws/x", "/ecs/a", "/ecs/a-2"], json!("more")), page(&["/ecs/b", "/other"], json!(null))]);
    let found = aws.log_groups.look(&names(&["/ecs/a", "/ecs/b"])).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["/ecs/a", "/ecs/b"]);
}

#[tokio::test]
async fn retention_policy_and_size_are_read() {
    let facts = json!([
        {"logGroupName": "/ecs/a", "retentionInDays": 30, "storedBytes": 1},
        {"logGroupName": "/ecs/b", "retentionInDays": 90, "retentionPolicyName": "org", "storedBytes": 0},
    ]);
    let (aws, _) = replay([Back::ok(json!({"logGroups": facts}))]);
    let found = aws.log_groups.look(&names(&["/ecs/a", "/ecs/b"])).await.unwrap();
    assert_eq!(found["/ecs/a"], LogGroup::Exists { retention: Some(30), policy: None, empty: Some(false) });
    assert_eq!(found["/ecs/b"], LogGroup::Exists { retention: Some(90), policy: Some("org".into()), empty: None });
}

#[tokio::test]
async fn a_group_is_created_with_the_settings_of_the_baseline_and_logweirs_tag() {
    let (aws, line) = replay([Back::ok(json!({})), Back::ok(json!({}))]);
    assert!(aws.log_groups.create(&group("/ecs/web")).await.unwrap());
    let asked = json!({"logGroupName": "/ecs/web", "logGroupClass": "STANDARD", "tags": {"managed-by": "logweir"}});
    assert_eq!(line.seen()[0].json(), asked);

    let kms_key = Some("arn:aws:kms:eu-west-1:111122223333:key/k".to_owned());
    let secret = NewLogGroup { class: "INFREQUENT_ACCESS".into(), kms_key, ..group("/ecs/secret") };
    assert!(aws.log_groups.create(&secret).await.unwrap());
    let asked = line.seen()[1].json();
    assert_eq!(asked["kmsKeyId"], "arn:aws:kms:eu-west-1:111122223333:key/k");
    assert_eq!(asked["logGroupClass"], "INFREQUENT_ACCESS");
}

#[tokio::test]
async fn an_existing_group_does_not_count_as_created() {
    let (aws, _) = replay([Back::error("ResourceAlreadyExistsException", "The specified log group already exists")]);
    assert!(!aws.log_groups.create(&group("/ecs/web")).await.unwrap());
}

#[tokio::test]
async fn retention_is_set_in_days() {
    let (aws, line) = replay([Back::ok(json!({}))]);
    aws.log_groups.set_retention("/ecs/web", 365).await.unwrap();
    assert_eq!(line.seen()[0].name(), "PutRetentionPolicy");
    assert_eq!(line.seen()[0].json(), json!({"logGroupName": "/ecs/web", "retentionInDays": 365}));
}

#[tokio::test]
async fn a_retention_is_removed_by_name() {
    let (aws, line) = replay([
        Back::ok(json!({})),
        Back::error("ResourceNotFoundException", "The specified log group does not exist."),
    ]);
    aws.log_groups.delete_retention("/ecs/web").await.unwrap();
    assert_eq!(line.seen()[0].name(), "DeleteRetentionPolicy");
    assert_eq!(line.seen()[0].json(), json!({"logGroupName": "/ecs/web"}));
    let error = aws.log_groups.delete_retention("/ecs/web").await.unwrap_err();
    assert_eq!((error.kind, error.call), (ErrorKind::Missing, "DeleteRetentionPolicy"));
}

#[tokio::test]
async fn a_group_is_empty_while_it_has_no_stream() {
    let (aws, line) =
        replay([Back::ok(json!({"logStreams": []})), Back::ok(json!({"logStreams": [{"logStreamName": "s"}]}))]);
    assert!(aws.log_groups.is_empty("/ecs/web").await.unwrap());
    assert!(!aws.log_groups.is_empty("/ecs/web").await.unwrap());
    assert_eq!(line.seen()[0].json(), json!({"logGroupName": "/ecs/web", "limit": 1}));
}
