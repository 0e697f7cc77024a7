//! A container with a read-only root file system, in which the agent of ECS Exec does not start. Security Hub (ECS.5) asks
//! for such a file system, so the two demands conflict.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict, called, is_true};
use crate::domain::ecs::task_definition::Container;
use crate::domain::rule_name::RuleName;
use crate::domain::verdict::Decided;
use serde_json::Value;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::ReadOnlyExecRoot,
    summary: "a read-only root file system, which stops the agent of ECS Exec",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    if case.is_windows() {
        return Verdict::default();
    }
    let read_only = case.containers().filter(|container| is_true(*container, "readonlyRootFilesystem"));
    Verdict::faults(read_only.map(|container| {
        let has_folders = FOLDERS.iter().all(|folder| is_writable(container, folder));
        let (effect, decided) = match has_folders {
            true => ("writable volumes may let the agent start, but AWS does not support this", Decided::Unknown),
            false => ("the agent does not start", Decided::Yes),
        };
        let message = format!("{} has ECS Exec and a read-only root file system: {effect}", called(container));
        let advice = "switch off ECS Exec, or readonlyRootFilesystem, which Security Hub asks for (ECS.5)";
        Fault::of(container, "readonlyRootFilesystem", message, advice).decided(decided)
    }))
}

/// The folders in which the agent of ECS Exec writes (source: aws/containers-roadmap#1359).
const FOLDERS: [&str; 3] = ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"];

/// Whether a writable volume is mounted at the folder.
fn is_writable(container: Container<'_>, folder: &str) -> bool {
    let mounts = container.member("mountPoints").and_then(Value::as_array).into_iter().flatten();
    let at = |mount: &Value| mount["containerPath"].as_str().map(|path| path.trim_end_matches('/').to_owned());
    mounts.filter(|mount| mount["readOnly"] != true).any(|mount| at(mount).as_deref() == Some(folder))
}
