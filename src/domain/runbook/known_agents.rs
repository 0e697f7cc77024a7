//! The agents that cannot comply with a rule. A baseline exempts them with `exempt-known-agents = true`.

use super::verdict::{Exempt, RunbookResult};
use crate::domain::ecs::image_name::ImageName;

/// An agent with the rules that it cannot comply with.
struct KnownAgent {
    name: &'static str,
    /// The repositories of its images, without a registry. A copy in another registry, or below another path, counts.
    repositories: &'static [&'static str],
    rules: &'static [&'static str],
    /// Why the agent cannot comply, with the source.
    why: &'static str,
}

/// The X-Ray daemon and the AWS Distro for OpenTelemetry are not in the list. Their images start without root and with
/// a read-only root file system (source: their Dockerfiles).
const AGENTS: [KnownAgent; 4] = [
    KnownAgent {
        name: "Datadog Agent",
        repositories: &["datadog/agent", "datadoghq/agent"],
        rules: &["writable-root", "root-user"],
        why: "the agent writes its configuration at its start, and reads the host as root (source: Datadog documentation, \
              Running the Datadog Agent with a Read-Only Root Filesystem)",
    },
    KnownAgent {
        name: "FireLens router",
        repositories: &["aws-for-fluent-bit", "fluent/fluent-bit", "fluent/fluentd"],
        rules: &["writable-root", "root-user"],
        why: "the router creates its socket as root, and its init process writes below /init (sources: \
              aws/containers-roadmap#2122, aws/aws-for-fluent-bit#928)",
    },
    KnownAgent {
        name: "SSM Agent",
        repositories: &["amazon-ssm-agent"],
        rules: &["writable-root", "root-user"],
        why: "the agent runs as root, and writes its state to the root file system (source: aws/containers-roadmap#1359)",
    },
    KnownAgent {
        name: "Envoy proxy of App Mesh",
        repositories: &["aws-appmesh-envoy"],
        rules: &["writable-root"],
        why: "the proxy writes its configuration to the root file system at its start (source: \
              aws/aws-app-mesh-roadmap#265)",
    },
];

/// Returns the exemption of a result about a container that is one of the agents.
pub(super) fn exempt(result: &RunbookResult) -> Option<Exempt> {
    let repository = ImageName::read(result.image.as_deref()?).path;
    let is_its = |one: &&str| match repository.strip_suffix(*one) {
        Some(parent) => parent.is_empty() || parent.ends_with('/'),
        None => false,
    };
    let agent = AGENTS.iter().find(|agent| agent.repositories.iter().any(is_its))?;
    agent.rules.contains(&result.rule).then(|| Exempt {
        owner: "runbook.exempt-known-agents".to_owned(),
        reason: format!("{}: {}", agent.name, agent.why),
        until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::rule_names;

    #[test]
    fn each_rule_of_an_agent_exists() {
        let names: Vec<&str> = rule_names().into_iter().map(|(_, name)| name).collect();
        assert!(AGENTS.iter().flat_map(|agent| agent.rules).all(|rule| names.contains(rule)));
    }
}
