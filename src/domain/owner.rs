//! The owner of a family: the tool or pipeline that registers its revisions from a description of its own. Its next
//! deployment registers a fault again until the description is corrected.

use serde::Serialize;

use super::text::plain::plain;

/// The longest name in an owner, in characters.
const LONGEST: usize = 256;

/// The kind of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    Copilot,
    Cdk,
    Cloudformation,
    ElasticBeanstalk,
    Batch,
    Terraform,
    Pulumi,
    Ecspresso,
    GithubActions,
    Codepipeline,
    Codebuild,
    Gitlab,
}

/// How certain the owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Only an AWS service can write the evidence: a tag whose key begins with `aws:`, or a service-linked role.
    Proven,
    /// Every principal that registers a revision can write the evidence.
    Claimed,
}

/// The owner of a family, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Owner {
    pub kind: OwnerKind,
    /// The stack, the application or the workspace. `None` if the evidence names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The logical id of the task definition in the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The tag, principal or user agent that names the owner.
    pub evidence: String,
    pub certainty: Certainty,
}

/// What is known about a registered revision and the services that run it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traces<'t> {
    pub tags: &'t [(&'t str, &'t str)],
    /// The tags of the services that run the revision.
    pub service_tags: &'t [(&'t str, &'t str)],
    /// The ARN of the principal that registered the revision. `None` if ECS does not show it.
    pub principal: Option<&'t str>,
    /// The user agent of the registration, from CloudTrail. `None` if it is unknown.
    pub user_agent: Option<&'t str>,
}

impl OwnerKind {
    /// Returns the name of the owner in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Copilot => "AWS Copilot",
            Self::Cdk => "the AWS CDK",
            Self::Cloudformation => "CloudFormation",
            Self::ElasticBeanstalk => "Elastic Beanstalk",
            Self::Batch => "AWS Batch",
            Self::Terraform => "Terraform",
            Self::Pulumi => "Pulumi",
            Self::Ecspresso => "ecspresso",
            Self::GithubActions => "GitHub Actions",
            Self::Codepipeline => "CodePipeline",
            Self::Codebuild => "CodeBuild",
            Self::Gitlab => "GitLab CI",
        }
    }

    /// Returns where a person corrects the description of the task definition.
    pub const fn place(self) -> &'static str {
        match self {
            Self::Copilot => "correct the manifest or its overrides, and run `copilot svc deploy`",
            Self::Cdk => "correct the construct in the CDK app, and deploy the app",
            Self::Cloudformation => "correct the template, and update the stack",
            Self::ElasticBeanstalk => "correct the Dockerrun file or the option settings of the environment",
            Self::Batch => "correct the job definition, because AWS Batch registers the revisions",
            Self::Terraform => "correct the configuration, and run `terraform apply`",
            Self::Pulumi => "correct the program, and run `pulumi up`",
            Self::Ecspresso => "correct the task definition file, and run `ecspresso deploy`",
            Self::GithubActions | Self::Codepipeline | Self::Codebuild | Self::Gitlab => {
                "correct the task definition that the pipeline registers"
            }
        }
    }
}

impl Owner {
    /// Returns the owner that the traces name, the strongest evidence first. Returns `None` if no trace names an owner.
    pub fn of(traces: &Traces<'_>) -> Option<Self> {
        let tags = || [traces.tags, traces.service_tags].into_iter();
        tags()
            .find_map(by_copilot)
            .or_else(|| tags().find_map(by_beanstalk))
            .or_else(|| tags().find_map(|tags| by_stack(tags, traces.principal)))
            .or_else(|| traces.principal.and_then(by_principal))
            .or_else(|| traces.user_agent.and_then(by_user_agent))
            .or_else(|| tags().find_map(by_custom))
    }

    /// Returns the owner of a family whose only trace is the file that describes it.
    pub fn of_source(kind: OwnerKind, file: &str) -> Self {
        Self::new(kind, None, format!("file {file}"), Certainty::Claimed)
    }

