//! The kinds of files that are no task definitions in JSON, and what a user can do about a file of each kind. An error
//! names the kind, so that a user learns the true cause.

use super::Kind;

/// The kind of a file that is no task definition in JSON, as far as its name and its text show the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    AppSpec,
    BatchJobDefinition,
    BuildSpec,
    CdkFile,
    CloudFormation,
    Compose,
    ConfigurationItem,
    Container,
    CopilotManifest,
    DaemonTaskDefinition,
    Dockerfile,
    EcsCluster,
    EcsService,
    EcsTasks,
    Event,
    HelmChart,
    IamPolicy,
    ImageDefinitions,
    JsonSchema,
    Jsonnet,
    Kubernetes,
    LogweirReport,
    NodePackage,
    OpenApi,
    RunTask,
    StateMachine,
    TaskDefinitionNames,
    TerraformConfiguration,
    TerraformContainer,
    TerraformPlan,
    TerraformState,
    TypescriptConfiguration,
    Workflow,
    Yaml,
    YamlTaskDefinition,
}

const AS_JSON: &str = "give the task definition as JSON, in the form that `aws ecs describe-task-definition` prints";
const LIVE: &str = "check the registered revision instead: `logweir check ecs:FAMILY`";
const REPLAY: &str = "`logweir replay` reads events";

impl FileKind {
    /// Returns the name of the kind with an article, such as `a CloudFormation template`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AppSpec => "a CodeDeploy AppSpec file",
            Self::BatchJobDefinition => "an AWS Batch job definition",
            Self::BuildSpec => "a CodeBuild buildspec",
            Self::CdkFile => "a file of the AWS CDK",
            Self::CloudFormation => "a CloudFormation template",
            Self::Compose => "a Compose file",
            Self::ConfigurationItem => "an output of AWS Config",
            Self::Container => "a single container definition",
            Self::CopilotManifest => "a Copilot manifest",
            Self::DaemonTaskDefinition => "an ECS daemon task definition",
            Self::Dockerfile => "a Dockerfile",
            Self::EcsCluster => "a description of an ECS cluster",
            Self::EcsService => "an ECS service definition",
            Self::EcsTasks => "a description of ECS tasks",
            Self::Event => "an event",
            Self::HelmChart => "a Helm chart",
            Self::IamPolicy => "an IAM policy",
            Self::ImageDefinitions => "an image definitions file of CodePipeline",
            Self::JsonSchema => "a JSON Schema",
            Self::Jsonnet => "a Jsonnet file",
            Self::Kubernetes => "a Kubernetes manifest",
            Self::LogweirReport => "an output of Logweir",
            Self::NodePackage => "a package file of npm",
            Self::OpenApi => "an OpenAPI document",
            Self::RunTask => "an input of RunTask",
            Self::StateMachine => "a Step Functions state machine",
            Self::TaskDefinitionNames => "a list of the names of task definitions",
            Self::TerraformConfiguration => "a Terraform file",
            Self::TerraformContainer => "a container definition in the style of Terraform",
            Self::TerraformPlan => "a Terraform plan",
            Self::TerraformState => "a Terraform state",
            Self::TypescriptConfiguration => "a TypeScript configuration",
            Self::Workflow => "a workflow of a CI service",
            Self::Yaml => "a YAML document",
            Self::YamlTaskDefinition => "a task definition in YAML",
        }
    }

    /// Returns the kind under which a walk counts the file.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::CloudFormation => Kind::CloudFormation,
            Self::Jsonnet => Kind::Jsonnet,
            Self::TerraformConfiguration | Self::TerraformContainer | Self::TerraformPlan | Self::TerraformState => {
                Kind::Terraform
            }
            Self::Yaml | Self::YamlTaskDefinition => Kind::Yaml,
            _ => Kind::Other,
        }
    }

    /// Returns what a user can do who wants Logweir to check the task definition behind the file.
    pub fn help(self) -> Option<&'static str> {
        match self {
            Self::Container => Some("put the container in a list, and name the family of the list with --family"),
            Self::EcsService | Self::EcsTasks | Self::RunTask | Self::TaskDefinitionNames | Self::AppSpec => Some(
                "name the file of the task definition, or check the registered revision: `logweir check ecs:FAMILY`",
            ),
            Self::Event => Some(REPLAY),
            Self::Compose | Self::CopilotManifest => Some(LIVE),
            Self::TerraformConfiguration | Self::TerraformPlan | Self::TerraformState => Some(LIVE),
            Self::Jsonnet => Some("render the file first, for example with `jsonnet`, and check the result"),
            Self::Yaml | Self::TerraformContainer | Self::ConfigurationItem | Self::DaemonTaskDefinition => {
                Some(AS_JSON)
            }
            _ => None,
        }
    }
}
