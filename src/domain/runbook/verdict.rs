//! The results of the runbook: one for each requirement, resource and rule.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a rule says about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule is not about resources of this kind.
    NotApplicable,
    Pass,
    /// Logweir did not read the facts that the rule needs.
    NotChecked,
    /// The facts that AWS shows do not decide the rule.
    Undecidable,
    /// No fault, but a setting that a person should think about.
    Advice,
    Fail,
}

impl Verdict {
    /// All verdicts, the most important one first.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Advice, Self::Undecidable, Self::NotChecked, Self::Pass, Self::NotApplicable];

    pub const fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::NotChecked => "not-checked",
            Self::Undecidable => "undecidable",
            Self::Advice => "advice",
            Self::Fail => "fail",
        }
    }
}

/// The kind of a resource, in the spelling of the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// What belongs to the account and Region as a whole.
    Account,
    Cluster,
    CapacityProvider,
    Service,
    TaskSet,
    Task,
    TaskDefinition,
    /// A role of IAM.
    Role,
    /// A parameter of Parameter Store.
    Parameter,
    /// A secret of Secrets Manager.
    Secret,
    /// A repository of Amazon ECR.
    Repository,
    /// An image in a repository of Amazon ECR.
    Image,
    Vpc,
    Subnet,
    FlowLog,
    LoadBalancer,
    Listener,
    TargetGroup,
    /// A trail of CloudTrail.
    Trail,
    /// A rule of EventBridge.
    EventRule,
}

impl ResourceKind {
    /// Returns the word in outputs, such as `capacity-provider`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Cluster => "cluster",
            Self::CapacityProvider => "capacity-provider",
            Self::Service => "service",
            Self::TaskSet => "task-set",
            Self::Task => "task",
            Self::TaskDefinition => "task-definition",
            Self::Role => "role",
            Self::Parameter => "parameter",
            Self::Secret => "secret",
            Self::Repository => "repository",
            Self::Image => "image",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::FlowLog => "flow-log",
            Self::LoadBalancer => "load-balancer",
            Self::Listener => "listener",
            Self::TargetGroup => "target-group",
            Self::Trail => "trail",
            Self::EventRule => "event-rule",
        }
    }
}

/// The resource that a result is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resource {
    pub kind: ResourceKind,
    /// The family, the file of a task definition without a family, or the name of another resource. The name of a
    /// service contains its cluster, such as `prod/web`.
    pub name: String,
    /// The ARN. `None` for a file.
    pub arn: Option<String>,
    /// The container, if the result is about one.
    pub container: Option<String>,
}

impl Resource {
    /// Returns a resource of AWS without a container.
    pub fn new(kind: ResourceKind, name: impl Into<String>, arn: impl Into<String>) -> Self {
        Self { kind, name: name.into(), arn: Some(arn.into()), container: None }
    }
}

/// The fact that decided a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Where Logweir read the fact: the file, or the IAM action of the operation, such as `ecs:DescribeServices`.
    pub source: String,
    /// The JSON pointer (RFC 6901) of the member in the task definition, or in the description of the resource.
    pub member: String,
    /// The value. `None` if the member is absent, or if the value may be a secret.
    pub value: Option<String>,
    /// The time of the read. `None` for a file.
    pub time: Option<Timestamp>,
}

/// Why a registered revision is in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InScope {
    /// A deployment, a task set or a running task uses the revision.
    InUse,
    /// The revision is the newest ACTIVE one of its family, and nothing uses it.
    Newest,
    /// The caller named the family or the revision.
    Named,
}

/// The exemption that covers a result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exempt {
    pub owner: String,
    pub reason: String,
    /// The last day on which the exemption applies (UTC). `None` for an agent of the list that Logweir contains.
    pub until: Option<String>,
}

/// The result of one rule for one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RunbookResult {
    pub resource: Resource,
    pub rule: &'static str,
    pub verdict: Verdict,
    pub message: String,
    /// `None` only for the verdict `not-checked`: each other verdict has its evidence.
    pub evidence: Option<Evidence>,
    /// `None` for a file, and for another resource than a task definition.
    pub scope: Option<InScope>,
    /// The exemption that covers the result. An exempt failure keeps its verdict, but does not count as a failure.
    pub exempt: Option<Exempt>,
    /// The image of the container, for the exemptions by image.
    #[serde(skip)]
    pub image: Option<String>,
}

impl RunbookResult {
    /// Returns the result of a rule whose facts Logweir did not read. The result has no evidence.
    pub fn not_checked(resource: Resource, rule: &'static str, message: impl Into<String>) -> Self {
        let (verdict, message) = (Verdict::NotChecked, message.into());
        Self { resource, rule, verdict, message, evidence: None, scope: None, exempt: None, image: None }
    }

    /// Returns a result with the fact that decided it.
    pub fn decided(
        resource: Resource,
        rule: &'static str,
        (verdict, message): (Verdict, String),
        evidence: Evidence,
    ) -> Self {
        let evidence = Some(evidence);
        Self { resource, rule, verdict, message, evidence, scope: None, exempt: None, image: None }
    }

    /// Adds another reason why Logweir did not check the rule.
    pub(super) fn add_reason(&mut self, reason: &str) {
        if !self.message.contains(reason) {
            self.message = format!("{}; {reason}", self.message);
        }
    }

    /// Returns what decides which of two results is worse. A result that needs a person's attention is worse than an
    /// exempt one.
    pub(super) fn weight(&self) -> (bool, Verdict) {
        (self.exempt.is_none() && self.verdict > Verdict::Pass, self.verdict)
    }

    /// Whether the result counts as a failure: the rule fails, and no exemption covers the result.
    pub fn fails(&self) -> bool {
        self.counts_as(Verdict::Fail)
    }

    /// Whether the result counts for the verdict. An exempt result counts for no verdict.
    pub fn counts_as(&self, verdict: Verdict) -> bool {
        self.verdict == verdict && self.exempt.is_none()
    }
}
