//! The permissions that the stack's functions need, as actions on resources. `infra/policies/operations.toml` says
//! which of the two functions' roles needs an action.

use std::borrow::Cow;

use super::deployment::StackDeployment;
use super::function::{FunctionFacts, FunctionRole};
use super::permissions;
use super::samples::example;
use crate::domain::event::Home;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::Mode;

/// The actions that a role needs on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub actions: Vec<Cow<'static, str>>,
    pub resource: String,
    /// The condition keys of the request, with their values.
    pub context: Context,
}

/// The kind of resource on which a function needs an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourceKind {
    /// All resources, because IAM defines no resource type for the action.
    All,
    /// All resources in one cluster.
    OfCluster,
    OwnLogStream,
    OwnLog,
    Topic,
    Bus,
    Journal,
    OpenRecords,
    Queue,
    Baseline,
    Revision,
    /// The tags that a registration sets on a revision.
    RevisionTags,
    /// The roles in the task definitions of corrected revisions.
    PassedRole,
    LogGroup,
    /// A new log group.
    NewLogGroup,
    /// The tag that Logweir sets when it creates a log group.
    NewLogGroupTags,
    Service,
    Task,
    ServiceDeployment,
    ServiceRevision,
    Repository,
    /// The sessions of ECS Exec, for which IAM has no resource type.
    Sessions,
    /// A cluster that the function reads, unless `Exec` is off and `ExecSessions` is off.
    Cluster,
    /// A cluster that the function may change, if `Exec` is `correct`.
    ConfiguredCluster,
    TaskOfSession,
    /// The log group of a transcript.
    Transcript,
}

/// Every action of the two functions, with the kind of its resource and the least permissive mode in which the
/// remediator needs the action. The backout function has no mode and always needs all of its actions.
const ASKED: &[(Mode, ResourceKind, &[&str])] = &[
    (Mode::Observe, ResourceKind::OwnLogStream, &["logs:CreateLogStream", "logs:PutLogEvents"]),
    (Mode::Observe, ResourceKind::OwnLog, &["logs:FilterLogEvents"]),
    (Mode::Observe, ResourceKind::Topic, &["sns:Publish"]),
    (Mode::Observe, ResourceKind::Bus, &["events:PutEvents"]),
    (Mode::Observe, ResourceKind::Journal, &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]),
    (Mode::Observe, ResourceKind::OpenRecords, &["dynamodb:Query"]),
    (
        Mode::Observe,
        ResourceKind::All,
        &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "logs:DescribeLogGroups"],
    ),
    (Mode::Observe, ResourceKind::All, &["ecs:ListAccountSettings", "ecs:ListTaskDefinitionFamilies"]),
    (
        Mode::Observe,
        ResourceKind::Queue,
        &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"],
    ),
    (Mode::Observe, ResourceKind::LogGroup, &["logs:DescribeLogStreams"]),
    (Mode::Observe, ResourceKind::Baseline, &["ssm:GetParameter"]),
    (Mode::Observe, ResourceKind::Sessions, &["ssm:DescribeSessions"]),
    (Mode::Observe, ResourceKind::Cluster, &["ecs:DescribeClusters"]),
    (Mode::Observe, ResourceKind::ConfiguredCluster, &["ecs:UpdateCluster"]),
    (Mode::Observe, ResourceKind::TaskOfSession, &["ecs:DescribeTasks"]),
    (Mode::Observe, ResourceKind::Transcript, &["logs:DescribeLogStreams"]),
    (Mode::Register, ResourceKind::All, &["ecs:DeregisterTaskDefinition"]),
    (Mode::Register, ResourceKind::Revision, &["ecs:RegisterTaskDefinition"]),
    (Mode::Register, ResourceKind::RevisionTags, &["ecs:TagResource"]),
    (Mode::Register, ResourceKind::PassedRole, &["iam:PassRole"]),
    (Mode::Register, ResourceKind::NewLogGroup, &["logs:CreateLogGroup"]),
    (Mode::Register, ResourceKind::NewLogGroupTags, &["logs:TagResource"]),
    (Mode::Register, ResourceKind::LogGroup, &["logs:PutRetentionPolicy"]),
    (Mode::Register, ResourceKind::LogGroup, &["logs:DeleteRetentionPolicy"]),
    (Mode::Register, ResourceKind::All, &["ecs:ListClusters"]),
    (Mode::Register, ResourceKind::OfCluster, &["ecs:ListServices", "ecs:ListTasks"]),
    (Mode::Register, ResourceKind::Task, &["ecs:DescribeTasks"]),
    (Mode::Rollout, ResourceKind::Service, &["ecs:UpdateService", "ecs:DescribeServices"]),
    (Mode::Rollout, ResourceKind::ServiceDeployment, &["ecs:DescribeServiceDeployments"]),
    (Mode::Rollout, ResourceKind::ServiceDeployment, &["ecs:StopServiceDeployment"]),
    (Mode::Rollout, ResourceKind::ServiceRevision, &["ecs:DescribeServiceRevisions"]),
    (Mode::Rollout, ResourceKind::Service, &["ecs:ListServiceDeployments"]),
    (Mode::Rollout, ResourceKind::Repository, &["ecr:DescribeImages"]),
];

