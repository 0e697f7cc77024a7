//! Reading what the runbook judges beside Amazon ECS: the calls to ten services on the wire, and how the answers are
//! read.

mod answers;

use std::collections::BTreeMap;

use logweir::aws::Aws;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::image_name::EcrReference;
use logweir::domain::runbook::account::network::HttpActions;
use logweir::domain::runbook::account::{Account, Fact};
use logweir::domain::runbook::{Depth, Verdict, judge_account};
use serde_json::{Value, json};

use self::answers::{IMAGE, answer, ec2_error, ecs, error_xml, operation, page, xml};
use super::invoke::{at, session};
use super::line::Seen;
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

/// Returns the account as `ecs` shows it, read up to the depth at these services.
async fn read(depth: Depth, service: impl Fn(&str, &str) -> Reply + Send + 'static) -> (Account, Loopback, Aws) {
    let services = Loopback::serve(move |target, body| service(&operation(target, body), body));
    let aws = at(&services.url, session());
    let mut account = Account::of_ecs("aws".into(), "111122223333".into(), "eu-west-1".into(), depth, ecs());
    aws.complete(&mut account).await;
    (account, services, aws)
}

/// Returns how often each operation was called.
fn calls(services: &Loopback) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for (target, body) in services.calls() {
        *calls.entry(operation(&target, &body)).or_default() += 1;
    }
    calls
}

#[tokio::test]
async fn every_fact_of_a_compliant_account_is_read_and_judged() {
    let (account, services, aws) = read(Depth::Trail, answer).await;
    assert_eq!(account.unread(), Vec::<&_>::new());
    let baseline = Baseline::parse("version = 1").unwrap();
    for (_, result) in judge_account(&account, &baseline) {
        let is_of_ecs = result.evidence.as_ref().is_none_or(|evidence| evidence.source.starts_with("test:"));
        let expected = matches!(result.verdict, Verdict::Pass | Verdict::NotApplicable);
        assert!(is_of_ecs || expected, "{result:#?}");
    }
    // Each resource is read once, although two task definitions name the same role, image, parameter and secret.
    let expected: &[(&str, usize)] = &[
        ("DescribeFlowLogs", 1),
        ("DescribeImageScanFindings", 1),
        ("DescribeImages", 1),
        ("DescribeListeners", 1),
        ("DescribeNetworkInterfaces", 1),
        ("DescribeParameters", 1),
        ("DescribeRepositories", 1),
        ("DescribeRouteTables", 1),
        ("DescribeRules", 1),
        ("DescribeSecret", 1),
        ("DescribeSecurityGroups", 1),
        // The second call reads the subnet of the endpoints.
        ("DescribeSubnets", 2),
        ("DescribeTargetGroups", 1),
        ("DescribeTrails", 1),
        ("DescribeVpcEndpoints", 1),
        ("GetEventSelectors", 1),
        ("GetPolicy", 1),
        ("GetPolicyVersion", 1),
        ("GetRegistryScanningConfiguration", 1),
        ("GetRole", 1),
        ("GetRolePolicy", 1),
        ("GetTrailStatus", 1),
        ("ListAttachedRolePolicies", 1),
        ("ListRolePolicies", 1),
        ("ListRules", 1),
        ("ListTargetsByRule", 1),
    ];
    let expected: BTreeMap<String, usize> = expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(calls(&services), expected);
    assert_eq!(aws.calls().count(), 27);
}

#[tokio::test]
async fn a_smaller_depth_makes_no_call_of_a_larger_one() {
    for (depth, first, absent) in [
        (Depth::Ecs, None, "DescribeSubnets"),
        (Depth::Network, Some("DescribeSubnets"), "GetRole"),
        (Depth::Identity, Some("GetRole"), "DescribeRepositories"),
        (Depth::Images, Some("DescribeRepositories"), "DescribeTrails"),
    ] {
        let (_, services, _) = read(depth, answer).await;
        let calls = calls(&services);
        assert!(first.is_none_or(|name| calls.contains_key(name)), "{depth:?} {calls:?}");
        assert!(!calls.contains_key(absent), "{depth:?} {calls:?}");
    }
}