    /// Says that the owner registers the fault again, and what to do.
    pub fn warning(&self) -> String {
        let named = self.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let registers = match self.certainty {
            Certainty::Proven => "registers the revisions of this family",
            Certainty::Claimed => "seems to register the revisions of this family",
        };
        let place = self.kind.place();
        format!("{}{named} {registers}: its next deployment brings the fault back; {place}", self.kind.name())
    }

    fn new(kind: OwnerKind, name: Option<&str>, evidence: String, certainty: Certainty) -> Self {
        let name = name.map(|name| plain(name, LONGEST));
        Self { kind, name, resource: None, evidence: plain(&evidence, LONGEST), certainty }
    }
}

fn value<'t>(tags: &[(&'t str, &'t str)], key: &str) -> Option<&'t str> {
    tags.iter().find(|(other, value)| *other == key && !value.is_empty()).map(|(_, value)| *value)
}

/// The tags that Copilot writes (source: AWS Copilot documentation, Additional AWS resources and tags).
fn by_copilot(tags: &[(&str, &str)]) -> Option<Owner> {
    let application = value(tags, "copilot-application")?;
    let environment = value(tags, "copilot-environment").unwrap_or("?");
    let service = value(tags, "copilot-service");
    let name = format!("{application}/{environment}{}", service.map(|name| format!("/{name}")).unwrap_or_default());
    Some(Owner::new(OwnerKind::Copilot, Some(&name), "tag copilot-application".into(), Certainty::Claimed))
}

fn by_beanstalk(tags: &[(&str, &str)]) -> Option<Owner> {
    let name = value(tags, "elasticbeanstalk:environment-name")?;
    let evidence = "tag elasticbeanstalk:environment-name".into();
    Some(Owner::new(OwnerKind::ElasticBeanstalk, Some(name), evidence, Certainty::Claimed))
}

/// The tags that CloudFormation writes (source: CloudFormation user guide, Resource tags). No principal can write a tag
/// whose key begins with `aws:`.
fn by_stack(tags: &[(&str, &str)], principal: Option<&str>) -> Option<Owner> {
    let stack = value(tags, "aws:cloudformation:stack-name").or_else(|| {
        let id = value(tags, "aws:cloudformation:stack-id")?;
        id.split(":stack/").nth(1).and_then(|rest| rest.split('/').next())
    })?;
    let kind = if principal.is_some_and(is_cdk) { OwnerKind::Cdk } else { OwnerKind::Cloudformation };
    let evidence = "tag aws:cloudformation:stack-name".into();
    let owner = Owner::new(kind, Some(stack), evidence, Certainty::Proven);
    let resource = value(tags, "aws:cloudformation:logical-id").map(|id| plain(id, LONGEST));
    Some(Owner { resource, ..owner })
}

/// Whether the principal is the role that the bootstrap of the CDK gives to CloudFormation, or the one with which the
/// CDK deploys: `cdk-QUALIFIER-cfn-exec-role-ACCOUNT-REGION` (source: CDK developer guide, Bootstrapping).
fn is_cdk(principal: &str) -> bool {
    let is_role = |part: &str| {
        part.starts_with("cdk-") && ["-cfn-exec-role-", "-deploy-role-"].iter().any(|role| part.contains(role))
    };
    principal.split('/').any(is_role)
}

fn by_principal(principal: &str) -> Option<Owner> {
    let claimed = |kind| Some(Owner::new(kind, None, format!("principal {principal}"), Certainty::Claimed));
    let parts: Vec<&str> = principal.split([':', '/']).collect();
    let session = parts.last().copied().unwrap_or_default();
    let is_assumed = principal.contains(":assumed-role/");
    if parts.contains(&"AWSServiceRoleForBatch") {
        let evidence = format!("principal {principal}");
        return Some(Owner::new(OwnerKind::Batch, None, evidence, Certainty::Proven));
    }
    if is_cdk(principal) {
        return claimed(OwnerKind::Cdk);
    }
    match session {
        _ if !is_assumed => None,
        "AWSCloudFormation" => claimed(OwnerKind::Cloudformation),
        // The session name of aws-actions/configure-aws-credentials.
        "GitHubActions" => claimed(OwnerKind::GithubActions),
        session if session.starts_with("AWSCodeBuild-") => claimed(OwnerKind::Codebuild),
        session if session.to_ascii_lowercase().starts_with("gitlab") => claimed(OwnerKind::Gitlab),
        session if session.to_ascii_lowercase().contains("terraform") => claimed(OwnerKind::Terraform),
        _ => None,
    }
}

