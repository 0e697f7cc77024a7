//! The resource of a result: its name, its place, and its account.

use serde_json::{Value, json};

use super::RunbookRun;
use crate::domain::ecs::arn::Arn;
use crate::domain::runbook::{Evidence, Exempt, InScope, Resource, ResourceKind as Kind, RunbookResult};
use crate::render::formats::security_finding::{AffectedResource, partition};
use crate::render::formats::shown::shown;
use crate::render::formats::uri::relative;
use crate::render::formats::{compliance_finding, sarif_log};
use crate::render::json::ResultLine;

/// Returns the name of a resource with its scope and its container, such as `web:3 (in use), container app` or
/// `service prod/web`.
pub(in crate::render) fn subject(result: &RunbookResult) -> String {
    let Resource { kind, name, arn, container } = &result.resource;
    let name = match (kind, arn) {
        (Kind::TaskDefinition, Some(arn)) => arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        (Kind::TaskDefinition, None) => name.clone(),
        (kind, _) => format!("{} {name}", kind.name().replace('-', " ")),
    };
    let scope = match result.scope {
        Some(InScope::InUse) => " (in use)",
        Some(InScope::Newest) => " (newest revision, not in use)",
        Some(InScope::Named) | None => "",
    };
    match container {
        Some(container) => shown(&format!("{name}{scope}, container {container}")),
        None => shown(&format!("{name}{scope}")),
    }
}

/// Returns the ARN of a live resource, or the place in a file, such as `web.json:14:11`.
pub(in crate::render) fn place(line: &ResultLine) -> Option<String> {
    if let Some(arn) = &line.result.resource.arn {
        return Some(shown(arn));
    }
    let path = shown(line.path.as_deref()?);
    Some(line.place.map_or_else(|| path.clone(), |place| format!("{path}:{}:{}", place.line, place.column)))
}

/// Returns the path of the file. A live resource has the path of a file that does not exist, because code scanning
/// needs one.
fn artifact(line: &ResultLine) -> String {
    let resource = &line.result.resource;
    match (&line.path, resource.arn.as_deref().and_then(Arn::parse)) {
        (Some(path), _) => path.clone(),
        (None, Some(arn)) => {
            let region = if arn.region.is_empty() { "global" } else { arn.region };
            format!(".logweir/aws/{}/{region}/{}/{}.json", arn.account, resource.kind.name(), resource.name)
        }
        (None, None) => "stdin".to_owned(),
    }
}

/// Returns the location of a result in a log of SARIF.
pub(super) fn location(line: &ResultLine) -> Value {
    let region = line.place.map_or_else(|| json!({"startLine": 1}), sarif_log::region);
    let artifact = sarif_log::artifact(&artifact(line));
    let resource = &line.result.resource;
    let name = resource.arn.as_deref().map_or_else(|| subject(&line.result), shown);
    json!({
        "physicalLocation": {"artifactLocation": artifact, "region": region},
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
    })
}

/// Returns the resource of a finding of ASFF. A file is a resource of the type `Other`, because it has no ARN.
pub(super) fn affected(run: &RunbookRun<'_>, line: &ResultLine) -> AffectedResource {
    let resource = &line.result.resource;
    let arn = resource.arn.as_deref().and_then(Arn::parse);
    let region = arn.map(|arn| arn.region).filter(|region| !region.is_empty()).or(run.region).unwrap_or_default();
    let account = arn.map(|arn| arn.account).or(run.account).unwrap_or_default();
    let (kind, id) = match (arn, &line.path) {
        (_, None) if resource.kind == Kind::Account => ("AwsAccount", format!("AWS::::Account:{account}")),
        (Some(_), _) => (security_hub_type(resource.kind), resource.arn.clone().unwrap_or_default()),
        _ => ("Other", format!("file:{}#{}", relative(&artifact(line)), shown(&resource.name))),
    };
    AffectedResource {
        kind,
        id,
        account: account.to_owned(),
        region: region.to_owned(),
        partition: arn.map_or(partition(region), |arn| arn.partition).to_owned(),
    }
}

