//! Whether the roles of a task allow what the planned task definition needs, according to IAM's policy simulator.

use crate::aws::Aws;
use crate::domain::doctor::role::{Judged, Need};
use crate::domain::event::Home;
use crate::domain::firelens::migration::{RoleChange, RoleName};
use crate::domain::text::names;

/// The answers of the policy simulator about all rights that the plan adds.
#[derive(Default)]
pub(super) struct Rights {
    /// The rights that a role does not have, each in words.
    pub(super) denied: Vec<String>,
    /// Why the simulator gave no answer about a right, each in words.
    pub(super) unknown: Vec<String>,
}

impl Rights {
    /// Asks the policy simulator about each right that the plan adds to a role.
    pub(super) async fn of(aws: &Aws, home: &Home, changes: &[RoleChange]) -> Self {
        let mut rights = Self::default();
        for change in changes.iter().filter(|change| !change.add.is_empty()) {
            rights.add(aws, home, change).await;
        }
        rights
    }

    async fn add(&mut self, aws: &Aws, home: &Home, change: &RoleChange) {
        let name = match change.role {
            RoleName::Task => "the task role",
            RoleName::Execution => "the execution role",
        };
        let Some(role) = &change.arn else {
            self.denied.push(format!("the task definition names no role as {name}"));
            return;
        };
        for need in needs(change) {
            match aws.simulate(&arn(role, home), &need).await {
                Ok(judged) => judged.iter().for_each(|judged| self.judge(name, role, judged)),
                Err(error) => {
                    self.unknown.push(format!("the rights of {name} {role} could not be simulated: {error}"));
                    // The next call would fail as well.
                    return;
                }
            }
        }
    }

    fn judge(&mut self, name: &str, role: &str, judged: &Judged) {
        let Judged { action, resource, decision, missing } = judged;
        match (decision.as_str(), missing.is_empty()) {
            ("allowed", _) => {}
            ("implicitDeny", false) => {
                let keys = names(missing.iter().map(String::as_str));
                self.unknown.push(format!(
                    "whether {name} {role} allows {action} on {resource} depends on the condition key {keys}"
                ));
            }
            _ => self.denied.push(format!("{name} {role} does not allow {action} on {resource}")),
        }
    }
}

/// Returns the rights that the plan adds to a role, one for each resource.
fn needs(change: &RoleChange) -> impl Iterator<Item = Need> {
    change.add.iter().flat_map(|statement| {
        let actions: Vec<_> = statement.action.iter().map(|action| action.clone().into()).collect();
        statement.resource.iter().map(move |resource| Need {
            actions: actions.clone(),
            resource: resource.clone(),
            context: Vec::new(),
        })
    })
}

/// Returns the ARN of a role. A task definition may also name a role without its path (source: ECS API reference,
/// RegisterTaskDefinition).
fn arn(role: &str, home: &Home) -> String {
    match role.starts_with("arn:") {
        true => role.to_owned(),
        false => format!("arn:{}:iam::{}:role/{role}", home.partition, home.account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firelens::migration::Statement;

    fn judged(decision: &str, missing: &[&str]) -> Rights {
        let mut rights = Rights::default();
        let missing = missing.iter().map(ToString::to_string).collect();
        let (action, resource) = ("logs:PutLogEvents".into(), "arn:aws:logs:eu-west-1:1:log-group:/ecs/web:*".into());
        rights.judge("the task role", "web", &Judged { action, resource, decision: decision.into(), missing });
        rights
    }

    #[test]
    fn only_an_allowed_right_is_no_obstacle_and_a_missing_condition_key_gives_no_answer() {
        let of = |rights: Rights| (rights.denied.len(), rights.unknown.len());
        assert_eq!(of(judged("allowed", &[])), (0, 0));
        assert_eq!(of(judged("implicitDeny", &[])), (1, 0));
        assert_eq!(of(judged("implicitDeny", &["aws:SourceVpce"])), (0, 1));
        assert_eq!(of(judged("explicitDeny", &["aws:SourceVpce"])), (1, 0));
        assert_eq!(of(judged("somethingNew", &[])), (1, 0));
    }

    #[test]
    fn each_resource_is_asked_about_with_all_its_actions_and_a_short_name_becomes_an_arn() {
        let statement = Statement {
            effect: "Allow",
            action: vec!["logs:CreateLogStream".into(), "logs:PutLogEvents".into()],
            resource: vec!["a".into(), "b".into()],
        };
        let change = RoleChange { role: RoleName::Task, arn: Some("web".into()), add: vec![statement], remove: vec![] };
        let needs: Vec<Need> = needs(&change).collect();
        assert_eq!(needs.iter().map(|need| need.resource.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(needs.iter().all(|need| need.actions.len() == 2));
        let home = Home { partition: "aws-cn".into(), account: "111122223333".into(), ..Home::default() };
        assert_eq!(arn("web", &home), "arn:aws-cn:iam::111122223333:role/web");
        assert_eq!(arn("arn:aws:iam::1:role/ecs/web", &home), "arn:aws:iam::1:role/ecs/web");
    }
}
