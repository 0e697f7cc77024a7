//! The answers of the services about an account in which every rule passes, in the shapes of AWS.

use std::collections::BTreeSet;

use jiff::Timestamp;
use logweir::domain::runbook::account::Fact;
use logweir::domain::runbook::account::ecs::{Cluster, Definition, EcsFacts, Network, Placement, Service, Task};
use serde_json::json;

use crate::loopback::Reply;

pub(super) const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
const TARGETS: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/943f017f100becff";

/// Returns the name of the operation of a call. The query protocols have it in the form.
pub(super) fn operation(target: &str, body: &str) -> String {
    let action = body.strip_prefix("Action=").and_then(|form| form.split('&').next());
    action.unwrap_or(target).to_owned()
}

pub(super) fn xml(status: u16, body: &str) -> Reply {
    Reply::Http(status, "content-type: text/xml\r\n".into(), body.into())
}

/// Returns the answer of IAM or of Elastic Load Balancing.
pub(super) fn page(operation: &str, result: &str) -> Reply {
    let body = format!(
        "<{operation}Response xmlns=\"https://example.amazonaws.com/doc/\">\
         <{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>\n"
    );
    xml(200, &body)
}

pub(super) fn error_xml(code: &str, message: &str) -> Reply {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    xml(403, &format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
}

pub(super) fn ec2_error(code: &str, message: &str) -> Reply {
    let error = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
    xml(403, &format!("<?xml version=\"1.0\"?>\n<Response>{error}<RequestID>1</RequestID></Response>"))
}

fn ec2(operation: &str, list: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n\
         <requestId>1</requestId>\n{list}\n</{operation}Response>\n"
    );
    xml(200, &body)
}

/// Answers a call about the compliant account.
pub(super) fn answer(operation: &str, body: &str) -> Reply {
    match operation {
        "GetRole"
        | "GetRolePolicy"
        | "GetPolicy"
        | "GetPolicyVersion"
        | "ListAttachedRolePolicies"
        | "ListRolePolicies" => iam(operation),
        "DescribeTargetGroups" | "DescribeListeners" | "DescribeRules" => balancing(operation),
        name if body.contains("Version=2016-11-15") => network(name, body),
        name => other(name),
    }
}

fn network(operation: &str, body: &str) -> Reply {
    let subnet = |id: &str| {
        format!(
            "<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId><ownerId>111122223333</ownerId>\
             <availabilityZone>eu-west-1a</availabilityZone><cidrBlock>10.0.1.0/24</cidrBlock></item>"
        )
    };
    let list = match operation {
        "DescribeSubnets" if body.contains("subnet-endpoints") => {
            format!("<subnetSet>{}</subnetSet>", subnet("subnet-endpoints"))
        }
        "DescribeSubnets" => format!("<subnetSet>{}</subnetSet>", subnet("subnet-a")),
        "DescribeVpcEndpoints" => format!("<vpcEndpointSet>{}</vpcEndpointSet>", endpoints()),
        "DescribeRouteTables" => {
            "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet>\
             <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId></item>\
             <item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-s3</gatewayId></item>\
             </routeSet>\
             <associationSet><item><main>true</main></item></associationSet></item></routeTableSet>"
                .to_owned()
        }
        "DescribeSecurityGroups" => "<securityGroupInfo><item><groupId>sg-endpoints</groupId><ipPermissions><item>\
             <ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups><item>\
             <groupId>sg-web</groupId>\
             </item></groups><ipRanges/><prefixListIds/></item></ipPermissions></item></securityGroupInfo>"
            .to_owned(),
        "DescribeFlowLogs" => "<flowLogSet><item><flowLogId>fl-1</flowLogId><resourceId>vpc-1</resourceId>\
             <flowLogStatus>ACTIVE</flowLogStatus><trafficType>ALL</trafficType>\
             <deliverLogsStatus>SUCCESS</deliverLogsStatus></item></flowLogSet>"
            .to_owned(),
        "DescribeNetworkInterfaces" => "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId>\
             <groupSet><item><groupId>sg-web</groupId></item></groupSet></item></networkInterfaceSet>"
            .to_owned(),
        other => panic!("{other}"),
    };
    ec2(operation, &list)
}

