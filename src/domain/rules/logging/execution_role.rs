//! The launch types on which awslogs needs the task's execution role. On EC2, awslogs can use the role of the instance.

use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};

/// A launch type on which awslogs needs an execution role (source: Amazon ECS developer guide, Amazon ECS task
/// execution IAM role; Amazon ECS Anywhere IAM role).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NeedsRole {
    Fargate,
    ManagedInstances,
    External,
}

impl NeedsRole {
    const ALL: [(Self, &str); 3] =
        [(Self::Fargate, "FARGATE"), (Self::ManagedInstances, "MANAGED_INSTANCES"), (Self::External, "EXTERNAL")];

    /// Returns the place where the tasks run, for messages.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Fargate => "Fargate",
            Self::ManagedInstances => "ECS Managed Instances",
            Self::External => "external instances (ECS Anywhere)",
        }
    }

    /// Returns what happens to awslogs without an execution role.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::Fargate => "ECS refuses the task definition",
            Self::ManagedInstances | Self::External => "no log line reaches CloudWatch Logs",
        }
    }

    /// Returns why Logweir does not give awslogs to a container of a task without an execution role.
    pub(super) fn objection(self) -> &'static str {
        match self {
            Self::Fargate => "the task has no executionRoleArn, and without it ECS refuses awslogs on Fargate",
            Self::ManagedInstances => {
                "the task has no executionRoleArn, and without it awslogs delivers no logs on ECS Managed Instances"
            }
            Self::External => {
                "the task has no executionRoleArn, and without it awslogs delivers no logs on external instances (ECS \
                 Anywhere)"
            }
        }
    }
}

impl Case<'_> {
    /// Returns the first launch type that the task definition requires and on which awslogs needs an execution role.
    /// Returns `None` if there is no such launch type, or if the task definition has an execution role.
    pub(super) fn lacks_execution_role(&self) -> Option<NeedsRole> {
        let definition = self.seen.definition;
        if definition.has_execution_role() {
            return None;
        }
        NeedsRole::ALL.into_iter().find(|(_, launch_type)| definition.requires(launch_type)).map(|(needs, _)| needs)
    }

    /// Returns the launch type that keeps Logweir from giving awslogs to a container. If the task definition is in a
    /// file and an exemption covers the missing role, a deploy tool adds the role, and Logweir may add awslogs.
    pub(super) fn forbids_awslogs(&self) -> Option<NeedsRole> {
        self.lacks_execution_role().filter(|_| self.seen.is_live() || !self.is_exempt(RuleName::MissingExecutionRole))
    }
}

impl Subject<'_, '_> {
    /// Returns why Logweir does not change a container that logs through awslogs without the execution role that it
    /// needs. On these launch types, the container does not start in mode `blocking`, but starts and loses its logs in
    /// mode `non-blocking`. On Fargate, ECS refuses the task definition in either mode.
    pub(super) fn lacks_role_for_awslogs(&self) -> Option<&'static str> {
        self.awslogs()?;
        match self.case.forbids_awslogs()? {
            NeedsRole::Fargate => None,
            NeedsRole::ManagedInstances | NeedsRole::External => Some(
                "set executionRoleArn first; without it, a change of the mode could hide that no log line reaches \
                 CloudWatch Logs",
            ),
        }
    }

    /// Whether Logweir would give this container awslogs if the task had an execution role.
    pub fn waits_for_role(&self) -> bool {
        self.is_asked_to_use_awslogs() && self.case.forbids_awslogs().is_some()
    }
}