/// The condition keys of a function's request, with their values.
type Context = Vec<(&'static str, String)>;

/// Builds the ARNs of the account's resources, so that IAM's policy simulator gets the same ARNs as the functions'
/// calls contain.
struct Names<'n> {
    home: &'n Home,
    deployment: &'n StackDeployment,
    function: Option<&'n FunctionFacts>,
    roles: &'n [String],
}

impl Names<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Home { partition, region, account, .. } = self.home;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn table(&self, below: &str) -> String {
        self.arn("dynamodb", &format!("table/{}{below}", self.deployment.table()))
    }

    fn own_log(&self, end: &str) -> Option<String> {
        let group = self.function?.log_group.as_deref()?;
        Some(self.arn("logs", &format!("log-group:{group}:{end}")))
    }

    fn group(&self, end: &str) -> String {
        self.arn("logs", &format!("log-group:{}{end}", example(&self.deployment.log_groups)))
    }

    fn revision(&self) -> String {
        self.arn("ecs", &format!("task-definition/{}:1", example(&self.deployment.families)))
    }

    fn of_cluster(&self, kind: &str) -> String {
        self.arn("ecs", &format!("{kind}/{}/x", example(&self.deployment.clusters)))
    }

    /// Whether the function's mode for clusters is one of `modes`.
    fn has_exec_mode(&self, modes: &[ExecMode]) -> bool {
        let mode = self.function.and_then(|function| function.variable("LOGWEIR_EXEC")?.parse().ok());
        mode.is_some_and(|mode| modes.contains(&mode))
    }

    fn cluster(&self) -> String {
        self.arn("ecs", &format!("cluster/{}", example(&self.deployment.clusters)))
    }

    fn bus(&self) -> Option<String> {
        let bus = self.function?.variable("LOGWEIR_BUS")?;
        Some(if bus.starts_with("arn:") { bus.to_owned() } else { self.arn("events", &format!("event-bus/{bus}")) })
    }

    fn baseline(&self) -> Option<String> {
        let name = self.deployment.baseline.strip_prefix("ssm:")?.trim_start_matches('/');
        Some(self.arn("ssm", &format!("parameter/{name}")))
    }

    /// Returns the roles that corrected revisions pass to ECS. If no such role is known, returns one sample role for
    /// each pattern that the stack allows.
    fn passed_roles(&self) -> Vec<String> {
        match self.roles {
            [] => {
                let patterns = self.deployment.passable_roles(self.home).into_iter();
                patterns.map(|pattern| pattern.replace(['*', '?'], "x")).collect()
            }
            roles => roles.to_vec(),
        }
    }

    /// Returns the ARNs of the resources of this kind. Returns an empty list if the function uses no such resource, or
    /// if `doctor` could not read the function.
    fn resources(&self, kind: ResourceKind) -> Vec<String> {
        let is_of_session =
            matches!(kind, ResourceKind::Sessions | ResourceKind::TaskOfSession | ResourceKind::Transcript);
        if is_of_session && !self.deployment.watches_sessions() {
            return Vec::new();
        }
        let one = match kind {
            ResourceKind::All | ResourceKind::OfCluster | ResourceKind::Sessions => "*".into(),
            ResourceKind::Transcript => self.arn("logs", "log-group:x:*"),
            ResourceKind::Journal => self.table(""),
            ResourceKind::OpenRecords => self.table("/index/by-open"),
            ResourceKind::Queue => self.deployment.queue_arn(self.home),
            ResourceKind::Revision | ResourceKind::RevisionTags => self.revision(),
            ResourceKind::LogGroup | ResourceKind::NewLogGroup => self.group(":*"),
            ResourceKind::NewLogGroupTags => self.group(""),
            ResourceKind::Service => self.of_cluster("service"),
            ResourceKind::Task | ResourceKind::TaskOfSession => self.of_cluster("task"),
            ResourceKind::ServiceDeployment => self.of_cluster("service-deployment") + "/x",
            ResourceKind::ServiceRevision => self.of_cluster("service-revision") + "/x",
            ResourceKind::Repository => self.arn("ecr", "repository/x"),
            ResourceKind::OwnLogStream => return self.own_log("log-stream:x").into_iter().collect(),
            ResourceKind::OwnLog => return self.own_log("*").into_iter().collect(),
            ResourceKind::Topic => {
                let topic = self.function.and_then(|function| function.variable("LOGWEIR_TOPIC"));
                return topic.map(String::from).into_iter().collect();
            }
            ResourceKind::Bus => return self.bus().into_iter().collect(),
            ResourceKind::Cluster => {
                let is_read =
                    self.deployment.watches_sessions() || self.has_exec_mode(&[ExecMode::Observe, ExecMode::Correct]);
                return is_read.then(|| self.cluster()).into_iter().collect();
            }
            ResourceKind::ConfiguredCluster => {
                return self.has_exec_mode(&[ExecMode::Correct]).then(|| self.cluster()).into_iter().collect();
            }
            ResourceKind::Baseline => return self.baseline().into_iter().collect(),
            ResourceKind::PassedRole => return self.passed_roles(),
        };
        vec![one]
    }

    /// Returns the condition keys of the function's requests for resources of this kind.
    fn context(&self, kind: ResourceKind) -> Context {
        match kind {
            ResourceKind::OfCluster => {
                let cluster = format!("cluster/{}", example(&self.deployment.clusters));
                vec![("ecs:cluster", self.arn("ecs", &cluster))]
            }
            ResourceKind::Bus => vec![("events:source", "logweir".into())],
            ResourceKind::RevisionTags => vec![("ecs:CreateAction", "RegisterTaskDefinition".into())],
            ResourceKind::PassedRole => vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".into())],
            ResourceKind::NewLogGroup | ResourceKind::NewLogGroupTags => {
                vec![("aws:RequestTag/managed-by", "logweir".into()), ("aws:TagKeys", "managed-by".into())]
            }
            ResourceKind::All
            | ResourceKind::OwnLogStream
            | ResourceKind::OwnLog
            | ResourceKind::Topic
            | ResourceKind::Journal
            | ResourceKind::OpenRecords
            | ResourceKind::Queue
            | ResourceKind::Baseline
            | ResourceKind::Revision
            | ResourceKind::LogGroup
            | ResourceKind::Service
            | ResourceKind::Task
            | ResourceKind::ServiceDeployment
            | ResourceKind::ServiceRevision
            | ResourceKind::Repository
            | ResourceKind::Sessions
            | ResourceKind::Cluster
            | ResourceKind::ConfiguredCluster
            | ResourceKind::TaskOfSession
            | ResourceKind::Transcript => Vec::new(),
        }
    }
}

