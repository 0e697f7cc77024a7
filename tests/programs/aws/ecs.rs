//! The calls to ECS, and how the answers are read.

use logweir::domain::baseline::Delivery;
use logweir::ports::{ErrorKind, FamilyPage, LogGroups, TaskDefinitions};
use serde_json::{Value, json};

use super::line::{Back, aws, replay};
use super::lossless::ARN;

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}")
}

fn page(names: &[&str], token: Value) -> Back {
    let arns: Vec<String> = names.iter().map(|name| arn(name)).collect();
    Back::ok(json!({"taskDefinitionArns": arns, "nextToken": token}))
}

fn mode(value: &str) -> Back {
    Back::ok(json!({"settings": [{"name": "defaultLogDriverMode", "value": value, "type": "user"}]}))
}

#[tokio::test]
async fn a_compliant_revision_costs_two_calls_once_the_account_setting_is_known() {
    let (aws, line) = aws(|seen| match seen.name() {
        "DescribeTaskDefinition" => Back::ok(
            json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"name": "app"}], "status": "ACTIVE"}}),
        ),
        "ListAccountSettings" => mode("non-blocking"),
        _ => Back::ok(json!({"logGroups": [{"logGroupName": "/ecs/web", "retentionInDays": 30}]})),
    });
    for _ in 0..2 {
        aws.ecs.describe(ARN).await.unwrap();
        aws.ecs.default_mode().await.unwrap();
        aws.log_groups.look(&["/ecs/web".into()]).await.unwrap();
    }
    let (describe, look) = ("DescribeTaskDefinition", "DescribeLogGroups");
    assert_eq!(line.names(), [describe, "ListAccountSettings", look, describe, look]);
    assert_eq!(aws.calls().count(), 5);
}

#[tokio::test]
async fn the_newest_revisions_cost_one_call() {
    let (aws, line) = replay([page(&["web:12", "web:9"], json!("more"))]);
    let newest = aws.ecs.newest("web", 2).await.unwrap();
    assert_eq!(newest.iter().map(|arn| arn.short()).collect::<Vec<_>>(), ["web:12", "web:9"]);
    let asked = json!({"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC", "maxResults": 2});
    assert_eq!(line.seen()[0].json(), asked);
}

#[tokio::test]
async fn a_page_of_active_families_is_one_call() {
    let page = |families: &[&str], token: Value| Back::ok(json!({"families": families, "nextToken": token}));
    let (aws, line) =
        replay([page(&["web", "jobs"], json!("a")), page(&[], json!("")), page(&["two words"], json!(""))]);
    let families = |page: FamilyPage| (page.families.join(" "), page.next);
    assert_eq!(families(aws.ecs.families(None).await.unwrap()), ("web jobs".into(), Some("a".into())));
    assert_eq!(families(aws.ecs.families(Some("a")).await.unwrap()), (String::new(), None));
    assert_eq!(line.seen()[0].json(), json!({"status": "ACTIVE", "maxResults": 100}));
    assert_eq!(line.seen()[1].json(), json!({"status": "ACTIVE", "maxResults": 100, "nextToken": "a"}));
    assert_eq!(aws.ecs.families(None).await.unwrap_err().kind, ErrorKind::Retry, "an invalid answer is retryable");
}

#[tokio::test]
async fn families_that_only_share_a_prefix_are_skipped() {
    let (aws, line) = replay([
        page(&["web-api:3", "webapp:1"], json!("a")),
        page(&[], json!("b")),
        page(&["web:9", "web:12"], json!(null)),
    ]);
    let newest = aws.ecs.newest("web", 1).await.unwrap();
    assert_eq!(newest.iter().map(|arn| arn.short()).collect::<Vec<_>>(), ["web:12"]);
    assert_eq!(line.seen()[2].json()["nextToken"], "b");
}

#[tokio::test]
async fn a_family_without_active_revisions_has_no_newest() {
    let (aws, _) = replay([page(&[], json!(null))]);
    assert_eq!(aws.ecs.newest("web", 5).await.unwrap(), []);
}

#[tokio::test]
async fn the_account_setting_says_what_an_absent_mode_means() {
    for (answer, expected) in [
        (mode("blocking"), Delivery::Blocking),
        (mode("non-blocking"), Delivery::NonBlocking),
        (Back::ok(json!({"settings": []})), Delivery::NonBlocking),
        (Back::ok(json!({"settings": [{"name": "fargateFIPSMode", "value": "enabled"}]})), Delivery::NonBlocking),
    ] {
        let (aws, line) = replay([answer]);
        assert_eq!(aws.ecs.default_mode().await.unwrap(), expected);
        assert_eq!(aws.clone().ecs.default_mode().await.unwrap(), expected, "read again");
        assert_eq!(line.seen()[0].json(), json!({"name": "defaultLogDriverMode", "effectiveSettings": true}));
    }
}

#[tokio::test]
async fn an_unknown_setting_is_an_error_and_is_not_cached() {
    let (aws, _) = replay([mode("sometimes"), mode("blocking")]);
    let error = aws.ecs.default_mode().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(aws.ecs.default_mode().await.unwrap(), Delivery::Blocking);
}

#[tokio::test]
async fn deregistering_an_inactive_revision_succeeds() {
    let (aws, line) = replay([
        Back::ok(json!({"taskDefinition": {"status": "INACTIVE"}})),
        Back::error("ClientException", "The specified task definition is inactive."),
    ]);
    let arn = ARN.parse().unwrap();
    aws.ecs.deregister(&arn).await.unwrap();
    aws.ecs.deregister(&arn).await.unwrap();
    assert_eq!(line.seen()[0].json(), json!({"taskDefinition": ARN}));
}

#[tokio::test]
async fn an_invalid_answer_is_never_accepted() {
    for (reply, kind) in [
        ("", ErrorKind::Retry),
        ("{\"taskDefinition\":{\"con", ErrorKind::Retry),
        ("{}", ErrorKind::Refused),
        ("{\"taskDefinition\":{\"taskDefinitionArn\":\"x\",\"containerDefinitions\":[{}]}}", ErrorKind::Refused),
    ] {
        let (aws, _) = replay([Back::Reply(200, reply.into())]);
        assert_eq!(aws.ecs.describe("web").await.unwrap_err().kind, kind, "{reply}");
    }
}

#[tokio::test]
async fn warming_opens_both_connections_and_remembers_the_setting() {
    let (aws, line) = aws(|seen| match seen.name() {
        "ListAccountSettings" => mode("blocking"),
        _ => Back::error("AccessDeniedException", "not yours"),
    });
    aws.warm(async {}).await;
    assert_eq!(line.seen().len(), 2);
    assert_eq!(aws.ecs.default_mode().await.unwrap(), Delivery::Blocking);
    assert_eq!(line.seen().len(), 2);
}

#[tokio::test]
async fn the_identity_has_the_account_and_the_arn_of_the_caller() {
    let arn = "arn:aws:sts::111122223333:assumed-role/Operator/me";
    let xml = format!(
        r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
             <Arn>{arn}</Arn><UserId>A</UserId><Account>111122223333</Account>
           </GetCallerIdentityResult></GetCallerIdentityResponse>"#
    );
    let without_arn = xml.replace(&format!("<Arn>{arn}</Arn>"), "");
    let (aws, _) = replay([Back::Reply(200, xml), Back::Reply(200, without_arn)]);
    let caller = aws.identity().await.unwrap();
    assert_eq!((caller.account.as_str(), caller.arn.as_str()), ("111122223333", arn));
    assert_eq!(aws.identity().await.unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(aws.region(), "eu-west-1");
}
