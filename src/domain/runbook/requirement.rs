//! The requirements of the ECS security runbook.

/// A requirement of the runbook: fifteen requirements on security, four practices of operation, and eight further
/// checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    LeastPrivilege,
    EcrImages,
    VpcEndpoints,
    ParameterStore,
    SecretsManager,
    LogDriver,
    CloudTrail,
    FlowLogs,
    ImageScanning,
    SpecialPermissions,
    NonRootUser,
    ReadOnlyRoot,
    Tls,
    NoPublicAddress,
    Fargate,
    ContainerInsights,
    Events,
    Tags,
    Limits,
    HostNamespaces,
    Privileged,
    Capabilities,
    HostMounts,
    PlatformVersion,
    TerminationProtection,
    RetiredServices,
    Consistency,
}

impl Requirement {
    pub const ALL: [Self; 27] = [
        Self::LeastPrivilege,
        Self::EcrImages,
        Self::VpcEndpoints,
        Self::ParameterStore,
        Self::SecretsManager,
        Self::LogDriver,
        Self::CloudTrail,
        Self::FlowLogs,
        Self::ImageScanning,
        Self::SpecialPermissions,
        Self::NonRootUser,
        Self::ReadOnlyRoot,
        Self::Tls,
        Self::NoPublicAddress,
        Self::Fargate,
        Self::ContainerInsights,
        Self::Events,
        Self::Tags,
        Self::Limits,
        Self::HostNamespaces,
        Self::Privileged,
        Self::Capabilities,
        Self::HostMounts,
        Self::PlatformVersion,
        Self::TerminationProtection,
        Self::RetiredServices,
        Self::Consistency,
    ];

    /// Returns the identifier in outputs and exemptions, such as `11`, `O3` or `X2`.
    pub const fn id(self) -> &'static str {
        self.words().0
    }

    pub const fn title(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::LeastPrivilege => ("1", "Task roles grant the least privilege"),
            Self::EcrImages => ("2", "Images come from Amazon ECR"),
            Self::VpcEndpoints => ("3", "Traffic to AWS uses VPC endpoints"),
            Self::ParameterStore => ("4", "Parameters are references to Parameter Store"),
            Self::SecretsManager => ("5", "Secrets are references to Secrets Manager"),
            Self::LogDriver => ("6", "Containers log through an accepted log driver"),
            Self::CloudTrail => ("7", "CloudTrail records the calls of ECS"),
            Self::FlowLogs => ("8", "VPC flow logs record the traffic"),
            Self::ImageScanning => ("9", "Images are scanned"),
            Self::SpecialPermissions => ("10", "Images have no file with special permissions"),
            Self::NonRootUser => ("11", "Containers run as a user without administrator rights"),
            Self::ReadOnlyRoot => ("12", "Root file systems are read-only"),
            Self::Tls => ("13", "Traffic is encrypted with TLS 1.2 or later"),
            Self::NoPublicAddress => ("14", "Tasks have no public address"),
            Self::Fargate => ("15", "Tasks run on Fargate"),
            Self::ContainerInsights => ("O1", "Clusters have Container Insights"),
            Self::Events => ("O2", "Events of ECS have a target"),
            Self::Tags => ("O3", "Resources have tags"),
            Self::Limits => ("O4", "Containers have limits of memory and processor"),
            Self::HostNamespaces => ("X1", "Tasks share no namespace and no network with the host"),
            Self::Privileged => ("X2", "Containers are not privileged"),
            Self::Capabilities => ("X3", "Containers add no dangerous capability"),
            Self::HostMounts => ("X4", "Tasks mount no sensitive folder of the host"),
            Self::PlatformVersion => ("X5", "Services use the latest platform version"),
            Self::TerminationProtection => ("X6", "Capacity providers have termination protection"),
            Self::RetiredServices => ("X7", "Tasks use no retired service"),
            Self::Consistency => ("X8", "Containers keep their image version and restart"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_names_one_requirement() {
        let ids: std::collections::BTreeSet<_> = Requirement::ALL.iter().map(|one| one.id()).collect();
        assert_eq!(ids.len(), Requirement::ALL.len());
    }
}