/// Returns the permissions that a function needs. If `function` is `None`, the result leaves out the permissions on the
/// function's log group, topic and event bus. `roles` are the roles that corrected revisions would name.
pub fn needs(
    which: FunctionRole,
    deployment: &StackDeployment,
    home: &Home,
    function: Option<&FunctionFacts>,
    roles: &[String],
) -> Vec<Need> {
    let names = Names { home, deployment, function, roles };
    let permissions = permissions::of(which, deployment.watches_sessions());
    let mode = match which {
        FunctionRole::Remediator => deployment.mode.parse().unwrap_or(Mode::Register),
        FunctionRole::Backout => Mode::Rollout,
    };
    let mut needs = Vec::new();
    for (_, kind, actions) in ASKED.iter().filter(|(from, ..)| *from <= mode) {
        let actions = actions.iter().copied().filter(|action| permissions.contains(*action));
        let actions: Vec<Cow<'static, str>> = actions.map(Cow::Borrowed).collect();
        if actions.is_empty() {
            continue;
        }
        let resources = names.resources(*kind).into_iter();
        needs.extend(resources.map(|resource| {
            let (actions, context) = (actions.clone(), names.context(*kind));
            Need { actions, resource, context }
        }));
    }
    needs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::deployment::tests::deployment;
    use super::*;

    #[test]
    fn what_the_roles_may_is_what_is_asked_for_and_nothing_else() {
        let permissions = [FunctionRole::Remediator, FunctionRole::Backout].map(|role| permissions::of(role, true));
        let permissions: BTreeSet<&str> = permissions.iter().flatten().map(String::as_str).collect();
        let asked: BTreeSet<&str> = ASKED.iter().flat_map(|(_, _, actions)| actions.iter().copied()).collect();
        assert_eq!(permissions, asked);
    }

    fn actions(which: FunctionRole, mode: &str, function: Option<&FunctionFacts>) -> Vec<Cow<'static, str>> {
        let deployment = StackDeployment { mode: mode.into(), ..deployment() };
        let home = deployment.home("111122223333", "eu-west-1");
        needs(which, &deployment, &home, function, &[]).into_iter().flat_map(|need| need.actions).collect()
    }

    #[test]
    fn who_only_observes_needs_nothing_that_writes_but_its_log_its_journal_and_its_queue() {
        let reading = ["Describe", "List", "Get", "Query", "BatchGet", "Filter", "ReceiveMessage"];
        let writes = |action: &Cow<'static, str>| {
            !reading.iter().any(|word| action.split(':').nth(1).unwrap().starts_with(word))
        };
        let writing: Vec<Cow<'static, str>> =
            actions(FunctionRole::Remediator, "observe", None).into_iter().filter(writes).collect();
        assert_eq!(writing, ["dynamodb:PutItem", "sqs:DeleteMessage", "sqs:SendMessage"]);
    }

    #[test]
    fn only_a_stack_that_watches_sessions_needs_the_permissions_for_them() {
        for (sessions, expected) in [("", false), ("false", false), ("true", true)] {
            let deployment = StackDeployment { mode: "observe".into(), sessions: sessions.into(), ..deployment() };
            let home = deployment.home("111122223333", "eu-west-1");
            let needs = needs(FunctionRole::Remediator, &deployment, &home, None, &[]);
            let needed = |action: &str| needs.iter().any(|need| need.actions.contains(&action.into()));
            for action in ["ssm:DescribeSessions", "ecs:DescribeClusters", "ecs:DescribeTasks"] {
                assert_eq!(needed(action), expected, "{action} {sessions}");
            }
        }
    }

    #[test]
    fn a_function_needs_permission_for_each_channel() {
        let variables = [("LOGWEIR_TOPIC", "arn:aws:sns:eu-west-1:1:t"), ("LOGWEIR_BUS", "platform")];
        let function = FunctionFacts {
            role: String::new(),
            state: None,
            last_update: None,
            last_modified: None,
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            log_group: None,
        };
        for which in [FunctionRole::Remediator, FunctionRole::Backout] {
            let report = |actions: Vec<Cow<'static, str>>| {
                ["sns:Publish", "events:PutEvents"].map(|action| actions.contains(&action.into()))
            };
            assert_eq!(report(actions(which, "observe", None)), [false; 2]);
            assert_eq!(report(actions(which, "observe", Some(&function))), [true; 2]);
        }
    }

    #[test]
    fn clusters_are_asked_about_only_with_the_parameter() {
        let asked = |exec: &str| {
            let function = FunctionFacts {
                role: String::new(),
                state: None,
                last_update: None,
                last_modified: None,
                variables: [("LOGWEIR_EXEC".to_owned(), exec.to_owned())].into(),
                log_group: None,
            };
            let all = actions(FunctionRole::Remediator, "observe", Some(&function));
            ["ecs:DescribeClusters", "ecs:UpdateCluster"].map(|action| all.contains(&action.into()))
        };
        assert_eq!((asked("off"), asked("observe"), asked("correct")), ([false; 2], [true, false], [true; 2]));
    }

    #[test]
    fn a_role_that_would_be_passed_is_asked_about_by_its_name_and_else_one_of_each_pattern() {
        let deployment = StackDeployment { mode: "register".into(), ..deployment() };
        let home = deployment.home("111122223333", "eu-west-1");
        let passed = |roles: &[String]| -> Vec<String> {
            let needs = needs(FunctionRole::Remediator, &deployment, &home, None, roles);
            needs.into_iter().filter(|need| need.actions == ["iam:PassRole"]).map(|need| need.resource).collect()
        };
        assert_eq!(passed(&["arn:aws:iam::111122223333:role/web".into()]), ["arn:aws:iam::111122223333:role/web"]);
        assert_eq!(passed(&[]), ["arn:aws:iam::111122223333:role/e", "arn:aws:iam::111122223333:role/ecs/x"]);
    }
}
