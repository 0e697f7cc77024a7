//! What each change does to a running task, and what a person does about the results without a change.

use super::{Choices, OPT_IN};
use crate::domain::runbook::RunbookResult;

/// Returns what the change of the rule does to a running task.
pub(super) fn effect(rule: &str) -> &'static str {
    match rule {
        "plaintext-efs" => {
            "mounts the file system through TLS; the security groups must allow port 2049, and a policy of the file system \
             may already demand it"
        }
        "missing-tag" => "adds the tags to the next revision; a running task does not notice them",
        "root-user" => {
            "the processes run as this user, who must own the files that they write, and cannot open ports below 1024"
        }
        "writable-root" => {
            "processes can no longer write to the root file system; mount a volume at each path that they write, such as \
             /tmp; ECS Exec does not work with a read-only root, and many agents do not either"
        }
        "privileged-container" => "the container loses its access to the devices of the host",
        "kept-capabilities" => {
            "the processes lose all capabilities; add back those that they need, for example NET_BIND_SERVICE for a port \
             below 1024"
        }
        "added-capability" => "the processes lose these capabilities; test the container before the deployment",
        "host-pid" => "the containers no longer see the processes of the host, which monitoring agents need",
        "host-ipc" => "the containers no longer share memory with the host",
        super::MISSING_INIT => {
            "an init process becomes the first process; an image with an init process of its own, such as s6-overlay, may \
             refuse to start"
        }
        _ => "review the change before the deployment",
    }
}

/// Returns what a person does about a result that the patch does not change.
pub(super) fn instead(result: &RunbookResult, choices: &Choices) -> String {
    let rule = result.rule;
    if OPT_IN.contains(&rule) && !choices.rules.contains(rule) {
        return format!("`--rule {rule}` adds the change to the patch; {}", effect(rule));
    }
    match rule {
        "root-user" if choices.user.is_none() => {
            format!("`--user UID:GID` adds a user to the patch; {}", effect(rule))
        }
        "missing-tag" if choices.tags.is_empty() => "`--tag KEY=VALUE` adds a tag to the patch".into(),
        "missing-tag" if choices.pascal_tags.is_none() => {
            "write the tags at the resource of the task definition".into()
        }
        "literal-secret" => secret(result),
        "mutable-tag" => {
            "read the digest of the image that you tested (`docker buildx imagetools inspect IMAGE`, or the \
                          imageDigest of a running task), and write IMAGE@sha256:DIGEST in place of the tag"
                .into()
        }
        "host-network" => {
            "set networkMode to awsvpc, and give the service subnets and security groups: a change of the \
                           service and of its ports, which a patch of the task definition cannot make"
                .into()
        }
        "public-address" => {
            "give the subnets of the service a NAT gateway or VPC endpoints first; then set assignPublicIp \
                             to DISABLED in the network configuration of the service"
                .into()
        }
        _ => result.message.clone(),
    }
}

/// Returns the steps that replace a literal value by a reference. A patch would show the value, so there is none.
fn secret(result: &RunbookResult) -> String {
    format!(
        "{}. Steps: 1. create the parameter with your own tool (`aws ssm put-parameter --type SecureString`), and choose a \
         new value, because the old one is in earlier revisions; 2. allow the execution role ssm:GetParameters for it; \
         3. remove the entry from `environment`, and add to `secrets`: {{\"name\": NAME, \"valueFrom\": \
         \"arn:aws:ssm:REGION:ACCOUNT:parameter/FAMILY/NAME\"}}. The patch does not contain this change, because it would \
         show the value",
        result.message
    )
}
