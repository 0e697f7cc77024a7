//! The resource of a template, an HCL file, a plan or a state that describes a task definition.

/// A resource that describes a task definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The type of the resource, such as `AWS::ECS::TaskDefinition`.
    pub kind: String,
    /// The name of the resource in its file: the logical id in a template, or the address in Terraform.
    pub id: String,
    /// The path of the construct in a CDK app (`aws:cdk:path`). `None` for a resource that no CDK app made.
    pub construct: Option<String>,
}
