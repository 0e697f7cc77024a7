//! What the caller of `logweir runbook` selects: task definitions, clusters and services.

use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::fleet_target::FleetTarget;
use crate::cli::targets::{self, Targets, WalkArgs};

/// The targets of a run.
pub(super) struct Selected {
    /// The files, and the registered revisions that the caller named.
    pub(super) definitions: Targets,
    /// `None` if the caller named only task definitions.
    pub(super) account: Option<Account>,
    /// Whether the run reads the whole account.
    pub(super) is_whole_account: bool,
}

/// The part of the account that a run reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// All clusters, and the newest revision of each family.
    Whole,
    /// These clusters and services, and the revisions that run there.
    Named(Vec<FleetTarget>),
}

impl Selected {
    pub(super) fn parse(arguments: &[String], walk: &WalkArgs) -> Result<Self, Failure> {
        let (mut named, mut others) = (Vec::new(), Vec::new());
        for argument in arguments {
            match workload(argument) {
                Some(workload) => named.push(workload),
                None => others.push(argument.clone()),
            }
        }
        let definitions = targets::read(&others, walk)?;
        let account = match (arguments.is_empty(), named.is_empty()) {
            (true, _) => Some(Account::Whole),
            (false, true) => None,
            (false, false) => Some(Account::Named(named)),
        };
        Ok(Self { definitions, is_whole_account: account == Some(Account::Whole), account })
    }
}

impl Account {
    /// Whether the run reads the service.
    pub(super) fn has_service(&self, cluster: &str, name: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Named(all) => all.iter().any(|named| named.has_service(cluster, name)),
        }
    }

    /// Whether the run reads the tasks of the cluster that no service started.
    pub(super) fn has_tasks(&self, cluster: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Named(all) => all.iter().any(|named| named.has_tasks(cluster)),
        }
    }
}

/// Returns the cluster or service that the argument names. Returns `None` for a task definition: a file or folder that
/// exists, a text that no cluster can have as its name, and the ARN of another resource.
fn workload(argument: &str) -> Option<FleetTarget> {
    if let Some(named) = FleetTarget::of_arn(argument) {
        return Some(named);
    }
    // `-` is standard input.
    if Path::new(argument).exists() || argument.split('/').any(|name| name == "-") {
        return None;
    }
    FleetTarget::of_name(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_a_workload_unless_a_file_or_its_form_says_otherwise() {
        let named = |text: &str| workload(text).map(|named| named.name());
        assert_eq!(named("prod").as_deref(), Some("cluster/prod"));
        assert_eq!(named("prod/web").as_deref(), Some("service/prod/web"));
        assert_eq!(named("arn:aws:ecs:eu-west-1:111122223333:cluster/prod").as_deref(), Some("cluster/prod"));
        assert_eq!(named("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").as_deref(), Some("service/prod/web"));
        let definition = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
        for text in ["-", "", "src", "web.json", "a/b/c", "ecs:web", "ecs:web:1", definition, "../prod"] {
            assert_eq!(named(text), None, "{text}");
        }
    }

    #[test]
    fn a_named_service_selects_neither_its_neighbours_nor_single_tasks() {
        let named = Account::Named(vec![workload("prod").unwrap(), workload("dev/web").unwrap()]);
        assert!(named.has_service("prod", "api") && named.has_tasks("prod"));
        assert!(named.has_service("dev", "web") && !named.has_service("dev", "api") && !named.has_tasks("dev"));
        assert!(Account::Whole.has_service("any", "any") && Account::Whole.has_tasks("any"));
    }
}
