//! The rights that the roles of a task need for its logs, before and after a migration.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::surroundings::Surroundings;
use crate::domain::ecs::task_definition::{Container, Log, Options, TaskDefinition};
use crate::domain::firelens::router::routers;

/// The change of the policies of one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleChange {
    pub role: RoleName,
    /// The ARN or the name of the role, as the task definition spells it. `None` if the task definition names no role.
    pub arn: Option<String>,
    pub add: Vec<Statement>,
    /// The statements that no container of the task needs any more.
    pub remove: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleName {
    /// The role of the containers.
    Task,
    /// The role of the ECS agent.
    Execution,
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    pub effect: &'static str,
    pub action: Vec<String>,
    pub resource: Vec<String>,
}

/// The actions on resources that one role needs: pairs of an action and a resource.
type Grants = BTreeSet<(String, String)>;

/// What the roles of a task definition need for its logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) task: Grants,
    execution: Grants,
}

impl Needs {
    /// Returns the needs of the task definition. `in_files` are the options of the outputs in files of the router.
    pub(super) fn of(
        definition: &TaskDefinition,
        surroundings: &Surroundings<'_>,
        in_files: &[Vec<(&str, &Value)>],
    ) -> Self {
        let arns = Arns { surroundings, definition };
        let mut needs = Self::default();
        for container in definition.containers() {
            needs.add_log(container, &arns);
            needs.add_secrets(container, &arns);
        }
        for options in in_files {
            let option = |name: &str| {
                options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
            };
            needs.add_output(&option, &arns);
        }
        for router in routers(definition) {
            needs.add_files(router);
        }
        needs
    }

    fn add_log(&mut self, container: Container<'_>, arns: &Arns<'_>) {
        let Log::Configured { driver, options } = container.log() else { return };
        match driver {
            "awslogs" => {
                let Some(group) = options.text("awslogs-group") else { return };
                let resource = arns.group(group, options.text("awslogs-region"));
                self.execution.extend(write(&resource));
                if container.creates_log_group() {
                    self.execution.insert(("logs:CreateLogGroup".into(), resource));
                }
            }
            "awsfirelens" => {
                let Options::Map(map) = options else { return };
                let option = |name: &str| {
                    map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
                };
                self.add_output(&option, arns);
            }
            _ => {}
        }
    }

    /// Adds what an output of the router needs. The router writes with the task role.
    fn add_output<'o>(&mut self, option: &impl Fn(&str) -> Option<&'o str>, arns: &Arns<'_>) {
        let name = option("name").unwrap_or_default().to_ascii_lowercase();
        let region = option("region");
        if let Some(role) = option("role_arn") {
            self.task.insert(("sts:AssumeRole".into(), role.to_owned()));
            return;
        }
        match name.as_str() {
            "cloudwatch_logs" | "cloudwatch" => {
                let Some(group) = option("log_group_name") else { return };
                let resource = arns.group(group, region);
                self.task.extend(write(&resource));
                let is_set = |name: &str| {
                    option(name)
                        .is_some_and(|value| ["true", "on", "yes"].iter().any(|word| value.eq_ignore_ascii_case(word)))
                };
                if is_set("auto_create_group") {
                    self.task.insert(("logs:CreateLogGroup".into(), resource.clone()));
                    if option("log_retention_days").is_some_and(|days| days != "0") {
                        self.task.insert(("logs:PutRetentionPolicy".into(), resource.clone()));
                    }
                }
                if name == "cloudwatch" {
                    self.task.insert(("logs:DescribeLogStreams".into(), resource));
                }
            }
            "kinesis_firehose" | "firehose" => {
                let resource = arns.of(
                    "firehose",
                    region,
                    &format!("deliverystream/{}", option("delivery_stream").unwrap_or("*")),
                );
                self.task.insert(("firehose:PutRecordBatch".into(), resource));
            }
            "kinesis_streams" | "kinesis" => {
                let resource = arns.of("kinesis", region, &format!("stream/{}", option("stream").unwrap_or("*")));
                self.task.insert(("kinesis:PutRecords".into(), resource));
            }
            "s3" => {
                let resource =
                    format!("arn:{}:s3:::{}/*", partition(arns.definition, region), option("bucket").unwrap_or("*"));
                self.task.insert(("s3:PutObject".into(), resource));
            }
            _ => {}
        }
    }

    /// Adds what the router needs for its configuration in S3. The init image reads files with the task role, and the
    /// ECS agent reads a file with the execution role.
    fn add_files(&mut self, router: Container<'_>) {
        let variables = router.member("environment").and_then(Value::as_array).into_iter().flatten();
        let is_file = |variable: &&Value| {
            variable["name"].as_str().is_some_and(|name| name.to_ascii_lowercase().contains("aws_fluent_bit_init_s3"))
        };
        for file in variables.filter(is_file).filter_map(|variable| variable["value"].as_str()) {
            self.task.extend(read(file));
        }
        let options = router.member("firelensConfiguration").and_then(|router| router.get("options"));
        let option = |name: &str| options.and_then(|options| options.get(name)).and_then(Value::as_str);
        if option("config-file-type") == Some("s3")
            && let Some(file) = option("config-file-value")
        {
            self.execution.extend(read(file));
        }
    }

    /// Adds what the ECS agent needs for the secrets of a container.
    fn add_secrets(&mut self, container: Container<'_>, arns: &Arns<'_>) {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let options = container.member("logConfiguration").and_then(|log| log.get("secretOptions"));
        for secret in list(container.member("secrets")).iter().chain(&list(options)) {
            let Some(from) = secret["valueFrom"].as_str() else { continue };
            let parts: Vec<&str> = from.splitn(8, ':').collect();
            self.execution.insert(match parts.as_slice() {
                ["arn", partition, "secretsmanager", region, account, "secret", name, ..] => (
                    "secretsmanager:GetSecretValue".into(),
                    format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"),
                ),
                ["arn", _, "ssm", ..] => ("ssm:GetParameters".into(), from.to_owned()),
                _ if from.starts_with(super::placeholder::REPLACE) => {
                    ("secretsmanager:GetSecretValue".into(), from.to_owned())
                }
                _ => {
                    let name = from.trim_start_matches('/');
                    ("ssm:GetParameters".into(), arns.of("ssm", None, &format!("parameter/{name}")))
                }
            });
        }
    }

    /// Returns the changes of the roles' policies between these needs and `after`.
    pub(super) fn changes(self, after: Self, definition: &TaskDefinition) -> Vec<RoleChange> {
        let role = |member: &str| definition.view()[member].as_str().filter(|role| !role.is_empty()).map(String::from);
        let (task, execution) = (role("taskRoleArn"), role("executionRoleArn"));
        let (before, after) = match is_one_role(definition) {
            true => (self.in_one_role(), after.in_one_role()),
            false => (self, after),
        };
        let change = |role, arn, before: Grants, after: Grants| RoleChange {
            role,
            arn,
            add: statements(after.difference(&before)),
            remove: statements(before.difference(&after)),
        };
        vec![
            change(RoleName::Task, task, before.task, after.task),
            change(RoleName::Execution, execution, before.execution, after.execution),
        ]
    }

    /// Returns the needs of a role that is the task role and the execution role.
    fn in_one_role(self) -> Self {
        Self { task: self.task.into_iter().chain(self.execution).collect(), execution: Grants::new() }
    }
}

