//! `logweir doctor` in an emulated account: a third-party emulator lists the resources, matches the patterns and keeps
//! the messages. `tests/with-emulators` starts it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

const ACCOUNT: &str = "000000000077";

/// A separate account on ministack, and a principal that deploys there.
pub(crate) struct Deployer {
    pub(crate) url: String,
    account: &'static str,
}

impl Deployer {
    pub(crate) fn of(account: &'static str) -> Self {
        let variable = "LOGWEIR_TEST_MINISTACK";
        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} is not set: run tests/with-emulators cargo test --all-features");
        });
        Self { url, account }
    }

    fn sends(&self, method: &str, path: &str, service: &str, headers: &str, body: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let account = self.account;
        let credential = format!("AWS4-HMAC-SHA256 Credential={account}/20261121/eu-west-1/{service}/aws4_request");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\
             authorization: {credential}, SignedHeaders=host, Signature=unread\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{path} {headers} {body}: {answer}");
        body.to_owned()
    }

    fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let version = if ["sqs", "dynamodb"].contains(&service) { "1.0" } else { "1.1" };
        let headers = format!("content-type: application/x-amz-json-{version}\r\nx-amz-target: {target}\r\n");
        let answer = self.sends("POST", "/", service, &headers, &body.to_string());
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    fn iam(&self, fields: &[(&str, &str)]) {
        let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        self.sends("POST", "/", "iam", headers, &form.join("&"));
    }

    fn lambda(&self, path: &str, body: &Value) -> Value {
        let headers = "content-type: application/json\r\n";
        serde_json::from_str(&self.sends("POST", path, "lambda", headers, &body.to_string())).unwrap()
    }

    fn queue(&self, name: &str, attributes: Value) -> String {
        let made = self.json("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": name, "Attributes": attributes}));
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    pub(crate) fn role(&self, name: &str, actions: &[&str]) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
        self.iam(&[("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", &trust)]);
        let allow =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        let allow = allow.to_string();
        self.iam(&[("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &allow)]);
        format!("arn:aws:iam::{}:role/{name}", self.account)
    }

    fn function(&self, name: &str, role: &str, variables: Value) {
        // An empty zip, because the function is never invoked.
        let zip = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
        self.lambda(
            "/2015-03-31/functions",
            &json!({
                "FunctionName": name, "Role": role, "Runtime": "provided.al2023", "Handler": "bootstrap",
                "Code": {"ZipFile": zip}, "Environment": {"Variables": variables}
            }),
        );
    }

    fn rule(&self, name: &str, pattern: &Value, target: &str) {
        let rule = json!({"Name": name, "EventPattern": pattern.to_string(), "State": "ENABLED"});
        self.json("events", "AWSEvents.PutRule", &rule);
        self.json("events", "AWSEvents.PutTargets", &json!({"Rule": name, "Targets": [{"Id": "q", "Arn": target}]}));
    }

    fn waiting(&self, queue: &str) -> Value {
        let body = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
        self.json("sqs", "AmazonSQS.GetQueueAttributes", &body)["Attributes"]["ApproximateNumberOfMessages"].clone()
    }

    /// Deploys everything that `doctor` reads, in mode register, with the kill switch on.
    /// Returns the URLs of the queues.
    fn deploys(&self, remediator_may: &[&str]) -> (String, String) {
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{rest}");
        let dead = self.queue("doctor-dead", json!({}));
        let redrive = json!({"deadLetterTargetArn": arn("sqs", "doctor-dead"), "maxReceiveCount": 5}).to_string();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*",
            "Condition": {"ArnEquals": {"aws:SourceArn": [
                arn("events", "rule/doctor-registered"), arn("events", "rule/doctor-services"),
                arn("events", "rule/doctor-deployments")
            ]}}
        }]});
        let queue = self.queue("doctor-work", json!({"RedrivePolicy": redrive, "Policy": policy.to_string()}));
        let (remediator, backout) = (self.role("DoctorRemediator", remediator_may), self.role("DoctorBackout", &["*"]));
        let journal = "dynamodb:doctor-journal";
        let variables = json!({
            "LOGWEIR_ROLE": "remediate", "LOGWEIR_MODE": "register", "LOGWEIR_BASELINE": "ssm:/doctor/baseline",
            "LOGWEIR_JOURNAL": journal, "LOGWEIR_CONFIRMED_BASELINE": "sha256:another"
        });
        self.function("doctor-remediator", &remediator, variables);
        self.function(
            "doctor-backout",
            &backout,
            json!({"LOGWEIR_ROLE": "backout", "LOGWEIR_MODE": "register", "LOGWEIR_JOURNAL": journal}),
        );
        let mapping = self.lambda(
            "/2015-03-31/event-source-mappings",
            &json!({
                "FunctionName": "doctor-remediator", "EventSourceArn": arn("sqs", "doctor-work"), "Enabled": false,
                "FunctionResponseTypes": ["ReportBatchItemFailures"], "BatchSize": 1
            }),
        );
        let calls = |names: Value| {
            json!({
                "source": ["aws.ecs"], "account": [ACCOUNT], "detail-type": ["AWS API Call via CloudTrail"],
                "detail": {
                    "eventSource": ["ecs.amazonaws.com"], "eventName": names, "errorCode": [{"exists": false}],
                    "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [
                        {"anything-but": [remediator, backout]}, {"exists": false}
                    ]}}}
                }
            })
        };
        let work = arn("sqs", "doctor-work");
        self.rule("doctor-registered", &calls(json!(["RegisterTaskDefinition", "DeregisterTaskDefinition"])), &work);
        self.rule("doctor-services", &calls(json!(["CreateService", "UpdateService"])), &work);
        let deployments = json!({"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"]});
        self.rule("doctor-deployments", &deployments, &work);
        let here =
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
        self.sends("PUT", "/doctor-trail", "s3", "", here);
        let trail = json!({"Name": "doctor", "S3BucketName": "doctor-trail"});
        self.json("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateTrail", &trail);
        let trail = json!({"Name": "doctor"});
        self.json("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StartLogging", &trail);
        self.table();
        let deployment = json!({
            "schema": "logweir.deployment/1", "stack": "doctor", "remediator": "doctor-remediator",
            "backout": "doctor-backout", "remediator_role": remediator, "backout_role": backout, "queue": queue,
            "dead_letters": dead, "rules": ["doctor-registered", "doctor-services", "doctor-deployments"],
            "mapping": mapping["UUID"], "journal": journal, "baseline": "ssm:/doctor/baseline", "mode": "register",
            "families": "*", "clusters": "*", "task_roles": [format!("arn:aws:iam::{ACCOUNT}:role/ecs/*")],
            "log_groups": "/ecs/*"
        });
        self.parameter("/logweir/deployment", &deployment.to_string());
        self.parameter("/doctor/baseline", logweir::settings::SHIPPED_BASELINE);
        (queue, dead)
    }

    fn parameter(&self, name: &str, value: &str) {
        self.json("ssm", "AmazonSSM.PutParameter", &json!({"Name": name, "Value": value, "Type": "String"}));
    }

    fn table(&self) {
        let attributes = ["pk", "sk", "at", "day", "family_key", "open"]
            .map(|name| json!({"AttributeName": name, "AttributeType": "S"}));
        let keys = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
        let index = |name: &str, hash: &str| json!({"IndexName": name, "KeySchema": keys(hash, "at"), "Projection": {"ProjectionType": "ALL"}});
        let table = json!({
            "TableName": "doctor-journal", "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys("pk", "sk"),
            "AttributeDefinitions": attributes,
            "GlobalSecondaryIndexes": [index("by-family", "family_key"), index("by-day", "day"), index("by-open", "open")]
        });
        self.json("dynamodb", "DynamoDB_20120810.CreateTable", &table);
    }

    fn doctor(&self, options: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
        command
            .args(["doctor", "--format", "json", "--region", "eu-west-1", "--endpoint-url", &self.url])
            .args(options);
        // The function of this stack never starts, so it publishes no baseline.
        command.env("LOGWEIR_BASELINE", concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml"));
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test");
        let output = command.output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

#[test]
fn doctor_reports_ok_checks_problems_and_a_dead_letter_and_redrives_it() {
    let deployer = Deployer::of(ACCOUNT);
    let nothing = deployer.doctor(&[]);
    assert!(
        nothing["checks"][0]["says"].as_str().unwrap().starts_with("no Logweir stack is deployed in account"),
        "{nothing:#}"
    );

    let may = ["ecs:Describe*", "ecs:List*", "ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "logs:*"];
    let rest = ["sqs:*", "dynamodb:*", "ssm:*"];
    let (queue, dead) = deployer.deploys(&[&may[..], &rest].concat());
    let arn = format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/gone:1");
    let event = json!({
        "source": "aws.ecs", "detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "region": "eu-west-1",
        "detail": {
            "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition",
            "responseElements": {"taskDefinition": {"taskDefinitionArn": arn}}
        }
    });
    for body in [event, json!({"logweir": "resume"})] {
        let message = json!({"QueueUrl": dead, "MessageBody": body.to_string()});
        deployer.json("sqs", "AmazonSQS.SendMessage", &message);
    }
    let told = deployer.doctor(&[]);
    let state = |check: &str| -> Vec<(&str, &str)> {
        let checks = told["checks"].as_array().unwrap().iter().filter(|it| it["check"] == check);
        checks.map(|it| (it["state"].as_str().unwrap(), it["says"].as_str().unwrap())).collect()
    };
    for well in ["trail", "rules", "patterns", "queue", "journal", "records"] {
        assert!(state(well).iter().all(|(state, _)| *state == "ok"), "{well}: {told:#}");
    }
    // They may still be starting.
    assert!(state("functions").iter().all(|(state, _)| *state != "problem"), "{told:#}");
    let roles = state("role");
    assert!(roles[0].1.contains("DoctorRemediator does not allow ecs:DeregisterTaskDefinition on *"), "{roles:?}");
    assert!(
        roles[1].0 == "ok" && roles[1].1.contains("DoctorBackout has the permissions that a backout needs"),
        "{roles:?}"
    );
    assert!(state("mapping")[0].1.contains("the kill switch is on"), "{told:#}");
    assert!(state("baseline")[0].1.contains("sha256:another is confirmed"), "{told:#}");
    assert_eq!(state("dead-letters"), [("problem", "the dead-letter queue contains 2 dead letters")]);
    let mut abouts: Vec<&str> =
        told["dead_letters"].as_array().unwrap().iter().map(|letter| letter["about"].as_str().unwrap()).collect();
    abouts.sort_unstable();
    assert_eq!(abouts, ["a schedule's message", "registration of gone:1"]);
    assert_eq!(
        (deployer.waiting(&queue), deployer.waiting(&dead)),
        (json!("0"), json!("2")),
        "reading moves no message"
    );

    let fixed = deployer.doctor(&["--fix", "--yes"]);
    assert_eq!(fixed["redriven"], json!({"moved": 1, "deleted": 1, "left": 0}), "{fixed:#}");
    assert_eq!((deployer.waiting(&queue), deployer.waiting(&dead)), (json!("1"), json!("0")));
}
