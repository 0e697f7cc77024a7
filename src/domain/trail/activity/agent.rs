//! The user agents of calls, without their versions.

use super::rows::AgentKind;
use super::table::neutral;

/// The longest name of a user agent that is not in the lists, in characters.
const LONGEST: usize = 64;

/// The marks of tools. A tool calls AWS through an SDK, whose name is also in the user agent, so tools come first.
const TOOLS: [(&str, AgentKind, &str); 13] = [
    ("HashiCorp/1.0 Terraform", AgentKind::Tool, "Terraform"),
    ("terraform-provider-aws", AgentKind::Tool, "Terraform"),
    ("Pulumi", AgentKind::Tool, "Pulumi"),
    ("aws-cdk", AgentKind::Tool, "AWS CDK"),
    ("cdk-cli", AgentKind::Tool, "AWS CDK"),
    ("for-github-actions", AgentKind::Tool, "GitHub Actions"),
    ("aws-sam-cli", AgentKind::Tool, "AWS SAM CLI"),
    ("Ansible", AgentKind::Tool, "Ansible"),
    ("Amazon ECS Agent", AgentKind::Service, "Amazon ECS agent"),
    ("amazon-ecs-agent", AgentKind::Service, "Amazon ECS agent"),
    ("copilot-cli", AgentKind::Tool, "AWS Copilot"),
    ("ecs-cli", AgentKind::Cli, "Amazon ECS CLI"),
    ("aws-cli/", AgentKind::Cli, "AWS CLI"),
];

/// The marks of SDKs and of programs that end in an SDK.
const SDKS: [(&str, &str); 16] = [
    ("Boto3/", "Boto3"),
    ("Botocore/", "Botocore"),
    ("aws-sdk-go-v2/", "AWS SDK for Go v2"),
    ("aws-sdk-go/", "AWS SDK for Go"),
    ("aws-sdk-java/", "AWS SDK for Java"),
    ("aws-sdk-js/", "AWS SDK for JavaScript"),
    ("aws-sdk-nodejs/", "AWS SDK for JavaScript"),
    ("aws-sdk-rust/", "AWS SDK for Rust"),
    ("aws-sdk-dotnet", "AWS SDK for .NET"),
    ("aws-sdk-ruby", "AWS SDK for Ruby"),
    ("aws-sdk-php/", "AWS SDK for PHP"),
    ("aws-sdk-cpp/", "AWS SDK for C++"),
    ("aws-sdk-swift/", "AWS SDK for Swift"),
    ("aws-sdk-kotlin/", "AWS SDK for Kotlin"),
    ("AWSPowerShell", "AWS Tools for PowerShell"),
    ("AWS-Tools", "AWS Tools for PowerShell"),
];

/// The marks of the console.
const CONSOLES: [&str; 5] =
    ["console.amazonaws.com", "signin.amazonaws.com", "AWSConsole", "Console/", "aws-internal/3 aws-sdk-java"];

/// Returns the kind and the name of a user agent. The name of an unknown agent is its first word without the version.
pub(super) fn family(agent: &str) -> (AgentKind, String) {
    if CONSOLES.iter().any(|mark| agent.contains(mark)) {
        return (AgentKind::Console, "AWS console".to_owned());
    }
    if agent == "AWS Internal" || is_service(agent) {
        return (AgentKind::Service, neutral(agent, LONGEST).into_owned());
    }
    if let Some((_, kind, name)) = TOOLS.iter().find(|(mark, ..)| agent.contains(mark)) {
        return (*kind, (*name).to_owned());
    }
    if let Some((_, name)) = SDKS.iter().find(|(mark, _)| agent.contains(mark)) {
        return (AgentKind::Sdk, (*name).to_owned());
    }
    if agent.starts_with("Mozilla/") {
        return (AgentKind::Other, "browser".to_owned());
    }
    let word = agent.trim_start_matches('[').split(['/', ' ', ',', ';', ']']).next().unwrap_or_default();
    let name = if word.is_empty() { "none" } else { word };
    (AgentKind::Other, neutral(name, LONGEST).into_owned())
}

/// Whether the agent is the name of an AWS service. A service may call for a principal.
fn is_service(agent: &str) -> bool {
    agent.ends_with(".amazonaws.com") && !agent.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_named_by_its_tool_before_its_sdk() {
        use AgentKind::{Cli, Console, Other, Sdk, Service, Tool};
        for (agent, kind, name) in [
            ("aws-cli/2.15.0 Python/3.11 Linux/6.1 exe/x86_64 prompt/off command/ecs.execute-command", Cli, "AWS CLI"),
            ("Boto3/1.34 md/Botocore#1.34", Sdk, "Boto3"),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.5.2 terraform-provider-aws/5.7.0 aws-sdk-go-v2/1.18.1",
                Tool,
                "Terraform",
            ),
            ("aws-sdk-nodejs/2.1 amazon-ecs-deploy-task-definition-for-github-actions", Tool, "GitHub Actions"),
            ("aws-sdk-js/3.0 aws-cdk/2.100", Tool, "AWS CDK"),
            ("cloudformation.amazonaws.com", Service, "cloudformation.amazonaws.com"),
            ("console.amazonaws.com", Console, "AWS console"),
            ("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]", Console, "AWS console"),
            ("aws-sdk-go-v2/1.2 os/linux", Sdk, "AWS SDK for Go v2"),
            ("Mozilla/5.0 (X11)", Other, "browser"),
            ("curl/8.5", Other, "curl"),
            ("<script>alert(1)</script>", Other, "<script>alert(1)<"),
            ("\u{202e}x", Other, "x"),
            ("", Other, "none"),
        ] {
            assert_eq!(family(agent), (kind, name.to_owned()), "{agent}");
        }
    }
}