#[tokio::test]
async fn the_requests_have_the_forms_and_the_signatures_of_their_services() {
    let (_, services, _) = read(Depth::Identity, answer).await;
    let body_of = |name: &str| {
        let calls = services.calls();
        calls.into_iter().map(|(_, body)| body).find(|body| body.contains(&format!("Action={name}&"))).unwrap()
    };
    assert_eq!(
        body_of("DescribeVpcEndpoints"),
        "Action=DescribeVpcEndpoints&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1"
    );
    assert_eq!(body_of("GetRole"), "Action=GetRole&Version=2010-05-08&RoleName=web");
    assert!(body_of("DescribeTargetGroups").starts_with(
        "Action=DescribeTargetGroups&Version=2015-12-01&TargetGroupArns.member.1=arn%3Aaws%3Aelasticloadbalancing"
    ));
    let mut scopes = Vec::new();
    for (head, (_, body)) in services.heads().iter().zip(services.calls()) {
        let mut lines = head.lines();
        let line: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.into()));
        let uri = format!("{}{}", services.url, line[1]);
        let request = Seen { method: line[0].into(), uri, headers: headers.collect(), body };
        assert_eq!(sent_signature(&request), signature_of(&request));
        let authorization = request.headers["authorization"].clone();
        scopes.extend(authorization.split('/').skip(2).take(2).collect::<Vec<_>>().join("/").lines().map(String::from));
    }
    scopes.sort();
    scopes.dedup();
    let expected = [
        "eu-west-1/ec2",
        "eu-west-1/elasticloadbalancing",
        "eu-west-1/secretsmanager",
        "eu-west-1/ssm",
        "us-east-1/iam",
    ];
    assert_eq!(scopes, expected);
}

