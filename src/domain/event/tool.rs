//! The tool that registers a revision. Some tools register revisions from their own description of the resources, and
//! register a fault again at each run until this description is fixed.

use serde::{Deserialize, Serialize};

use super::Cause;
use crate::domain::ecs::tags::Tag;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    Cdk,
    Cloudformation,
    Pulumi,
    Terraform,
    GithubActions,
    Codepipeline,
    AwsCli,
    Boto3,
}

impl Tool {
    /// Detects the tool from the caller of an event and from the tags of the revision. The caller and the tags may be
    /// forged, so the detected tool is only shown to people and controls nothing.
    pub fn of(cause: &Cause, tags: &[Tag]) -> Option<Self> {
        let agent = cause.user_agent.as_deref().unwrap_or_default();
        let actor = cause.actor.as_deref().unwrap_or_default();
        let stack = tags.iter().any(|tag| tag.key == "aws:cloudformation:stack-id");
        // The CDK's bootstrap gives CloudFormation the role cdk-QUALIFIER-cfn-exec-role-ACCOUNT-REGION.
        if actor.split('/').any(|part| part.starts_with("cdk-") && part.contains("-cfn-exec-role-")) {
            return Some(Self::Cdk);
        }
        let by_agent = [
            ("cloudformation.amazonaws.com", Self::Cloudformation),
            ("Pulumi/", Self::Pulumi),
            // OpenTofu runs the same AWS provider as Terraform, and the provider's user agent names Terraform.
            ("HashiCorp/1.0 Terraform/", Self::Terraform),
            ("terraform-provider-aws/", Self::Terraform),
            ("ecs-deploy-task-definition-for-github-actions", Self::GithubActions),
            ("codepipeline.amazonaws.com", Self::Codepipeline),
        ];
        let named = by_agent.into_iter().find(|(word, _)| agent.contains(word)).map(|(_, tool)| tool);
        let library = || {
            [("aws-cli/", Self::AwsCli), ("Boto3/", Self::Boto3)].into_iter().find(|(word, _)| agent.starts_with(word))
        };
        named.or(stack.then_some(Self::Cloudformation)).or_else(|| library().map(|(_, tool)| tool))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Cdk => "the AWS CDK",
            Self::Cloudformation => "CloudFormation",
            Self::Pulumi => "Pulumi",
            Self::Terraform => "Terraform",
            Self::GithubActions => "GitHub Actions",
            Self::Codepipeline => "CodePipeline",
            Self::AwsCli => "the AWS CLI",
            Self::Boto3 => "boto3",
        }
    }

    /// Whether the tool registers revisions from its own description of the resources.
    pub fn owns(self) -> bool {
        matches!(self, Self::Cdk | Self::Cloudformation | Self::Pulumi | Self::Terraform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_its_user_agent_its_role_or_its_tags() {
        let cases = [
            ("cloudformation.amazonaws.com", "", Some(Tool::Cloudformation)),
            (
                "cloudformation.amazonaws.com",
                "arn:aws:sts::111122223333:assumed-role/cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1/AWSCloudFormation",
                Some(Tool::Cdk),
            ),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.5.2 (+https://www.terraform.io) terraform-provider-aws/5.7.0 aws-sdk-go-v2/1.18.1",
                "",
                Some(Tool::Terraform),
            ),
            ("aws-sdk-go-v2/1.2 APN/1.0 Pulumi/3.0 PulumiAwsNative/1.12", "", Some(Tool::Pulumi)),
            ("aws-sdk-nodejs/2.1 amazon-ecs-deploy-task-definition-for-github-actions", "", Some(Tool::GithubActions)),
            ("aws-cli/2.15.0 Python/3.11", "", Some(Tool::AwsCli)),
            ("curl/8", "arn:aws:iam::111122223333:user/cdk-fan", None),
        ];
        for (agent, actor, tool) in cases {
            let cause = Cause { user_agent: Some(agent.into()), actor: Some(actor.into()), ..Cause::default() };
            assert_eq!(Tool::of(&cause, &[]), tool, "{agent} {actor}");
        }
        let stack = [Tag::new("aws:cloudformation:stack-id", "arn")];
        assert_eq!(Tool::of(&Cause::default(), &stack), Some(Tool::Cloudformation));
    }
}
