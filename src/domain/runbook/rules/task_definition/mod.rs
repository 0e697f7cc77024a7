//! The rules that a task definition alone decides.

mod absent_task_role;
mod added_capability;
mod disabled_version_consistency;
mod foreign_registry;
mod host_ipc;
mod host_mount;
mod host_network;
mod host_pid;
mod instance_launch_type;
mod kept_capabilities;
mod literal_secret;
mod malformed_secret_reference;
mod missing_cpu_share;
mod missing_log_driver;
mod missing_memory_limit;
mod missing_restart_policy;
mod missing_tag;
mod mutable_tag;
mod plaintext_efs;
mod privileged_container;
mod retired_service;
mod retired_xray_daemon;
mod root_user;
mod secret_without_execution_role;
mod shared_task_role;
mod special_permission_file;
mod windows_administrator;
mod writable_root;

pub use self::root_user::is_root;
use super::{Checked, R};
use crate::domain::ecs::task_definition::Container;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};

/// A rule of a requirement.
struct Rule {
    requirement: R,
    name: &'static str,
    check: fn(&Subject<'_>) -> Checked,
}

const fn rule(requirement: R, name: &'static str, check: fn(&Subject<'_>) -> Checked) -> Rule {
    Rule { requirement, name, check }
}

/// The rules that a task definition alone decides.
static RULES: [Rule; 31] = [
    rule(R::LeastPrivilege, absent_task_role::NAME, absent_task_role::check),
    rule(R::LeastPrivilege, shared_task_role::NAME, shared_task_role::check),
    rule(R::EcrImages, foreign_registry::NAME, foreign_registry::check),
    rule(R::EcrImages, mutable_tag::NAME, mutable_tag::check),
    rule(R::ParameterStore, literal_secret::NAME, literal_secret::in_parameter_store),
    rule(R::ParameterStore, malformed_secret_reference::NAME, malformed_secret_reference::in_parameter_store),
    rule(R::ParameterStore, secret_without_execution_role::NAME, secret_without_execution_role::in_parameter_store),
    rule(R::SecretsManager, literal_secret::NAME, literal_secret::in_secrets_manager),
    rule(R::SecretsManager, malformed_secret_reference::NAME, malformed_secret_reference::in_secrets_manager),
    rule(R::SecretsManager, secret_without_execution_role::NAME, secret_without_execution_role::in_secrets_manager),
    rule(R::LogDriver, missing_log_driver::NAME, missing_log_driver::check),
    rule(R::SpecialPermissions, kept_capabilities::NAME, kept_capabilities::check),
    rule(R::SpecialPermissions, special_permission_file::NAME, special_permission_file::check),
    rule(R::NonRootUser, root_user::NAME, root_user::check),
    rule(R::NonRootUser, windows_administrator::NAME, windows_administrator::check),
    rule(R::ReadOnlyRoot, writable_root::NAME, writable_root::check),
    rule(R::Tls, plaintext_efs::NAME, plaintext_efs::check),
    rule(R::Fargate, instance_launch_type::NAME, instance_launch_type::check),
    rule(R::Events, retired_xray_daemon::NAME, retired_xray_daemon::check),
    rule(R::Tags, missing_tag::NAME, missing_tag::check),
    rule(R::Limits, missing_cpu_share::NAME, missing_cpu_share::check),
    rule(R::Limits, missing_memory_limit::NAME, missing_memory_limit::check),
    rule(R::HostNamespaces, host_ipc::NAME, host_ipc::check),
    rule(R::HostNamespaces, host_network::NAME, host_network::check),
    rule(R::HostNamespaces, host_pid::NAME, host_pid::check),
    rule(R::Privileged, privileged_container::NAME, privileged_container::check),
    rule(R::Capabilities, added_capability::NAME, added_capability::check),
    rule(R::HostMounts, host_mount::NAME, host_mount::check),
    rule(R::RetiredServices, retired_service::NAME, retired_service::check),
    rule(R::Consistency, disabled_version_consistency::NAME, disabled_version_consistency::check),
    rule(R::Consistency, missing_restart_policy::NAME, missing_restart_policy::check),
];

/// Returns the name of every rule with its requirement.
pub(super) fn names() -> impl Iterator<Item = (R, &'static str)> {
    RULES.iter().map(|rule| (rule.requirement, rule.name))
}

/// Returns the results of all rules about a task definition.
pub(super) fn results(subject: &Subject<'_>) -> Vec<(R, RunbookResult)> {
    let of_rule = |rule: &'static Rule| {
        let results = (rule.check)(subject);
        results.into_iter().map(|result| (rule.requirement, result)).collect::<Vec<_>>()
    };
    RULES.iter().flat_map(of_rule).collect()
}

/// Returns the result of a rule for each container. A container that is known only after the deployment is undecidable.
fn each_container(
    subject: &Subject<'_>,
    name: &'static str,
    member: &str,
    judge: impl Fn(Container<'_>) -> (Verdict, String),
) -> Checked {
    let judged = |container: Container<'_>| {
        let (verdict, message) = if container.is_variable() {
            (Verdict::Undecidable, "the container is known only after the deployment".to_owned())
        } else {
            judge(container)
        };
        subject.about_container(name, container, member, verdict, &message)
    };
    subject.definition.containers().map(judged).collect()
}

/// Returns the result of a rule about a mode of the task that must not be `host`.
fn host_mode(subject: &Subject<'_>, name: &'static str, member: &str, fault: &str) -> Checked {
    let (verdict, message) = match subject.member(member) {
        Member::Unknown => (Verdict::Undecidable, "the mode is known only after the deployment"),
        Member::Known(mode) if mode.as_str().is_some_and(|mode| mode.eq_ignore_ascii_case("host")) => {
            (Verdict::Fail, fault)
        }
        Member::Absent | Member::Known(_) => (Verdict::Pass, "the task has a mode of its own"),
    };
    vec![subject.about(name, &format!("/{member}"), verdict, message)]
}
