//! The members of a container definition in HCL or JSON, with their names in the ECS API.
//!
//! The provider decodes `container_definitions` with the package encoding/json of Go, which finds a member by its name
//! in any case (source: AWS provider, internal/service/ecs/container_definitions.go, expandContainerDefinitions).

use std::collections::HashMap;

use super::hcl::{Member, Object};

/// The members of a container definition and of the objects in it (source: ECS API reference, ContainerDefinition).
const NAMES: [&str; 84] = [
    "add",
    "appProtocol",
    "capabilities",
    "command",
    "condition",
    "containerName",
    "containerPath",
    "containerPort",
    "containerPortRange",
    "cpu",
    "credentialSpecs",
    "credentialsParameter",
    "dependsOn",
    "devices",
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerLabels",
    "dockerSecurityOptions",
    "drop",
    "enabled",
    "entryPoint",
    "environment",
    "environmentFiles",
    "essential",
    "extraHosts",
    "firelensConfiguration",
    "hardLimit",
    "healthCheck",
    "hostPath",
    "hostPort",
    "hostname",
    "ignoredExitCodes",
    "image",
    "initProcessEnabled",
    "interactive",
    "interval",
    "ipAddress",
    "links",
    "linuxParameters",
    "logConfiguration",
    "logDriver",
    "maxSwap",
    "memory",
    "memoryReservation",
    "mountOptions",
    "mountPoints",
    "name",
    "namespace",
    "options",
    "permissions",
    "portMappings",
    "privileged",
    "protocol",
    "pseudoTerminal",
    "readOnly",
    "readonlyRootFilesystem",
    "repositoryCredentials",
    "resourceRequirements",
    "restartAttemptPeriod",
    "restartPolicy",
    "retries",
    "secretOptions",
    "secrets",
    "sharedMemorySize",
    "size",
    "softLimit",
    "sourceContainer",
    "sourceVolume",
    "startPeriod",
    "startTimeout",
    "stopTimeout",
    "swappiness",
    "systemControls",
    "timeout",
    "tmpfs",
    "type",
    "ulimits",
    "user",
    "value",
    "valueFrom",
    "versionConsistency",
    "volumesFrom",
    "workingDirectory",
];

/// Returns the name in the ECS API of a member with this key. A key that names no member stays as it is.
fn name_of(key: &str) -> &str {
    // Go folds the case of all letters of Unicode: U+017F is an `s`, and U+212A is a `k`.
    let is_name = |name: &&str| {
        name.chars().map(|c| c.to_ascii_lowercase()).eq(key.chars().map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        }))
    };
    NAMES.into_iter().find(is_name).unwrap_or(key)
}

/// Returns the members of the object that have an effect, each with its name in the JSON of the ECS API. `is_map` says
/// that the keys are no names of members.
///
/// The last one of several members with the same key has the effect (source: HCL, hclsyntax/expression.go,
/// ObjectConsExpr). Returns `None` if it is not known which members have an effect: two members have the same name in
/// different spellings, or the same name in JSON, whose objects Go merges.
pub(super) fn effective(object: &Object, is_map: bool) -> Option<Vec<(String, &Member)>> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut members: Vec<(String, &Member)> = Vec::new();
    for member in object.members.iter().rev() {
        let Some(key) = &member.key else { continue };
        let name = if is_map { key } else { name_of(key) };
        match seen.insert(name, key) {
            None => members.push((name.to_owned(), member)),
            Some(other) if other != key || (object.is_json && !is_map) => return None,
            Some(_) => {}
        }
    }
    members.reverse();
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_in_any_case() {
        for (key, name) in [
            ("logConfiguration", "logConfiguration"),
            ("LogConfiguration", "logConfiguration"),
            ("logconfiguration", "logConfiguration"),
            ("LOGDRIVER", "logDriver"),
            ("option\u{17f}", "options"),
            ("log_configuration", "log_configuration"),
            ("Unknown", "Unknown"),
            ("", ""),
        ] {
            assert_eq!(name_of(key), name);
        }
    }
}
