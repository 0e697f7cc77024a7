//! What the roles need for the mode, and what IAM's simulator says of it.

use super::deployment::StackDeployment;
use super::function::{FunctionFacts, FunctionRole};
use super::samples::example;
use super::{Check, Looked, PUT_BACK, names};
use crate::domain::event::Home;

const CHECK: &str = "role";

/// Actions on one resource, as the function would ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub actions: Vec<&'static str>,
    pub resource: String,
    /// Condition keys and their values.
    pub context: Vec<(&'static str, String)>,
}

/// The simulator's verdict on one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub action: &'static str,
    pub resource: String,
    /// `allowed`, `implicitDeny` or `explicitDeny`.
    pub decision: String,
    /// Condition keys that policies ask for and that it was not given.
    pub missing: Vec<String>,
}

/// Names of what exists in the account, so that what is simulated is what would be asked.
struct Names<'n> {
    home: &'n Home,
    deployment: &'n StackDeployment,
}

impl Names<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Home { partition, region, account, .. } = self.home;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn table(&self, below: &str) -> String {
        self.arn("dynamodb", &format!("table/{}{below}", self.deployment.table()))
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
}

/// What a function needs, as far as it could be read which log and whom to tell it was given; `roles` are those that
/// corrected revisions would name.
pub fn needs(
    which: FunctionRole,
    deployment: &StackDeployment,
    home: &Home,
    function: Option<&FunctionFacts>,
    roles: &[String],
) -> Vec<Need> {
    let names = Names { home, deployment };
    let need =
        |actions: &[&'static str], resource: String| Need { actions: actions.to_vec(), resource, context: vec![] };
    let on_all = |actions: &[&'static str]| need(actions, "*".into());
    let mut needs = Vec::new();
    if let Some(group) = function.and_then(|function| function.log_group.as_deref()) {
        let of = |end: &str| names.arn("logs", &format!("log-group:{group}:{end}"));
        needs.push(need(&["logs:CreateLogStream", "logs:PutLogEvents"], of("log-stream:x")));
        if which == FunctionRole::Remediator {
            needs.push(need(&["logs:FilterLogEvents"], of("*")));
        }
    }
    if let Some(topic) = function.and_then(|function| function.variable("LOGWEIR_TOPIC")) {
        needs.push(need(&["sns:Publish"], topic.into()));
    }
    if let Some(bus) = function.and_then(|function| function.variable("LOGWEIR_BUS")) {
        let bus =
            if bus.starts_with("arn:") { bus.to_owned() } else { names.arn("events", &format!("event-bus/{bus}")) };
        let context = vec![("events:source", "logweir".to_owned())];
        needs.push(Need { context, ..need(&["events:PutEvents"], bus) });
    }
    needs.push(need(&["dynamodb:GetItem", "dynamodb:Query"], names.table("")));
    needs.push(need(&["dynamodb:Query"], names.table("/index/by-open")));
    needs.push(on_all(&["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "logs:DescribeLogGroups"]));
    let (acts, leads) = match which {
        FunctionRole::Remediator => (deployment.mode != "observe", deployment.mode == "rollout"),
        FunctionRole::Backout => (true, true),
    };
    if which == FunctionRole::Remediator {
        needs.push(on_all(&["ecs:ListAccountSettings"]));
        needs.push(need(
            &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"],
            deployment.queue_arn(home),
        ));
        needs.push(need(&["logs:DescribeLogStreams"], names.group(":*")));
        if let Some(name) = deployment.baseline.strip_prefix("ssm:") {
            let name = name.trim_start_matches('/');
            needs.push(need(&["ssm:GetParameter"], names.arn("ssm", &format!("parameter/{name}"))));
        }
    }
    if acts {
        needs.push(need(&["dynamodb:PutItem"], names.table("")));
        needs.push(on_all(&["ecs:DeregisterTaskDefinition"]));
        needs.push(need(&["ecs:RegisterTaskDefinition"], names.revision()));
        let context = vec![("ecs:CreateAction", "RegisterTaskDefinition".to_owned())];
        needs.push(Need { context, ..need(&["ecs:TagResource"], names.revision()) });
        needs.extend(passing(deployment, roles));
        match which {
            FunctionRole::Remediator => {
                let context =
                    vec![("aws:RequestTag/managed-by", "logweir".to_owned()), ("aws:TagKeys", "managed-by".into())];
                needs.push(Need { context: context.clone(), ..need(&["logs:CreateLogGroup"], names.group(":*")) });
                needs.push(Need { context, ..need(&["logs:TagResource"], names.group("")) });
                needs.push(need(&["logs:PutRetentionPolicy"], names.group(":*")));
            }
            FunctionRole::Backout => {
                needs.push(need(&["logs:DeleteRetentionPolicy"], names.group(":*")));
                needs.push(on_all(&["ecs:ListClusters"]));
                let cluster = names.arn("ecs", &format!("cluster/{}", example(&deployment.clusters)));
                let context = vec![("ecs:cluster", cluster)];
                needs.push(Need { context, ..on_all(&["ecs:ListServices", "ecs:ListTasks"]) });
                needs.push(need(&["ecs:DescribeTasks"], names.of_cluster("task")));
            }
        }
    }
    if leads {
        needs.push(need(&["ecs:UpdateService", "ecs:DescribeServices"], names.of_cluster("service")));
        let deployments = names.of_cluster("service-deployment") + "/x";
        needs.push(need(&["ecs:DescribeServiceDeployments"], deployments.clone()));
        match which {
            FunctionRole::Backout => needs.push(need(&["ecs:StopServiceDeployment"], deployments)),
            FunctionRole::Remediator => {
                needs.push(need(&["ecs:DescribeServiceRevisions"], names.of_cluster("service-revision") + "/x"));
                needs.push(need(&["ecs:ListServiceDeployments"], names.of_cluster("service")));
                needs.push(need(&["ecr:DescribeImages"], names.arn("ecr", "repository/x")));
            }
        }
    }
    needs
}

/// To pass each of the roles; where none is known, one for each pattern that the stack allows.
fn passing(deployment: &StackDeployment, roles: &[String]) -> Vec<Need> {
    let roles = match roles {
        [] => deployment.task_roles.iter().map(|pattern| pattern.replace(['*', '?'], "x")).collect(),
        roles => roles.to_vec(),
    };
    let context = vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".to_owned())];
    roles
        .into_iter()
        .map(|resource| Need { actions: vec!["iam:PassRole"], resource, context: context.clone() })
        .collect()
}

/// The verdict on one function's role. What the simulator leaves out is said where all is well.
pub fn check(which: FunctionRole, deployment: &StackDeployment, judged: &[Looked<Vec<Judged>>]) -> Vec<Check> {
    let name = which.role(deployment).rsplit('/').next().unwrap_or_default();
    let purpose = match which {
        FunctionRole::Remediator => format!("mode {}", deployment.mode),
        FunctionRole::Backout => "taking back".into(),
    };
    let mut checks = Vec::new();
    for seen in judged {
        let judged = match seen {
            Ok(judged) => judged,
            Err(unseen) if unseen.is_missing => {
                let says = format!("role {} is gone", which.role(deployment));
                return vec![Check::problem(CHECK, says, PUT_BACK)];
            }
            Err(unseen) => {
                checks.push(Check::unknown(CHECK, format!("what {name} may do"), unseen));
                continue;
            }
        };
        checks.extend(judged.iter().filter_map(|judged| verdict(name, &purpose, judged)));
    }
    if checks.is_empty() {
        let beside = "policies of keys, queues and VPC endpoints are not simulated";
        checks.push(Check::ok(CHECK, format!("{name} may do what {purpose} needs; {beside}")));
    }
    checks
}

fn verdict(name: &str, purpose: &str, judged: &Judged) -> Option<Check> {
    let Judged { action, resource, decision, missing } = judged;
    match (decision.as_str(), missing.is_empty()) {
        ("allowed", _) => None,
        ("explicitDeny", _) => {
            let says = format!("{name} is denied {action} on {resource}");
            Some(Check::problem(
                CHECK,
                says,
                "look for the Deny: in its permissions boundary, or a policy of the organisation",
            ))
        }
        (_, false) => {
            let says = format!("{action} on {resource} depends on {}", names(missing.iter().map(String::as_str)));
            Some(Check::untold(CHECK, says, format!("compare the condition with how {name} asks for it")))
        }
        _ => {
            let says = format!("{name} may not {action} on {resource}, which {purpose} needs");
            let help = match *action {
                "iam:PassRole" => "widen ExecutionRoles or TaskRoles of the stack to this role".to_owned(),
                _ => format!(
                    "where it is a permissions boundary, widen that; else somebody has changed the role: {PUT_BACK}"
                ),
            };
            Some(Check::problem(CHECK, says, help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::deployment::tests::deployment;
    use super::*;

    fn actions(which: FunctionRole, mode: &str, function: Option<&FunctionFacts>) -> Vec<&'static str> {
        let deployment = StackDeployment { mode: mode.into(), ..deployment() };
        let home = deployment.home("111122223333", "eu-west-1");
        needs(which, &deployment, &home, function, &[]).into_iter().flat_map(|need| need.actions).collect()
    }

    #[test]
    fn who_only_observes_needs_nothing_that_writes_but_its_log_and_its_queue() {
        let reading = ["Describe", "List", "Get", "Query", "BatchGet", "Filter", "ReceiveMessage"];
        let writes = |action: &&str| !reading.iter().any(|word| action.split(':').nth(1).unwrap().starts_with(word));
        let writing: Vec<&str> =
            actions(FunctionRole::Remediator, "observe", None).into_iter().filter(writes).collect();
        assert_eq!(writing, ["sqs:DeleteMessage", "sqs:SendMessage"]);
    }

    #[test]
    fn whom_a_function_tells_it_must_be_allowed_to_tell() {
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
            let told = |actions: Vec<&str>| ["sns:Publish", "events:PutEvents"].map(|action| actions.contains(&action));
            assert_eq!(told(actions(which, "observe", None)), [false; 2]);
            assert_eq!(told(actions(which, "observe", Some(&function))), [true; 2]);
        }
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