fn endpoints() -> String {
    let interface = |service: &str| {
        format!(
            "<item><vpcEndpointId>vpce-{service}</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType>\
             <vpcId>vpc-1</vpcId><serviceName>com.amazonaws.eu-west-1.{service}</serviceName><state>available</state>\
             <privateDnsEnabled>true</privateDnsEnabled><routeTableIdSet/><subnetIdSet><item>subnet-endpoints</item>\
             </subnetIdSet><groupSet><item><groupId>sg-endpoints</groupId></item></groupSet></item>"
        )
    };
    let gateway = "<item><vpcEndpointId>vpce-s3</vpcEndpointId><vpcEndpointType>Gateway</vpcEndpointType>\
        <vpcId>vpc-1</vpcId>\
                   <serviceName>com.amazonaws.eu-west-1.s3</serviceName><state>available</state>\
                   <privateDnsEnabled>false</privateDnsEnabled><routeTableIdSet><item>rtb-1</item>\
                   </routeTableIdSet></item>";
    ["ecr.api", "ecr.dkr", "logs", "ssm", "secretsmanager"].map(interface).concat() + gateway
}

fn balancing(operation: &str) -> Reply {
    let redirect = "<member><Type>redirect</Type><RedirectConfig><Protocol>HTTPS</Protocol></RedirectConfig></member>";
    let listener = |port: u16, protocol: &str, more: &str| {
        format!(
            "<member><ListenerArn>arn:listener/{port}</ListenerArn><Port>{port}</Port>\
             <Protocol>{protocol}</Protocol>{more}\
             </member>"
        )
    };
    let result = match operation {
        "DescribeTargetGroups" => format!(
            "<TargetGroups><member><TargetGroupArn>{TARGETS}</TargetGroupArn><TargetGroupName>web</TargetGroupName>\
             <Protocol>HTTPS</Protocol><LoadBalancerArns><member>{BALANCER}</member></LoadBalancerArns></member>\
             </TargetGroups>"
        ),
        "DescribeListeners" => format!(
            "<Listeners>{}{}</Listeners>",
            listener(443, "HTTPS", "<SslPolicy>ELBSecurityPolicy-TLS13-1-2-2021-06</SslPolicy>"),
            listener(80, "HTTP", &format!("<DefaultActions>{redirect}</DefaultActions>"))
        ),
        _ => format!("<Rules><member><IsDefault>true</IsDefault><Actions>{redirect}</Actions></member></Rules>"),
    };
    page(operation, &result)
}