/// The words in user agents (sources: the tools' own source, and records of CloudTrail).
const AGENTS: [(&str, OwnerKind); 7] = [
    ("cloudformation.amazonaws.com", OwnerKind::Cloudformation),
    ("HashiCorp/1.0 Terraform/", OwnerKind::Terraform),
    ("terraform-provider-aws/", OwnerKind::Terraform),
    ("Pulumi/", OwnerKind::Pulumi),
    ("ecspresso/", OwnerKind::Ecspresso),
    ("ecs-deploy-task-definition-for-github-actions", OwnerKind::GithubActions),
    ("codepipeline.amazonaws.com", OwnerKind::Codepipeline),
];

fn by_user_agent(agent: &str) -> Option<Owner> {
    let (word, kind) = AGENTS.into_iter().find(|(word, _)| agent.contains(word))?;
    Some(Owner::new(kind, None, format!("user agent {word}"), Certainty::Claimed))
}

/// The tags that teams write by convention: `managed-by = terraform`, `ManagedBy = Pulumi`, `Terraform = true`.
fn by_custom(tags: &[(&str, &str)]) -> Option<Owner> {
    let word = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ':', ' '], "");
    let kinds = [
        ("terraform", OwnerKind::Terraform),
        ("opentofu", OwnerKind::Terraform),
        ("pulumi", OwnerKind::Pulumi),
        ("ecspresso", OwnerKind::Ecspresso),
        ("cdk", OwnerKind::Cdk),
        ("cloudformation", OwnerKind::Cloudformation),
    ];
    let kind = |key: &str, value: &str| {
        let is_key =
            ["managedby", "provisionedby", "provisioner", "createdby", "iac", "tool"].contains(&word(key).as_str());
        let by_value = kinds.iter().find(|(name, _)| is_key && word(value).contains(name));
        let by_key = kinds.iter().find(|(name, _)| word(key) == *name && word(value) == "true");
        by_value.or(by_key).map(|(_, kind)| *kind)
    };
    tags.iter().find_map(|(key, value)| {
        let kind = kind(key, value)?;
        Some(Owner::new(kind, None, format!("tag {key}"), Certainty::Claimed))
    })
}

/// A task definition in a file, as far as its owner is concerned.
#[derive(Clone, Copy, Debug)]
pub struct SourceName<'s> {
    /// The family. `None` if the file names none, or only a variable.
    pub family: Option<&'s str>,
    /// The logical id in a template, or the address in Terraform. `None` for a task definition in JSON or YAML.
    pub resource: Option<&'s str>,
    /// Whether the file is a template of CloudFormation.
    pub is_template: bool,
}