#[tokio::test]
async fn a_denied_read_names_its_right_and_leaves_the_other_facts() {
    for (name, action) in [
        ("DescribeSubnets", "ec2:DescribeSubnets"),
        ("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints"),
        ("DescribeNetworkInterfaces", "ec2:DescribeNetworkInterfaces"),
        ("DescribeListeners", "elasticloadbalancing:DescribeListeners"),
        ("DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("GetRole", "iam:GetRole"),
        ("GetRolePolicy", "iam:GetRolePolicy"),
        ("GetPolicy", "iam:GetPolicy"),
        ("GetPolicyVersion", "iam:GetPolicyVersion"),
        ("DescribeParameters", "ssm:DescribeParameters"),
        ("DescribeSecret", "secretsmanager:DescribeSecret"),
        ("DescribeRepositories", "ecr:DescribeRepositories"),
        ("DescribeImages", "ecr:DescribeImages"),
        ("DescribeImageScanFindings", "ecr:DescribeImageScanFindings"),
        ("GetTrailStatus", "cloudtrail:GetTrailStatus"),
        ("ListTargetsByRule", "events:ListTargetsByRule"),
    ] {
        let (account, _, _) = read(Depth::Trail, move |operation, body| match operation == name {
            true if action.starts_with("ec2:") => ec2_error("UnauthorizedOperation", "not authorized"),
            true if action.starts_with("iam:") || action.starts_with("elastic") => {
                error_xml("AccessDenied", "not authorized")
            }
            true => Reply::error("AccessDeniedException", "not authorized"),
            false => answer(operation, body),
        })
        .await;
        let unread = account.unread();
        assert!(!unread.is_empty() && unread.iter().all(|unread| unread.action == action), "{action}: {unread:?}");
        assert!(unread[0].message.contains("not authorized"), "{unread:?}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_no_missing_right() {
    let (account, _, _) = read(Depth::Images, |operation, body| match operation {
        "GetRole" => error_xml("NoSuchEntity", "no role"),
        "DescribeSecret" => Reply::error("ResourceNotFoundException", "no secret"),
        "DescribeRepositories" => Reply::error("RepositoryNotFoundException", "no repository"),
        "DescribeImages" => Reply::error("ImageNotFoundException", "no image"),
        "DescribeTargetGroups" => error_xml("TargetGroupNotFound", "no target group"),
        _ => answer(operation, body),
    })
    .await;
    assert_eq!(account.unread(), Vec::<&_>::new());
    assert_eq!(account.identity.roles.values().next().unwrap().value(), Some(&None));
    assert_eq!(account.identity.secrets.values().next().unwrap().value(), Some(&None));
    assert_eq!(account.images.repositories.values().next().unwrap().value(), Some(&None));
    assert_eq!(account.images.scans[&EcrReference::parse(IMAGE).unwrap()].value(), Some(&None));
    assert_eq!(account.network.target_groups.value().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_refused_name_of_a_parameter_leaves_the_other_parameters_checked() {
    const BAD: &str = "no name: hunter2";
    let services = Loopback::serve(|target, body| {
        let name = operation(target, body);
        match name.as_str() {
            "DescribeParameters" if body.contains(BAD) => {
                Reply::error("ValidationException", &format!("Value '[{BAD}]'"))
            }
            "DescribeParameters" => {
                let request: Value = serde_json::from_str(body).unwrap();
                let names = request["ParameterFilters"][0]["Values"].as_array().unwrap().iter();
                let all: Vec<Value> = names.map(|name| json!({"Name": name, "Type": "SecureString"})).collect();
                Reply::ok(&json!({"Parameters": all}))
            }
            _ => answer(&name, body),
        }
    });
    let aws = at(&services.url, session());
    let mut account = Account::of_ecs("aws".into(), "111122223333".into(), "eu-west-1".into(), Depth::Identity, ecs());
    let good = (0..20).map(|number| format!("/prod/{number:02}"));
    account.ecs.definitions[0].secrets = good.chain([BAD.to_owned()]).collect();
    account.ecs.definitions[1].secrets.clear();
    aws.complete(&mut account).await;
    let (read, unread): (Vec<_>, Vec<_>) =
        account.identity.parameters.iter().partition(|(_, one)| one.value().is_some());
    assert_eq!((read.len(), unread.len(), unread[0].0.as_str()), (20, 1, BAD));
    let reason = unread[0].1.unread().unwrap();
    assert!(reason.message.contains("ValidationException") && !reason.message.contains("hunter2"), "{reason:?}");
    assert!(calls(&services)["DescribeParameters"] <= 11, "the calls halve the names");
}

#[tokio::test]
async fn a_trail_without_selectors_of_its_own_records_all_management_events() {
    for (has_selectors, expected) in [(false, Verdict::Pass), (true, Verdict::Fail)] {
        let (account, _, _) = read(Depth::Trail, move |operation, body| match operation {
            "DescribeTrails" => Reply::ok(
                &json!({"trailList": [{"Name": "t", "TrailARN": "arn", "HasCustomEventSelectors": has_selectors}]}),
            ),
            "GetEventSelectors" => Reply::ok(&json!({"EventSelectors": [], "AdvancedEventSelectors": []})),
            _ => answer(operation, body),
        })
        .await;
        let results = judge_account(&account, &Baseline::parse("version = 1").unwrap());
        let found = results.iter().find(|(_, result)| result.rule == "unrecorded-call").unwrap();
        assert_eq!(found.1.verdict, expected, "{has_selectors}");
    }
}

#[tokio::test]
async fn an_image_without_a_scan_has_none() {
    let (account, _, _) = read(Depth::Images, |operation, body| match operation {
        "DescribeImageScanFindings" => Reply::error("ScanNotFoundException", "no scan"),
        _ => answer(operation, body),
    })
    .await;
    let scan = account.images.scans[&EcrReference::parse(IMAGE).unwrap()].value().unwrap().clone().unwrap();
    assert_eq!(scan.status, None);
}

#[tokio::test]
async fn a_finished_scan_without_its_numbers_is_read_by_itself() {
    for (summary, expected) in [(json!({"findingSeverityCounts": {}}), 0), (json!(null), 3)] {
        let (account, _, _) = read(Depth::Images, move |operation, body| match operation {
            "DescribeImages" => Reply::ok(&json!({"imageDetails": [{
                "imageDigest": "sha256:a", "imageTags": ["1"], "imageScanStatus": {"status": "COMPLETE"},
                "imageScanFindingsSummary": summary
            }]})),
            "DescribeImageScanFindings" => Reply::ok(&json!({
                "imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": {"HIGH": 3}}
            })),
            _ => answer(operation, body),
        })
        .await;
        let scan = account.images.scans[&EcrReference::parse(IMAGE).unwrap()].value().unwrap().clone().unwrap();
        assert_eq!(scan.findings.get("HIGH").copied().unwrap_or_default(), expected);
    }
}

#[tokio::test]
async fn a_listener_redirects_only_if_each_rule_does() {
    let forward = "<member><Actions><member><Type>forward</Type></member></Actions></member>";
    let (account, _, _) = read(Depth::Network, move |operation, body| match operation {
        "DescribeRules" => page("DescribeRules", &format!("<Rules>{forward}</Rules>")),
        _ => answer(operation, body),
    })
    .await;
    let listeners = account.network.listeners.values().next().unwrap().value().unwrap();
    let http = listeners.iter().find(|listener| listener.protocol == "HTTP").unwrap();
    assert_eq!(http.http, Some(HttpActions::Forwards));
}

#[tokio::test]
async fn all_pages_are_read_and_an_endless_list_ends() {
    let flow_log = |id: &str| {
        format!(
            "<item><flowLogId>{id}</flowLogId><resourceId>vpc-1</resourceId><flowLogStatus>ACTIVE</flowLogStatus>\
             <trafficType>ALL</trafficType></item>"
        )
    };
    let (account, _, _) = read(Depth::Network, move |operation, body| match operation {
        "DescribeFlowLogs" if body.contains("NextToken=p2") => {
            let list = format!("<flowLogSet>{}</flowLogSet>", flow_log("fl-2"));
            xml(200, &format!("<DescribeFlowLogsResponse>{list}</DescribeFlowLogsResponse>"))
        }
        "DescribeFlowLogs" => xml(
            200,
            &format!(
                "<DescribeFlowLogsResponse><flowLogSet>{}</flowLogSet><nextToken>p2</nextToken>\
                 </DescribeFlowLogsResponse>",
                flow_log("fl-1")
            ),
        ),
        "DescribeVpcEndpoints" => xml(
            200,
            "<DescribeVpcEndpointsResponse><vpcEndpointSet/><nextToken>again</nextToken>\
             </DescribeVpcEndpointsResponse>",
        ),
        _ => answer(operation, body),
    })
    .await;
    let logs: Vec<&str> = account.network.flow_logs.value().unwrap().iter().map(|log| log.id.as_str()).collect();
    assert_eq!(logs, ["fl-1", "fl-2"]);
    let endless = account.network.endpoints.unread().unwrap();
    assert!(endless.message.contains("more than 200 pages"), "{endless:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_that_of_aws_is_no_empty_list() {
    let deep = format!("<DescribeSubnetsResponse>{}{}</DescribeSubnetsResponse>", "<a>".repeat(99), "</a>".repeat(99));
    let expanding = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><DescribeSubnetsResponse><subnetSet><item>\
        <subnetId>&a;</subnetId>\
                     </item></subnetSet></DescribeSubnetsResponse>";
    let half = "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-a</subnetId>";
    let scalar = "<DescribeSubnetsResponse><subnetSet>all</subnetSet></DescribeSubnetsResponse>";
    let nameless =
        "<DescribeSubnetsResponse><subnetSet><item><vpcId>v</vpcId></item></subnetSet></DescribeSubnetsResponse>";
    let other = "<ListUsersResponse/>";
    for body in [deep.as_str(), expanding, half, scalar, nameless, other, "<html>", "{}", ""] {
        let body = body.to_owned();
        let (account, _, _) = read(Depth::Network, {
            let body = body.clone();
            move |operation, form| match operation {
                "DescribeSubnets" => xml(200, &body),
                _ => answer(operation, form),
            }
        })
        .await;
        let unread = account.network.subnets.unread();
        assert!(unread.is_some_and(|unread| unread.message.contains("cannot be read")), "{body}: {unread:?}");
        assert!(matches!(account.network.endpoints, Fact::Unread(_)), "{body}");
    }
}