fn iam(operation: &str) -> Reply {
    let encoded = |document: &serde_json::Value| {
        let escape = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        document.to_string().bytes().map(escape).collect::<String>()
    };
    let trust = json!({"Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    }]});
    let narrow = json!({"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}]});
    let result = match operation {
        "GetRole" => format!(
            "<Role><Path>/</Path><RoleName>web</RoleName><Arn>arn:aws:iam::111122223333:role/web</Arn>\
             <AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument></Role>",
            encoded(&trust)
        ),
        "ListAttachedRolePolicies" => "<AttachedPolicies><member><PolicyName>web</PolicyName>\
             <PolicyArn>arn:aws:iam::111122223333:policy/web</PolicyArn></member></AttachedPolicies>\
             <IsTruncated>false</IsTruncated>"
            .to_owned(),
        "ListRolePolicies" => {
            "<PolicyNames><member>table</member></PolicyNames><IsTruncated>false</IsTruncated>".to_owned()
        }
        "GetRolePolicy" => {
            format!("<PolicyName>table</PolicyName><PolicyDocument>{}</PolicyDocument>", encoded(&narrow))
        }
        "GetPolicy" => "<Policy><DefaultVersionId>v3</DefaultVersionId></Policy>".to_owned(),
        _ => format!("<PolicyVersion><Document>{}</Document></PolicyVersion>", encoded(&narrow)),
    };
    page(operation, &result)
}

fn other(operation: &str) -> Reply {
    let digest = format!("sha256:{}", "a".repeat(64));
    Reply::ok(&match operation {
        "DescribeParameters" => json!({"Parameters": [{"Name": "/prod/db", "Type": "SecureString"}]}),
        "DescribeSecret" => json!({"Name": "db", "ARN": SECRET, "RotationEnabled": true}),
        "DescribeRepositories" => json!({"repositories": [{
            "repositoryArn": "arn:aws:ecr:eu-west-1:111122223333:repository/web", "repositoryName": "web",
            "imageTagMutability": "IMMUTABLE", "encryptionConfiguration": {"encryptionType": "KMS"}
        }]}),
        "GetRegistryScanningConfiguration" => json!({"registryId": "111122223333", "scanningConfiguration": {
            "scanType": "BASIC", "rules": [{
                "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]
            }]
        }}),
        // The new basic scanning does not show its scans with the image.
        "DescribeImages" => json!({"imageDetails": [{"imageDigest": digest, "imageTags": ["1", "latest"]}]}),
        "DescribeImageScanFindings" => json!({
            "imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": {"LOW": 2}}
        }),
        "DescribeTrails" => json!({"trailList": [{
            "Name": "main", "TrailARN": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main",
            "IsMultiRegionTrail": true,
            "LogFileValidationEnabled": true, "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1"
        }]}),
        "GetTrailStatus" => json!({"IsLogging": true, "LatestDeliveryError": ""}),
        "GetEventSelectors" => json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}),
        "ListRules" => json!({"Rules": [
            {"Name": "ecs", "Arn": "arn:1", "State": "ENABLED", "EventPattern": "{\"source\":[\"aws.ecs\"]}"},
            {"Name": "ec2", "Arn": "arn:2", "State": "ENABLED", "EventPattern": "{\"source\":[\"aws.ec2\"]}"},
            {"Name": "hourly", "Arn": "arn:3", "State": "ENABLED", "ScheduleExpression": "rate(1 hour)"}
        ]}),
        "ListTargetsByRule" => json!({"Targets": [{"Id": "1", "Arn": "arn:aws:sns:eu-west-1:111122223333:alerts"}]}),
        other => panic!("{other}"),
    })
}

/// Returns the facts of Amazon ECS: a service on Fargate with a running task, and two task definitions that name the
/// same role, image, parameter and secret.
pub(super) fn ecs() -> EcsFacts {
    let network = Network {
        subnets: vec!["subnet-a".into()],
        security_groups: vec!["sg-web".into()],
        assign_public_ip: Some("DISABLED".into()),
    };
    let placement = Placement { launch_type: Some("FARGATE".into()), network: Some(network), ..Placement::default() };
    let service = Service {
        arn: "arn:aws:ecs:eu-west-1:111122223333:service/prod/web".into(),
        name: "web".into(),
        cluster: "prod".into(),
        placement,
        task_sets: Vec::new(),
        tags: Vec::new(),
        propagate_tags: None,
        has_managed_tags: false,
        has_exec: false,
        classic_balancers: Vec::new(),
        service_connect: None,
        target_groups: vec![TARGETS.into()],
        definitions: BTreeSet::from(["web:1".to_owned()]),
    };
    let task = Task {
        arn: "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123".into(),
        id: "0123".into(),
        cluster: "prod".into(),
        group: "service:web".into(),
        definition: "web:1".into(),
        launch_type: Some("FARGATE".into()),
        capacity_provider: None,
        platform_version: None,
        platform_family: None,
        container_instance: None,
        interfaces: vec!["eni-1".into()],
        subnets: vec!["subnet-a".into()],
        images: Vec::new(),
    };
    let cluster = Cluster {
        arn: "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".into(),
        name: "prod".into(),
        settings: Vec::new(),
        tags: Vec::new(),
        capacity_providers: Vec::new(),
        default_strategy: Vec::new(),
        session_key: None,
        container_instances: 0,
        services: known(vec![service]),
        tasks: known(vec![task]),
    };
    EcsFacts {
        unread_definitions: Vec::new(),
        clusters: known(vec![cluster]),
        capacity_providers: known(Vec::new()),
        default_insights: known(Some("enabled".into())),
        definitions: ["web:1", "web:2"].map(definition).into(),
    }
}

fn definition(arn: &str) -> Definition {
    Definition {
        arn: arn.into(),
        family: "web".into(),
        task_role: Some("web".into()),
        execution_role: None,
        images: vec![IMAGE.into()],
        secrets: vec!["/prod/db".into(), format!("{SECRET}:password::")],
        credentials: Vec::new(),
        logs_with_awslogs: true,
        is_in_use: true,
        time: Timestamp::UNIX_EPOCH,
    }
}

fn known<T>(value: T) -> Fact<T> {
    Fact::Read { value, source: "test:Ecs", time: Timestamp::UNIX_EPOCH }
}