/// Whether the file describes the family. A template without a family gets the family from CloudFormation, as
/// `STACK-LOGICALID-SUFFIX` (source: CloudFormation user guide, AWS::ECS::TaskDefinition).
pub fn describes(source: &SourceName<'_>, family: &str, owner: Option<&Owner>) -> bool {
    if let Some(named) = source.family {
        return named == family;
    }
    let Some(resource) = source.resource.filter(|_| source.is_template) else { return false };
    let stack = owner
        .and_then(|owner| owner.name.as_deref())
        .filter(|_| owner.is_some_and(|owner| matches!(owner.kind, OwnerKind::Cloudformation | OwnerKind::Cdk)));
    if let Some(id) = owner.and_then(|owner| owner.resource.as_deref()) {
        return id == resource;
    }
    let generated = |stack: &str| {
        let suffix = family.strip_prefix(&format!("{stack}-{resource}-"));
        suffix.is_some_and(|suffix| !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    stack.is_some_and(generated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)], principal: Option<&str>, user_agent: Option<&str>) -> Option<(OwnerKind, Certainty)> {
        let owner = Owner::of(&Traces { tags: pairs, service_tags: &[], principal, user_agent });
        owner.map(|owner| (owner.kind, owner.certainty))
    }

    #[test]
    fn an_owner_is_known_by_tags_by_its_principal_or_by_its_user_agent() {
        use Certainty::{Claimed, Proven};
        let stack = ("aws:cloudformation:stack-name", "shop");
        let cdk = "arn:aws:sts::111122223333:assumed-role/cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1/AWSCloudFormation";
        let role = |session: &str| format!("arn:aws:sts::111122223333:assumed-role/Deploy/{session}");
        assert_eq!(of(&[stack], None, None), Some((OwnerKind::Cloudformation, Proven)));
        assert_eq!(of(&[stack], Some(cdk), None), Some((OwnerKind::Cdk, Proven)));
        let copilot = [stack, ("copilot-application", "shop"), ("copilot-environment", "prod")];
        assert_eq!(of(&copilot, None, None), Some((OwnerKind::Copilot, Claimed)));
        assert_eq!(of(&[], Some(cdk), None), Some((OwnerKind::Cdk, Claimed)));
        assert_eq!(of(&[], Some(&role("GitHubActions")), None), Some((OwnerKind::GithubActions, Claimed)));
        assert_eq!(of(&[], Some(&role("AWSCodeBuild-1")), None), Some((OwnerKind::Codebuild, Claimed)));
        let batch = "arn:aws:iam::111122223333:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch";
        assert_eq!(of(&[], Some(batch), None), Some((OwnerKind::Batch, Proven)));
        assert_eq!(
            of(&[], Some(&role("ada")), Some("x terraform-provider-aws/5.7")),
            Some((OwnerKind::Terraform, Claimed))
        );
        assert_eq!(of(&[("ManagedBy", "Terraform")], None, None), Some((OwnerKind::Terraform, Claimed)));
        assert_eq!(of(&[("terraform", "true")], None, None), Some((OwnerKind::Terraform, Claimed)));
        for unknown in
            [of(&[("team", "terraform")], None, None), of(&[], Some("arn:aws:iam::1:user/GitHubActions"), None)]
        {
            assert_eq!(unknown, None);
        }
    }

    #[test]
    fn a_warning_names_the_owner_the_consequence_and_the_next_step() {
        let tags = [("aws:cloudformation:stack-name", "shop"), ("aws:cloudformation:logical-id", "Web")];
        let owner = Owner::of(&Traces { service_tags: &tags, ..Traces::default() }).unwrap();
        assert_eq!(owner.resource.as_deref(), Some("Web"));
        assert_eq!(
            owner.warning(),
            "CloudFormation (shop) registers the revisions of this family: its next deployment brings the fault back; \
             correct the template, and update the stack"
        );
    }

    #[test]
    fn a_file_describes_a_family_by_its_name_or_by_the_stack_and_the_logical_id() {
        let named = |family| SourceName { family: Some(family), resource: Some("Web"), is_template: true };
        assert!(describes(&named("web"), "web", None) && !describes(&named("web"), "api", None));
        let unnamed = SourceName { family: None, resource: Some("Web"), is_template: true };
        let stack = [("aws:cloudformation:stack-name", "shop")];
        let owner = Owner::of(&Traces { tags: &stack, ..Traces::default() });
        assert!(describes(&unnamed, "shop-Web-1ABCDEF", owner.as_ref()));
        for family in ["shop-Api-1ABCDEF", "shop-Web-", "other-Web-1A", "web"] {
            assert!(!describes(&unnamed, family, owner.as_ref()), "{family}");
        }
        assert!(!describes(&unnamed, "shop-Web-1ABCDEF", None));
        let terraform = SourceName { is_template: false, ..unnamed };
        assert!(!describes(&terraform, "shop-Web-1ABCDEF", owner.as_ref()));
    }
}