/// Returns the resource of an event of OCSF.
pub(super) fn of_event(run: &RunbookRun<'_>, line: &ResultLine) -> Value {
    let resource = &line.result.resource;
    let arn = resource.arn.as_deref().and_then(Arn::parse);
    let mut value = json!({
        "type": cloudformation_type(resource.kind),
        "uid": place(line).unwrap_or_else(|| subject(&line.result)),
        "name": shown(&resource.name),
    });
    if let Some(region) = arn.map(|arn| arn.region).filter(|region| !region.is_empty()).or(run.region) {
        value["region"] = shown(region).into();
    }
    if let Some(arn) = arn {
        value["cloud_partition"] = arn.partition.into();
    }
    value
}

/// Returns the account of a result. Returns `None` for a file, unless the caller named an account.
pub(super) fn cloud(run: &RunbookRun<'_>, line: &ResultLine) -> Option<Value> {
    let arn = line.result.resource.arn.as_deref().and_then(Arn::parse);
    let account = arn.map(|arn| arn.account).or(run.account)?;
    let region = arn.map(|arn| arn.region).filter(|region| !region.is_empty()).or(run.region);
    Some(compliance_finding::cloud(account, region))
}

/// Returns the resource type of Security Hub (source: AWS Security Hub user guide, Resources ASFF objects).
fn security_hub_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "AwsAccount",
        Kind::Cluster => "AwsEcsCluster",
        Kind::Service => "AwsEcsService",
        Kind::Task => "AwsEcsTask",
        Kind::TaskDefinition => "AwsEcsTaskDefinition",
        Kind::Role => "AwsIamRole",
        Kind::Secret => "AwsSecretsManagerSecret",
        Kind::Repository => "AwsEcrRepository",
        Kind::Image => "AwsEcrContainerImage",
        Kind::Vpc => "AwsEc2Vpc",
        Kind::Subnet => "AwsEc2Subnet",
        Kind::LoadBalancer => "AwsElbv2LoadBalancer",
        Kind::Trail => "AwsCloudTrailTrail",
        Kind::CapacityProvider
        | Kind::TaskSet
        | Kind::Parameter
        | Kind::EventRule
        | Kind::FlowLog
        | Kind::Listener
        | Kind::TargetGroup => "Other",
    }
}

/// Returns the resource type of CloudFormation. An account, a task and an image have none, so their names are made in
/// the same way.
fn cloudformation_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "AWS::Account",
        Kind::Cluster => "AWS::ECS::Cluster",
        Kind::CapacityProvider => "AWS::ECS::CapacityProvider",
        Kind::Service => "AWS::ECS::Service",
        Kind::TaskSet => "AWS::ECS::TaskSet",
        Kind::Task => "AWS::ECS::Task",
        Kind::TaskDefinition => "AWS::ECS::TaskDefinition",
        Kind::Role => "AWS::IAM::Role",
        Kind::Parameter => "AWS::SSM::Parameter",
        Kind::Secret => "AWS::SecretsManager::Secret",
        Kind::Repository => "AWS::ECR::Repository",
        Kind::Image => "AWS::ECR::Image",
        Kind::Vpc => "AWS::EC2::VPC",
        Kind::Subnet => "AWS::EC2::Subnet",
        Kind::LoadBalancer => "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Kind::Listener => "AWS::ElasticLoadBalancingV2::Listener",
        Kind::TargetGroup => "AWS::ElasticLoadBalancingV2::TargetGroup",
        Kind::FlowLog => "AWS::EC2::FlowLog",
        Kind::Trail => "AWS::CloudTrail::Trail",
        Kind::EventRule => "AWS::Events::Rule",
    }
}

/// Returns why a result is exempt. Returns `None` for a result that counts.
pub(in crate::render) fn exemption(line: &ResultLine) -> Option<String> {
    let Exempt { owner, reason, until } = line.result.exempt.as_ref()?;
    let until = until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
    Some(shown(&format!("exempt{until} by {owner}: {reason}")))
}

/// Returns the word for why a registered revision is in scope.
pub(super) fn scope(scope: InScope) -> &'static str {
    match scope {
        InScope::InUse => "in-use",
        InScope::Newest => "newest",
        InScope::Named => "named",
    }
}

/// Returns the evidence in one line: the source, the member, the value and the time of the read.
pub(in crate::render) fn evidence(result: &RunbookResult) -> Option<String> {
    let Evidence { source, member, value, time } = result.evidence.as_ref()?;
    let value = value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    let time = time.map(|time| format!(" at {time:.0}")).unwrap_or_default();
    Some(shown(&format!("{source} {member}{value}{time}")))
}