/// Whether the task role is also the execution role. A task definition may name a role by its ARN or by its name.
pub(super) fn is_one_role(definition: &TaskDefinition) -> bool {
    let role = |member: &str| definition.view()[member].as_str().filter(|role| !role.is_empty());
    let name = |role: &str| role.rsplit('/').next().unwrap_or_default().to_owned();
    match (role("taskRoleArn"), role("executionRoleArn")) {
        (Some(task), Some(execution)) if task.starts_with("arn:") == execution.starts_with("arn:") => task == execution,
        (Some(task), Some(execution)) => name(task) == name(execution),
        _ => false,
    }
}

fn write(group: &str) -> [(String, String); 2] {
    ["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| (action.to_owned(), group.to_owned()))
}

fn read(file: &str) -> [(String, String); 2] {
    let bucket = file.split('/').next().unwrap_or(file);
    [("s3:GetBucketLocation".into(), bucket.to_owned()), ("s3:GetObject".into(), file.to_owned())]
}

/// Returns the grants as statements. Actions on the same resources share a statement.
fn statements<'g>(grants: impl Iterator<Item = &'g (String, String)>) -> Vec<Statement> {
    let mut actions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (action, resource) in grants {
        actions.entry(resource).or_default().push(action.clone());
    }
    let mut resources: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (resource, actions) in actions {
        resources.entry(actions).or_default().push(resource.to_owned());
    }
    resources.into_iter().map(|(action, resource)| Statement { effect: "Allow", action, resource }).collect()
}

/// The ARNs of resources in the account of the task definition.
struct Arns<'a> {
    surroundings: &'a Surroundings<'a>,
    definition: &'a TaskDefinition,
}

impl Arns<'_> {
    /// Returns the ARN of a log group and its streams.
    fn group(&self, group: &str, region: Option<&str>) -> String {
        self.of("logs", region, &format!("log-group:{group}:*"))
    }

    fn of(&self, service: &str, region: Option<&str>, resource: &str) -> String {
        let region = region.or(self.surroundings.region).unwrap_or("*");
        let (partition, account) = (partition(self.definition, Some(region)), self.account());
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// Returns the account: that of the revision, or that of one of its roles.
    fn account(&self) -> String {
        let of_role = || self.definition.roles().find_map(|role| role.split(':').nth(4).map(String::from));
        let account = self.surroundings.account.map(String::from).or_else(of_role);
        account.filter(|account| !account.is_empty()).unwrap_or_else(|| "*".to_owned())
    }
}

/// Returns the partition of the Region, such as `aws-cn` for the Regions in China, or else that of a role (source: the
/// partitions in the endpoint rules of the AWS SDKs).
pub(super) fn partition<'a>(definition: &'a TaskDefinition, region: Option<&str>) -> &'a str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    let of_role = || definition.roles().find_map(|role| role.strip_prefix("arn:")?.split(':').next());
    let of_region = PARTITIONS.iter().find(|(prefix, _)| region.is_some_and(|region| region.starts_with(prefix)));
    of_region.map(|(_, partition)| *partition).or_else(of_role).unwrap_or("aws")
}
